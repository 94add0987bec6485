//! What a box brings that cannot be processed or decoded: it holds up nothing, and a person sees it as it came.

use fieldline_protocol::messages::{InboxEvent, ModemState};
use serde_json::json;
use uuid::Uuid;

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::gateway::connect_new;
use crate::support::wire::{TestBox, until};

const ASIDE: &str = "SELECT count(*) AS n FROM gateway_failures WHERE state = 'aside'";

both_engines! {
    async fn an_event_that_fails_for_ever_is_set_aside_and_can_be_tried_again(app: App) {
        let admin = app.sign_in("admin").await;
        let (mut gateway, path) = connect_new(&app, &admin, "办公室").await;
        app.execute("ALTER TABLE sms_inbox RENAME TO sms_inbox_away").await.unwrap();
        let inbox = gateway.calls().replace("evt/call", "evt/inbox");
        let mut reply = gateway.event(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "from": "+8613805362417", "text": "明天送货吗", "modem": "m1" }));
        reply["smsc_ts"] = app.clock.now().into();
        gateway.say(&inbox, &reply).await;
        // A call that comes after it is processed at once, and not acknowledged over it.
        let call = gateway.event(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" }));
        gateway.say(&gateway.calls(), &call).await;
        until(&app, "SELECT count(*) AS n FROM calls", 1).await;
        assert_eq!(gateway.acknowledged_so_far(), 0, "the box keeps what is not processed");
        // The box offers it again and again.
        gateway.say(&inbox, &reply).await;
        gateway.say(&inbox, &reply).await;
        until(&app, ASIDE, 1).await;
        gateway.acknowledged(2).await;
        gateway.say(&inbox, &reply).await;
        let page = admin.get(&path).await.expect(200);
        assert!(page.says("未能处理的上报") && page.says("收到的短信") && page.body.contains("明天送货吗"), "{}", page.text());
        assert!(admin.get("/").await.says("1 条上报未能处理"), "the first page tells of it");
        assert!(!app.sign_in("clerk1").await.get(&path).await.body.contains("明天送货吗"), "for those who may settle it");
        // While the cause is there a new try says so and changes nothing.
        let form = page.forms().into_iter().find(|form| form.value("outcome") == Some("retry")).unwrap();
        assert!(admin.submit(&form, &[]).await.expect(409).says("再次处理失败"));
        app.execute("ALTER TABLE sms_inbox_away RENAME TO sms_inbox").await.unwrap();
        let page = admin.get(&path).await.expect(200);
        let form = page.forms().into_iter().find(|form| form.value("outcome") == Some("retry")).unwrap();
        admin.submit(&form, &[]).await.location();
        assert_eq!((app.number("SELECT count(*) AS n FROM sms_inbox").await, app.number(ASIDE).await), (1, 0));
        assert!(!admin.get(&path).await.says("未能处理的上报"));
    }

    async fn an_event_that_cannot_be_read_is_shown_as_it_came_and_dropped_by_a_person(app: App) {
        let admin = app.sign_in("admin").await;
        let (mut gateway, path) = connect_new(&app, &admin, "办公室").await;
        let mut half = gateway.event(Uuid::now_v7(), "ringing", app.clock.now(), json!({}));
        half["phase"] = "teleported".into();
        gateway.say(&gateway.calls(), &half).await;
        gateway.acknowledged(1).await;
        // Not even the run can be read.
        let bare = gateway.event(Uuid::now_v7(), "ringing", app.clock.now(), json!({}));
        let bare = json!({ "eid": bare["eid"], "seq": bare["seq"], "number": "05363112290" });
        gateway.say(&gateway.calls(), &bare).await;
        gateway.acknowledged(2).await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        let page = admin.get(&path).await.expect(200);
        assert!(page.body.contains("teleported") && page.says("内容无法解析"), "{}", page.text());
        assert_eq!(app.number(ASIDE).await, 2);
        let retry = page.forms().into_iter().find(|form| form.value("outcome") == Some("retry")).unwrap();
        assert!(admin.submit(&retry, &[]).await.expect(409).says("内容无法解析"));
        let drop = page.forms().into_iter().find(|form| form.value("outcome") == Some("drop")).unwrap();
        admin.submit(&drop, &[]).await.location();
        assert_eq!(app.number(ASIDE).await, 1);
        app.sign_in("clerk1").await.post(&drop.action, &[("op_id", "x"), ("outcome", "drop")]).await.expect(403);
    }

    async fn a_message_that_no_box_could_decode_is_seen_with_its_octets(app: App) {
        let here = TestBox::connect(&app).await;
        for (from, text) in [("+8613805362417", "收到"), ("", "")] {
            let event = InboxEvent {
                head: here.head(&app).await,
                from: from.to_owned(),
                text: text.to_owned(),
                smsc_ts: app.clock.now(),
                modem: "m1".to_owned(),
                incomplete: false,
                pdus: vec!["00040D91683108352614F7".to_owned()],
                unreadable: Some("octet 20: user data".to_owned()),
            };
            here.say("evt/inbox", &event).await;
        }
        until(&app, "SELECT count(*) AS n FROM sms_inbox WHERE unreadable <> ''", 2).await;
        let clerk = app.sign_in("clerk1").await;
        let list = clerk.get("/sms?view=unread").await.expect(200);
        assert!(list.says("未知号码"), "{}", list.text());
        let threads = list.records("/sms");
        for thread in &threads {
            let page = clerk.get(thread).await.expect(200);
            assert!(page.says("无法解码") && page.says("第 20 字节起：短信内容有误") && page.says("00040D91683108352614F7"), "{}", page.text());
        }
        assert_eq!(threads.len(), 2);
        let page = clerk.get(&clerk.get("/gateways").await.links("/gateways/0")[0]).await.expect(200);
        let all = clerk.get(&page.links("/sms/unreadable")[0]).await.expect(200);
        assert!(all.says("收到") && all.says("未知号码") && all.says("00040D91683108352614F7"), "{}", all.text());
        assert!(!app.sign_in("rep2").await.get("/sms/unreadable").await.says("00040D91683108352614F7"));
    }

    async fn the_low_balance_is_what_the_company_set(app: App) {
        let here = TestBox::connect(&app).await;
        let state = ModemState { balance: Some("余额15.00元".to_owned()), ..TestBox::healthy(&app) };
        here.say("modem/m1/state", &state).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE modems LIKE '%15.00%'", 1).await;
        let admin = app.sign_in("admin").await;
        assert!(!admin.get("/").await.says("15.00"), "the usual threshold is 10");
        let form = admin.get("/gateways/alerts").await.expect(200).form("/gateways/alerts");
        assert_eq!(form.value("low_balance"), Some("10.00"));
        for wrong in ["", "-1", "1000.01", "很少"] {
            admin.submit(&form, &[("low_balance", wrong)]).await.expect(422);
        }
        admin.submit(&form, &[("low_balance", "20")]).await.location();
        assert!(admin.get("/").await.says("15.00"), "{}", admin.get("/").await.text());
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'gateway_alerts'").await, 1);
        app.sign_in("clerk1").await.get("/gateways/alerts").await.expect(403);
    }
}
