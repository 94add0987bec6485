//! A call from the first ring to whoever took it or called back.

use serde_json::json;
use server::kernel::clock::MINUTE;
use uuid::Uuid;

use crate::support::app::App;
use crate::support::gateway::connect_new;
use crate::support::{both_engines, seed};

const CALLS: &str = "SELECT count(*) AS n FROM calls";
const STATE: &str = "SELECT state AS s FROM calls";
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
        rep.submit(&form, &[]).await.location();
        assert_eq!((app.word(STATE).await.as_str(), app.number(OPEN_TASKS).await), ("called_back", 0));
    }

    async fn who_took_a_call_stands_in_it_and_nothing_is_left_to_do(app: App) {
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
}
