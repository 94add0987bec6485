//! Campaigns: whom they reach, that they wait, stop and end, and what a hundred thousand cost.

use fieldline_protocol::messages::{CallEvent, CallPhase, CancelCommand, Class, SmsCommand, SmsState};
use server::testing::kernel::clock::{HOUR, MINUTE};
use server::testing::kernel::id::Id;
use uuid::Uuid;

use super::sms_rules::rules;
use crate::support::app::App;
use crate::support::client::Client;
use crate::support::live::Live;
use crate::support::wire::{TestBox, until};
use crate::support::{both_engines, seed};

/// Writes a draft; returns its address.
pub async fn draft(client: &Client, fields: &[(&str, &str)]) -> String {
    let form = client.get("/campaigns/new").await.expect(200).form("/campaigns");
    let usual = [("name", "春耕"), ("text", "{称呼}您好，{产品}到货"), ("product", "草铵膦")];
    let fields: Vec<(&str, &str)> = usual.into_iter().chain(fields.iter().copied()).collect();
    format!("/campaigns/{}", client.submit(&form, &fields).await.new_id())
}

pub async fn release(client: &Client, path: &str, fields: &[(&str, &str)]) {
    let form = client.get(path).await.expect(200).form(&format!("{path}/release"));
    client.submit(&form, fields).await.location();
}

async fn act(client: &Client, path: &str, noun: &str) {
    let form = client.get(path).await.expect(200).form(&format!("{path}/{noun}"));
    client.submit(&form, &[]).await.location();
}

/// A customer of rep1 with so many people.
pub async fn people(app: &App, n: u32) -> Id {
    let customer = seed::customer(app, app.people.rep1, "潍坊丰源农资").await;
    for i in 0..n {
        seed::person(app, customer, &format!("张{i}"), &format!("138{i:08}")).await;
    }
    customer
}

async fn execute(app: &App, statement: &'static str) {
    app.execute(statement).await.unwrap();
}

const MADE: &str = "SELECT count(*) AS n FROM sms_messages";

both_engines! {
    async fn a_word_that_a_form_does_not_know_sends_nothing(app: App) {
        people(&app, 2).await;
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        let form = manager.get(&path).await.form(&format!("{path}/release"));
        for start in ["soon", "", "NOW", "at once"] {
            let answer = manager.submit(&form, &[("start", start), ("starts_at", "2026-11-23T20:00")]).await;
            assert!(answer.expect(422).says("立即发送"), "the choice is there again");
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM campaigns WHERE state = 'draft'").await, 1);
        // A list that is none is not everybody.
        let form = manager.get("/campaigns/new").await.form("/campaigns");
        let fields = [("name", "春耕"), ("text", "您好"), ("audience", "view"), ("view", "everybody")];
        manager.submit(&form, &fields).await.expect(422);
        let view = draft(&manager, &[("audience", "view"), ("view", "mine")]).await;
        execute(&app, "UPDATE campaigns SET view = 'of_tomorrow' WHERE audience = 'view'").await;
        assert!(manager.get(&view).await.says("将发送 0 人"));
        app.settle().await;
        assert_eq!(app.number(MADE).await, 0);
    }

    async fn the_dry_preview_says_who_gets_it_and_why_others_do_not(app: App) {
        rules(&app, &[("signature", "丰源"), ("price", "0.05"), ("ranges", "138 139")]).await;
        let customer = people(&app, 3).await;
        for (name, number) in [
            ("没手机", "0536-3112290"),
            ("号段外", "18805360001"),
            ("退订了", "13905360001"),
            ("黑名单", "13905360002"),
            ("没同意", "13905360003"),
            ("同号码", "13800000000"),
        ] {
            seed::person(&app, customer, name, number).await;
        }
        execute(&app, "UPDATE contacts SET sms_consent = FALSE WHERE name = '没同意'").await;
        execute(&app, "INSERT INTO sms_blocks (id, digits, kind, at) VALUES (1, '13905360001', 'optout', 0), (2, '13905360002', 'blacklist', 0)").await;
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        let page = manager.get(&path).await.expect(200);
        assert!(page.says("将发送 3 人"), "{}", page.text());
        for reason in ["没有手机号 1 人", "号段不允许 1 人", "已退订 1 人", "黑名单 1 人", "未同意接收 1 人", "号码重复 1 人"] {
            assert!(page.says(reason), "{reason}: {}", page.text());
        }
        assert!(page.says("¥0.15") && page.body.contains("【丰源】张") && page.body.contains("您好，草铵膦到货 退订回T"), "{}", page.text());
        assert_eq!(app.number(MADE).await + app.number("SELECT count(*) AS n FROM campaign_recipients").await, 0, "a preview changes nothing");
        release(&manager, &path, &[]).await;
        until(&app, MADE, 3).await;
        assert!(manager.get(&format!("{path}/recipients?view=excluded")).await.says("退订了"));
    }

    async fn messages_go_as_marketing_and_the_counters_follow_them(app: App) {
        let here = TestBox::connect(&app).await;
        people(&app, 4).await;
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        release(&manager, &path, &[]).await;
        let mut commands: Vec<SmsCommand> = Vec::new();
        for _ in 0..4 {
            commands.push(here.take_sms().await);
        }
        assert!(commands.iter().all(|command| command.class == Class::Marketing));
        assert!(commands[0].text.starts_with('张') && commands[0].text.contains("您好，草铵膦到货"));
        for (command, state) in commands.iter().zip([SmsState::Delivered, SmsState::Sent, SmsState::Failed, SmsState::Unknown]) {
            here.report(&app, command.id, SmsState::Sending, None).await;
            here.report(&app, command.id, state, None).await;
        }
        until(&app, "SELECT count(*) AS n FROM campaigns WHERE state = 'done'", 1).await;
        assert_eq!(
            app.number("SELECT count(*) AS n FROM campaigns WHERE total = 4 AND queued = 0 AND sent = 1 AND delivered = 1 AND failed = 1 AND unknown = 1").await,
            1
        );
        let page = manager.get(&path).await.expect(200);
        assert!(page.says("已完成") && page.says("100%"), "{}", page.text());
        // A person's settlement is counted too.
        let rep = app.sign_in("rep1").await;
        let list = rep.get("/sms/unsent").await;
        for message in list.links("/sms/messages/") {
            let page = rep.get(&message).await;
            if let Some(form) = page.forms().into_iter().find(|form| form.value("outcome") == Some("sent")) {
                rep.submit(&form, &[]).await.location();
            }
        }
        assert_eq!(app.number("SELECT sent AS n FROM campaigns").await, 2);
        assert_eq!(app.number("SELECT unknown AS n FROM campaigns").await, 0);
    }

    async fn a_pause_takes_back_what_has_not_left_and_going_on_sends_it_once(app: App) {
        let here = TestBox::connect(&app).await;
        people(&app, 70).await;
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        release(&manager, &path, &[]).await;
        until(&app, MADE, 50).await;
        let mut there = Vec::new();
        for _ in 0..50 {
            there.push(here.take_sms().await);
        }
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'queued'", 50).await;
        // The box has taken all of them: a second offer by this pass would be confused with the first before that.
        app.work_once().await;
        assert_eq!(app.number(MADE).await, 50, "no more are made ahead");
        here.report(&app, there[0].id, SmsState::Sent, None).await;
        until(&app, "SELECT sent AS n FROM campaigns", 1).await;
        act(&manager, &path, "pause").await;
        // One leaves while the box is asked; of one the answer is lost, and its report says it too.
        let mut asked = Vec::new();
        for _ in 0..49 {
            let cancel: CancelCommand = here.command("cmd/cancel").await;
            asked.push(cancel.sms);
            if cancel.sms == there[1].id {
                here.acknowledge(cancel.id, Some("too late")).await;
            } else {
                if cancel.sms != there[2].id {
                    here.acknowledge(cancel.id, None).await;
                }
                here.report(&app, cancel.sms, SmsState::Cancelled, None).await;
            }
        }
        assert!(!asked.contains(&there[0].id), "nobody asks for what has left");
        until(&app, "SELECT queued AS n FROM campaigns", 1).await;
        assert!(manager.get(&path).await.says("正在从网关撤回 1 条"));
        here.report(&app, there[1].id, SmsState::Sent, None).await;
        until(&app, "SELECT count(*) AS n FROM campaigns WHERE sent = 2 AND queued = 0 AND total = 70", 1).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM campaign_recipients WHERE state = 'pending' AND message_id IS NULL").await, 68);
        app.settle().await;
        app.work_once().await;
        assert_eq!(app.number(MADE).await, 50, "a pause holds the rest");
        let shown = manager.get(&path).await;
        assert!(shown.says("未发送的内容都保留"), "{}", shown.text());
        act(&manager, &path, "resumption").await;
        let mut again = Vec::new();
        for _ in 0..50 {
            again.push(here.take_sms().await);
        }
        assert!(again.iter().all(|new| there.iter().all(|old| old.id != new.id)), "the box knows the old ids");
        assert!(again.iter().all(|new| new.to != there[0].to && new.to != there[1].to), "who has it gets it once");
        act(&manager, &path, "cancellation").await;
        for _ in 0..50 {
            let cancel: CancelCommand = here.command("cmd/cancel").await;
            here.acknowledge(cancel.id, None).await;
        }
        until(&app, "SELECT count(*) AS n FROM campaigns WHERE state = 'cancelled' AND queued = 0 AND sent = 2", 1).await;
        app.settle().await;
        app.work_once().await;
        assert_eq!(app.number(MADE).await, 100, "a cancelled one makes no more");
        manager.post(&format!("{path}/resumption"), &[("op_id", "late")]).await.expect(409);
    }

    async fn a_pause_without_a_box_takes_everything_back_at_once(app: App) {
        people(&app, 3).await;
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        release(&manager, &path, &[]).await;
        until(&app, MADE, 3).await;
        act(&manager, &path, "pause").await;
        assert_eq!(app.number("SELECT queued AS n FROM campaigns").await, 0);
        let here = TestBox::connect(&app).await;
        assert!(here.command_within::<SmsCommand>("cmd/sms", std::time::Duration::from_secs(2)).await.is_none());
        act(&manager, &path, "resumption").await;
        for _ in 0..3 {
            here.take_sms().await;
        }
    }

    async fn quiet_hours_and_the_given_time_are_waited_for(app: App) {
        people(&app, 2).await;
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        let form = manager.get(&path).await.form(&format!("{path}/release"));
        assert!(manager.submit(&form, &[("start", "at"), ("starts_at", "2026-11-23T08:00")]).await.expect(422).says("开始时间要晚于现在"));
        release(&manager, &path, &[("start", "at"), ("starts_at", "2026-11-23T20:59")]).await;
        assert!(manager.get(&path).await.says("将在 2026-11-23 20:59 开始"));
        app.settle().await;
        app.work_once().await;
        assert_eq!(app.number(MADE).await, 0);
        app.pass(12 * HOUR + MINUTE);
        until(&app, "SELECT count(*) AS n FROM campaigns WHERE held = 'quiet'", 1).await;
        let manager = app.sign_in("manager1").await;
        assert!(manager.get(&path).await.says("免打扰时段，08:00 后继续"));
        assert_eq!(app.number(MADE).await, 0);
        app.pass(11 * HOUR);
        until(&app, MADE, 2).await;
    }

    async fn who_opts_out_while_it_runs_gets_nothing_more(app: App) {
        let here = TestBox::connect(&app).await;
        people(&app, 52).await;
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        release(&manager, &path, &[]).await;
        until(&app, MADE, 50).await;
        here.inbox(&app, "+8613800000051", "退订", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_blocks", 1).await;
        for _ in 0..50 {
            let command = here.take_sms().await;
            here.report(&app, command.id, SmsState::Sent, None).await;
        }
        until(&app, "SELECT count(*) AS n FROM campaign_recipients WHERE reason = 'optout'", 1).await;
        until(&app, MADE, 51).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_messages WHERE digits = '13800000051'").await, 0);
    }

    async fn audiences_are_a_region_a_view_or_picked_people_and_always_in_scope(app: App) {
        execute(&app, "INSERT INTO regions (id, parent_id, name, path) VALUES (1, NULL, '潍坊', '/1/'), (2, 1, '临朐', '/1/2/'), (3, NULL, '济南', '/3/')").await;
        let customer = people(&app, 2).await;
        execute(&app, "UPDATE customers SET region_id = 2").await;
        let other = seed::customer(&app, app.people.rep1, "青州绿野").await;
        let wang = seed::person(&app, other, "王五", "13905360009").await;
        execute(&app, "UPDATE customers SET arrears = 100 WHERE name = '青州绿野'").await;
        let foreign = seed::customer(&app, app.people.rep2, "济南客户").await;
        let stranger = seed::person(&app, foreign, "外人", "13705310001").await;
        let manager = app.sign_in("manager1").await;
        let reached = async |fields: &[(&str, &str)]| {
            let path = draft(&manager, fields).await;
            manager.get(&path).await.text()
        };
        assert!(reached(&[]).await.contains("将发送 3 人"), "not the other department's");
        let (weifang, jinan) = (Id(1).to_string(), Id(3).to_string());
        assert!(reached(&[("audience", "region"), ("region_id", &weifang)]).await.contains("将发送 2 人"), "with those below");
        assert!(reached(&[("audience", "region"), ("region_id", &jinan)]).await.contains("将发送 0 人"));
        assert!(reached(&[("audience", "view"), ("view", "arrears")]).await.contains("将发送 1 人"));
        let form = manager.get("/campaigns/new").await.form("/campaigns");
        let picked = [("name", "挑选"), ("text", "您好"), ("audience", "picked")];
        let path = format!("/campaigns/{}", manager.submit(&form, &picked).await.new_id());
        let form = manager.get(&format!("{path}/picks")).await.expect(200).form(&format!("{path}/picks"));
        let (wang, stranger) = (wang.to_string(), stranger.to_string());
        let picks = [("op_id", form.op_id()), ("shown", &wang), ("shown", &stranger), ("contact_id", &wang), ("contact_id", &stranger)];
        manager.post(&format!("{path}/picks"), &picks).await.location();
        assert!(manager.get(&path).await.says("将发送 1 人"));
        assert_eq!(app.number("SELECT count(*) AS n FROM campaign_picks").await, 1, "nobody outside the scope");
        let _ = customer;
        for who in ["manager2", "rep1"] {
            let answer = app.sign_in(who).await.get(&path).await;
            assert_eq!(answer.status, if who == "rep1" { 403 } else { 404 });
        }
    }

    async fn a_hundred_thousand_are_accepted_within_five_seconds(app: App) {
        execute(&app, "INSERT INTO customers (id, owner_id, name, mnemonic, created_at, updated_at) SELECT 1, id, '大客户', 'dkh', 0, 0 FROM users WHERE username = 'rep1'").await;
        execute(&app, "INSERT INTO contacts (id, customer_id, name, created_at, updated_at) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT a.i * 1000 + b.i, 1, '张三', 0, 0 FROM n a JOIN n b ON a.i <= 100").await;
        execute(&app, "INSERT INTO customers (id, owner_id, name, mnemonic, created_at, updated_at) SELECT k.id, c.owner_id, '客户', 'kh', 0, 0 FROM contacts k JOIN customers c ON c.id = 1").await;
        execute(&app, "UPDATE contacts SET customer_id = id").await;
        // The yardstick: as many rows by one statement, on the same machine at the same time.
        let begun = std::time::Instant::now();
        execute(&app, "INSERT INTO phones (id, customer_id, contact_id, digits, shown) SELECT id, id, id, '138' || CAST(10000000 + id AS TEXT), '' FROM contacts").await;
        let yardstick = begun.elapsed();
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        let begun = std::time::Instant::now();
        let page = manager.get(&path).await;
        let previewed = begun.elapsed();
        assert!(page.says("将发送 100000 人"), "{}", page.text());
        let begun = std::time::Instant::now();
        manager.submit(&page.form(&format!("{path}/release")), &[]).await.location();
        let accepted = begun.elapsed();
        until(&app, MADE, 50).await;
        let begun = std::time::Instant::now();
        manager.get(&path).await.expect(200);
        let shown = begun.elapsed();
        println!("{:?}: preview {previewed:?}, accepted {accepted:?}, progress page while it runs {shown:?}, yardstick {yardstick:?}", app.engine);
        let bound = std::time::Duration::from_secs(5).max(yardstick * 3 / 2);
        assert!(accepted < bound, "accepted after {accepted:?}, yardstick {yardstick:?}");
        assert!(shown.as_millis() < 500, "the page took {shown:?}");
    }

    async fn the_campaigns_of_one_person_have_a_cap_of_their_own(app: App) {
        rules(&app, &[("cap_campaign", "2"), ("cap_person", "1")]).await;
        people(&app, 3).await;
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        release(&manager, &path, &[]).await;
        until(&app, "SELECT count(*) AS n FROM campaigns WHERE held = 'person_cap'", 1).await;
        assert_eq!(app.number(MADE).await, 2);
        assert!(manager.get(&path).await.says("发起人今日群发条数已用完"));
        // What the campaign sent to a rep's customers is not counted as written by the rep.
        super::sms::write(&app.sign_in("rep1").await, "/sms/new", "13905360001", "您好").await.location();
        rules(&app, &[("cap_campaign", "3")]).await;
        until(&app, MADE, 4).await;
        let admin = app.sign_in("admin").await;
        let form = admin.get("/sms/settings").await.form("/sms/settings");
        for wrong in ["", "-1", "1000001", "许多"] {
            assert!(admin.submit(&form, &[("cap_campaign", wrong)]).await.expect(422).says("每人群发"));
        }
        assert!(admin.submit(&form, &[("cap_staff", "9")]).await.expect(422).says("至少 10 条"));
    }

    async fn a_call_pops_up_within_a_second_while_a_campaign_is_under_way(app: App) {
        let here = TestBox::connect(&app).await;
        rules(&app, &[("cap_company", "100000"), ("cap_campaign", "100000"), ("cap_gateway", "100000")]).await;
        people(&app, 400).await;
        let manager = app.sign_in("manager1").await;
        let path = draft(&manager, &[]).await;
        release(&manager, &path, &[]).await;
        let mut clerk = Live::open(&app.sign_in("clerk1").await).await;
        let mut waits = Vec::new();
        for round in 0..6 {
            // The box takes its messages in and reports each one's way.
            for _ in 0..30 {
                let command = here.take_sms().await;
                for state in [SmsState::Sending, SmsState::Sent, SmsState::Delivered] {
                    here.report(&app, command.id, state, None).await;
                }
            }
            let begun = std::time::Instant::now();
            let head = here.head(&app).await;
            let call = CallEvent {
                head,
                line: "line0".to_owned(),
                call: Uuid::now_v7(),
                phase: CallPhase::Ringing,
                number: Some(format!("0536311{round:04}")),
                name: None,
                withheld: false,
                raw: Vec::new(),
            };
            here.say("evt/call", &call).await;
            clerk.popup().await;
            waits.push(begun.elapsed());
        }
        waits.sort();
        println!("{:?}: popups during a campaign came after {waits:?}", app.engine);
        assert!(waits.iter().all(|wait| wait.as_millis() < 1000), "{waits:?}");
        assert!(app.number("SELECT count(*) AS n FROM campaigns WHERE state = 'running'").await == 1, "the campaign was under way");
    }
}
