//! Where a request comes from: the connection's own address, unless a configured proxy says whose it is.

use crate::support::app::{App, Engine, on_with};
use crate::support::client::Client;
use crate::support::people::PASSWORD;
use crate::support::{both_engines, seed};

const FORWARDED: [(&str, &str); 3] = [
    ("x-forwarded-for", "1.1.1.1, 203.0.113.9:4711"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "crm.example.com"),
];

/// Signs in with these headers besides the browser's own; the answer's cookies.
async fn sign_in(app: &App, origin: &str) -> String {
    let client: Client = app.stranger();
    let fields = [("username", "rep1"), ("password", PASSWORD)];
    let mut headers = FORWARDED.to_vec();
    headers.push(("origin", origin));
    let answer = client.post_with("/login", &fields, &headers).await.expect(303);
    answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

const LAST: &str = "SELECT origin AS s FROM login_log ORDER BY at DESC, id DESC LIMIT 1";

both_engines! {
    async fn logs_name_an_address_without_a_port(app: App) {
        let rep = app.sign_in("rep1").await;
        seed::task(&app, app.people.rep1, "打电话").await;
        assert_eq!(app.word(LAST).await, "127.0.0.1");
        let form = rep.get("/tasks/new").await.form("/tasks");
        rep.submit(&form, &[("title", "回访")]).await.location();
        let at = app.word("SELECT origin AS s FROM audit_log WHERE user_id IS NOT NULL ORDER BY id DESC LIMIT 1").await;
        assert_eq!(at, "127.0.0.1");
    }

    async fn what_anybody_writes_into_forwarding_headers_is_ignored(app: App) {
        let origin = app.base().to_owned();
        let cookies = sign_in(&app, &origin).await;
        assert_eq!(app.word(LAST).await, "127.0.0.1");
        assert!(!cookies.contains("Secure"), "{cookies}");
        let elsewhere = app.stranger();
        let headers = [FORWARDED[2], ("origin", "http://crm.example.com")];
        elsewhere.post_with("/login", &[("username", "rep1"), ("password", PASSWORD)], &headers).await.expect(403);
    }
}

#[test]
fn a_configured_proxy_is_believed() {
    let settings = |config: &mut server::testing::config::Config| config.proxies = vec!["127.0.0.0/8".parse().unwrap()];
    on_with(Engine::Sqlite, settings, async |app: App| {
        let cookies = sign_in(&app, "https://crm.example.com").await;
        assert_eq!(app.word(LAST).await, "203.0.113.9");
        assert!(cookies.contains("Secure"), "{cookies}");
    });
}
