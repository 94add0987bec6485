//! Streams to open pages: four to a person, and none outlives its session.

use std::time::Duration;

use serde_json::json;
use server::testing::kernel::clock::MINUTE;
use server::testing::kernel::id::Id;
use server::testing::kernel::live::sse::Live as Told;
use uuid::Uuid;

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::client::Client;
use crate::support::gateway::connect_new;
use crate::support::live::Live;
use crate::support::people::PASSWORD;

const SOON: Duration = Duration::from_secs(3);

#[derive(sqlx_macros::FromRow)]
struct Call {
    id: Id,
}

both_engines! {
    async fn a_fifth_page_ends_the_stream_of_the_first_and_tells_it(app: App) {
        let rep = app.sign_in("rep1").await;
        let mut pages = Vec::new();
        for _ in 0..5 {
            pages.push(Live::open(&rep).await);
        }
        assert!(pages[0].next("replaced", SOON).await.is_some());
        assert!(pages[0].ends(SOON).await);
        for page in &mut pages[1..] {
            assert!(!page.ends(Duration::from_millis(50)).await);
        }
        assert!(!Live::open(&app.sign_in("rep2").await).await.ends(Duration::from_millis(50)).await);
    }

    async fn a_call_reaches_a_page_that_reads_slowly(app: App) {
        let (mut gateway, _) = connect_new(&app, &app.sign_in("admin").await, "办公室").await;
        gateway.call(Uuid::now_v7(), "ringing", app.clock.now(), json!({ "number": "05363112290" })).await;
        app.settle().await;
        let call = app.rows::<Call>("SELECT id FROM calls").await.remove(0).id;
        let mut page = Live::open(&app.sign_in("clerk1").await).await;
        let flood = |from: u32| {
            for n in from..from + 3000 {
                let data = json!({ "path": format!("/campaigns/{n}") }).to_string();
                app.office.hub.tell(app.people.clerk1, Told { name: "reload", data });
            }
        };
        flood(0);
        app.office.hub.tell(app.people.clerk1, Told { name: "popup", data: call.to_string() });
        flood(3000);
        assert!(page.popup().await.contains("0536-3112290"));
    }

    async fn streams_over_http_2_are_counted_too(app: App) {
        let mut tx = app.office.db.begin().await.unwrap();
        let token = app.office.open_session(&mut tx, app.people.rep1, "test", app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let rep = Client::over_http_2(app.base(), &token);
        let mut pages = Vec::new();
        for _ in 0..6 {
            pages.push(Live::open(&rep).await);
        }
        for (page, ended) in pages.iter_mut().zip([true, true, false, false, false, false]) {
            assert_eq!(page.ends(Duration::from_millis(300)).await, ended);
        }
    }

    async fn streams_end_when_the_person_signs_out(app: App) {
        let (phone, desk, colleague) = (app.sign_in("rep1").await, app.sign_in("rep1").await, app.sign_in("rep2").await);
        let (mut one, mut two, mut other) = (Live::open(&phone).await, Live::open(&desk).await, Live::open(&colleague).await);
        phone.submit(&phone.get("/me").await.form("/logout"), &[]).await.location();
        assert!(one.ends(SOON).await && two.ends(SOON).await);
        assert!(!other.ends(Duration::from_millis(50)).await);
    }

    async fn streams_end_with_a_new_password(app: App) {
        let (phone, desk) = (app.sign_in("rep1").await, app.sign_in("rep1").await);
        let mut stream = Live::open(&phone).await;
        let form = desk.get("/me/password").await.form("/me/password");
        let new = "correct horse battery 7";
        desk.submit(&form, &[("current", PASSWORD), ("new", new), ("again", new)]).await.location();
        assert!(stream.ends(SOON).await);
    }

    async fn streams_end_with_a_session_that_was_idle_too_long(app: App) {
        let mut stream = Live::open(&app.sign_in("rep1").await).await;
        app.pass(31 * MINUTE);
        assert!(stream.ends(Duration::from_secs(15)).await);
    }
}
