//! Every form of every page, with what people and programs should not type: a message or a refusal, never a
//! fault of ours.

use server::testing::app::routes;
use server::testing::kernel::id::Id;
use sqlx_macros::FromRow;

use crate::support::app::App;
use crate::support::client::Client;
use crate::support::{both_engines, seed};

fn absurd() -> Vec<String> {
    vec![
        "😀".repeat(10_000),
        "长".repeat(10_000),
        "a\u{0}b\u{7}c\u{1b}".to_owned(),
        "-1".to_owned(),
        "99999999999999999999999999".to_owned(),
        "1e308".to_owned(),
        "9999-12-31".to_owned(),
        "9999-12-31T23:59".to_owned(),
        "1380536abcd".to_owned(),
        "zzzzzzzzzzzzz".to_owned(),
        "000000000001a".to_owned(),
        "' OR 1=1; DROP TABLE users --".to_owned(),
        "<script>alert(1)</script>%{x}".to_owned(),
        "\u{202e}\u{feff}\u{200b}".to_owned(),
        String::new(),
    ]
}

/// A record of each kind that an address can name.
async fn records(app: &App) -> Vec<(&'static str, Id)> {
    let goods = seed::goods(app).await;
    let customer = seed::buyer(app, app.people.admin, "潍坊丰源农资", goods.retail, 100_000).await;
    let visit = seed::visit(app, app.people.admin, customer).await;
    let task = seed::task(app, app.people.admin, "打电话").await;
    vec![
        ("users", app.people.rep1),
        ("customers", customer),
        ("visits", visit),
        ("tasks", task),
        ("products", goods.bottles),
        ("stock", goods.bottles),
    ]
}

/// Every page that an admin can open, with real records in its address.
async fn pages(app: &App) -> Vec<String> {
    let records = records(app).await;
    let customer = records[1].1;
    let mut pages = vec![format!("/orders/new?customer={customer}"), format!("/payments/new?customer={customer}")];
    for entry in routes().entries() {
        if entry.method.as_str() != "GET" || entry.path.contains('*') || entry.path == "/logout" {
            continue;
        }
        let noun = entry.path.split('/').nth(1).unwrap_or_default();
        let id = records.iter().find(|(kind, _)| *kind == noun).map_or(app.nobody(), |(_, id)| *id);
        pages.push(entry.path.replace(":id", &id.to_string()).replace(":name", "x").replace(":photo", &id.to_string()));
    }
    pages
}

/// Streams never end, so only the head of an answer is looked at.
async fn status(client: &Client, path: &str) -> u16 {
    client.raw(path, &[]).await.status().as_u16()
}

both_engines! {
    async fn a_word_that_is_neither_yes_nor_no_changes_nothing(app: App) {
        let goods = seed::goods(&app).await;
        let customer = seed::buyer(&app, app.people.rep1, "潍坊丰源农资", goods.retail, 100_000).await;
        let person = seed::person(&app, customer, "老王", "13805362417").await;
        let (rep, admin) = (app.session_of(app.people.rep1).await, app.session_of(app.people.admin).await);
        let path = format!("/contacts/{person}");
        let form = rep.get(&format!("{path}/edit")).await.form(&path);
        for (field, word) in [("sms_consent", "0"), ("is_main", "no"), ("birthday_lunar", "false"), ("consent_how", "dreamt")] {
            rep.submit(&form, &[(field, word)]).await.expect(422);
        }
        let user = format!("/users/{}", app.people.rep2);
        let form = admin.get(&format!("{user}/edit")).await.form(&user);
        admin.submit(&form, &[("locked", "false")]).await.expect(422);
        assert_eq!(app.number("SELECT count(*) AS n FROM users WHERE status = 'locked'").await, 0);
        // A version that is none would write over what others changed.
        let product = goods.bottles.to_string();
        let line = [("customer_id", customer.to_string()), ("product_id_0", product), ("quantity_0", "1".to_owned())];
        let mut fields: Vec<(&str, &str)> = line.iter().map(|(name, value)| (*name, value.as_str())).collect();
        fields.push(("op_id", "draft"));
        let order = format!("/orders/{}", rep.post("/orders", &fields).await.new_id());
        fields.pop();
        fields.extend([("op_id", "lines"), ("version", "newest")]);
        rep.post(&format!("{order}/lines"), &fields).await.expect(409);
        rep.post(&format!("{order}/submission"), &[("op_id", "submit"), ("version", "newest")]).await.expect(409);
    }

    async fn no_form_turns_typing_into_a_fault(app: App) {
        let admin = app.session_of(app.people.admin).await;
        let mut posts = 0;
        let mut wrong = Vec::new();
        let mut done = std::collections::BTreeSet::new();
        for path in pages(&app).await {
            let answer = admin.raw(&path, &[]).await;
            let html = answer.headers().get("content-type").is_some_and(|kind| kind.to_str().unwrap().starts_with("text/html"));
            if answer.status() != 200 || !html {
                continue;
            }
            for form in admin.get(&path).await.forms() {
                let shape = form.action.split('/').map(|piece| if piece.parse::<Id>().is_ok() { ":id" } else { piece }).collect::<Vec<_>>().join("/");
                if form.action == "/logout" || form.action == "/me/password" || !done.insert(shape) {
                    continue;
                }
                for (field, _) in form.fields.iter().filter(|(field, _)| field != "op_id") {
                    for text in absurd() {
                        posts += 1;
                        let op = format!("absurd-{posts}");
                        let answer = admin.submit(&form, &[("op_id", &op), (field, &text)]).await;
                        if answer.status >= 500 {
                            let shown: String = text.chars().take(12).collect();
                            wrong.push(format!("POST {} {field}={shown:?}: {}", form.action, answer.status));
                        }
                    }
                }
                for op in ["😀".repeat(10_000), "\u{0}".to_owned(), String::new()] {
                    let answer = admin.submit(&form, &[("op_id", &op)]).await;
                    if answer.status >= 500 {
                        wrong.push(format!("POST {} op_id={:?}: {}", form.action, op.chars().take(3).collect::<String>(), answer.status));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{} of {posts}:\n{}", wrong.len(), wrong.join("\n"));
        assert!(posts > 300, "only {posts} forms were tried");
    }

    async fn no_address_turns_typing_into_a_fault(app: App) {
        let admin = app.session_of(app.people.admin).await;
        let rep = app.session_of(app.people.rep1).await;
        let mut wrong = Vec::new();
        for path in pages(&app).await {
            for text in ["%F0%9F%98%80", "%00", "%FF%FE", "-1", "99999999999999999999", "9999-12-31", "zzzzzzzzzzzzz", "%27%22%3B--", "%25_%5C"] {
                for name in ["q", "page", "view", "sort", "day", "customer", "visit", "owner", "repeat", "done", "phone", "product", "number"] {
                    let mark = if path.contains('?') { '&' } else { '?' };
                    let address = format!("{path}{mark}{name}={text}");
                    let status = status(&admin, &address).await;
                    if status >= 500 {
                        wrong.push(format!("{address}: {status}"));
                    }
                }
            }
            // Ids in the path that are none.
            for (who, client) in [("admin", &admin), ("rep", &rep)] {
                for piece in ["zzzzzzzzzzzzz", "000000000001a", "%00", "%F0%9F%98%80", "..%2f..%2fetc"] {
                    let address = path.split('/').map(|old| if old.parse::<Id>().is_ok() { piece } else { old }).collect::<Vec<_>>().join("/");
                    let status = status(client, &address).await;
                    if status >= 500 {
                        wrong.push(format!("{who} {address}: {status}"));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
    }

    async fn bodies_that_are_no_forms_are_refused_in_words(app: App) {
        let admin = app.session_of(app.people.admin).await;
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        drop(admin);
        let mut tx = app.office.db.begin().await.unwrap();
        let token = app.office.open_session(&mut tx, app.people.admin, "test", app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        for entry in routes().entries().iter().filter(|entry| entry.method.as_str() == "POST") {
            let path = entry.path.replace(":id", &app.nobody().to_string());
            for (kind, body) in [
                ("application/x-www-form-urlencoded", b"%ZZ=%&&&===&a=%FF%FE".to_vec()),
                ("application/x-www-form-urlencoded", vec![b'a'; 2 << 20]),
                ("multipart/form-data; boundary=x", b"--x\r\nnonsense".to_vec()),
                ("multipart/form-data", b"no boundary".to_vec()),
                ("application/json", b"{\"a\":".to_vec()),
                ("text/plain", "\u{0}".repeat(100).into_bytes()),
            ] {
                if entry.path == "/logout" {
                    continue;
                }
                let sent = http.post(format!("{}{path}", app.base())).header("cookie", format!("sid={token}")).header("origin", app.base());
                let answer = sent.header("content-type", kind).body(body).send().await;
                // A server may close the connection on a body that it will not read to the end.
                if let Ok(answer) = answer {
                    assert!(answer.status().as_u16() < 500, "{} with {kind}: {}", entry.path, answer.status());
                }
            }
        }
        #[derive(FromRow)]
        struct Row { n: i64 }
        let users: Vec<Row> = app.rows("SELECT count(*) AS n FROM users").await;
        assert_eq!(users[0].n, 6);
    }
}
