//! Messages out through a box and replies in, with a real broker between.

use fieldline_protocol::messages::{CancelCommand, Class, Presence, SmsCommand, SmsState};

use crate::support::app::App;
use crate::support::client::{Client, Page};
use crate::support::live::Live;
use crate::support::wire::{TestBox, until};
use crate::support::{both_engines, seed};

/// The page of the newest message of the conversation at `path`.
pub async fn newest(client: &Client, path: &str) -> String {
    client.get(path).await.expect(200).links("/sms/messages/").pop().unwrap()
}

/// Writes a message through the form.
pub async fn write(client: &Client, address: &str, to: &str, text: &str) -> Page {
    let form = client.get(address).await.expect(200).form("/sms");
    client.submit(&form, &[("to", to), ("text", text)]).await
}

const UNSENT: &str = "SELECT count(*) AS n FROM sms_messages WHERE state = 'unknown'";

both_engines! {
    async fn a_message_goes_to_the_box_and_its_states_come_back(app: App) {
        let here = TestBox::connect(&app).await;
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::person(&app, customer, "张卫东", "138 0536 2417").await;
        let rep = app.sign_in("rep1").await;
        let address = format!("/sms/new?customer={customer}");
        let path = write(&rep, &address, "13805362417", "明天上午送货").await.location();
        let command = here.take_sms().await;
        assert_eq!((command.to.as_str(), command.text.as_str()), ("+8613805362417", "明天上午送货"));
        assert!(command.report && command.class == Class::Service);
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'queued'", 1).await;
        here.report(&app, command.id, SmsState::Sending, None).await;
        here.report(&app, command.id, SmsState::Sent, None).await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'sent'", 1).await;
        here.report(&app, command.id, SmsState::Delivered, None).await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'delivered'", 1).await;
        // Late and doubled reports change nothing.
        here.report(&app, command.id, SmsState::Queued, None).await;
        until(&app, "SELECT count(*) AS n FROM gateway_events", 4).await;
        let page = rep.get(&path).await.expect(200);
        assert!(page.says("已送达") && page.says("潍坊丰源农资"), "{}", page.text());
        assert!(rep.get(&format!("/customers/{customer}")).await.says("已送达"), "the customer's page tells it");
    }

    async fn a_reply_in_a_conversation_appears_below_the_message_that_it_answers(app: App) {
        let here = TestBox::connect(&app).await;
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::person(&app, customer, "张卫东", "138 0536 2417").await;
        let rep = app.sign_in("rep1").await;
        let mut live = Live::open(&rep).await;
        here.inbox(&app, "+8613805362417", "货到了吗", false).await;
        let told = live.next("sms", crate::support::PATIENCE).await.unwrap();
        assert!(told.contains("潍坊丰源农资：“货到了吗”"), "{told}");
        let path = rep.get("/sms").await.links("/sms/0").pop().unwrap();
        assert!(told.contains(&path), "{told}");
        let page = rep.get(&path).await.expect(200);
        assert!(page.has(&format!("[data-talk='{path}/reading']")), "the script says that it was read");
        let scripts = page.attributes("script", "src");
        assert!(scripts.iter().any(|path| path.starts_with("/assets/count.")), "what stands in the bar is counted too");
        let form = page.form("/sms");
        let long = "字".repeat(67 * 8 + 1);
        let refused = rep.submit(&form, &[("text", &long)]).await.expect(422);
        assert!(refused.says("货到了吗") && refused.says("内容太长") && refused.form("/sms").value("text") == Some(&long), "{}", refused.text());
        let there = rep.submit(&form, &[("text", "明天上午送到")]).await.location();
        assert_eq!(there, format!("{path}?done=sent#end"));
        let page = rep.get(&path).await.expect(200);
        assert_eq!(page.texts(".talk .b"), ["货到了吗", "明天上午送到"]);
        assert!(page.has("[data-talk='']"), "whoever answers has read");
        assert_eq!(app.number("SELECT unread AS n FROM sms_threads").await, 0);
    }

    async fn messages_of_an_unknown_number_are_linked_when_it_is_entered_as_a_customers(app: App) {
        let here = TestBox::connect(&app).await;
        here.inbox(&app, "+8613805362417", "你们有草铵膦吗", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_inbox", 1).await;
        let rep = app.sign_in("rep1").await;
        assert!(!rep.get("/sms").await.says("你们有草铵膦吗"));
        let form = rep.get("/customers/new?phone=13805362417").await.form("/customers");
        rep.submit(&form, &[("name", "潍坊丰源农资"), ("contact_name", "张卫东")]).await.location();
        let list = rep.get("/sms").await;
        assert!(list.says("潍坊丰源农资") && list.says("你们有草铵膦吗"), "{}", list.text());
        let thread = rep.get(&list.links("/sms/0").pop().unwrap()).await;
        assert_eq!(thread.texts(".talk .b"), ["你们有草铵膦吗"]);
    }

    async fn what_takes_no_messages_is_refused_before_it_costs_anything(app: App) {
        let rep = app.sign_in("rep1").await;
        for number in ["0536-3112290", "4006001234", "+1 202 555 0143"] {
            let page = write(&rep, "/sms/new", number, "您好").await.expect(422);
            assert!(page.says("座机、服务号码和境外号码不能接收短信"), "{}", page.text());
            assert!(page.body.contains("您好"), "what was typed is kept");
        }
        let page = write(&rep, "/sms/new", "张经理", "您好").await.expect(422);
        assert!(page.says("手机号不正确"));
        let page = write(&rep, "/sms/new", "13805362417", &"字".repeat(67 * 8 + 1)).await.expect(422);
        assert!(page.says("内容太长"));
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_messages").await, 0);
    }

    async fn a_reply_lands_in_the_conversation_of_the_customers_owner(app: App) {
        let here = TestBox::connect(&app).await;
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::person(&app, customer, "张卫东", "13805362417").await;
        here.inbox(&app, "+8613805362417", "收到，谢谢", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_inbox", 1).await;
        app.settle().await;
        assert_eq!(app.number("SELECT count(*) AS n FROM customers WHERE last_contact_at IS NULL").await, 0, "it was heard from");
        let rep = app.sign_in("rep1").await;
        let list = rep.get("/sms?view=unread").await.expect(200);
        assert!(list.says("潍坊丰源农资") && list.says("收到，谢谢"), "{}", list.text());
        let thread = list.records("/sms").remove(0);
        let page = rep.get(&thread).await.expect(200);
        let op = page.attributes("[data-talk]", "data-op").remove(0);
        rep.post(&format!("{thread}/reading"), &[("op_id", &op)]).await.location();
        assert!(!rep.get("/sms?view=unread").await.says("收到，谢谢"));
        // Nobody else's.
        let other = app.sign_in("rep2").await;
        assert!(!other.get("/sms").await.says("收到，谢谢"));
        other.get(&thread).await.expect(404);
        other.post(&format!("{thread}/reading"), &[("op_id", "x")]).await.expect(404);
    }

    async fn a_message_of_which_nobody_knows_waits_for_a_person(app: App) {
        let here = TestBox::connect(&app).await;
        let rep = app.sign_in("rep1").await;
        let mut paths = Vec::new();
        for number in ["13805360001", "13805360002", "13805360003"] {
            let path = newest(&rep, &write(&rep, "/sms/new", number, "明天送货").await.location()).await;
            paths.push(path.split('?').next().unwrap().to_owned());
            let command = here.take_sms().await;
            here.report(&app, command.id, SmsState::Unknown, Some("unplugged while sending")).await;
        }
        until(&app, UNSENT, 3).await;
        let list = rep.get("/sms/unsent").await.expect(200);
        assert!(list.says("138 0536 0001") && list.says("unplugged while sending"), "{}", list.text());
        // Sent again by a person only: a new message on the wire.
        let before = app.word("SELECT wire_id AS s FROM sms_messages WHERE digits = '13805360001'").await;
        let page = rep.get(&paths[0]).await;
        rep.submit(&page.form(&format!("{}/retry", paths[0])), &[]).await.location();
        let again: SmsCommand = here.take_sms().await;
        assert_eq!(again.to, "+8613805360001");
        assert_ne!(again.id.to_string(), before);
        // Settled by a person who asked the customer.
        let page = rep.get(&paths[1]).await;
        let settle: Vec<_> = page.forms().into_iter().filter(|form| form.action.ends_with("/settlement")).collect();
        rep.submit(settle.iter().find(|form| form.value("outcome") == Some("sent")).unwrap(), &[]).await.location();
        let page = rep.get(&paths[2]).await;
        rep.submit(&page.form(&format!("{}/settlement", paths[2])), &[("outcome", "dropped")]).await.location();
        until(&app, UNSENT, 0).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_messages WHERE state = 'dropped'").await, 1);
        for path in &paths {
            app.sign_in("rep2").await.get(path).await.expect(404);
        }
    }

    async fn a_broken_payload_hides_nothing_behind_it(app: App) {
        let here = TestBox::connect(&app).await;
        let head = here.head(&app).await;
        let mut broken = serde_json::to_value(&head).unwrap();
        broken["from"] = serde_json::json!(["no", "number"]);
        here.say_bytes("evt/inbox", broken.to_string().into_bytes()).await;
        here.say_bytes("evt/inbox", b"{\"eid\":".to_vec()).await;
        here.inbox(&app, "10086", "您的余额为12.30元", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_inbox", 1).await;
        assert_eq!(app.number("SELECT event_seq AS n FROM gateways").await, 2, "the box may forget both");
        let clerk = app.sign_in("clerk1").await;
        assert!(clerk.get("/sms?view=unread").await.says("您的余额为12.30元"), "unknown numbers are the clerks'");
    }

    async fn what_a_broker_lost_is_asked_for_however_often_the_rest_comes(app: App) {
        let here = TestBox::connect(&app).await;
        let mut heads = Vec::new();
        for _ in 0..3 {
            heads.push(here.head(&app).await);
        }
        let say = async |n: usize| {
            let mut event = serde_json::to_value(&heads[n]).unwrap();
            event["from"] = serde_json::json!("10086");
            event["text"] = serde_json::json!(format!("第{}条", n + 1));
            event["smsc_ts"] = serde_json::json!(app.clock.now());
            event["modem"] = serde_json::json!("m1");
            here.say("evt/inbox", &event).await;
        };
        for _ in 0..6 {
            say(1).await;
            say(2).await;
        }
        until(&app, "SELECT count(*) AS n FROM sms_inbox", 2).await;
        assert_eq!(app.number("SELECT event_seq AS n FROM gateways").await, 0, "the box keeps the first");
        say(0).await;
        until(&app, "SELECT count(*) AS n FROM sms_inbox", 3).await;
        say(1).await;
        say(2).await;
        until(&app, "SELECT event_seq AS n FROM gateways", 3).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_inbox").await, 3);
    }

    async fn while_the_box_is_away_messages_wait_and_go_when_it_is_back(app: App) {
        let here = TestBox::connect(&app).await;
        here.presence(&app, Presence::Offline).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE online = TRUE", 0).await;
        let rep = app.sign_in("rep1").await;
        write(&rep, "/sms/new", "13805362417", "明天送货").await.location();
        app.settle().await;
        assert_eq!(app.word("SELECT state AS s FROM sms_messages").await, "waiting");
        here.presence(&app, Presence::Online).await;
        assert_eq!(here.take_sms().await.to, "+8613805362417");
    }

    async fn a_message_is_taken_back_while_it_has_not_left(app: App) {
        let rep = app.sign_in("rep1").await;
        // No box yet: at once.
        let path = newest(&rep, &write(&rep, "/sms/new", "13805362417", "写错了").await.location()).await;
        let form = rep.get(&path).await.form(&format!("{path}/recall"));
        rep.submit(&form, &[]).await.location();
        assert!(rep.get(&path).await.says("已撤回，未发送"));
        let here = TestBox::connect(&app).await;
        // In the box's queue: the box says.
        let path = newest(&rep, &write(&rep, "/sms/new", "13805362418", "也写错了").await.location()).await;
        let command = here.take_sms().await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'queued'", 1).await;
        let form = rep.get(&path).await.form(&format!("{path}/recall"));
        rep.submit(&form, &[]).await.location();
        let cancel: CancelCommand = here.command("cmd/cancel").await;
        assert_eq!(cancel.sms, command.id);
        assert!(rep.get(&path).await.says("正在从网关撤回"));
        here.acknowledge(cancel.id, None).await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'dropped' AND error = 'taken_back'", 2).await;
        // Leaving: too late, and it goes its way.
        let path = newest(&rep, &write(&rep, "/sms/new", "13805362419", "来不及").await.location()).await;
        let command = here.take_sms().await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'queued'", 1).await;
        let form = rep.get(&path).await.form(&format!("{path}/recall"));
        rep.submit(&form, &[]).await.location();
        let cancel: CancelCommand = here.command("cmd/cancel").await;
        here.acknowledge(cancel.id, Some("too late")).await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE recall_late = TRUE", 1).await;
        assert!(rep.get(&path).await.says("无法撤回"));
        here.report(&app, command.id, SmsState::Sent, None).await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'sent'", 1).await;
        let late = form.with(&[("op_id", "late")]);
        rep.submit(&late, &[]).await.expect(409);
    }
}
