//! Streams to open pages: four to a person, and none outlives its session.

use std::time::Duration;

use server::kernel::clock::MINUTE;

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::client::Client;
use crate::support::live::Live;
use crate::support::people::PASSWORD;

const SOON: Duration = Duration::from_secs(3);

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

    async fn over_http_2_the_streams_are_counted_too(app: App) {
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
