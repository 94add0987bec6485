//! Whoever must choose a password first can do nothing else before, at any address.

use server::testing::app::routes;
use server::testing::kernel::access::Gate;
use server::testing::kernel::id::Id;

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::people::PASSWORD;

const OPEN: [&str; 2] = ["/me/password", "/logout"];

/// A path with a record's id in place of each `:name`.
fn filled(path: &str, id: Id) -> String {
    let piece = |piece: &str| if piece.starts_with([':', '*']) { id.to_string() } else { piece.to_owned() };
    path.split('/').map(piece).collect::<Vec<_>>().join("/")
}

both_engines! {
    async fn every_route_but_the_password_leads_to_the_password(app: App) {
        app.execute("UPDATE users SET must_change_password = TRUE WHERE username = 'admin'").await.unwrap();
        let client = app.session_of(app.people.admin).await;
        let written = "SELECT (SELECT count(*) FROM audit_log) + (SELECT count(*) FROM ops) + (SELECT count(*) FROM push_subscriptions) AS n";
        let before = app.number(written).await;
        let mut walked = 0;
        for entry in routes().entries().iter().filter(|entry| entry.gate != Gate::Public && !OPEN.contains(&entry.path)) {
            let path = filled(entry.path, app.nobody());
            if entry.method == "GET" {
                let answer = client.raw(&path, &[]).await;
                assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (303, "/me/password"), "GET {path}");
                for header in [("accept", "text/event-stream"), ("x-requested-with", "find")] {
                    assert_eq!(client.raw(&path, &[header]).await.status(), 403, "GET {path} with {header:?}");
                }
            } else {
                let op = format!("first-{}", Id::new());
                let answer = client.post(&path, &[("op_id", &op)]).await;
                assert_eq!(answer.status, 403, "POST {path}");
                assert!(answer.says("请先修改密码"), "POST {path}: {}", answer.text());
                assert_eq!(client.post_json(&path, &serde_json::json!({})).await.status, 403, "POST {path} with JSON");
            }
            walked += 1;
        }
        assert!(walked > 100, "only {walked} routes");
        assert_eq!(app.number(written).await, before, "something was done");
    }

    async fn with_a_password_of_their_own_everything_opens(app: App) {
        app.execute("UPDATE users SET must_change_password = TRUE WHERE username = 'rep1'").await.unwrap();
        let client = app.stranger();
        assert_eq!(client.sign_in("rep1", PASSWORD).await.location(), "/me/password");
        assert_eq!(client.get("/").await.location(), "/me/password");
        client.post("/language", &[("lang", "zh-CN"), ("back", "/me/password")]).await.location();
        let form = client.get("/me/password").await.expect(200).form("/me/password");
        client.submit(&form, &[("current", PASSWORD), ("new", PASSWORD), ("again", PASSWORD)]).await.expect(422);
        assert_eq!(client.get("/").await.location(), "/me/password");
        let new = "春种秋收不误农时";
        client.submit(&form, &[("current", PASSWORD), ("new", new), ("again", new)]).await.location();
        client.get("/").await.expect(200);
    }

    async fn signing_out_needs_no_password(app: App) {
        app.execute("UPDATE users SET must_change_password = TRUE WHERE username = 'rep1'").await.unwrap();
        let client = app.stranger();
        client.sign_in("rep1", PASSWORD).await.location();
        let op = client.get("/me/password").await.form("/me/password").op_id().to_owned();
        assert_eq!(client.post("/logout", &[("op_id", &op)]).await.location(), "/login");
        assert!(client.get("/").await.location().starts_with("/login"));
    }
}
