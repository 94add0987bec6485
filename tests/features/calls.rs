//! A call from the first ring to whoever took it or called back.

use serde_json::json;
use server::kernel::clock::MINUTE;
use uuid::Uuid;

use crate::support::app::App;
use crate::support::gateway::connect_new;
use crate::support::{both_engines, seed};

const CALLS: &str = "SELECT count(*) AS n FROM calls";
const STATE: &str = "SELECT state AS s FROM calls";
const NEVER_HEARD_FROM: &str = "SELECT count(*) AS n FROM customers WHERE last_contact_at IS NULL";
const OPEN_TASKS: &str = "SELECT count(*) AS n FROM tasks WHERE cause_kind = 'call' AND state = 'open'";

both_engines! {
    async fn a_call_that_nobody_took_becomes_a_task_that_calling_back_finishes(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::phone(&app, customer, "05363112290").await;
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let call = Uuid::now_v7();
        gateway.call(call, "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        gateway.call(call, "ended", app.clock.now(), json!({})).await;
        app.settle().await;
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("ended", 0), "somebody may still say so");
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("missed", 1));
        let rep = app.sign_in("rep1").await;
        let list = rep.get("/calls?view=missed").await.expect(200);
        assert!(list.says("潍坊丰源农资"));
        let path = list.links("/calls/0").into_iter().next().unwrap();
        let form = rep.get(&path).await.form(&format!("{path}/callback"));
        assert_eq!(app.number(NEVER_HEARD_FROM).await, 1);
        rep.submit(&form, &[]).await.location();
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("called_back", 0));
        assert_eq!(app.number(NEVER_HEARD_FROM).await, 0, "calling back is being in touch");
    }

    async fn who_took_a_call_stands_in_it_and_nothing_is_left_to_do(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::phone(&app, customer, "05363112290").await;
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let call = Uuid::now_v7();
        gateway.call(call, "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        gateway.call(call, "ended", app.clock.now(), json!({})).await;
        let clerk = app.sign_in("clerk1").await;
        let path = clerk.get("/calls").await.links("/calls/0").into_iter().next().unwrap();
        let form = clerk.get(&path).await.form(&format!("{path}/answer"));
        assert_eq!(form.value("answer"), Some("yes"));
        clerk.submit(&form, &[]).await.location();
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("answered", 0));
        assert!(clerk.get(&path).await.says("陈静"), "the call names who took it");
        assert_eq!(app.number(NEVER_HEARD_FROM).await, 0, "the customer was spoken with");
    }

    async fn a_withheld_number_is_missed_without_a_task(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let call = Uuid::now_v7();
        gateway.call(call, "ringing", app.clock.now(), json!({ "withheld": true })).await;
        gateway.call(call, "ended", app.clock.now(), json!({})).await;
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("missed", 0));
        assert!(app.sign_in("clerk1").await.get("/calls").await.says("号码隐藏"));
    }

    async fn a_repeated_event_is_one_call(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let call = Uuid::now_v7();
        let event = gateway.event(call, "ringing", app.clock.now(), json!({ "number": "05363112290" }));
        for _ in 0..5 {
            gateway.say(&gateway.calls(), &event).await;
        }
        // Another event of the same call, as a box sends it after a restart.
        gateway.call(call, "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        app.settle().await;
        assert_eq!(app.number(CALLS).await, 1);
        assert_eq!(app.number("SELECT count(*) AS n FROM events WHERE kind = 'call_ringing'").await, 1);
    }

    async fn an_event_above_a_gap_counts_and_is_not_acknowledged_before_the_gap_is_filled(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let now = app.clock.now();
        gateway.call(Uuid::now_v7(), "ringing", now, json!({ "number": "05363112290" })).await;
        let late = gateway.event(Uuid::now_v7(), "ringing", now, json!({ "number": "05363112291" }));
        let early = gateway.event(Uuid::now_v7(), "ringing", now, json!({ "number": "05363112292" }));
        gateway.say(&gateway.calls(), &early).await;
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while app.number(CALLS).await < 2 {
            assert!(std::time::Instant::now() < deadline, "the event above the gap is taken in");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(gateway.acknowledged_so_far() < 2, "the box must keep what is missing");
        gateway.say(&gateway.calls(), &late).await;
        gateway.acknowledged(2).await;
        gateway.say(&gateway.calls(), &early).await;
        gateway.acknowledged(3).await;
        assert_eq!(app.number(CALLS).await, 3);
    }

    async fn the_patience_and_who_calls_strangers_back_are_set_on_a_page(app: App) {
        let admin = app.sign_in("admin").await;
        let (mut gateway, _) = connect_new(&app, &admin, "办公室").await;
        let form = admin.get("/calls/settings").await.expect(200).form("/calls/settings");
        assert_eq!(form.value("patience"), Some("0.5"));
        for wrong in ["0", "61", "soon", ""] {
            admin.submit(&form, &[("patience", wrong)]).await.expect(422);
        }
        admin.submit(&form, &[("unknown_to", &app.nobody().to_string())]).await.expect(422);
        let chosen = app.people.rep1.to_string();
        admin.submit(&form, &[("patience", "5"), ("unknown_to", &chosen)]).await.location();
        app.sign_in("clerk1").await.get("/calls/settings").await.expect(403);
        let call = Uuid::now_v7();
        gateway.call(call, "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        gateway.call(call, "ended", app.clock.now(), json!({})).await;
        app.pass(4 * MINUTE);
        app.settle().await;
        assert_eq!(app.word(STATE).await, "ended", "five minutes are not over");
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!(app.word("SELECT u.username AS s FROM tasks t JOIN users u ON u.id = t.owner_id").await, "rep1");
        // Who left calls nobody back: the clerks take over.
        app.execute("UPDATE users SET status = 'locked' WHERE username = 'rep1'").await.unwrap();
        let call = Uuid::now_v7();
        gateway.call(call, "ended", app.clock.now(), json!({ "number": "05363112291" })).await;
        app.pass(5 * MINUTE);
        app.settle().await;
        assert_eq!(app.number("SELECT count(*) AS n FROM tasks t JOIN users u ON u.id = t.owner_id WHERE u.role = 'clerk'").await, 1);
    }

    async fn strangers_are_called_back_by_the_clerks_in_turn(app: App) {
        app.execute("INSERT INTO users (id, username, name, mobile, department_id, role, status, password_hash, created_at, updated_at) \
             SELECT 77, 'clerk2', '周敏', '', department_id, role, status, password_hash, 0, 0 FROM users WHERE username = 'clerk1'").await.unwrap();
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        for number in ["05363112290", "05363112291", "05363112292", "05363112293"] {
            gateway.call(Uuid::now_v7(), "ended", app.clock.now(), json!({ "number": number })).await;
            app.pass(MINUTE);
            app.settle().await;
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM (SELECT owner_id FROM tasks GROUP BY owner_id HAVING count(*) = 2) each_two").await, 2);
    }

    async fn the_log_of_call_backs_tells_who_called_back_and_after_how_long(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::phone(&app, customer, "05363112290").await;
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        for number in ["05363112290", "05363112299"] {
            gateway.call(Uuid::now_v7(), "ended", app.clock.now(), json!({ "number": number })).await;
        }
        app.pass(MINUTE);
        app.settle().await;
        let clerk = app.sign_in("clerk1").await;
        let open = clerk.get("/calls/callbacks").await.expect(200);
        assert!(open.says("潍坊丰源农资") && open.says("0536-3112299"), "{}", open.text());
        assert!(!clerk.get("/calls/callbacks?q=2299").await.says("潍坊丰源农资"), "searched by number");
        app.pass(24 * MINUTE);
        // Done as a task, on the list of tasks.
        let rep = app.sign_in("rep1").await;
        let task = rep.get("/tasks").await.links("/tasks/0").into_iter().next().unwrap();
        let form = rep.get(&task).await.form(&format!("{task}/completion"));
        rep.submit(&form, &[("feedback", "已回电")]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM calls WHERE state = 'called_back'").await, 1);
        let done = clerk.get("/calls/callbacks?view=done").await;
        assert!(done.says("王芳 25 分钟后回拨") || done.says("25 分钟后回拨"), "{}", done.text());
        assert!(done.says("潍坊丰源农资") && !done.says("0536-3112299"));
        assert!(!clerk.get(&format!("/calls/callbacks?view=done&by={}", app.people.clerk1)).await.says("潍坊丰源农资"), "not by the clerk");
        // A rep sees their own customers' only.
        assert!(!rep.get("/calls/callbacks?view=all").await.says("0536-3112299"));
        assert!(!app.sign_in("rep2").await.get("/calls/callbacks?view=all").await.says("潍坊丰源农资"));
    }

    async fn a_stranger_is_shown_with_the_region_and_entered_with_it(app: App) {
        app.execute("INSERT INTO regions (id, parent_id, name, path) VALUES (1, NULL, '山东', '/1/'), (2, 1, '潍坊市', '/1/2/')").await.unwrap();
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        let clerk = app.sign_in("clerk1").await;
        let list = clerk.get("/calls").await;
        assert!(list.says("山东潍坊"), "{}", list.text());
        let path = list.links("/calls/0").into_iter().next().unwrap();
        assert!(clerk.get(&path).await.says("山东潍坊"));
        let popup = clerk.get(&path.replace("/calls/", "/popup/")).await;
        assert!(popup.says("山东潍坊"));
        let new = popup.links("/customers/new").into_iter().next().unwrap();
        let region = |page: crate::support::client::Page| page.form("/customers").value("region_id").map(str::to_owned);
        assert_eq!(region(clerk.get(&new).await), Some(server::kernel::id::Id(2).to_string()));
        // Elsewhere in the province, and a mobile, which may be from anywhere.
        assert_eq!(region(clerk.get("/customers/new?phone=05318112290").await), Some(server::kernel::id::Id(1).to_string()));
        assert_eq!(region(clerk.get("/customers/new?phone=13805362417").await).unwrap_or_default(), "");
    }
}
