//! What fails behind the pages: one reaction that panics or fails stops no other, and what was set aside is seen.

use server::testing::app::start_with;
use server::testing::events::{Event, raise};
use server::testing::kernel::clock::HOUR;
use server::testing::kernel::id::Id;
use server::testing::reactions;

use crate::support::app::App;
use crate::support::both_engines;

/// The event whose reaction panics.
const FRAGILE: Id = Id(4711);

async fn raise_all(app: &App, calls: &[Id]) {
    let mut tx = app.office.db.begin().await.unwrap();
    for call in calls {
        raise(&mut tx, app.clock.now(), Event::CallUnanswered { call: *call }).await.unwrap();
    }
    tx.commit().await.unwrap();
    app.office.alarm.ring();
}

/// Waits until a count is reached.
async fn until(app: &App, text: &'static str, wanted: i64) {
    let deadline = std::time::Instant::now() + crate::support::PATIENCE;
    while app.number(text).await != wanted {
        assert!(std::time::Instant::now() < deadline, "{text}: {}", app.number(text).await);
        app.office.alarm.ring();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// Lets time pass after each try of the one event that fails, until it is set aside.
async fn until_given_up(app: &App) {
    for attempts in 1..12 {
        until(app, TRIED, attempts).await;
        app.pass(5 * HOUR);
    }
    until(app, FAILED, 1).await;
}

const TRIED: &str = "SELECT attempts AS n FROM events WHERE state = 'pending' AND error IS NOT NULL \
                     UNION ALL SELECT 0 AS n ORDER BY n DESC LIMIT 1";
const DONE: &str = "SELECT count(*) AS n FROM events WHERE state = 'done'";
const FAILED: &str = "SELECT count(*) AS n FROM events WHERE state = 'failed'";

both_engines! {
    async fn a_panic_in_one_reaction_stops_no_other_and_is_set_aside_and_seen(app: App) {
        let app = app.restart_with(|_| (), |config, clock| start_with(config, clock, |office, key, pending| async move {
            match &pending.event {
                Event::CallUnanswered { call } if *call == FRAGILE => panic!("a fault of the product"),
                _ => reactions::after(office, key, pending).await,
            }
        })).await;
        raise_all(&app, &[app.nobody(), FRAGILE, app.nobody(), app.nobody()]).await;
        until(&app, DONE, 3).await;
        // Tried again later each time, and then no more.
        until_given_up(&app).await;
        assert_eq!(app.number("SELECT attempts AS n FROM events WHERE state = 'failed'").await, 12);
        assert!(app.word("SELECT error AS s FROM events WHERE state = 'failed'").await.contains("panicked"));
        raise_all(&app, &[app.nobody()]).await;
        until(&app, DONE, 4).await;
        let admin = app.sign_in("admin").await;
        assert!(admin.get("/").await.says("后台处理失败"));
        let page = admin.get("/failures").await.expect(200);
        assert!(page.says("未接来电处理") && page.says("已试 12 次"), "{}", page.text());
        app.session_of(app.people.manager1).await.get("/failures").await.expect(403);
        // Mended, it may run again.
        let again = app.restart().await;
        let form = admin_form(&again).await;
        form.0.submit(&form.1, &[]).await.location();
        until(&again, DONE, 5).await;
    }

    async fn an_event_that_cannot_be_read_is_set_aside_and_stops_no_other(app: App) {
        app.execute("INSERT INTO events (id, kind, payload, at, due_at, attempts, state) \
            VALUES (1, 'of_tomorrow', '{\"kind\":\"of_tomorrow\",\"text\":\"+8613805362417\"}', 0, 0, 0, 'pending')").await.unwrap();
        raise_all(&app, &[app.nobody()]).await;
        until(&app, DONE, 1).await;
        until_given_up(&app).await;
        let why = app.word("SELECT error AS s FROM events WHERE id = 1").await;
        assert!(why.contains("cannot be read") && !why.contains("138"), "{why}");
    }
}

async fn admin_form(app: &App) -> (crate::support::client::Client, crate::support::client::FormOnPage) {
    let admin = app.session_of(app.people.admin).await;
    let form = admin.get("/failures").await.form_ending("/retry");
    (admin, form)
}
