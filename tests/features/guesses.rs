//! Guesses are counted before they are looked at, and those of one do not hold up another's sign-in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use server::testing::kernel::clock::DAY;

use crate::support::app::{App, Engine, on_with};
use crate::support::both_engines;
use crate::support::client::{Client, Page};
use crate::support::people::PASSWORD;

const WRONG: &str = "SELECT count(*) AS n FROM login_log WHERE username = 'rep1' AND outcome = 'wrong_unknown'";
const ANSWERS: &str = "SELECT count(*) AS n FROM login_log WHERE username = 'rep1' AND outcome = 'answer_unknown'";
const SIGNED_IN: &str = "SELECT count(*) AS n FROM sessions";

/// The same fields many times at once, each from a browser of its own; the statuses.
async fn at_once(app: &App, times: usize, fields: &[(&str, &str)]) -> Vec<u16> {
    let fields: Vec<(String, String)> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let tasks: Vec<_> = (0..times)
        .map(|_| {
            let (client, fields) = (app.stranger(), fields.clone());
            tokio::spawn(async move {
                let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                client.post("/login", &fields).await.status
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    statuses
}

/// The sum that a page asks for.
fn sum(page: &Page) -> String {
    let asked = page.texts("label").into_iter().find(|label| label.contains('加')).unwrap();
    let words = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    let number = |text: &str| words.iter().position(|word| text.trim() == *word).unwrap();
    let (a, rest) = asked.split_once('加').unwrap();
    (number(a) + number(rest.split('等').next().unwrap())).to_string()
}

/// The page that asks the question.
async fn asked(app: &App) -> (Client, Page) {
    let client = app.stranger();
    let page = client.sign_in("rep1", "guess").await.expect(422);
    (client, page)
}

both_engines! {
    async fn three_of_many_guesses_at_once_are_checked_before_the_question(app: App) {
        let statuses = at_once(&app, 200, &[("username", "rep1"), ("password", "guess")]).await;
        assert!(statuses.iter().all(|status| matches!(status, 422 | 429)), "{statuses:?}");
        assert_eq!(app.number(WRONG).await, 3, "of 200 at once");
        // The right password among tries beyond the limit opens nothing.
        let statuses = at_once(&app, 60, &[("username", "rep1"), ("password", PASSWORD)]).await;
        assert!(statuses.iter().all(|status| *status == 422), "{statuses:?}");
        assert_eq!((app.number(WRONG).await, app.number(SIGNED_IN).await), (3, 0));
    }

    async fn one_answer_serves_one_guess_and_the_tenth_is_the_last(app: App) {
        at_once(&app, 3, &[("username", "rep1"), ("password", "guess")]).await;
        for looked_at in 4..=10 {
            let (_, page) = asked(&app).await;
            let (sealed, answer) = (page.form("/login").value("captcha_for").unwrap().to_owned(), sum(&page));
            let fields = [("username", "rep1"), ("password", "guess"), ("captcha_for", sealed.as_str()), ("captcha", answer.as_str())];
            at_once(&app, 20, &fields).await;
            assert_eq!(app.number(WRONG).await, looked_at, "20 at once with one answer");
        }
        let (client, page) = asked(&app).await;
        assert!(page.says("这台设备今天不能再登录"), "{}", page.text());
        client.sign_in("rep1", PASSWORD).await.expect(422);
        assert_eq!((app.number(WRONG).await, app.number(SIGNED_IN).await), (10, 0));
        // A new password from an administrator ends the lock.
        let admin = app.session_of(app.people.admin).await;
        let path = format!("/users/{}", app.people.rep1);
        let form = admin.get(&format!("{path}/edit")).await.form(&path);
        admin.submit(&form, &[("password", "a-long-first-password")]).await.location();
        assert_eq!(client.sign_in("rep1", "a-long-first-password").await.location(), "/me/password");
    }

    async fn wrong_answers_to_the_question_are_counted_too(app: App) {
        at_once(&app, 3, &[("username", "rep1"), ("password", "guess")]).await;
        let (_, page) = asked(&app).await;
        let sealed = page.form("/login").value("captcha_for").unwrap().to_owned();
        // Every sum there is, at once: one of them is right and comes too late, or opens one guess.
        let tasks: Vec<_> = (0..=20)
            .map(|n| {
                let (client, sealed, n) = (app.stranger(), sealed.clone(), n.to_string());
                tokio::spawn(async move {
                    let fields = [("username", "rep1"), ("password", PASSWORD), ("captcha_for", sealed.as_str()), ("captcha", n.as_str())];
                    client.post("/login", &fields).await.status
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(app.number(ANSWERS).await + app.number(SIGNED_IN).await, 1, "one answer to a question");
        for _ in 0..25 {
            let (client, page) = asked(&app).await;
            if page.texts("label").iter().any(|label| label.contains('加')) {
                client.submit(&page.form("/login"), &[("username", "rep1"), ("password", "guess"), ("captcha", "99")]).await.expect(422);
            }
        }
        assert_eq!(app.number(ANSWERS).await, 20);
        assert!(asked(&app).await.1.says("这台设备今天不能再登录"));
        app.pass(DAY);
        assert_eq!(app.stranger().sign_in("rep1", PASSWORD).await.status, 303, "the next day is another day");
    }

    async fn the_right_password_from_many_devices_at_once_is_not_counted_against_them(app: App) {
        let statuses = at_once(&app, 12, &[("username", "rep1"), ("password", PASSWORD)]).await;
        assert!(statuses.iter().all(|status| *status == 303), "{statuses:?}");
        assert_eq!((app.number(WRONG).await, app.number(SIGNED_IN).await), (0, 12));
    }

    async fn guesses_of_the_own_password_in_a_session_are_counted(app: App) {
        const OWN: &str = "SELECT count(*) AS n FROM login_log WHERE outcome = 'wrong_own'";
        let rep = app.session_of(app.people.rep1).await;
        let new = "春种秋收不误农时";
        let tasks: Vec<_> = (0..40)
            .map(|n| {
                let rep = rep.clone();
                tokio::spawn(async move {
                    let fields = [("op_id", &*format!("own-{n}")), ("current", "guess"), ("new", new), ("again", new)];
                    rep.post("/me/password", &fields).await.status
                })
            })
            .collect();
        for task in tasks {
            assert!(matches!(task.await.unwrap(), 422 | 429));
        }
        assert_eq!(app.number(OWN).await, 10);
        let fields = [("op_id", "own-right"), ("current", PASSWORD), ("new", new), ("again", new)];
        let page = rep.post("/me/password", &fields).await.expect(429);
        assert!(page.says("今天输错当前密码的次数太多"), "{}", page.text());
        assert_eq!(app.stranger().sign_in("rep1", PASSWORD).await.status, 303, "nothing was changed");
        app.pass(DAY);
        let rep = app.session_of(app.people.rep1).await;
        let fields = [("op_id", "own-later"), ("current", PASSWORD), ("new", new), ("again", new)];
        rep.post("/me/password", &fields).await.location();
    }
}

/// With more connections than one address may have otherwise, so that the queue before the hashes is what bounds.
fn guesses_from_one_address_do_not_hold_up_another(engine: Engine) {
    on_with(
        engine,
        |config| config.connections_per_address = 1000,
        async |app: App| {
            let answered = Arc::new(AtomicUsize::new(0));
            let stranger = Client::at(app.base(), [127, 0, 0, 9]);
            let own = app.stranger();
            let flood: Vec<_> = (0..300)
                .map(|n| {
                    let (client, answered) = (stranger.clone(), Arc::clone(&answered));
                    tokio::spawn(async move {
                        let page =
                            client.post("/login", &[("username", &format!("name{n}")), ("password", "guess")]).await;
                        answered.fetch_add(usize::from(page.status == 422), Ordering::SeqCst);
                        page
                    })
                })
                .collect();
            while answered.load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
            let (begun, before) = (Instant::now(), answered.load(Ordering::SeqCst));
            let signed_in = own.post("/login", &[("username", "rep1"), ("password", PASSWORD)]).await;
            let overtaken = answered.load(Ordering::SeqCst) - before;
            assert_eq!(signed_in.status, 303);
            let mut busy = 0;
            for page in flood {
                let page = page.await.unwrap();
                match page.status {
                    422 => {}
                    429 => {
                        busy += 1;
                        assert!(
                            page.headers.contains_key("retry-after") && page.says("现在登录的人太多"),
                            "{}",
                            page.text()
                        );
                        assert!(
                            page.form("/login").value("username").unwrap().starts_with("name"),
                            "the typed name is kept"
                        );
                    }
                    other => panic!("{other}"),
                }
            }
            assert!(overtaken <= 16, "{overtaken} guesses went first, in {:?}", begun.elapsed());
            assert!(busy > 100, "{busy} of 300 were refused: the queue is bounded");
        },
    );
}

mod unlimited_connections {
    mod sqlite {
        #[test]
        fn guesses_from_one_address_do_not_hold_up_another() {
            super::super::guesses_from_one_address_do_not_hold_up_another(crate::support::app::Engine::Sqlite);
        }
    }

    mod postgres {
        #[test]
        fn guesses_from_one_address_do_not_hold_up_another() {
            super::super::guesses_from_one_address_do_not_hold_up_another(crate::support::app::Engine::Postgres);
        }
    }
}
