//! Events: recorded with what made them true, acted upon once after the commit, timers when they are due.

use server::testing::events::{Event, raise, raise_later};
use server::testing::kernel::clock::MINUTE;

use crate::support::app::App;
use crate::support::both_engines;

const ALL: &str = "SELECT count(*) AS n FROM events";
const DONE_ONCE: &str = "SELECT count(*) AS n FROM events WHERE state = 'done' AND attempts = 1";

both_engines! {
    async fn reactions_run_once_after_the_commit(app: App) {
        let now = app.clock.now();
        let event = Event::CallUnanswered { call: app.nobody() };
        let mut tx = app.office.db.begin().await.unwrap();
        for _ in 0..100 {
            raise(&mut tx, now, event.clone()).await.unwrap();
        }
        // A round of the jobs while the write is open.
        app.settle().await;
        assert_eq!(app.number(ALL).await, 0, "nobody hears of what is not committed");
        tx.commit().await.unwrap();
        app.settle().await;
        assert_eq!(app.number(DONE_ONCE).await, 100);
    }

    async fn a_rolled_back_transaction_raises_no_event(app: App) {
        let now = app.clock.now();
        let mut tx = app.office.db.begin().await.unwrap();
        raise(&mut tx, now, Event::CallUnanswered { call: app.nobody() }).await.unwrap();
        drop(tx);
        app.settle().await;
        assert_eq!(app.number(ALL).await, 0);
    }

    async fn a_timer_waits_for_its_time(app: App) {
        let now = app.clock.now();
        let mut tx = app.office.db.begin().await.unwrap();
        raise_later(&mut tx, now, now + 10 * MINUTE, Event::CallUnanswered { call: app.nobody() }).await.unwrap();
        tx.commit().await.unwrap();
        app.pass(9 * MINUTE);
        app.settle().await;
        assert_eq!(app.number(DONE_ONCE).await, 0);
        app.pass(MINUTE);
        app.settle().await;
        assert_eq!(app.number(DONE_ONCE).await, 1);
    }

    async fn events_left_over_by_a_crash_run_after_the_start(app: App) {
        let now = app.clock.now();
        let mut tx = app.office.db.begin().await.unwrap();
        raise_later(&mut tx, now, now + MINUTE, Event::CallUnanswered { call: app.nobody() }).await.unwrap();
        tx.commit().await.unwrap();
        app.clock.advance(2 * MINUTE);
        let again = app.restart().await;
        again.settle().await;
        assert_eq!(again.number(DONE_ONCE).await, 1);
    }
}
