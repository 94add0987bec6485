//! Boxes: how they are claimed, what they may say and to whom, and how they are shut out.

use fieldline_protocol::messages::TimeCommand;
use fieldline_protocol::signing::CommandVerifier;
use fieldline_protocol::topics::Topic;
use serde_json::json;
use server::testing::kernel::clock::MINUTE;
use uuid::Uuid;

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::gateway::{Gateway, Noticed, bring, connect_new, new_code};

const CALLS: &str = "SELECT count(*) AS n FROM calls";
const ACTIVE: &str = "SELECT count(*) AS n FROM gateways WHERE state = 'active'";

both_engines! {
    async fn a_code_is_typed_in_any_way_and_works_once(app: App) {
        let (_, code) = new_code(&app.sign_in("admin").await, "办公室").await;
        assert_eq!(bring(&app, "23456-ABCDE").await.unwrap_err(), 404, "a wrong code");
        let claim = bring(&app, &code.to_lowercase().replace('-', " ")).await.unwrap();
        assert_eq!(bring(&app, &code).await.unwrap_err(), 404, "a used code");
        assert_eq!(app.number(ACTIVE).await, 1);
        Gateway::connect(claim).await;
    }

    async fn a_code_that_is_ten_minutes_old_is_worth_nothing(app: App) {
        let (_, code) = new_code(&app.sign_in("admin").await, "办公室").await;
        app.pass(10 * MINUTE);
        assert_eq!(bring(&app, &code).await.unwrap_err(), 404);
        assert_eq!(app.number(ACTIVE).await, 0);
    }

    async fn a_new_code_ends_the_one_before(app: App) {
        let admin = app.sign_in("admin").await;
        let (path, first) = new_code(&admin, "办公室").await;
        let form = admin.get(&path).await.form(&format!("{path}/code"));
        admin.submit(&form, &[]).await.expect(200);
        assert_eq!(bring(&app, &first).await.unwrap_err(), 404);
    }

    async fn whoever_guesses_codes_is_stopped_after_ten(app: App) {
        for _ in 0..10 {
            assert_eq!(bring(&app, "23456-ABCDE").await.unwrap_err(), 404);
        }
        assert_eq!(bring(&app, "23456-ABCDE").await.unwrap_err(), 429);
    }

    async fn a_revoked_box_is_cut_off_at_once_and_stays_out(app: App) {
        let admin = app.sign_in("admin").await;
        let (mut gateway, path) = connect_new(&app, &admin, "办公室").await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        let form = admin.get(&path).await.form(&format!("{path}/revocation"));
        admin.submit(&form, &[]).await.location();
        let cut = |noticed: &Noticed| match noticed {
            Noticed::Cut(why) => Some(why.clone()),
            Noticed::Connected | Noticed::Said(..) => None,
        };
        gateway.wait("the end of its connection", cut).await;
        // The client tries again by itself; it must hear a refusal, and never a welcome.
        gateway.wait("the refusal", |noticed| match noticed {
            Noticed::Cut(why) => why.contains("BadUserNamePassword").then_some(()),
            Noticed::Connected => panic!("a revoked box came in again"),
            Noticed::Said(..) => None,
        })
        .await;
        assert!(admin.get("/gateways").await.says("已停用"));
    }

    async fn a_box_that_doubts_its_clock_is_told_the_time(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let name = gateway.claim.name.clone();
        let time = |noticed: &Noticed| match noticed {
            Noticed::Said(topic, payload) => topic.ends_with("cmd/time").then(|| payload.clone()),
            Noticed::Connected | Noticed::Cut(_) => None,
        };
        for _ in 0..2 {
            gateway.say(&Topic::Info.of(&name), &json!({ "troubles": ["clock"] })).await;
            let payload = gateway.wait("the time", time).await;
            let key = CommandVerifier::new(&gateway.claim.server_key, &name).unwrap();
            let signed = key.verify("cmd/time", &payload, app.clock.now()).unwrap();
            let told: TimeCommand = serde_json::from_str(&signed.body).unwrap();
            assert!((app.clock.now() - told.now).abs() < MINUTE, "{told:?}");
        }
    }

    async fn what_cannot_be_read_is_refused_and_harms_nothing_after_it(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        let calls = gateway.calls();
        for broken in ["", "{", "null", "[]", "{\"seq\":1}", "\u{0}\u{1}"] {
            gateway.say_bytes(&calls, broken.as_bytes().to_vec()).await;
        }
        gateway.say_bytes(&calls, vec![0xff; 100_000]).await;
        // The head can be read, the rest cannot: it is noted, or the box would offer it for ever.
        let mut half = gateway.event(Uuid::now_v7(), "ringing", app.clock.now(), json!({}));
        half["phase"] = "teleported".into();
        gateway.say(&calls, &half).await;
        gateway.acknowledged(1).await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        assert_eq!(app.number(CALLS).await, 1);
        assert_eq!(app.number("SELECT count(*) AS n FROM gateway_events").await, 2);
    }

    async fn a_box_speaks_for_no_other_and_hears_no_other(app: App) {
        let admin = app.sign_in("admin").await;
        let (mut ours, _) = connect_new(&app, &admin, "办公室").await;
        let (mut theirs, _) = connect_new(&app, &admin, "仓库").await;
        let now = app.clock.now();
        theirs.hear(&format!("gw/v1/{}/evt/ack", ours.claim.name)).await;
        theirs.hear("gw/v1/+/evt/ack").await;
        // In the name of another box, and in the tongue of another version.
        let forged = theirs.event(Uuid::now_v7(), "ringing", now, json!({ "number": "05363112290" }));
        theirs.say(&ours.calls(), &forged).await;
        theirs.say(&theirs.calls().replace("/v1/", "/v2/"), &forged).await;
        ours.call(Uuid::now_v7(), "ringing", now, json!({ "number": "05363112291" })).await;
        // Its own words still count, once the broker has it back.
        theirs.say(&theirs.calls(), &forged).await;
        let (own, foreign) = (theirs.claim.name.clone(), ours.claim.name.clone());
        theirs.wait("its own acknowledgement", |noticed| match noticed {
            Noticed::Said(topic, _) => {
                assert!(!topic.contains(&foreign), "it hears another box: {topic}");
                topic.contains(&own).then_some(())
            }
            Noticed::Connected | Noticed::Cut(_) => None,
        })
        .await;
        assert_eq!(app.number(CALLS).await, 2, "one of each box");
        assert_eq!(app.number("SELECT count(DISTINCT gateway_id) AS n FROM calls").await, 2);
    }
}
