//! Who can be asked about a document, and what becomes of what waits for somebody who left.

use server::testing::approvals;
use server::testing::kernel::access::Role;
use server::testing::kernel::id::Id;
use server::testing::users::{NewUser, insert_user};

use super::orders::{order, submit};
use crate::support::app::App;
use crate::support::client::{Client, Page};
use crate::support::seed::Goods;
use crate::support::wire::TestBox;
use crate::support::{both_engines, seed};

/// Open steps, and for whom.
const WAITS_FOR: &str =
    "SELECT u.username AS s FROM approval_steps s JOIN users u ON u.id = s.approver_id WHERE s.state = 'open'";
const STUCK: &str = "SELECT count(*) AS n FROM approval_steps s JOIN users u ON u.id = s.approver_id \
    WHERE s.state IN ('open', 'waiting') AND u.status <> 'active'";

/// A manager of the head office: the superior of both managers.
async fn head(app: &App, username: &str) -> Id {
    #[derive(sqlx_macros::FromRow)]
    struct Head {
        id: Id,
    }
    let head = app.rows::<Head>("SELECT id FROM departments WHERE parent_id IS NULL").await.remove(0).id;
    let new = NewUser {
        username,
        name: "孙总",
        role: Role::Manager,
        department_id: head,
        mobile: "",
        password_hash: "",
        must_change_password: false,
    };
    let mut tx = app.office.db.begin().await.unwrap();
    let id = insert_user(&mut tx, &new, app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// An order of rep2 over the amount: it waits for manager2.
async fn waiting(app: &App) -> (Client, Goods, Id) {
    let goods = seed::goods(app).await;
    let customer = seed::buyer(app, app.people.rep2, "临朐惠民农资", goods.wholesale, 1_000_000).await;
    let rep = app.session_of(app.people.rep2).await;
    submitted(&rep, customer, &goods).await;
    assert_eq!(app.word(WAITS_FOR).await, "manager2");
    (rep, goods, customer)
}

async fn submitted(rep: &Client, customer: Id, goods: &Goods) {
    let path = format!("/orders/{}", order(rep, customer, goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
    submit(rep, &path).await.location();
}

/// An administrator changes somebody's record.
async fn change(app: &App, person: Id, fields: &[(&str, &str)]) {
    let admin = app.session_of(app.people.admin).await;
    let path = format!("/users/{person}");
    let form = admin.get(&format!("{path}/edit")).await.expect(200).form(&path);
    admin.submit(&form, fields).await.location();
}

async fn card(client: &Client) -> String {
    client.get("/approvals").await.expect(200).records("/approvals").remove(0)
}

async fn approve(client: &Client) -> Page {
    let card = card(client).await;
    let form = client.get(&card).await.expect(200).form(&format!("{card}/decision"));
    client.submit(&form, &[("decision", "approve")]).await
}

async fn is_in_force(app: &App) -> bool {
    app.word("SELECT state AS s FROM documents WHERE kind = 'order' ORDER BY id DESC LIMIT 1").await == "active"
}

both_engines! {
    async fn what_waits_for_somebody_who_is_locked_moves_to_their_superior_who_is_told(app: App) {
        let head = head(&app, "head").await;
        waiting(&app).await;
        let (locked, superior) = (app.session_of(app.people.manager2).await, app.session_of(head).await);
        let card = card(&locked).await;
        assert_eq!(superior.get("/").await.texts("[data-badge='/approvals']")[0], "0");
        change(&app, app.people.manager2, &[("locked", "1")]).await;
        assert_eq!(locked.get(&card).await.status, 303, "the session has ended");
        assert_eq!(app.word(WAITS_FOR).await, "head");
        app.settle().await;
        assert_eq!(superior.get("/").await.texts("[data-badge='/approvals']")[0], "1");
        let page = superior.get(&card).await.expect(200);
        assert!(page.says("系统已转交上级"), "{}", page.text());
        let log = "SELECT count(*) AS n FROM audit_log WHERE kind = 'approval' AND origin = 'reassignment' AND changes LIKE '%approver_id%'";
        assert_eq!(app.number(log).await, 1);
        approve(&superior).await.location();
        assert!(is_in_force(&app).await);
    }

    async fn without_a_superior_an_administrator_is_asked(app: App) {
        waiting(&app).await;
        change(&app, app.people.manager2, &[("locked", "1")]).await;
        assert_eq!(app.word(WAITS_FOR).await, "admin");
        approve(&app.session_of(app.people.admin).await).await.location();
        assert!(is_in_force(&app).await);
    }

    async fn what_waits_for_somebody_who_changes_role_or_department_moves_too(app: App) {
        head(&app, "head").await;
        let (rep, goods, customer) = waiting(&app).await;
        change(&app, app.people.manager2, &[("name", "刘小洋"), ("mobile", "13905360002")]).await;
        assert_eq!(app.word(WAITS_FOR).await, "manager2", "neither role nor department changed");
        change(&app, app.people.manager2, &[("role", "rep")]).await;
        assert_eq!(app.word(WAITS_FOR).await, "head");
        app.execute("UPDATE approval_steps SET state = 'skipped'").await.unwrap();
        app.execute("UPDATE approvals SET state = 'withdrawn'").await.unwrap();
        change(&app, app.people.manager2, &[("role", "manager")]).await;
        submitted(&rep, customer, &goods).await;
        assert_eq!(app.word(WAITS_FOR).await, "manager2");
        change(&app, app.people.manager2, &[("department_id", &app.people.north.to_string())]).await;
        assert_eq!(app.word(WAITS_FOR).await, "head", "rep2 is nobody of the north");
        // Who asked goes to the north: their superior there can be asked, and so can the head still.
        change(&app, app.people.rep2, &[("department_id", &app.people.north.to_string())]).await;
        assert_eq!(app.word(WAITS_FOR).await, "head");
    }

    async fn what_somebody_submitted_follows_them_to_another_department(app: App) {
        waiting(&app).await;
        change(&app, app.people.rep2, &[("department_id", &app.people.north.to_string())]).await;
        assert_eq!(app.word(WAITS_FOR).await, "manager1");
    }

    async fn a_turn_that_has_not_come_moves_too(app: App) {
        let head = head(&app, "head").await;
        waiting(&app).await;
        app.execute("INSERT INTO approval_steps (id, approval_id, position, approver_id, state) \
            SELECT 77, approval_id, 1, (SELECT id FROM users WHERE username = 'head'), 'waiting' FROM approval_steps").await.unwrap();
        change(&app, head, &[("locked", "1")]).await;
        assert_eq!(app.word("SELECT u.username AS s FROM approval_steps s JOIN users u ON u.id = s.approver_id WHERE s.id = 77").await, "admin");
        let manager = app.session_of(app.people.manager2).await;
        approve(&manager).await.location();
        assert!(!is_in_force(&app).await);
        approve(&app.session_of(app.people.admin).await).await.location();
        assert!(is_in_force(&app).await);
    }

    async fn what_is_stuck_already_is_found(app: App) {
        head(&app, "head").await;
        waiting(&app).await;
        app.execute("UPDATE users SET status = 'locked' WHERE username = 'manager2'").await.unwrap();
        assert_eq!(app.number(STUCK).await, 1);
        assert_eq!(approvals::settle_stuck(&app.office).await.unwrap(), 1);
        assert_eq!(app.word(WAITS_FOR).await, "head");
        assert_eq!(approvals::settle_stuck(&app.office).await.unwrap(), 0);
        // A rep of another department, to whom it was handed over once.
        app.execute("UPDATE approval_steps SET approver_id = (SELECT id FROM users WHERE username = 'rep1') WHERE state = 'open'").await.unwrap();
        assert_eq!(approvals::settle_stuck(&app.office).await.unwrap(), 1);
        assert_eq!(app.word(WAITS_FOR).await, "head");
    }

    async fn it_is_handed_over_only_to_somebody_who_could_have_been_asked(app: App) {
        let head = head(&app, "head").await;
        waiting(&app).await;
        let manager = app.session_of(app.people.manager2).await;
        let path = format!("{}/handover", card(&manager).await);
        let page = manager.get(&path).await.expect(200);
        let mut offered = page.attributes("select[name=approver_id] option", "value");
        offered.retain(|value| !value.is_empty());
        assert_eq!(offered, [head.to_string(), app.people.admin.to_string()]);
        let people = app.people;
        for other in [people.rep1, people.rep2, people.manager1, people.clerk1, people.manager2] {
            let answer = manager.submit(&page.form(&path), &[("approver_id", &other.to_string())]).await;
            assert_eq!(answer.expect(422).form(&path).value("comment"), Some(""), "{other}");
        }
        assert_eq!(app.word(WAITS_FOR).await, "manager2");
        manager.submit(&page.form(&path), &[("approver_id", &head.to_string()), ("comment", "出差")]).await.location();
        assert_eq!(app.word(WAITS_FOR).await, "head");
        approve(&app.session_of(head).await).await.location();
        assert!(is_in_force(&app).await);
    }

    async fn nobody_is_asked_to_decide_their_own_request(app: App) {
        let head = head(&app, "head").await;
        let (goods, own) = (seed::goods(&app).await, app.people.manager2);
        let customer = seed::buyer(&app, own, "临朐惠民农资", goods.wholesale, 1_000_000).await;
        submitted(&app.session_of(own).await, customer, &goods).await;
        assert_eq!(app.word(WAITS_FOR).await, "head");
        let decider = app.session_of(head).await;
        let path = format!("{}/handover", card(&decider).await);
        let page = decider.get(&path).await.expect(200);
        let offered = page.attributes("select[name=approver_id] option", "value");
        assert!(!offered.contains(&own.to_string()), "{offered:?}");
        decider.submit(&page.form(&path), &[("approver_id", &own.to_string())]).await.expect(422);
        change(&app, head, &[("locked", "1")]).await;
        app.settle().await;
        assert_eq!(app.word(WAITS_FOR).await, "admin");
    }

    async fn the_superior_is_asked_by_sms_and_the_code_of_who_left_decides_nothing(app: App) {
        let here = TestBox::connect(&app).await;
        let head = head(&app, "head").await;
        app.execute("UPDATE users SET mobile = '13905360002' WHERE username = 'manager2'").await.unwrap();
        app.execute("UPDATE users SET mobile = '13905360009' WHERE username = 'head'").await.unwrap();
        for approver in [app.people.manager2, head] {
            let client = app.session_of(approver).await;
            client.submit(&client.get("/decisions").await.expect(200).form("/decisions"), &[("enabled", "1")]).await.location();
        }
        waiting(&app).await;
        let code = |text: &str| text.split_once("回复Y ").unwrap().1[..4].to_owned();
        let first = here.take_sms().await;
        assert_eq!(first.to, "+8613905360002");
        change(&app, app.people.manager2, &[("locked", "1")]).await;
        let second = here.take_sms().await;
        assert_eq!(second.to, "+8613905360009");
        for (from, command, decides) in [("+8613905360002", &first, false), ("+8613905360009", &second, true)] {
            here.inbox(&app, from, &format!("Y {}", code(&command.text)), false).await;
            let answer = here.take_sms().await;
            assert_eq!((answer.to.as_str(), answer.text.starts_with("已同意")), (from, decides), "{}", answer.text);
            assert_eq!(is_in_force(&app).await, decides);
        }
    }

    async fn a_submission_at_the_moment_of_the_locking_is_not_lost(app: App) {
        head(&app, "head").await;
        let (rep, goods, customer) = waiting(&app).await;
        for round in 0..6 {
            app.execute("UPDATE users SET status = 'active' WHERE username = 'manager2'").await.unwrap();
            let path = format!("/orders/{}", order(&rep, customer, &goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
            let form = rep.get(&path).await.expect(200).form(&format!("{path}/submission"));
            let admin = app.session_of(app.people.admin).await;
            let record = format!("/users/{}", app.people.manager2);
            let lock = admin.get(&format!("{record}/edit")).await.expect(200).form(&record);
            let (one, other) = tokio::join!(rep.submit(&form, &[]), admin.submit(&lock, &[("locked", "1")]));
            assert_eq!((one.status, other.status), (303, 303), "{round}");
            assert_eq!(app.number(STUCK).await, 0, "{round}");
        }
    }
}
