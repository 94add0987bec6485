//! A call on the line, and on whose open pages it pops up.

use serde_json::json;
use server::testing::kernel::clock::MINUTE;
use uuid::Uuid;

use crate::support::app::App;
use crate::support::gateway::connect_new;
use crate::support::live::Live;
use crate::support::{both_engines, seed};

both_engines! {
    async fn a_call_pops_up_on_the_pages_of_the_owner_and_the_clerk_only(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::phone(&app, customer, "05363112290").await;
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let mut owner = Live::open(&app.sign_in("rep1").await).await;
        let mut clerk = Live::open(&app.sign_in("clerk1").await).await;
        let mut colleague = Live::open(&app.sign_in("rep2").await).await;
        let mut manager = Live::open(&app.sign_in("manager1").await).await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "0536-3112290" })).await;
        for page in [&mut owner, &mut clerk] {
            let popup = page.popup().await;
            assert!(popup.contains("潍坊丰源农资") && popup.contains("0536-3112290"), "{popup}");
        }
        colleague.no_popup().await;
        manager.no_popup().await;
    }

    async fn an_idle_desk_shows_the_number_only(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::phone(&app, customer, "05363112290").await;
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let mut owner = Live::open(&app.sign_in("rep1").await).await;
        app.pass(6 * MINUTE);
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        let popup = owner.popup().await;
        assert!(popup.contains("0536-3112290") && !popup.contains("丰源"), "{popup}");
    }

    async fn a_number_that_comes_after_the_ring_gives_the_popup_a_name(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::phone(&app, customer, "13805362417").await;
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let mut clerk = Live::open(&app.sign_in("clerk1").await).await;
        let call = Uuid::now_v7();
        gateway.call(call, "ringing", app.clock.now(), json!({})).await;
        assert!(!clerk.popup().await.contains("丰源"));
        gateway.call(call, "identified", app.clock.now(), json!({ "number": "+8613805362417" })).await;
        assert!(clerk.popup().await.contains("潍坊丰源农资"));
        assert_eq!(app.number("SELECT count(*) AS n FROM calls").await, 1);
    }

    async fn a_call_told_too_late_is_kept_and_pops_up_nowhere(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let mut clerk = Live::open(&app.sign_in("clerk1").await).await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now() - 3 * MINUTE, json!({ "number": "05363112290" })).await;
        clerk.no_popup().await;
        assert_eq!(app.number("SELECT count(*) AS n FROM calls").await, 1);
    }

    async fn an_unknown_number_offers_a_new_customer_with_the_number_filled_in(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let desk = app.sign_in("clerk1").await;
        let mut clerk = Live::open(&desk).await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "17951013805362417" })).await;
        let popup = clerk.popup().await;
        assert!(popup.contains("陌生号码") && popup.contains("/customers/new?phone=13805362417"), "{popup}");
        let form = desk.get("/customers/new?phone=13805362417").await.expect(200).form("/customers");
        assert!(form.fields.iter().any(|(_, value)| value.replace(' ', "") == "13805362417"), "{form:?}");
    }

    async fn a_call_handed_over_pops_up_at_the_colleague_and_is_audited(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let mut colleague = Live::open(&app.sign_in("rep2").await).await;
        let clerk = app.sign_in("clerk1").await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        let call = clerk.get("/calls").await.links("/calls/0").into_iter().next().unwrap();
        let path = call.replace("/calls/", "/popup/");
        let form = clerk.get(&path).await.expect(200).form(&format!("{path}/handover"));
        clerk.submit(&form, &[("to", &app.people.rep2.to_string())]).await.location();
        assert!(colleague.popup().await.contains("0536-3112290"));
        assert_eq!(
            app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'call' AND changes LIKE '%owner_id%'").await,
            1
        );
    }

    async fn a_name_that_comes_after_the_number_is_on_the_popup(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let mut clerk = Live::open(&app.sign_in("clerk1").await).await;
        let call = Uuid::now_v7();
        gateway.call(call, "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        assert!(clerk.popup().await.contains("0536-3112290"));
        gateway.call(call, "identified", app.clock.now(), json!({ "number": "05363112290", "name": "临朐绿野" })).await;
        let popup = clerk.popup().await;
        assert!(popup.contains("临朐绿野") && popup.contains("0536-3112290"), "{popup}");
        // The same once more is no news.
        gateway.call(call, "identified", app.clock.now(), json!({ "number": "05363112290", "name": "临朐绿野" })).await;
        clerk.no_popup().await;
    }

    async fn a_call_waits_behind_no_messages(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let mut clerk = Live::open(&app.sign_in("clerk1").await).await;
        let inbox = gateway.calls().replace("evt/call", "evt/inbox");
        for i in 0..300 {
            let mut reply = gateway.event(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "from": format!("+86138{i:08}"), "text": "收到", "modem": "m1" }));
            reply["smsc_ts"] = app.clock.now().into();
            gateway.say(&inbox, &reply).await;
        }
        let call = gateway.event(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" }));
        let begun = std::time::Instant::now();
        gateway.say(&gateway.calls(), &call).await;
        clerk.popup().await;
        let (popped, behind) = (begun.elapsed(), 300 - app.number("SELECT count(*) AS n FROM sms_inbox").await);
        println!("{:?}: the popup came after {popped:?}, with {behind} messages still to be processed", app.engine);
        assert!(behind > 0, "the messages were no burden");
        assert!(popped.as_millis() < 1000, "the popup came after {popped:?}");
        // All of it is acknowledged, the call too, though it was processed before what it follows.
        gateway.acknowledged(301).await;
    }
}
