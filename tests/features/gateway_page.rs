//! The page of a box: what is wrong in words, and what is asked of the box from there, with its answer.

use fieldline_protocol::messages::{
    BoxTrouble, ConfigCommand, LogLines, LogsCommand, ModemState, ModemTrouble, UpdateCommand, UssdCommand, UssdEvent,
};
use serde_json::json;
use uuid::Uuid;

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::client::{Client, Page};
use crate::support::gateway::connect_new;
use crate::support::wire::{TestBox, until};

const TAKEN: &str = "SELECT count(*) AS n FROM gateway_commands WHERE state = 'taken'";

async fn page_of_box(client: &Client) -> String {
    client.get("/gateways").await.links("/gateways/0").into_iter().next().expect("a box on the list")
}

/// Waits until a page says these words.
async fn says(client: &Client, path: &str, words: &str) -> Page {
    for _ in 0..400 {
        let page = client.get(path).await;
        if page.says(words) {
            return page;
        }
        tokio::time::sleep(std::time::Duration::from_millis(15)).await;
    }
    panic!("{path} does not say {words}: {}", client.get(path).await.text());
}

async fn configured(app: &App, here: &TestBox, settings: &[(&str, &str)]) {
    here.info("0.1.0", settings, Vec::new()).await;
    until(app, "SELECT count(*) AS n FROM gateways WHERE info LIKE '%0.1.0%'", 1).await;
}

both_engines! {
    async fn trouble_is_told_in_words_with_what_to_do(app: App) {
        let here = TestBox::connect(&app).await;
        let clerk = app.sign_in("clerk1").await;
        let path = page_of_box(&clerk).await;
        for (trouble, zh, en) in [
            (ModemTrouble::NoCredit, "请充值后再看", "Top the SIM up"),
            (ModemTrouble::PinWrong, "系统不会再试", "not tried again"),
            (ModemTrouble::Unplugged, "重新插好", "Plug the modem"),
        ] {
            let state = ModemState { trouble: Some(trouble), error: Some("+CMS ERROR: 38".to_owned()), ..TestBox::healthy(&app) };
            here.say("modem/m1/state", &state).await;
            let page = says(&clerk, &path, zh).await;
            assert!(page.says("+CMS ERROR: 38"), "the modem's own words stand beside it");
            assert!(clerk.get_with(&path, &[("accept-language", "en")]).await.says(en), "{en}");
        }
        here.say("modem/m1/state", &TestBox::healthy(&app)).await;
        here.info("0.1.0", &[], vec![BoxTrouble::DiskFull]).await;
        says(&clerk, &path, "盒子存储写不进去").await;
        assert!(clerk.get("/gateways").await.says("盒子存储写不进去"), "and on the list");
    }

    async fn a_clerk_asks_for_the_balance_and_reads_the_answer(app: App) {
        let here = TestBox::connect(&app).await;
        let clerk = app.sign_in("clerk1").await;
        let path = page_of_box(&clerk).await;
        configured(&app, &here, &[]).await;
        assert!(!clerk.get(&path).await.has("form[action$='/balance']"), "no code is set");
        configured(&app, &here, &[("balance_code", "*100#")]).await;
        let form = says(&clerk, &path, "查询余额").await.form(&format!("{path}/balance"));
        clerk.submit(&form, &[]).await.location();
        let command: UssdCommand = here.command("cmd/ussd").await;
        assert_eq!((command.modem.as_str(), command.code.as_str()), ("m1", "*100#"));
        assert!(clerk.get(&path).await.says("等待网关"));
        here.acknowledge(command.id, None).await;
        until(&app, TAKEN, 1).await;
        let answer = |head, command, answer: Option<&str>, error: Option<&str>| UssdEvent {
            head, command, modem: "m1".to_owned(), code: "*100#".to_owned(),
            answer: answer.map(str::to_owned), error: error.map(str::to_owned),
        };
        here.say("evt/ussd", &answer(here.head(&app).await, Some(command.id), Some("余额38.20元"), None)).await;
        assert!(says(&clerk, &path, "余额38.20元").await.says("已答复"));
        // The box's own question, and one that failed.
        here.say("evt/ussd", &answer(here.head(&app).await, None, None, Some("network time-out"))).await;
        assert!(says(&clerk, &path, "network time-out").await.says("定时"));
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'gateway' AND action = 'act' AND user_id = (SELECT id FROM users WHERE username = 'clerk1')").await, 1);
        // A box that is away is not told to do something when it is back.
        here.presence(&app, fieldline_protocol::messages::Presence::Offline).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE online = FALSE", 1).await;
        let late = form.with(&[("op_id", "later")]);
        assert!(clerk.submit(&late, &[]).await.expect(409).says("网关不在线"));
    }

    async fn settings_go_to_the_box_checked_and_only_what_differs(app: App) {
        let here = TestBox::connect(&app).await;
        let admin = app.sign_in("admin").await;
        let path = page_of_box(&admin).await;
        let settings = format!("{path}/settings");
        assert!(admin.get(&settings).await.expect(200).says("还没有报告现在的设置"));
        configured(&app, &here, &[("limit_day", "200")]).await;
        let form = admin.get(&settings).await.form(&settings);
        assert_eq!([form.value("limit_day"), form.value("quiet_from"), form.value("ring_end_ms")], [Some("200"), Some("21:00"), Some("7")]);
        for (field, value, words) in [
            ("limit_minute", "601", "每分钟要填 0 到 600"),
            ("quiet_until", "25:00", "21:00 这样的时间"),
            ("ring_end_ms", "3", "要填 4 到 15"),
            ("balance_code", "AT+CFUN=0", "只能有数字、* 和 #"),
        ] {
            let answer = admin.submit(&form, &[(field, value)]).await.expect(422);
            assert!(answer.says(words), "{field}: {}", answer.text());
        }
        admin.submit(&form, &[("quiet_from", "20:30"), ("ring_end_ms", "6.5"), ("balance_code", "*100#")]).await.location();
        let command: ConfigCommand = here.command("cmd/config").await;
        let sent: Vec<(&str, &str)> = command.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(sent, [("balance_code", "*100#"), ("quiet_from", "1230"), ("ring_end_ms", "6500")]);
        let audited = app.word("SELECT changes AS s FROM audit_log WHERE kind = 'gateway' AND action = 'act'").await;
        assert!(audited.contains("\"quiet_from\":[\"1260\",\"1230\"]"), "{audited}");
        assert!(admin.get(&settings).await.says("等待网关"), "it is not in force before the box says so");
        assert_eq!(admin.get(&settings).await.form(&settings).value("quiet_from"), Some("21:00"));
        here.acknowledge(command.id, Some("busy")).await;
        assert!(says(&admin, &settings, "网关没有接受").await.says("正忙"));
        here.info("0.1.0", &[("quiet_from", "1230")], Vec::new()).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE info LIKE '%1230%'", 1).await;
        assert_eq!(admin.get(&settings).await.form(&settings).value("quiet_from"), Some("20:30"));
        app.sign_in("clerk1").await.get(&settings).await.expect(403);
    }

    async fn lines_have_names_in_the_log_and_the_popup(app: App) {
        let admin = app.sign_in("admin").await;
        let (mut gateway, path) = connect_new(&app, &admin, "办公室").await;
        gateway.say(&format!("gw/v1/{}/info", gateway.claim.name), &json!({ "lines": ["line0"] })).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE info LIKE '%line0%'", 1).await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290", "line": "line0" })).await;
        let lines = format!("{path}/lines");
        let form = admin.get(&lines).await.expect(200).form(&lines);
        admin.submit(&form, &[("line0", &"长".repeat(13))]).await.expect(422);
        admin.submit(&form, &[("line0", "前台电话")]).await.location();
        let clerk = app.sign_in("clerk1").await;
        let list = clerk.get("/calls").await;
        assert!(list.says("前台电话"), "{}", list.text());
        let call = list.links("/calls/0").into_iter().next().unwrap();
        assert!(clerk.get(&call).await.says("前台电话"));
        assert!(clerk.get(&call.replace("/calls/", "/popup/")).await.says("前台电话"));
        let form = admin.get(&lines).await.form(&lines);
        admin.submit(&form, &[("line0", "")]).await.location();
        assert!(clerk.get(&call).await.says("line0") && !clerk.get("/calls").await.says("前台电话"));
    }

    async fn log_lines_come_on_request_and_without_numbers(app: App) {
        let here = TestBox::connect(&app).await;
        let admin = app.sign_in("admin").await;
        let path = format!("{}/logs", page_of_box(&admin).await);
        let lines = |id| LogLines { id, lines: vec!["08:59:01Z INFO to=+8613805362417 sent".to_owned(), "second".to_owned()] };
        // Nobody asked.
        here.say("log", &lines(Uuid::now_v7())).await;
        let form = admin.get(&path).await.expect(200).form(&path);
        admin.submit(&form, &[]).await.location();
        let command: LogsCommand = here.command("cmd/logs").await;
        assert!(!admin.get(&path).await.says("second"));
        here.say("log", &lines(command.id)).await;
        let page = says(&admin, &path, "second").await;
        assert!(!page.body.contains("13805362417") && page.says("***17 sent"), "{}", page.text());
        let stored = app.number("SELECT count(*) AS n FROM gateway_commands WHERE said LIKE '%second%'").await;
        assert_eq!(stored, 0, "in memory and nowhere else");
        app.pass(2 * server::testing::kernel::clock::HOUR);
        assert!(!app.sign_in("admin").await.get(&path).await.says("second"), "for an hour");
        app.sign_in("clerk1").await.get(&path).await.expect(403);
    }

    async fn a_box_cannot_make_modems_without_end(app: App) {
        let here = TestBox::connect(&app).await;
        for n in 0..40 {
            here.say(&format!("modem/usb{n}/state"), &TestBox::healthy(&app)).await;
        }
        here.info("last", &[], Vec::new()).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE info LIKE '%last%'", 1).await;
        let modems = app.word("SELECT modems AS s FROM gateways").await;
        let kept = serde_json::from_str::<serde_json::Value>(&modems).unwrap().as_object().unwrap().len();
        assert_eq!(kept, 16, "{modems}");
        let long = ModemState { operator: "长".repeat(3_000), ..TestBox::healthy(&app) };
        here.say("modem/m1/state", &long).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE modems LIKE '%长长长%'", 1).await;
        assert!(app.number("SELECT CAST(length(modems) AS BIGINT) AS n FROM gateways").await < 6_000);
    }

    async fn an_update_is_signed_for_one_file_and_followed_to_its_end(app: App) {
        let here = TestBox::connect(&app).await;
        let admin = app.sign_in("admin").await;
        let path = format!("{}/update", page_of_box(&admin).await);
        configured(&app, &here, &[]).await;
        let sum = "AB".repeat(32);
        let right = [("version", "0.2.0"), ("url", "https://downloads.example.com/gateway-agent"), ("sha256", sum.as_str())];
        let form = admin.get(&path).await.expect(200).form(&path);
        for (field, value) in [("version", "../0.2.0"), ("url", "http://downloads.example.com/a"), ("sha256", "abc")] {
            admin.submit(&form.clone().with(&right), &[(field, value)]).await.expect(422);
        }
        admin.submit(&form, &right).await.location();
        let command: UpdateCommand = here.command("cmd/update").await;
        assert_eq!((command.version.as_str(), command.sha256.as_str()), ("0.2.0", "ab".repeat(32).as_str()));
        here.acknowledge(command.id, None).await;
        says(&admin, &path, "正在下载和试运行").await;
        here.info("0.1.0", &[], vec![BoxTrouble::UpdateFailed]).await;
        says(&admin, &path, "没有成功，仍是 0.1.0").await;
        here.info("0.2.0", &[], Vec::new()).await;
        says(&admin, &path, "已升级").await;
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE changes LIKE '%downloads.example.com%'").await, 1);
    }

    async fn the_office_sees_on_its_first_page_what_a_box_needs(app: App) {
        let here = TestBox::connect(&app).await;
        let clerk = app.sign_in("clerk1").await;
        assert!(!clerk.get("/").await.says("测试网关"), "nothing is wrong");
        here.say("modem/m1/state", &ModemState { balance: Some("余额3.50元".to_owned()), ..TestBox::healthy(&app) }).await;
        assert!(says(&clerk, "/", "话费余额 3.50 元").await.says("请尽快充值"));
        assert!(clerk.get(&page_of_box(&clerk).await).await.says("余额不足"));
        here.say("modem/m1/state", &ModemState { trouble: Some(ModemTrouble::NoSim), ..TestBox::healthy(&app) }).await;
        says(&clerk, "/", "没有 SIM 卡").await;
        here.presence(&app, fieldline_protocol::messages::Presence::Offline).await;
        until(&app, "SELECT count(*) AS n FROM gateways WHERE online = FALSE", 1).await;
        assert!(!clerk.get("/").await.says("测试网关"), "a moment is a restart");
        app.pass(11 * server::testing::kernel::clock::MINUTE);
        assert!(app.sign_in("admin").await.get("/").await.says("离线"));
        assert!(!app.sign_in("rep1").await.get("/").await.says("测试网关"), "a rep can do nothing about it");
    }
}
