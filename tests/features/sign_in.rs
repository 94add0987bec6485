//! Signing in, wrong passwords, the first admin.

use server::testing::kernel::clock::DAY;

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::client::{Client, Page};
use crate::support::people::PASSWORD;

/// Tries a password as a person does: where a question is asked, it is answered.
async fn guess(client: &Client, username: &str, password: &str) -> Page {
    let first = client.sign_in(username, password).await;
    let asked = first.texts("label").into_iter().find(|label| label.contains('加'));
    let Some(asked) = asked.filter(|_| first.says("请先回答这道题")) else { return first };
    let words = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    let number = |text: &str| words.iter().position(|word| text.trim() == *word).unwrap();
    let (a, rest) = asked.split_once('加').unwrap();
    let sum = number(a) + number(rest.split('等').next().unwrap());
    let form = first.form("/login");
    client.submit(&form, &[("username", username), ("password", password), ("captcha", &sum.to_string())]).await
}

both_engines! {
    async fn three_wrong_passwords_bring_a_question_in_words(app: App) {
        let client = app.stranger();
        for _ in 0..3 {
            let page = client.sign_in("rep1", "guess").await.expect(422);
            assert!(page.says("用户名或密码不对"));
        }
        let asked = client.sign_in("rep1", PASSWORD).await.expect(422);
        assert!(asked.says("请先回答这道题"), "{}", asked.text());
        let form = asked.form("/login");
        let wrong = client.submit(&form, &[("password", PASSWORD), ("captcha", "99")]).await.expect(422);
        assert!(wrong.says("请先回答这道题"));
        assert_eq!(app.number("SELECT count(*) AS n FROM login_log WHERE outcome = 'wrong_unknown'").await, 3, "a wrong answer is no try of a password");
        assert_eq!(app.number("SELECT count(*) AS n FROM login_log").await, 4, "no answer is no try at all");
        assert_eq!(guess(&client, "rep1", PASSWORD).await.status, 303);
        let unknown = app.stranger();
        for _ in 0..3 {
            unknown.sign_in("nobody", "guess").await.expect(422);
        }
        assert!(unknown.sign_in("nobody", "guess").await.says("请先回答这道题"), "an unknown name is asked the same");
    }

    async fn an_unknown_name_and_a_wrong_password_read_the_same(app: App) {
        let wrong = app.stranger().sign_in("rep1", "not-the-password").await.expect(422);
        let unknown = app.stranger().sign_in("nobody", "not-the-password").await.expect(422);
        let words = |page: &crate::support::client::Page| page.text().replace("rep1", "").replace("nobody", "");
        assert_eq!(words(&wrong), words(&unknown));
    }

    async fn what_was_typed_stays_but_never_the_password(app: App) {
        let wrong = app.stranger().sign_in("rep1", "my-secret-typing").await.expect(422);
        assert_eq!(wrong.form("/login").value("username"), Some("rep1"));
        assert!(!wrong.body.contains("my-secret-typing"));
    }

    async fn ten_wrong_passwords_lock_the_strange_device_but_not_the_known_one(app: App) {
        let own = app.stranger();
        assert_eq!(own.sign_in("rep1", PASSWORD).await.status, 303);
        let stranger = app.stranger();
        for _ in 0..10 {
            guess(&stranger, "rep1", "guess").await.expect(422);
        }
        guess(&stranger, "rep1", PASSWORD).await.expect(422);
        assert_eq!(own.sign_in("rep1", PASSWORD).await.status, 303, "strangers must not lock staff out");
        app.pass(DAY);
        assert_eq!(stranger.sign_in("rep1", PASSWORD).await.status, 303, "the next day is another day");
    }

    async fn a_locked_account_cannot_sign_in_and_is_signed_out(app: App) {
        let rep = app.sign_in("rep1").await;
        let admin = app.sign_in("admin").await;
        let form = admin.get(&format!("/users/{}/edit", app.people.rep1)).await.form(&format!("/users/{}", app.people.rep1));
        admin.submit(&form, &[("locked", "1")]).await.location();
        assert_eq!(rep.get("/me").await.status, 303);
        app.stranger().sign_in("rep1", PASSWORD).await.expect(422);
    }

    async fn every_attempt_is_in_the_login_log(app: App) {
        app.stranger().sign_in("rep1", PASSWORD).await;
        app.stranger().sign_in("rep1", "wrong").await;
        assert_eq!(app.number("SELECT count(*) AS n FROM login_log WHERE username = 'rep1' AND outcome = 'in'").await, 1);
        assert_eq!(app.number("SELECT count(*) AS n FROM login_log WHERE username = 'rep1' AND outcome <> 'in'").await, 1);
    }

    async fn signing_in_leads_back_to_the_page_asked_for_and_never_elsewhere(app: App) {
        let client = app.stranger();
        let door = client.get("/users").await.location();
        let form = client.get(&door).await.form("/login");
        let answer = client.submit(&form, &[("username", "admin"), ("password", PASSWORD)]).await;
        assert_eq!(answer.location(), "/users");
        for foreign in ["//evil.example", "https://evil.example/", "/\\evil.example"] {
            let client = app.stranger();
            let form = client.get("/login").await.form("/login");
            let answer = client.submit(&form, &[("username", "admin"), ("password", PASSWORD), ("next", foreign)]).await;
            assert_eq!(answer.location(), "/");
        }
    }

    async fn absurd_typing_is_answered_in_words(app: App) {
        for text in ["😀".repeat(10_000), "x".repeat(10_000), "\u{0}\u{7}".to_owned(), "' OR 1=1 --".to_owned()] {
            let page = app.stranger().sign_in(&text, &text).await;
            assert!((400..500).contains(&page.status), "{} for {:?}", page.status, text.chars().take(8).collect::<String>());
        }
    }

    async fn a_company_that_has_people_has_no_setup_page(app: App) {
        app.stranger().get("/setup").await.expect(404);
        let fields = [("company", "x"), ("name", "x"), ("username", "intruder"), ("new", "a-long-password-1"), ("again", "a-long-password-1")];
        app.stranger().post("/setup", &fields).await.expect(404);
        assert_eq!(app.number("SELECT count(*) AS n FROM users WHERE username = 'intruder'").await, 0);
    }

    async fn the_language_of_a_device_can_be_switched_without_signing_in(app: App) {
        let client = app.stranger();
        assert!(client.get("/login").await.has("html[lang=zh-CN]"));
        client.post("/language", &[("lang", "en"), ("back", "/login")]).await.location();
        let page = client.get("/login").await;
        assert!(page.has("html[lang=en]") && page.says("Sign in"));
    }
}
