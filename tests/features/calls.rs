//! A call from the first ring to whoever took it or called back.

use serde_json::json;
use server::testing::kernel::clock::MINUTE;
use uuid::Uuid;

use crate::support::app::App;
use crate::support::gateway::{Gateway, connect_new};
use crate::support::live::Live;
use crate::support::wire::until;
use crate::support::{both_engines, seed};

const CALLS: &str = "SELECT count(*) AS n FROM calls";
const STATE: &str = "SELECT state AS s FROM calls";
const NEVER_HEARD_FROM: &str = "SELECT count(*) AS n FROM customers WHERE last_contact_at IS NULL";
const OPEN_TASKS: &str = "SELECT count(*) AS n FROM tasks WHERE cause_kind = 'call' AND state = 'open'";

/// A call that rings and ends.
async fn ring_once(app: &App, gateway: &mut Gateway, number: &str) {
    let call = Uuid::now_v7();
    gateway.call(call, "ringing", app.clock.now(), json!({ "number": number })).await;
    gateway.call(call, "ended", app.clock.now(), json!({})).await;
}

/// A customer of rep1 rings the office, and the call ends.
async fn customer_rang(app: &App) -> Gateway {
    let customer = seed::customer(app, app.people.rep1, "潍坊丰源农资").await;
    seed::phone(app, customer, "05363112290").await;
    let (mut gateway, _) = connect_new(app, &app.sign_in("admin").await, "办公室").await;
    ring_once(app, &mut gateway, "05363112290").await;
    gateway
}

both_engines! {
    async fn a_call_that_nobody_took_becomes_a_task_that_calling_back_finishes(app: App) {
        let _gateway = customer_rang(&app).await;
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
        let _gateway = customer_rang(&app).await;
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

    async fn calls_of_an_unknown_number_are_linked_when_it_is_entered_as_a_customers(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        for number in ["13805362417", "13805362417", "13905360002"] {
            ring_once(&app, &mut gateway, number).await;
        }
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!(app.number("SELECT count(*) AS n FROM calls WHERE state = 'missed'").await, 3);
        let clerk = app.sign_in("clerk1").await;
        let newest = clerk.get("/calls").await.links("/calls/0").into_iter().nth(1).unwrap();
        let link = clerk.get(&newest).await.links("/customers/new?phone=13805362417").pop().unwrap();
        let form = clerk.get(&link).await.form("/customers");
        clerk.submit(&form, &[("name", "潍坊丰源农资"), ("contact_name", "张卫东")]).await.location();
        assert!(clerk.get(&newest).await.says("潍坊丰源农资") && clerk.get(&newest).await.says("已接听"));
        assert_eq!(app.number("SELECT count(*) AS n FROM calls WHERE customer_id IS NOT NULL").await, 2, "of this number only");
        assert_eq!(app.number("SELECT count(*) AS n FROM calls WHERE state = 'missed'").await, 1);
        assert_eq!(app.number(OPEN_TASKS).await, 1, "the other stranger still waits");
        // A call of another number is not linked, even if the form names it.
        let other = clerk.get("/calls").await.links("/calls/0").into_iter().next().unwrap();
        let form = clerk.get(&format!("/customers/new?phone=13905369999&call={}", &other["/calls/".len()..])).await.form("/customers");
        clerk.submit(&form, &[("name", "昌邑禾果"), ("contact_name", "李")]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM calls WHERE state = 'missed'").await, 1);
    }

    async fn a_call_note_is_saved_with_every_button(app: App) {
        let _gateway = customer_rang(&app).await;
        let clerk = app.sign_in("clerk1").await;
        let path = clerk.get("/calls").await.links("/calls/0").into_iter().next().unwrap();
        let form = clerk.get(&path).await.form(&format!("{path}/answer"));
        let long = "长".repeat(501);
        let refused = clerk.submit(&form, &[("note", &long)]).await.expect(422);
        assert_eq!(refused.form(&format!("{path}/note")).value("note"), Some(long.as_str()), "what was typed is kept");
        clerk.submit(&form, &[("note", "要 5 箱苯甲丙环唑")]).await.location();
        let page = clerk.get(&path).await;
        assert!(page.says("已接听") && page.form(&format!("{path}/note")).value("note") == Some("要 5 箱苯甲丙环唑"), "{}", page.text());
        let form = page.form(&format!("{path}/note"));
        clerk.submit(&form, &[("note", &long)]).await.expect(422);
        clerk.submit(&form, &[("note", "改为 6 箱")]).await.location();
        assert_eq!(app.word("SELECT note AS s FROM calls").await, "改为 6 箱");
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
        let deadline = std::time::Instant::now() + crate::support::PATIENCE;
        while app.number(CALLS).await < 2 {
            assert!(std::time::Instant::now() < deadline, "the event above the gap is processed");
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
        assert_eq!(region(clerk.get(&new).await), Some(server::testing::kernel::id::Id(2).to_string()));
        // Elsewhere in the province, and a mobile, which may be from anywhere.
        assert_eq!(region(clerk.get("/customers/new?phone=05318112290").await), Some(server::testing::kernel::id::Id(1).to_string()));
        assert_eq!(region(clerk.get("/customers/new?phone=13805362417").await).unwrap_or_default(), "");
    }

    async fn a_call_whose_box_dies_while_it_rings_is_missed_and_makes_its_task(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::phone(&app, customer, "05363112290").await;
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        drop(gateway);
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!(app.word(STATE).await, "ringing", "it may still ring");
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("ended", 0), "somebody may say that they took it");
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("missed", 1));
        assert!(app.sign_in("rep1").await.get("/calls?view=missed").await.says("潍坊丰源农资"));
    }

    async fn what_rang_when_a_box_lost_its_power_has_ended_when_it_starts_anew(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        gateway.start_anew().await;
        until(&app, "SELECT count(*) AS n FROM calls WHERE state = 'ended'", 1).await;
        // A call of the new run rings on, whatever else the box says.
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112291" })).await;
        gateway.say(&gateway.calls().replace("evt/call", "status"), &json!({ "state": "online", "boot": gateway.boot(), "ver": "test", "ts": 0 })).await;
        app.pass(MINUTE);
        app.settle().await;
        let states = "SELECT count(*) AS n FROM calls WHERE (digits = '05363112290' AND state = 'missed') OR (digits = '05363112291' AND state = 'ringing')";
        assert_eq!(app.number(states).await, 2);
        assert_eq!(app.number(OPEN_TASKS).await, 1);
    }

    async fn calls_whose_timers_were_lost_are_found_and_closed(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        let call = Uuid::now_v7();
        gateway.call(call, "ringing", app.clock.now(), json!({ "number": "05363112291" })).await;
        gateway.call(call, "ended", app.clock.now(), json!({})).await;
        app.settle().await;
        app.execute("DELETE FROM events WHERE kind IN ('call_rang_out', 'call_unanswered')").await.unwrap();
        app.pass(10 * MINUTE);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while app.number("SELECT count(*) AS n FROM calls WHERE state = 'missed'").await < 2 {
            assert!(std::time::Instant::now() < deadline, "a call is left open");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_eq!(app.number(OPEN_TASKS).await, 2);
    }

    async fn an_end_that_is_told_late_counts_and_an_answer_takes_the_task_back(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let (call, rang) = (Uuid::now_v7(), app.clock.now());
        gateway.call(call, "ringing", rang, json!({ "number": "05363112290" })).await;
        for _ in 0..4 {
            app.pass(MINUTE);
            app.settle().await;
        }
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("missed", 1));
        // The box was offline, and tells it all when it is back.
        gateway.call(call, "answered", rang + 5_000, json!({})).await;
        gateway.call(call, "ended", rang + 65_000, json!({})).await;
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("answered", 0));
        assert_eq!(app.number("SELECT ended_at - started_at AS n FROM calls").await, 65_000);
    }

    async fn number_and_name_are_kept_in_whatever_order_they_come(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let orders = [
            [json!({ "number": "05363112290" }), json!({ "number": "05363112290", "name": "丰源农资" })],
            [json!({ "name": "丰源农资" }), json!({ "number": "05363112290" })],
            [json!({}), json!({ "number": "05363112290", "name": "丰源农资" })],
            [json!({ "number": "05363112290", "name": "丰源农资" }), json!({})],
        ];
        for [first, second] in orders {
            let call = Uuid::now_v7();
            gateway.call(call, "ringing", app.clock.now(), first).await;
            gateway.call(call, "identified", app.clock.now(), second).await;
            gateway.call(call, "ended", app.clock.now(), json!({})).await;
        }
        let whole = "SELECT count(*) AS n FROM calls WHERE digits = '05363112290' AND name = '丰源农资'";
        assert_eq!(app.number(whole).await, 4);
        assert!(app.sign_in("clerk1").await.get("/calls").await.says("丰源农资"), "the log shows the name of a stranger");
    }

    async fn what_concerns_a_customer_whose_owner_is_locked_comes_to_the_next_superior(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::phone(&app, customer, "05363112290").await;
        seed::person(&app, customer, "张卫东", "13805362417").await;
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        app.execute("UPDATE users SET status = 'locked' WHERE username = 'rep1'").await.unwrap();
        let mut manager = Live::open(&app.sign_in("manager1").await).await;
        let call = Uuid::now_v7();
        gateway.call(call, "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        assert!(manager.popup().await.contains("潍坊丰源农资"));
        gateway.call(call, "ended", app.clock.now(), json!({})).await;
        app.pass(MINUTE);
        app.settle().await;
        let owners = "SELECT u.username AS s FROM tasks t JOIN users u ON u.id = t.owner_id ORDER BY t.id DESC LIMIT 1";
        assert_eq!(app.word(owners).await, "manager1");
        // Locked between the ringing and the task; and no manager is left up the tree.
        let call = Uuid::now_v7();
        gateway.call(call, "ringing", app.clock.now(), json!({ "number": "13805362417" })).await;
        gateway.call(call, "ended", app.clock.now(), json!({})).await;
        app.execute("UPDATE users SET status = 'locked' WHERE username = 'manager1'").await.unwrap();
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!(app.word(owners).await, "admin");
        // A reply too.
        let inbox = gateway.calls().replace("evt/call", "evt/inbox");
        let mut reply = gateway.event(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "from": "+8613805362417", "text": "明天送货吗", "modem": "m1" }));
        reply["smsc_ts"] = app.clock.now().into();
        gateway.say(&inbox, &reply).await;
        until(&app, "SELECT count(*) AS n FROM sms_threads", 1).await;
        assert_eq!(app.word("SELECT u.username AS s FROM sms_threads t JOIN users u ON u.id = t.owner_id").await, "admin");
    }

    async fn call_backs_are_found_by_the_customers_name(app: App) {
        super::opt_outs::enter_customer(&app, "潍坊丰源农资", "05363112290").await;
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        for number in ["05363112290", "05363112299"] {
            gateway.call(Uuid::now_v7(), "ended", app.clock.now(), json!({ "number": number })).await;
        }
        app.pass(MINUTE);
        app.settle().await;
        let clerk = app.sign_in("clerk1").await;
        let found = clerk.get("/calls/callbacks?q=丰源").await.expect(200);
        assert!(found.says("潍坊丰源农资") && !found.says("0536-3112299"), "{}", found.text());
        let none = clerk.get("/calls/callbacks?q=绿野").await;
        assert!(!none.says("潍坊丰源农资") && !none.says("0536-3112299"), "{}", none.text());
    }
}
