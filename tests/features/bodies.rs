//! Bodies: nothing is read before session and gate, little of a guest's, and what was typed is not lost.

use std::time::Duration;

use server::testing::config::Config;
use server::testing::web::error::PASSWORD_FIELDS;
use sqlx::{Connection, Executor};

use crate::support::app::{App, Engine, on, on_with};
use crate::support::client::Client;
use crate::support::raw::{Raw, statuses};
use crate::support::{both_engines, pictures, seed};

const SOON: Duration = Duration::from_secs(5);
const MUCH: usize = 20 << 20;

async fn cookie(app: &App, user: server::testing::kernel::id::Id) -> String {
    let mut tx = app.office.db.begin().await.unwrap();
    let token = app.office.open_session(&mut tx, user, "test", app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    format!("sid={token}")
}

fn head(path: &str, kind: &str, length: usize, more: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\r\n"
    )
}

const FORM: &str = "application/x-www-form-urlencoded";

both_engines! {
    async fn whoever_may_not_is_told_so_before_the_body_comes(app: App) {
        let rep = format!("Cookie: {}\r\n", cookie(&app, app.people.rep1).await);
        let admin = format!("Cookie: {}\r\n", cookie(&app, app.people.admin).await);
        let foreign = format!("{admin}Sec-Fetch-Site: cross-site\r\n");
        for (path, more, status) in [
            ("/users", rep.as_str(), 403),
            ("/users", foreign.as_str(), 403),
            ("/tasks", "X-Requested-With: fetch\r\n", 401),
            ("/nowhere", rep.as_str(), 404),
        ] {
            let mut raw = Raw::connect(app.base()).await;
            raw.send(head(path, FORM, MUCH, more)).await;
            let answer = raw.head(SOON).await;
            assert_eq!(statuses(&answer), [status], "{path} {more}");
        }
    }

    async fn a_guest_may_send_64_kilobytes(app: App) {
        for (path, kind, status) in [
            ("/login", FORM, 413),
            ("/language", "multipart/form-data; boundary=x", 413),
            ("/gateways/claim", "application/json", 413),
            ("/tasks", FORM, 401),
            ("/visits/0123456789abc/photos", "multipart/form-data; boundary=x", 401),
        ] {
            let mut raw = Raw::connect(app.base()).await;
            raw.send(head(path, kind, MUCH, "")).await;
            raw.send("--x\r\nContent-Disposition: form-data; name=a; filename=b\r\n\r\n").await;
            raw.send(vec![b'a'; 80 << 10]).await;
            let answer = raw.head(SOON).await;
            assert_eq!(statuses(&answer), [status], "{path}");
        }
        // Up to there a form is read.
        let fields = [("username", "nobody"), ("password", &"x".repeat(50 << 10))];
        assert_ne!(app.stranger().post("/login", &fields).await.status, 413);
    }

    async fn the_answer_reaches_a_browser_that_sends_its_body_first(app: App) {
        let rep = cookie(&app, app.people.rep1).await;
        let mut raw = Raw::connect(app.base()).await;
        raw.send(head("/users", FORM, MUCH, &format!("Cookie: {rep}\r\n"))).await;
        assert!(raw.send(vec![b'a'; MUCH]).await, "the connection was cut");
        let (text, closed) = raw.read(SOON).await;
        assert_eq!((statuses(&text), closed), (vec![403], true));
    }

    async fn the_answer_to_an_unread_body_announces_the_end_of_the_connection(app: App) {
        // Without the announcement a client sends its next request on a connection that is being closed.
        for (length, closes) in [(100, false), (2_000_000, true)] {
            let body = format!("username={}", "x".repeat(length - "username=".len()));
            let head = format!("POST /login HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n");
            let mut raw = Raw::connect(app.base()).await;
            assert!(raw.send(head + &body).await);
            let (answer, _) = raw.read(Duration::from_secs(2)).await;
            let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
            assert_eq!(head.contains("connection: close"), closes, "{length} bytes: {head}");
        }
    }

    async fn text_typed_beside_a_photo_outlives_the_session(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let path = format!("/visits/{}/photos", seed::visit(&app, app.people.rep1, customer).await);
        let rep = app.sign_in("rep1").await;
        app.pass(31 * server::testing::kernel::clock::MINUTE);
        let photo = pictures::jpeg_of(7, 3000, 2000);
        assert!(photo.len() > 64 << 10);
        let page = rep.post_parts(&path, &[("note", "客户要两箱")], &[("photo", "a.jpg", "image/jpeg", photo)]).await.expect(401);
        assert!(page.form("/login").fields.iter().any(|(_, value)| value.len() > 60), "nothing is kept: {}", page.body);
    }

    async fn a_file_that_is_too_large_loses_nothing_else(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
        let rep = app.sign_in("rep1").await;
        rep.submit(&rep.get(&path).await.form(&format!("{path}/check-in")), &[]).await.location();
        let to = format!("{path}/photos");
        let form = rep.get(&path).await.form(&to);
        let large = ("photo", "big.jpg", "image/jpeg", vec![0xff; 25 << 20]);
        let page = rep.submit_files(&form, &[("note", "第一行\n第二行")], &[large]).await.expect(413);
        let again = page.form(&to);
        assert!(again.multipart && page.has("input[type=file][name=photo]"), "{}", page.body);
        assert_eq!((again.op_id(), again.value("note")), (form.op_id(), Some("第一行\n第二行")));
        rep.submit_files(&again, &[], &[("photo", "a.jpg", "image/jpeg", pictures::jpeg_of(7, 400, 300))]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM visit_photos").await, 1);
    }

    async fn a_form_of_a_million_fields_is_refused(app: App) {
        let rep = app.sign_in("rep1").await;
        let fields = vec![("a", ""); 100_000];
        rep.post("/tasks", &fields).await.expect(413);
    }

    async fn a_multipart_form_without_an_end_is_refused_early(app: App) {
        let rep = format!("Cookie: {}\r\n", cookie(&app, app.people.rep1).await);
        for start in ["", "--x\r\nContent-Disposition: form-data; name=a", "--x\r\nContent-Disposition: form-data; name=\""] {
            let mut raw = Raw::connect(app.base()).await;
            raw.send(head("/visits/0123456789abc/photos", "multipart/form-data; boundary=x", MUCH, &rep)).await;
            raw.send(format!("{start}{}", "a".repeat(300 << 10))).await;
            assert_eq!(statuses(&raw.head(SOON).await), [400], "{start}");
        }
    }

    async fn uploads_leave_nothing_behind(app: App) {
        let customer = seed::customer(&app, app.people.rep1, "潍坊丰源农资").await;
        let path = format!("/visits/{}", seed::visit(&app, app.people.rep1, customer).await);
        let rep = app.sign_in("rep1").await;
        rep.submit(&rep.get(&path).await.form(&format!("{path}/check-in")), &[]).await.location();
        for (name, kind, bytes) in [("a.jpg", "image/jpeg", pictures::jpeg_of(7, 400, 300)), ("a.txt", "text/plain", vec![b'a'; 1 << 20])] {
            let form = rep.get(&path).await.form(&format!("{path}/photos"));
            rep.submit_files(&form, &[], &[("photo", name, kind, bytes)]).await;
        }
        // One whose client went away in the middle.
        let mut raw = Raw::connect(app.base()).await;
        let session = format!("Cookie: {}\r\n", cookie(&app, app.people.rep1).await);
        raw.send(head(&format!("{path}/photos"), "multipart/form-data; boundary=x", MUCH, &session)).await;
        raw.send(format!("--x\r\nContent-Disposition: form-data; name=photo; filename=b\r\n\r\n{}", "a".repeat(300 << 10))).await;
        let folder = app.config().data.join("tmp");
        let files = || std::fs::read_dir(&folder).unwrap().count();
        wait_until(|| files() == 1).await;
        drop(raw);
        wait_until(|| files() == 0).await;
    }

    async fn every_password_is_typed_into_a_field_that_no_page_gives_back(app: App) {
        let (admin, guest) = (app.sign_in("admin").await, app.stranger());
        let mut pages = vec![guest.get("/login").await, admin.get("/me/password").await, admin.get("/users/new").await];
        pages.push(admin.get(&format!("/users/{}", app.people.rep1)).await);
        let names: Vec<String> = pages.iter().flat_map(|page| page.attributes("input[type=password]", "name")).collect();
        assert!(names.len() >= 3, "{names:?}");
        for name in names {
            assert!(PASSWORD_FIELDS.contains(&name.as_str()), "{name}");
        }
    }
}

async fn a_posted_subscription_is_read_once_and_stored_at_the_second_try(app: App) {
    app.execute("CREATE SEQUENCE tries").await.unwrap();
    app.execute(
        "CREATE FUNCTION undo_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
        IF nextval('tries') = 1 THEN RAISE EXCEPTION 'undone' USING ERRCODE = '40001'; END IF; RETURN NEW; END $$",
    )
    .await
    .unwrap();
    app.execute("CREATE TRIGGER undo BEFORE INSERT ON push_subscriptions FOR EACH ROW EXECUTE FUNCTION undo_first()")
        .await
        .unwrap();
    let (point, secret) = ("A".repeat(87), "A".repeat(22));
    let posted = serde_json::json!({
        "endpoint": "http://127.0.0.1:9/device", "keys": { "p256dh": point, "auth": secret }
    });
    app.session_of(app.people.rep1).await.post_json("/me/push", &posted).await.expect(204);
    assert_eq!(app.number("SELECT count(*) AS n FROM push_subscriptions").await, 1);
    assert_eq!(app.number("SELECT last_value AS n FROM tries").await, 2);
}

#[test]
fn the_body_of_a_write_that_was_undone_is_there_for_the_next_try() {
    on(Engine::Postgres, a_posted_subscription_is_read_once_and_stored_at_the_second_try);
}

async fn wait_until(done: impl Fn() -> bool) {
    let deadline = std::time::Instant::now() + SOON;
    while !done() {
        assert!(std::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[test]
fn a_form_that_cannot_be_saved_now_is_given_back_and_saved_with_one_press() {
    on(Engine::Sqlite, async |app: App| {
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/tasks/new").await.form("/tasks");
        let file = app.config().data.join("fieldline.db");
        let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        let typed = [("title", "回访 <潍坊> \"丰源\""), ("note", "第一行\n第二行")];
        let page = rep.submit(&form, &typed).await.expect(503);
        assert!(page.headers.contains_key("retry-after"));
        other.execute("ROLLBACK").await.unwrap();
        let again = page.form("/tasks");
        assert_eq!(
            (again.op_id(), again.value("title"), again.value("note")),
            (form.op_id(), Some(typed[0].1), Some(typed[1].1))
        );
        rep.submit(&again, &[]).await.location();
        rep.submit(&again, &[]).await.location();
        assert_eq!(app.number("SELECT count(*) AS n FROM tasks").await, 1, "sent twice, done once");
    });
}

#[test]
fn a_password_is_not_written_into_the_page_of_a_busy_server() {
    on(Engine::Sqlite, async |app: App| {
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/me/password").await.form("/me/password");
        let file = app.config().data.join("fieldline.db");
        let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        other.execute("BEGIN IMMEDIATE").await.unwrap();
        let new = "correct horse battery";
        let typed = [("current", crate::support::people::PASSWORD), ("new", new), ("again", new)];
        let page = rep.submit(&form, &typed).await.expect(503);
        assert!(!page.body.contains(new), "{}", page.body);
    });
}

#[test]
fn the_memory_of_bodies_is_bounded_and_an_ordinary_form_always_fits() {
    let settings = |config: &mut Config| {
        config.limits.large_bodies = 256 << 10;
        config.limits.guest_bodies = 64 << 10;
        config.limits.body_wait = Duration::from_millis(200);
    };
    on_with(Engine::Sqlite, settings, async |app: App| {
        let session = format!("Cookie: {}\r\n", cookie(&app, app.people.rep1).await);
        // Takes what there is for large forms, and for guests, and stays.
        let mut large = Raw::connect(app.base()).await;
        large.send(head("/tasks", FORM, 1 << 20, &session)).await;
        large.send(vec![b'a'; (64 << 10) + (250 << 10)]).await;
        let mut guest = Raw::connect(app.base()).await;
        guest.send(head("/login", FORM, 64 << 10, "")).await;
        guest.send(vec![b'a'; 63 << 10]).await;
        tokio::time::sleep(Duration::from_millis(200)).await;

        let rep: Client = app.sign_in("rep1").await;
        let form = rep.get("/tasks/new").await.form("/tasks");
        rep.submit(&form, &[("title", "回访"), ("note", &"字".repeat(1000))]).await.location();
        let form = rep.get("/tasks/new").await.form("/tasks");
        let long = "n".repeat(300 << 10);
        let page = rep.submit(&form, &[("title", "回访"), ("note", &long)]).await.expect(503);
        assert!(page.headers.contains_key("retry-after"));
        drop(large);
        tokio::time::sleep(Duration::from_millis(200)).await;
        // There is room again; that so long a note is too long is another matter.
        rep.submit(&form, &[("title", "回访"), ("note", &long)]).await.expect(422);
    });
}
