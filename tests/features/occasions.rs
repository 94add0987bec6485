//! Greetings that go by themselves: on the right day, once, and not because a clock jumped.

use server::testing::kernel::clock::DAY;

use crate::support::app::App;
use crate::support::client::Client;
use crate::support::wire::until;
use crate::support::{both_engines, seed};

async fn occasion(client: &Client, fields: &[(&str, &str)]) {
    let form = client.get("/campaigns/occasions/new").await.expect(200).form("/campaigns/occasions");
    client.submit(&form, fields).await.location();
}

const MADE: &str = "SELECT count(*) AS n FROM sms_messages";
const RUNS: &str = "SELECT count(*) AS n FROM occasion_runs";

both_engines! {
    async fn todays_birthdays_are_greeted_once_in_either_calendar(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        for (i, name) in ["公历", "农历", "无年份", "昨天", "别历"].iter().enumerate() {
            seed::person(&app, customer, name, &format!("1380536000{i}")).await;
        }
        // 2026-11-23 is the fifteenth of the tenth lunar month.
        for update in [
            "UPDATE contacts SET birthday = '1968-11-23' WHERE name = '公历'",
            "UPDATE contacts SET birthday = '1970-10-15', birthday_lunar = TRUE WHERE name = '农历'",
            "UPDATE contacts SET birthday = '11-23' WHERE name = '无年份'",
            "UPDATE contacts SET birthday = '1968-11-22' WHERE name = '昨天'",
            "UPDATE contacts SET birthday = '1970-11-23', birthday_lunar = TRUE WHERE name = '别历'",
        ] {
            app.execute(update).await.unwrap();
        }
        let clerk = app.sign_in("clerk1").await;
        occasion(&clerk, &[("text", "{称呼}生日快乐")]).await;
        until(&app, MADE, 3).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_messages WHERE text LIKE '%生日快乐%' AND class = 'marketing'").await, 3);
        let again = app.restart().await;
        again.work_once().await;
        assert_eq!((again.number(MADE).await, again.number(RUNS).await), (3, 1), "once a day, also after a restart");
        let clerk = again.sign_in("clerk1").await;
        assert!(clerk.get("/campaigns/occasions").await.says("2026-11-23 已发"));
        assert!(clerk.get("/campaigns").await.says("生日 2026-11-23"));
    }

    async fn a_festival_goes_on_its_day_to_all_and_not_after_a_jump_of_the_clock(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        seed::person(&app, customer, "张三", "13805360001").await;
        let clerk = app.sign_in("clerk1").await;
        let form = clerk.get("/campaigns/occasions/new").await.form("/campaigns/occasions");
        assert!(clerk.submit(&form, &[("kind", "lunar"), ("month", "13"), ("day", "1"), ("text", "好")]).await.expect(422).says("有效的月和日"));
        occasion(&clerk, &[("name", "小雪"), ("kind", "solar"), ("month", "11"), ("day", "23"), ("minute", "08:30"), ("text", "小雪安康")]).await;
        occasion(&clerk, &[("name", "明天"), ("kind", "lunar"), ("month", "10"), ("day", "16"), ("minute", "08:30"), ("text", "明天见")]).await;
        until(&app, MADE, 1).await;
        app.jump(DAY);
        app.work_once().await;
        assert_eq!((app.number(MADE).await, app.number(RUNS).await), (1, 1), "nothing by the jump");
        // The clock was wrong, and the day comes by itself.
        app.jump(-DAY);
        app.pass(DAY);
        until(&app, MADE, 2).await;
        for who in ["rep1", "manager1"] {
            app.sign_in(who).await.get("/campaigns/occasions").await.expect(403);
        }
    }
}
