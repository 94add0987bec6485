//! Sessions end when they should.

use server::testing::kernel::clock::{DAY, HOUR, MINUTE};

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::client::Client;
use crate::support::people::PASSWORD;

both_engines! {
    async fn half_an_hour_without_a_request_ends_a_session(app: App) {
        let rep = app.sign_in("rep1").await;
        app.pass(29 * MINUTE);
        rep.get("/me").await.expect(200);
        app.pass(29 * MINUTE);
        rep.get("/me").await.expect(200);
        app.pass(30 * MINUTE);
        assert!(rep.get("/me").await.location().starts_with("/login"));
    }

    async fn a_page_that_reloads_itself_does_not_keep_a_session_alive(app: App) {
        let rep = app.sign_in("rep1").await;
        for _ in 0..2 {
            app.pass(14 * MINUTE);
            rep.get("/me?auto=1").await.expect(200);
        }
        app.pass(3 * MINUTE);
        assert_eq!(rep.get("/me").await.status, 303);
    }

    async fn twelve_hours_end_a_session_that_was_never_idle(app: App) {
        let rep = app.sign_in("rep1").await;
        for _ in 0..35 {
            app.pass(20 * MINUTE);
            rep.get("/me").await.expect(200);
        }
        app.pass(20 * MINUTE);
        assert_eq!(rep.get("/me").await.status, 303);
    }

    async fn a_clock_that_jumps_back_revives_nothing(app: App) {
        let (idle, old) = (app.sign_in("rep1").await, app.sign_in("rep2").await);
        for _ in 0..36 {
            app.pass(20 * MINUTE);
            old.get("/me").await;
        }
        assert_eq!((idle.get("/me").await.status, old.get("/me").await.status), (303, 303));
        for back in [HOUR, DAY, 365 * DAY] {
            app.jump(-back);
            assert_eq!((idle.get("/me").await.status, old.get("/me").await.status), (303, 303), "{back} back");
        }
        let again = app.restart().await;
        assert_eq!(again.number("SELECT count(*) AS n FROM sessions WHERE ended = FALSE").await, 0);
        again.jump(365 * DAY);
        assert_eq!(again.number("SELECT count(*) AS n FROM sessions WHERE ended = FALSE").await, 0);
    }

    async fn how_long_a_session_lasts_is_not_the_wall_clocks_to_say(app: App) {
        for jump in [365 * DAY, -365 * DAY, -DAY, HOUR] {
            let rep = app.sign_in("rep1").await;
            app.jump(jump);
            rep.get("/me").await.expect(200);
            app.pass(29 * MINUTE);
            rep.get("/me").await.expect(200);
            app.pass(30 * MINUTE);
            assert_eq!(rep.get("/me").await.status, 303, "after a jump of {jump}");
        }
    }

    async fn the_stored_times_count_after_a_restart_of_the_machine(app: App) {
        let token = |user| {
            let app = app.clone();
            async move {
                let mut tx = app.office.db.begin().await.unwrap();
                let token = app.office.open_session(&mut tx, user, "phone", app.clock.now()).await.unwrap();
                tx.commit().await.unwrap();
                token
            }
        };
        let first = token(app.people.rep1).await;
        let again = app.restart_after(|clock| { clock.reboot(); clock.jump(20 * MINUTE); }).await;
        let rep = Client::with_session(again.base(), &first);
        rep.get("/me").await.expect(200);
        again.pass(29 * MINUTE);
        rep.get("/me").await.expect(200);
        let early = again.restart_after(|clock| { clock.reboot(); clock.jump(-400 * DAY); }).await;
        let rep = Client::with_session(early.base(), &first);
        assert_eq!(rep.get("/me").await.status, 303, "nobody knows how old it is");
        early.jump(400 * DAY);
        assert_eq!(rep.get("/me").await.status, 303);
    }

    async fn signing_out_ends_every_session_of_the_person_and_no_other(app: App) {
        let (phone, desk, colleague) = (app.sign_in("rep1").await, app.sign_in("rep1").await, app.sign_in("rep2").await);
        let form = phone.get("/me").await.form("/logout");
        let left = phone.submit(&form, &[]).await;
        assert_eq!(left.location(), "/login");
        assert_eq!(phone.get("/me").await.status, 303);
        assert_eq!(desk.get("/me").await.status, 303);
        colleague.get("/me").await.expect(200);
    }

    async fn sessions_survive_a_restart(app: App) {
        let mut tx = app.office.db.begin().await.unwrap();
        let token = app.office.open_session(&mut tx, app.people.rep1, "phone", app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let again = app.restart().await;
        Client::with_session(again.base(), &token).get("/me").await.expect(200);
    }

    async fn the_database_holds_no_cookie(app: App) {
        let mut tx = app.office.db.begin().await.unwrap();
        let token = app.office.open_session(&mut tx, app.people.rep1, "phone", app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_ne!(app.word("SELECT id AS s FROM sessions").await, token);
        assert!(token.len() >= 43, "256 bits in base64");
    }

    async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: App) {
        let answer = app.stranger().sign_in("rep1", PASSWORD).await;
        let cookies: Vec<&str> = answer.headers.get_all("set-cookie").iter().map(|v| v.to_str().unwrap()).collect();
        let sid = cookies.iter().find(|cookie| cookie.starts_with("sid=")).unwrap();
        assert!(sid.contains("HttpOnly") && sid.contains("SameSite=Lax"), "{sid}");
    }

    async fn a_stream_whose_session_ended_is_told_so(app: App) {
        let answer = app.stranger().get_with("/me", &[("accept", "text/event-stream")]).await;
        assert_eq!(answer.status, 401);
    }
}
