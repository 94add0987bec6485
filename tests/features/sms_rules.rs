//! The company's rules for messages: signature, cost, caps, ranges, opt-outs, templates.

use fieldline_protocol::messages::{OptoutCommand, Presence};

use super::sms::write;
use crate::support::app::App;
use crate::support::wire::{TestBox, until};
use crate::support::{both_engines, seed};

/// Changes some of the company's rules on their page.
pub async fn rules(app: &App, change: &[(&str, &str)]) {
    let admin = app.sign_in("admin").await;
    let form = admin.get("/sms/settings").await.expect(200).form("/sms/settings");
    admin.submit(&form, change).await.location();
}

both_engines! {
    async fn the_preview_counts_signature_parts_and_cost(app: App) {
        rules(&app, &[("signature", "丰源农资"), ("price", "0.06")]).await;
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/sms/new").await.form("/sms/preview");
        let page = rep.submit(&form, &[("to", "13805362417"), ("text", &"字".repeat(65))]).await.expect(200);
        assert!(page.says("71 字") && page.says("2 条") && page.says("¥0.12"), "{}", page.text());
        rep.submit(&page.form("/sms"), &[]).await.location();
        let text = app.word("SELECT text AS s FROM sms_messages").await;
        assert!(text.starts_with("【丰源农资】字"), "{text}");
    }

    async fn rules_are_checked_field_by_field_and_audited(app: App) {
        let admin = app.sign_in("admin").await;
        let form = admin.get("/sms/settings").await.form("/sms/settings");
        let wrong = [("signature", "【丰源】"), ("quiet_from", "25:00"), ("cap_person", "-1"), ("ranges", "138 0536")];
        let page = admin.submit(&form, &wrong).await.expect(422);
        for words in ["不要写【】", "21:00 这样的时间", "每人手写上限", "0536 不是手机号的开头"] {
            assert!(page.says(words), "{words}: {}", page.text());
        }
        assert_eq!(app.number("SELECT count(*) AS n FROM settings WHERE name LIKE 'sms_%'").await, 0);
        rules(&app, &[("cap_person", "3")]).await;
        let entry = app.word("SELECT changes AS s FROM audit_log WHERE kind = 'sms_settings'").await;
        assert!(entry.contains("sms_cap_person") && !entry.contains("sms_cap_company"), "{entry}");
        for who in ["rep1", "manager1", "clerk1"] {
            app.sign_in(who).await.get("/sms/settings").await.expect(403);
        }
    }

    async fn caps_and_ranges_stop_the_message_that_would_pass_them(app: App) {
        rules(&app, &[("cap_person", "2"), ("cap_recipient", "1"), ("ranges", "138")]).await;
        let rep = app.sign_in("rep1").await;
        assert!(write(&rep, "/sms/new", "13905360001", "您好").await.expect(422).says("不允许向这个号段"));
        write(&rep, "/sms/new", "13805360001", "您好").await.location();
        assert!(write(&rep, "/sms/new", "13805360001", "您好").await.expect(422).says("这个号码今天已收到 1 条"));
        write(&rep, "/sms/new", "13805360002", "您好").await.location();
        assert!(write(&rep, "/sms/new", "13805360003", "您好").await.expect(422).says("您今天已发 2 条"));
        app.pass(server::testing::kernel::clock::DAY);
        let rep = app.sign_in("rep1").await;
        write(&rep, "/sms/new", "13805360001", "您好").await.location();
    }

    async fn a_box_that_sent_its_fill_gets_no_more_today(app: App) {
        let here = TestBox::connect(&app).await;
        rules(&app, &[("cap_gateway", "1")]).await;
        let rep = app.sign_in("rep1").await;
        write(&rep, "/sms/new", "13805360001", "一").await.location();
        here.take_sms().await;
        write(&rep, "/sms/new", "13805360002", "二").await.location();
        app.settle().await;
        until(&app, "SELECT count(*) AS n FROM sms_messages WHERE state = 'waiting'", 1).await;
        rules(&app, &[("cap_gateway", "2")]).await;
        here.presence(&app, Presence::Online).await;
        assert_eq!(here.take_sms().await.text, "二");
    }

    async fn who_replies_with_the_word_is_opted_out_here_and_on_the_boxes(app: App) {
        let here = TestBox::connect(&app).await;
        here.inbox(&app, "+8613805362417", "ＴＤ。", false).await;
        let told: OptoutCommand = here.command("cmd/optout").await;
        assert_eq!((told.add, told.remove), (vec!["+8613805362417".to_owned()], Vec::new()));
        here.inbox(&app, "+8613805362418", "取消订单", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_inbox", 2).await;
        let clerk = app.sign_in("clerk1").await;
        let page = clerk.get("/sms/blocks").await.expect(200);
        assert!(page.says("138 0536 2417") && page.says("本人回复“ＴＤ。”") && !page.says("138 0536 2418"), "{}", page.text());
        // About the own order they still hear.
        write(&app.sign_in("rep1").await, "/sms/new", "13805362417", "您的货明天到").await.location();
        // A box that comes back hears the list, and the end of an opt-out.
        here.presence(&app, Presence::Online).await;
        assert_eq!(here.command::<OptoutCommand>("cmd/optout").await.add.len(), 1);
        let form = clerk.get("/sms/blocks").await.form_ending("/ending");
        clerk.submit(&form, &[]).await.location();
        assert_eq!(here.command::<OptoutCommand>("cmd/optout").await.remove, ["+8613805362417"]);
        app.sign_in("rep1").await.get("/sms/blocks").await.expect(403);
    }

    async fn the_blacklist_stops_every_message(app: App) {
        let clerk = app.sign_in("clerk1").await;
        let form = clerk.get("/sms/blocks").await.form("/sms/blocks");
        clerk.submit(&form, &[("digits", "138 0536 2417"), ("kind", "blacklist"), ("note", "投诉过")]).await.location();
        let page = write(&app.sign_in("rep1").await, "/sms/new", "13805362417", "您好").await.expect(422);
        assert!(page.says("黑名单"), "{}", page.text());
    }

    async fn a_template_is_filled_with_what_is_known_of_the_receiver(app: App) {
        let clerk = app.sign_in("clerk1").await;
        let form = clerk.get("/sms/templates/new").await.form("/sms/templates");
        let text = "{称呼}您好，{产品}到货了。{业务员} {日期}";
        clerk.submit(&form, &[("name", "到货"), ("text", text)]).await.location();
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::person(&app, customer, "刘敏", "13805362417").await;
        let rep = app.sign_in("rep1").await;
        // The number alone tells whose it is.
        let page = rep.get("/sms/new?to=138-0536-2417").await.expect(200);
        assert!(page.says("潍坊丰源农资"), "{}", page.text());
        let link = page.links("/sms/new?").into_iter().find(|href| href.contains("template=") && !href.ends_with("0000000000001"));
        let form = rep.get(&link.unwrap()).await.expect(200).form("/sms/preview");
        assert_eq!(form.value("text").unwrap().trim(), "刘敏您好，{产品}到货了。王芳 2026-11-23");
        assert!(rep.submit(&form, &[]).await.expect(422).says("{产品} 还没有填"));
        // Somebody else's customer stays unknown.
        let other = app.sign_in("rep2").await.get("/sms/new?to=13805362417").await.expect(200);
        assert!(!other.says("潍坊丰源农资"));
    }

    async fn a_reply_of_which_parts_never_came_says_so(app: App) {
        let here = TestBox::connect(&app).await;
        here.inbox(&app, "+8613805362417", "第一部分…", true).await;
        until(&app, "SELECT count(*) AS n FROM sms_inbox WHERE incomplete = TRUE", 1).await;
        let clerk = app.sign_in("clerk1").await;
        let list = clerk.get("/sms").await;
        let thread = list.records("/sms").remove(0);
        assert!(clerk.get(&thread).await.says("不完整"));
    }

    async fn a_word_takes_marketing_up_again(app: App) {
        let here = TestBox::connect(&app).await;
        here.inbox(&app, "+8613805362417", "TD", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_blocks WHERE ended_at IS NULL", 1).await;
        here.inbox(&app, "+8613805362417", "恢复订阅。", false).await;
        until(&app, "SELECT count(*) AS n FROM sms_blocks WHERE ended_at IS NULL", 0).await;
        until(&app, "SELECT count(*) AS n FROM audit_log WHERE kind = 'sms_block' AND action = 'edit' AND origin = 'sms_inbox'", 1).await;
        loop {
            let command: OptoutCommand = here.command("cmd/optout").await;
            if command.remove == ["+8613805362417"] {
                break;
            }
        }
    }

    async fn consents_are_entered_with_their_proof_and_kept_as_a_record(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let zhang = seed::person(&app, customer, "张卫东", "138 0536 2417").await;
        seed::person(&app, customer, "刘敏", "139 0536 2417").await;
        app.execute("UPDATE contacts SET sms_consent = FALSE WHERE name = '张卫东'").await.unwrap();
        let clerk = app.sign_in("clerk1").await;
        let form = clerk.get("/contacts/consents").await.expect(200).form("/contacts/consents");
        let list = "13805362417\n+86 139 0536 2417\n18805360000";
        assert!(clerk.submit(&form, &[("numbers", list), ("how", "written")]).await.expect(422).says("凭据"));
        assert!(clerk.submit(&form, &[("numbers", "张三"), ("how", "written"), ("note", "展会")]).await.expect(422).says("张三"));
        let page = clerk.submit(&form, &[("numbers", list), ("how", "written"), ("note", "11 月展会登记表")]).await.expect(200);
        assert!(page.says("已登记 1") && page.says("原来就是 1") && page.says("188 0536 0000"), "{}", page.text());
        assert_eq!(app.number("SELECT count(*) AS n FROM contacts WHERE sms_consent = FALSE").await, 0);
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'contact' AND action = 'edit' AND changes LIKE '%sms_consent%'").await, 1);
        // Taken back on the contact's own page: a second row, the first one stays.
        let rep = app.sign_in("rep1").await;
        let path = format!("/contacts/{zhang}");
        let form = rep.get(&format!("{path}/edit")).await.expect(200).form(&path);
        let fields: Vec<(String, String)> = form.fields.iter().filter(|(name, _)| name != "sms_consent").cloned().collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), if n == "consent_how" { "spoken" } else { v.as_str() })).collect();
        rep.post(&path, &fields).await.location();
        let shown = rep.get(&format!("{path}/edit")).await;
        assert!(shown.says("同意接收") && shown.says("11 月展会登记表") && shown.says("不再同意") && shown.says("口头"), "{}", shown.text());
        rep.get("/contacts/consents").await.expect(403);
    }
}
