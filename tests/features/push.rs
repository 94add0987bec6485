//! Web push to a push service on this machine, which opens what it is sent as a phone does.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::features::orders;
use crate::journeys::process::program;
use crate::support::app::App;
use crate::support::sources::root;
use crate::support::{both_engines, seed};

/// The push service with one device behind it.
struct Service {
    child: Child,
    lines: BufReader<ChildStdout>,
    port: u64,
    p256dh: String,
    auth: String,
}

impl Service {
    fn start() -> Service {
        let target = program("server").parent().and_then(|programs| programs.parent()).unwrap().to_owned();
        assert!(target.join("browser/node_modules").exists(), "the tools are not installed: bash tests/run does it");
        let mut child = Command::new("node")
            .arg(root().join("tests/browser/push_service.mjs"))
            .env("FIELDLINE_TARGET", target)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node.js is not installed");
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut service = Service { child, lines, port: 0, p256dh: String::new(), auth: String::new() };
        let first = service.next();
        service.port = first["port"].as_u64().unwrap();
        service.p256dh = first["p256dh"].as_str().unwrap().to_owned();
        service.auth = first["auth"].as_str().unwrap().to_owned();
        service
    }

    /// What the browser's push manager would give.
    fn subscription(&self, path: &str) -> Value {
        let endpoint = format!("http://127.0.0.1:{}{path}", self.port);
        json!({ "endpoint": endpoint, "keys": { "p256dh": self.p256dh, "auth": self.auth } })
    }

    /// The next push; waits for it.
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has no state; its end is all that matters.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

both_engines! {
    async fn a_confirmed_device_is_told_in_words_that_only_it_can_read(app: App) {
        let mut service = Service::start();
        let manager = app.sign_in("manager1").await;
        let key: Value = serde_json::from_str(&manager.get("/me/push").await.expect(200).body).unwrap();
        assert_eq!(manager.post_json("/me/push", &service.subscription("/device")).await.status, 204);

        let test = service.next();
        assert_eq!(test["encoding"], "aes128gcm");
        assert_eq!(test["urgency"], "high");
        assert_eq!(test["claims"]["key"], key["key"], "the key that the page handed to the browser");
        assert_eq!(test["claims"]["aud"], format!("http://127.0.0.1:{}", service.port));
        let opened: Value = serde_json::from_str(test["opened"].as_str().unwrap()).unwrap();
        assert_eq!(app.number("SELECT count(*) AS n FROM push_subscriptions WHERE confirmed_at IS NULL").await, 1);
        let rep = app.sign_in("rep1").await;
        let confirm = json!({ "confirm": opened["confirm"] });
        rep.post_json("/me/push/confirmation", &confirm).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM push_subscriptions WHERE confirmed_at IS NOT NULL").await, 0, "not for another");
        assert_eq!(manager.post_json("/me/push/confirmation", &confirm).await.status, 204);
        assert_eq!(app.number("SELECT count(*) AS n FROM push_subscriptions WHERE confirmed_at IS NOT NULL").await, 1);

        let goods = seed::goods(&app).await;
        let customer = seed::buyer(&app, app.people.rep1, "潍坊丰源农资", goods.wholesale, 10_000_000).await;
        let rows = [(goods.bottles, "10", "箱", "")];
        let path = format!("/orders/{}", orders::order(&rep, customer, &goods, &rows).await.new_id());
        orders::submit(&rep, &path).await.location();
        let asked = service.next();
        let opened: Value = serde_json::from_str(asked["opened"].as_str().unwrap()).unwrap();
        assert!(opened["body"].as_str().unwrap().contains("潍坊丰源农资"), "{opened}");
        let href = opened["href"].as_str().unwrap();
        assert!(manager.get(href).await.expect(200).says("潍坊丰源农资"), "the notification leads to its card");
        assert!(asked["bytes"].as_u64().unwrap() < 4096);
    }

    async fn a_device_that_the_service_forgot_is_forgotten(app: App) {
        let mut service = Service::start();
        let rep = app.sign_in("rep1").await;
        assert_eq!(rep.post_json("/me/push", &service.subscription("/gone")).await.status, 204);
        assert_eq!(service.next()["gone"], true);
        for _ in 0..100 {
            if app.number("SELECT count(*) AS n FROM push_subscriptions").await == 0 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the subscription is still there");
    }

    async fn an_address_that_is_no_push_service_is_refused_before_anything_is_sent(app: App) {
        let service = Service::start();
        let rep = app.sign_in("rep1").await;
        for endpoint in ["https://10.0.0.1/x", "https://evil.example/x", "http://192.168.1.1/x", "file:///etc/passwd", "x"] {
            let mut posted = service.subscription("/x");
            posted["endpoint"] = json!(endpoint);
            assert_eq!(rep.post_json("/me/push", &posted).await.status, 422, "{endpoint}");
        }
        let mut posted = service.subscription("/x");
        posted["keys"]["auth"] = json!("short");
        assert_eq!(rep.post_json("/me/push", &posted).await.status, 400);
        assert_eq!(app.number("SELECT count(*) AS n FROM push_subscriptions").await, 0);
    }
}
