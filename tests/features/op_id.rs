//! The same form is done once, however often it arrives.

use server::testing::app::routes;
use server::testing::kernel::access::Gate;
use server::testing::web::routes::Entry;

use crate::support::app::App;
use crate::support::client::{Client, FormOnPage};
use crate::support::{both_engines, seed};

const TYPED: [(&str, &str); 3] = [("name", "吴昊"), ("username", "wuhao"), ("password", "a-long-first-password")];
const HOW_MANY: &str = "SELECT count(*) AS n FROM users WHERE username LIKE 'wuhao%'";

async fn new_user_form(client: &Client) -> FormOnPage {
    client.get("/users/new").await.form("/users")
}

both_engines! {
    async fn the_same_form_twice_makes_one_record_and_gives_the_first_answer_again(app: App) {
        let admin = app.sign_in("admin").await;
        let form = new_user_form(&admin).await;
        let first = admin.submit(&form, &TYPED).await.location();
        let second = admin.submit(&form, &TYPED).await.location();
        assert_eq!(first, second);
        assert_eq!(app.number(HOW_MANY).await, 1);
        assert_eq!(app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'user' AND action = 'create'").await, 1);
    }

    async fn eight_taps_at_once_make_one_record(app: App) {
        let admin = app.sign_in("admin").await;
        let form = new_user_form(&admin).await;
        let taps: Vec<_> = (0..8)
            .map(|_| {
                let (admin, form) = (admin.clone(), form.clone());
                tokio::spawn(async move { admin.submit(&form, &TYPED).await })
            })
            .collect();
        let mut answers = Vec::new();
        for tap in taps {
            answers.push(tap.await.unwrap());
        }
        assert_eq!(app.number(HOW_MANY).await, 1);
        for answer in &answers {
            assert!(answer.status == 303 || answer.status == 409 || answer.status == 422, "{}", answer.status);
        }
        assert!(answers.iter().any(|answer| answer.status == 303));
    }

    async fn other_content_under_a_used_token_is_a_conflict(app: App) {
        let admin = app.sign_in("admin").await;
        let form = new_user_form(&admin).await;
        admin.submit(&form, &TYPED).await.location();
        admin.submit(&form, &[("name", "吴昊"), ("username", "wuhao2"), ("password", "a-long-first-password")]).await.expect(409);
        assert_eq!(app.number(HOW_MANY).await, 1);
    }

    async fn the_same_form_at_another_address_is_another_one(app: App) {
        let rep = app.sign_in("rep1").await;
        let (first, second) = (seed::customer(&app, app.people.rep1, "甲").await, seed::customer(&app, app.people.rep1, "乙").await);
        let fields = [("op_id", "one-and-the-same")];
        let made = rep.post(&format!("/visits?customer={first}"), &fields).await.location();
        assert_eq!(rep.post(&format!("/visits?customer={first}"), &fields).await.location(), made, "the same again");
        rep.post(&format!("/visits?customer={second}"), &fields).await.expect(409);
        rep.post(&format!("{made}/deletion"), &fields).await.expect(409);
        assert_eq!(app.number("SELECT count(*) AS n FROM visits WHERE deleted_at IS NULL").await, 1, "neither done nor called done");
    }

    async fn a_form_without_a_token_does_nothing(app: App) {
        let admin = app.session_of(app.people.admin).await;
        let written = "SELECT (SELECT count(*) FROM audit_log) + (SELECT count(*) FROM ops) AS n";
        let before = app.number(written).await;
        // What scripts post as JSON is the same when it is done twice.
        let json = ["/me/push", "/me/push/confirmation"];
        let posts = |entry: &&Entry| entry.method == "POST" && entry.gate != Gate::Public && !json.contains(&entry.path);
        for entry in routes().entries().iter().filter(posts) {
            let path = entry.path.split('/').map(|piece| if piece.starts_with(':') { app.nobody().to_string() } else { piece.to_owned() });
            let path = path.collect::<Vec<_>>().join("/");
            for fields in [vec![], vec![("op_id", "")], vec![("op_id", &*"x".repeat(101))]] {
                let answer = admin.post(&path, &fields).await;
                assert!(matches!(answer.status, 400 | 404), "{path} answers {}", answer.status);
                assert!(answer.status == 404 || answer.says("缺少防重复提交的编号"), "{path}: {}", answer.text());
            }
        }
        assert_eq!(app.number(written).await, before);
        admin.get("/me").await.expect(200);
    }

    async fn a_token_belongs_to_its_person(app: App) {
        let admin = app.sign_in("admin").await;
        let rep = app.sign_in("rep1").await;
        let token = rep.get("/me/password").await.form("/me/password").op_id().to_owned();
        let form = new_user_form(&admin).await;
        let mut fields = TYPED.to_vec();
        fields.push(("op_id", &token));
        let ours = admin.submit(&form, &fields).await;
        assert_eq!(ours.status, 303, "tokens are noted by person, so a stranger's blocks nobody");
        assert_eq!(app.number(HOW_MANY).await, 1);
    }

    async fn every_form_on_a_page_has_a_token_of_its_own(app: App) {
        let rep = app.sign_in("rep1").await;
        let mut forms = rep.get("/me").await.forms();
        // Choosing a language changes nothing that could be done twice.
        forms.retain(|form| form.action != "/language");
        let mut tokens: Vec<&str> = forms.iter().map(FormOnPage::op_id).collect();
        assert!(tokens.len() >= 2);
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!(tokens.len(), forms.len());
    }
}
