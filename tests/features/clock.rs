//! A clock that jumps sends nothing, ends nothing and revives nothing; a person, or the clock itself, lets it go on.

use server::testing::events::{Event, raise_later};
use server::testing::kernel::background::housekeeping;
use server::testing::kernel::clock::{Clock, DAY, HOUR, MINUTE};

use super::campaigns::{draft, people, release};
use crate::support::app::App;
use crate::support::client::Client;
use crate::support::wire::{TestBox, until};
use crate::support::{both_engines, seed};

const MADE: &str = "SELECT count(*) AS n FROM sms_messages";
const DONE: &str = "SELECT count(*) AS n FROM events WHERE kind = 'call_unanswered' AND state = 'done'";
const YEAR: i64 = 365 * DAY;

async fn confirm(client: &Client) {
    let form = client.get("/").await.expect(200).form("/clock/confirmation");
    client.submit(&form, &[]).await.location();
}

/// A campaign that is to begin in 24 days, and a timer of ten.
async fn later(app: &App) -> Client {
    people(app, 5).await;
    let manager = app.sign_in("manager1").await;
    let path = draft(&manager, &[]).await;
    release(&manager, &path, &[("start", "at"), ("starts_at", "2026-12-17T10:00")]).await;
    let now = app.clock.now();
    let mut tx = app.office.db.begin().await.unwrap();
    raise_later(&mut tx, now, now + 10 * DAY, Event::CallUnanswered { call: app.nobody() }).await.unwrap();
    tx.commit().await.unwrap();
    manager
}

both_engines! {
    async fn what_a_jump_made_due_waits_for_a_person(app: App) {
        let manager = later(&app).await;
        assert!(!manager.get("/").await.says("核对服务器时间"));
        app.jump(YEAR);
        app.work_once().await;
        assert_eq!((app.number(MADE).await, app.number(DONE).await), (0, 0));
        assert_eq!(app.number("SELECT count(*) AS n FROM campaigns WHERE state = 'running' AND held = 'clock'").await, 1);
        let page = manager.get("/").await.expect(200);
        assert!(page.says("核对服务器时间") && page.says("2026-11-23 09:00") && page.says("2027-11-23 09:00"), "{}", page.text());
        for (who, sees) in [("rep1", false), ("clerk1", true), ("admin", true)] {
            let client = app.sign_in(who).await;
            assert_eq!(client.get("/").await.says("核对服务器时间"), sees, "{who}");
            if !sees {
                client.post("/clock/confirmation", &[("op_id", "mine")]).await.expect(403);
            }
        }
        assert!(app.sign_in("admin").await.get("/gateways").await.says("核对服务器时间"));
        confirm(&manager).await;
        until(&app, MADE, 5).await;
        until(&app, DONE, 1).await;
        assert!(!manager.get("/").await.says("核对服务器时间"));
        let log = "SELECT changes AS s FROM audit_log WHERE kind = 'clock'";
        assert_eq!(app.word(log).await, r#"{"clock":["2026-11-23 09:00","2027-11-23 09:00"]}"#);
        app.jump(HOUR);
        assert!(manager.get("/").await.says("核对服务器时间"), "another jump is another question");
    }

    async fn a_jump_right_after_a_confirmation_is_another_question(app: App) {
        let manager = later(&app).await;
        app.jump(HOUR);
        app.work_once().await;
        confirm(&manager).await;
        app.jump(YEAR);
        app.work_once().await;
        assert!(manager.get("/").await.says("核对服务器时间"), "nobody has looked at the second jump");
        assert_eq!((app.number(MADE).await, app.number(DONE).await), (0, 0));
        // It outlives the process, which may die before the next minute.
        until(&app, "SELECT count(*) AS n FROM clock_watch WHERE jumped_to > 0", 1).await;
        confirm(&manager).await;
        until(&app, MADE, 5).await;
    }

    async fn a_clock_that_goes_back_by_itself_ends_the_hold_and_sends_nothing(app: App) {
        let manager = later(&app).await;
        app.jump(YEAR);
        app.work_once().await;
        app.jump(-YEAR);
        app.work_once().await;
        assert!(!manager.get("/").await.says("核对服务器时间"));
        assert_eq!((app.number(MADE).await, app.number(DONE).await), (0, 0));
        app.pass(11 * DAY);
        until(&app, DONE, 1).await;
        assert_eq!(app.number(MADE).await, 0, "its day has not come");
        app.pass(14 * DAY);
        until(&app, MADE, 5).await;
    }

    async fn what_runs_and_what_people_send_does_not_expire_by_a_jump(app: App) {
        let rep = app.sign_in("rep1").await;
        super::sms::write(&rep, "/sms/new", "13805362417", "明天上午送货").await.location();
        app.settle().await;
        app.jump(YEAR);
        // A box comes and is offered what waits: the message is as old as the time that passed.
        let here = TestBox::connect(&app).await;
        assert_eq!(here.take_sms().await.text, "明天上午送货");
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_messages WHERE state = 'expired'").await, 0);
        // What somebody writes now goes out.
        super::sms::write(&rep, "/sms/new", "13805362418", "改到下午").await.location();
        assert_eq!(here.take_sms().await.text, "改到下午");
    }

    async fn a_jump_while_the_server_was_stopped_holds_and_a_weekend_does_not(app: App) {
        later(&app).await;
        let off = |time| {
            move |clock: &Clock| {
                clock.reboot();
                clock.jump(time);
            }
        };
        let monday = app.restart_after(off(3 * DAY)).await;
        let manager = monday.session_of(app.people.manager1).await;
        assert!(!manager.get("/").await.says("核对服务器时间"), "a weekend");
        let festival = monday.restart_after(off(30 * DAY)).await;
        festival.work_once().await;
        let manager = festival.session_of(app.people.manager1).await;
        assert!(manager.get("/").await.says("核对服务器时间"));
        assert_eq!((festival.number(MADE).await, festival.number(DONE).await), (0, 0), "neither by the weekend nor by the jump");
        let again = festival.restart().await;
        let manager = again.session_of(app.people.manager1).await;
        assert!(manager.get("/").await.says("核对服务器时间"), "a restart is no answer");
        confirm(&manager).await;
        until(&again, MADE, 5).await;
        let after = again.restart().await;
        let manager = after.session_of(app.people.manager1).await;
        assert!(!manager.get("/").await.says("核对服务器时间"), "answered once and for all");
    }

    async fn a_stop_of_the_server_alone_is_no_jump(app: App) {
        let again = app.restart_after(|clock| clock.advance(20 * DAY)).await;
        let manager = again.session_of(app.people.manager1).await;
        assert!(!manager.get("/").await.says("核对服务器时间"), "the machine ran on and counted the time");
        let set = again.restart_after(|clock| clock.jump(HOUR)).await;
        let manager = set.session_of(app.people.manager1).await;
        assert!(manager.get("/").await.says("核对服务器时间"), "an hour that did not pass");
    }

    async fn a_clock_that_was_set_back_is_told_and_holds_nothing(app: App) {
        let manager = app.sign_in("manager1").await;
        app.jump(-2 * HOUR);
        let page = manager.get("/").await.expect(200);
        assert!(page.says("往回调到了 2026-11-23 07:00"), "{}", page.text());
        confirm(&manager).await;
        assert!(!manager.get("/").await.says("核对服务器时间"));
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'clock'").await, 1);
    }

    async fn an_event_that_a_clock_ahead_put_off_for_years_is_not_lost(app: App) {
        let now = app.clock.now();
        let mut tx = app.office.db.begin().await.unwrap();
        raise_later(&mut tx, now + YEAR, now + YEAR + MINUTE, Event::CallUnanswered { call: app.nobody() }).await.unwrap();
        tx.commit().await.unwrap();
        app.office.alarm.ring();
        until(&app, DONE, 1).await;
    }

    async fn housekeeping_throws_nothing_away_that_a_jump_made_old(app: App) {
        let rep = app.sign_in("rep1").await;
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        rep.post(&format!("/visits?customer={customer}"), &[("op_id", "today")]).await.location();
        app.jump(YEAR);
        assert_eq!(housekeeping::sweep(&app.office).await.unwrap(), 0);
        assert_eq!(app.number("SELECT count(*) AS n FROM ops").await, 1);
        app.jump(-YEAR);
        app.pass(91 * DAY);
        assert!(housekeeping::sweep(&app.office).await.unwrap() >= 2);
        assert_eq!(app.number("SELECT count(*) AS n FROM ops").await, 0);
    }
}
