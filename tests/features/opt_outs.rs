//! Opting out by reply: what is heeded at once, what a person has to look at, and how the boxes hear of it.

use std::time::Duration;

use fieldline_protocol::messages::{CancelCommand, OptoutCommand, OptoutEvent, Presence, SmsCommand};

use crate::support::app::App;
use crate::support::client::Client;
use crate::support::wire::{TestBox, until};
use crate::support::{both_engines, seed};

const STANDING: &str = "SELECT count(*) AS n FROM sms_blocks WHERE ended_at IS NULL";
const DOUBTFUL: &str = "SELECT count(*) AS n FROM sms_blocks WHERE ended_at IS NULL AND uncertain = TRUE";
const NUMBER: &str = "+8613805362417";

/// An advertisement to each of these numbers, released by a manager.
async fn advertise(app: &App, numbers: &[&str]) {
    let customer = seed::customer(app, app.people.rep1, "潍坊丰源农资").await;
    for number in numbers {
        seed::person(app, customer, "张卫东", number).await;
    }
    let manager = app.sign_in("manager1").await;
    let form = manager.get("/campaigns/new").await.expect(200).form("/campaigns");
    let path = format!(
        "/campaigns/{}",
        manager.submit(&form, &[("name", "春耕"), ("text", "{称呼}您好，草铵膦到货")]).await.new_id()
    );
    let form = manager.get(&path).await.expect(200).form(&format!("{path}/release"));
    manager.submit(&form, &[]).await.location();
}

/// The box's own word about an opt-out, beside the reply that it read.
async fn optout_event(app: &App, here: &TestBox, word: &str) {
    let head = here.head(app).await;
    here.say("evt/optout", &OptoutEvent { head, number: NUMBER.to_owned(), word: word.to_owned(), out: true }).await;
}

/// A customer entered by rep1 on the form, so that it is found by its name.
pub async fn enter_customer(app: &App, name: &str, phone: &str) {
    let rep = app.sign_in("rep1").await;
    let form = rep.get(&format!("/customers/new?phone={phone}")).await.expect(200).form("/customers");
    rep.submit(&form, &[("name", name)]).await.location();
}

async fn thread(client: &Client) -> String {
    client.get("/sms").await.expect(200).records("/sms").remove(0)
}

async fn block_by_hand(app: &App) {
    let clerk = app.sign_in("clerk1").await;
    let form = clerk.get("/sms/blocks").await.form("/sms/blocks");
    clerk.submit(&form, &[("digits", "138 0536 2417"), ("kind", "optout")]).await.location();
}

/// Takes what the box is told of opt-outs until it is told this.
async fn told(here: &TestBox, add: &[&str], remove: &[&str]) {
    loop {
        let command: OptoutCommand = here.command("cmd/optout").await;
        here.acknowledge(command.id, None).await;
        if command.add == add && command.remove == remove {
            return;
        }
    }
}

both_engines! {
    async fn what_the_footer_asks_for_is_heeded_and_what_waits_is_taken_back(app: App) {
        let here = TestBox::connect(&app).await;
        advertise(&app, &["13805362417", "13905360001"]).await;
        // One is in the box's queue.
        let mut ours = None;
        for _ in 0..2 {
            let command = here.take_sms().await;
            if command.to == NUMBER {
                ours = Some(command.id);
            }
        }
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'queued'", 2).await;
        here.inbox(&app, NUMBER, "退订回T", false).await;
        let add: OptoutCommand = here.command("cmd/optout").await;
        assert_eq!(add.add, [NUMBER], "the box is told at once");
        let cancel: CancelCommand = here.command("cmd/cancel").await;
        assert_eq!(Some(cancel.sms), ours);
        here.acknowledge(cancel.id, None).await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'dropped' AND error = 'optout' AND digits = '13805362417'", 1).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_messages WHERE state = 'queued' AND digits = '13905360001'").await, 1, "others hear of it");
        assert_eq!((app.number(STANDING).await, app.number(DOUBTFUL).await), (1, 0));
    }

    async fn advertisements_that_wait_here_for_a_box_stay_here(app: App) {
        let here = TestBox::connect(&app).await;
        here.presence(&app, Presence::Offline).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE online = TRUE", 0).await;
        advertise(&app, &["13805362417"]).await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'waiting'", 1).await;
        here.inbox(&app, NUMBER, "退订，谢谢", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'dropped' AND error = 'optout'", 1).await;
        here.presence(&app, Presence::Online).await;
        assert!(here.command_within::<SmsCommand>("cmd/sms", Duration::from_secs(2)).await.is_none());
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_messages WHERE state IN ('refused', 'failed')").await, 0, "nothing for a person to settle");
    }

    async fn a_reply_in_doubt_stops_marketing_until_a_person_has_looked_at_it(app: App) {
        let here = TestBox::connect(&app).await;
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::person(&app, customer, "张卫东", "13805362417").await;
        here.inbox(&app, NUMBER, "不要再发了", false).await;
        optout_event(&app, &here, "不要").await;
        until(&app, DOUBTFUL, 1).await;
        told(&here, &[NUMBER], &[]).await;
        // One tap takes it back, for whoever has the conversation.
        let rep = app.sign_in("rep1").await;
        assert!(rep.get("/sms").await.says("疑似退订"));
        let path = thread(&rep).await;
        let page = rep.get(&path).await.expect(200);
        assert!(page.says("已先停发营销短信"), "{}", page.text());
        let form = page.forms().into_iter().find(|form| form.value("answer") == Some("no")).unwrap();
        rep.submit(&form, &[]).await.location();
        assert_eq!(app.number(STANDING).await, 0);
        told(&here, &[], &[NUMBER]).await;
        assert!(!rep.get(&path).await.says("疑似退订"));
        rep.submit(&form, &[]).await;
        app.sign_in("rep2").await.post(&format!("{path}/opt-out"), &[("op_id", "x"), ("answer", "no")]).await.expect(404);
        // Another one is confirmed among the blocked numbers.
        here.inbox(&app, NUMBER, "取消", false).await;
        until(&app, DOUBTFUL, 1).await;
        let clerk = app.sign_in("clerk1").await;
        let list = clerk.get("/sms/blocks").await.expect(200);
        assert!(list.says("疑似退订") && list.says("回复“取消”"), "{}", list.text());
        clerk.submit(&list.form_ending("/confirmation"), &[]).await.location();
        assert_eq!((app.number(STANDING).await, app.number(DOUBTFUL).await), (1, 0));
        // A certain one is not made doubtful by what is said later.
        here.inbox(&app, NUMBER, "不要了", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_inbox", 3).await;
        assert_eq!(app.number(DOUBTFUL).await, 0);
    }

    async fn sentences_about_goods_opt_nobody_out(app: App) {
        let here = TestBox::connect(&app).await;
        for text in ["不要白色的，要红色", "退货怎么办", "T恤有货吗", "取消订单", "货先不要发了"] {
            here.inbox(&app, NUMBER, text, false).await;
        }
        until(&app, "SELECT count(*) AS n FROM sms_inbox", 5).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_blocks").await, 0);
    }

    async fn a_bare_n_of_a_member_of_staff_refuses_no_marketing(app: App) {
        let here = TestBox::connect(&app).await;
        app.execute("UPDATE users SET mobile = '13805362417' WHERE username = 'manager1'").await.unwrap();
        here.inbox(&app, NUMBER, "N", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_inbox", 1).await;
        assert_eq!(app.number(STANDING).await, 0);
        // The box, which knows no staff, has honoured it, and is told otherwise.
        optout_event(&app, &here, "N").await;
        told(&here, &[], &[NUMBER]).await;
        assert_eq!(app.number(STANDING).await, 0);
        here.inbox(&app, NUMBER, "TD", false).await;
        until(&app, STANDING, 1).await;
    }

    async fn a_box_that_comes_back_is_not_told_of_an_ending_that_it_knows(app: App) {
        let here = TestBox::connect(&app).await;
        here.inbox(&app, NUMBER, "T", false).await;
        told(&here, &[NUMBER], &[]).await;
        let clerk = app.sign_in("clerk1").await;
        clerk.submit(&clerk.get("/sms/blocks").await.form_ending("/ending"), &[]).await.location();
        told(&here, &[], &[NUMBER]).await;
        until(&app, "SELECT count(*) AS n FROM sms_block_tellings", 0).await;
        here.presence(&app, Presence::Offline).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE online = TRUE", 0).await;
        // The number opts out again while the box is away; its events come after its greeting.
        here.presence(&app, Presence::Online).await;
        let early: Option<OptoutCommand> = here.command_within("cmd/optout", Duration::from_millis(1500)).await;
        assert!(early.is_none(), "a fresh opt-out would be taken off the box: {early:?}");
        optout_event(&app, &here, "T").await;
        told(&here, &[NUMBER], &[]).await;
        assert_eq!(app.number(STANDING).await, 1);
    }

    async fn an_ending_that_a_box_does_not_know_waits_for_what_the_box_has_to_tell(app: App) {
        let here = TestBox::connect(&app).await;
        here.inbox(&app, NUMBER, "T", false).await;
        told(&here, &[NUMBER], &[]).await;
        here.presence(&app, Presence::Offline).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE online = TRUE", 0).await;
        let clerk = app.sign_in("clerk1").await;
        clerk.submit(&clerk.get("/sms/blocks").await.form_ending("/ending"), &[]).await.location();
        app.pass(1_000);
        here.presence(&app, Presence::Online).await;
        let early: Option<OptoutCommand> = here.command_within("cmd/optout", Duration::from_millis(1500)).await;
        assert!(early.is_none(), "{early:?}");
        app.pass(10_000);
        let deadline = std::time::Instant::now() + Duration::from_secs(25);
        let ending: OptoutCommand = loop {
            if let Some(command) = here.command_within("cmd/optout", Duration::from_secs(5)).await {
                break command;
            }
            assert!(std::time::Instant::now() < deadline, "the box never hears of it");
        };
        assert_eq!(ending.remove, [NUMBER]);
    }

    async fn an_older_wish_ends_no_newer_opt_out(app: App) {
        let here = TestBox::connect(&app).await;
        let mut head = here.head(&app).await;
        head.ts -= 60_000;
        block_by_hand(&app).await;
        here.say("evt/optout", &OptoutEvent { head, number: NUMBER.to_owned(), word: "DY".to_owned(), out: false }).await;
        until(&app, "SELECT count(*) AS n FROM gateway_events", 1).await;
        assert_eq!(app.number(STANDING).await, 1, "it was entered after that was written");
    }

    async fn what_is_entered_by_hand_reaches_boxes_that_were_away_and_survives_a_restart(app: App) {
        let here = TestBox::connect(&app).await;
        block_by_hand(&app).await;
        told(&here, &[NUMBER], &[]).await;
        app.settle().await;
        assert_eq!(app.number("SELECT count(*) AS n FROM events WHERE kind = 'opt_out_changed'").await, 1, "told through the outbox");
        // As if the process had died right after the commit.
        app.execute("UPDATE events SET state = 'pending', attempts = 0, due_at = 0 WHERE kind = 'opt_out_changed'").await.unwrap();
        app.office.alarm.ring();
        told(&here, &[NUMBER], &[]).await;
    }

    async fn numbers_are_found_by_the_customers_name(app: App) {
        enter_customer(&app, "潍坊丰源农资", "13805362417").await;
        let here = TestBox::connect(&app).await;
        here.inbox(&app, NUMBER, "明天送货吗，T", false).await;
        here.inbox(&app, "+8613905360001", "TD", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_threads", 2).await;
        until(&app, STANDING, 2).await;
        let clerk = app.sign_in("clerk1").await;
        for list in ["/sms", "/sms/blocks"] {
            let named = clerk.get(&format!("{list}?q=丰源")).await.expect(200);
            let (ours, theirs) = ("138 0536 2417", "139 0536 0001");
            assert!((named.says(ours) || named.says("潍坊丰源农资")) && !named.says(theirs), "{list}: {}", named.text());
            let nobody = clerk.get(&format!("{list}?q=绿野")).await;
            assert!(!nobody.says(ours) && !nobody.says("潍坊丰源农资") && !nobody.says(theirs), "{list}: {}", nobody.text());
            let number = clerk.get(&format!("{list}?q=139-0536")).await;
            assert!(number.says(theirs) && !number.says(ours), "{list}: {}", number.text());
        }
    }
}
