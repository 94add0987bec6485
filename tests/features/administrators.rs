//! Administrators: never none, never four at the first start, and one again from the machine.

use clap::Parser;
use server::testing::config::Cli;

use crate::support::app::{App, Engine};
use crate::support::both_engines;
use crate::support::client::{Client, Page};
use crate::support::people::PASSWORD;

const ADMINS: &str = "SELECT count(*) AS n FROM users WHERE role = 'admin' AND status = 'active'";

async fn edit(client: &Client, person: server::testing::kernel::id::Id, change: &[(&str, &str)]) -> Page {
    let path = format!("/users/{person}");
    let form = client.get(&format!("{path}/edit")).await.expect(200).form(&path);
    client.submit(&form, change).await
}

both_engines! {
    async fn the_last_administrator_stays_one(app: App) {
        let admin = app.sign_in("admin").await;
        for change in [("role", "rep"), ("role", "manager")] {
            let page = edit(&admin, app.people.admin, &[change, ("name", "赵敏敏")]).await.expect(409);
            assert!(page.says("最后一位能用的管理员"), "{}", page.text());
            let form = page.form(&format!("/users/{}", app.people.admin));
            assert_eq!(form.value("name"), Some("赵敏敏"), "what was typed is kept");
        }
        assert_eq!(app.word("SELECT name AS s FROM users WHERE username = 'admin'").await, "赵敏", "nothing was saved");
        // A locked one does not count.
        app.execute("UPDATE users SET role = 'admin', status = 'locked' WHERE username = 'clerk1'").await.unwrap();
        edit(&admin, app.people.admin, &[("role", "rep")]).await.expect(409);
        app.execute("UPDATE users SET status = 'active' WHERE username = 'clerk1'").await.unwrap();
        edit(&admin, app.people.admin, &[("role", "rep")]).await.location();
        assert_eq!(app.number(ADMINS).await, 1);
        assert_eq!(admin.get("/users").await.status, 403, "a rep from the next request on");
        let clerk = app.session_of(app.people.clerk1).await;
        edit(&clerk, app.people.clerk1, &[("role", "clerk")]).await.expect(409);
    }

    async fn two_who_take_each_others_role_at_once_leave_one(app: App) {
        for round in 0..4 {
            app.execute("UPDATE users SET role = 'admin', status = 'active' WHERE username IN ('admin', 'clerk1')").await.unwrap();
            app.office.sessions.forget_all();
            let (one, other) = (app.session_of(app.people.admin).await, app.session_of(app.people.clerk1).await);
            let change: &[(&str, &str)] = if round % 2 == 0 { &[("role", "rep")] } else { &[("locked", "1")] };
            let forms = [
                (one.clone(), one.get(&format!("/users/{}/edit", app.people.clerk1)).await.form(&format!("/users/{}", app.people.clerk1))),
                (other.clone(), other.get(&format!("/users/{}/edit", app.people.admin)).await.form(&format!("/users/{}", app.people.admin))),
            ];
            let tasks: Vec<_> = forms
                .into_iter()
                .map(|(client, form)| {
                    let change: Vec<(String, String)> = change.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
                    tokio::spawn(async move {
                        let change: Vec<(&str, &str)> = change.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                        client.submit(&form, &change).await.status
                    })
                })
                .collect();
            let mut statuses = Vec::new();
            for task in tasks {
                statuses.push(task.await.unwrap());
            }
            assert_eq!(app.number(ADMINS).await, 1, "round {round}: {statuses:?}");
        }
    }

    async fn four_first_administrators_at_once_are_one(app: App) {
        app.execute("DELETE FROM users").await.unwrap();
        app.execute("DELETE FROM departments WHERE parent_id IS NOT NULL").await.unwrap();
        app.execute("DELETE FROM departments").await.unwrap();
        let tasks: Vec<_> = (0..4)
            .map(|n| {
                let client = app.stranger();
                tokio::spawn(async move {
                    let username = format!("first{n}");
                    let fields = [("company", "潍坊丰源"), ("name", "王芳"), ("username", username.as_str()), ("new", "a-long-password-1"), ("again", "a-long-password-1")];
                    client.post("/setup", &fields).await.status
                })
            })
            .collect();
        let mut statuses = Vec::new();
        for task in tasks {
            statuses.push(task.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 404, 404, 404]);
        assert_eq!((app.number(ADMINS).await, app.number("SELECT count(*) AS n FROM departments").await), (1, 1));
        assert_eq!(app.number("SELECT count(*) AS n FROM events WHERE kind = 'company_founded'").await, 1);
    }

    async fn the_machine_makes_an_administrator_again(app: App) {
        app.execute("UPDATE users SET role = 'rep' WHERE username = 'admin'").await.unwrap();
        app.execute("UPDATE users SET status = 'locked' WHERE username = 'rep1'").await.unwrap();
        let stranger = app.stranger();
        for _ in 0..3 {
            stranger.sign_in("rep1", "guess").await.expect(422);
        }
        let restored = server::testing::users::restore(&app.office.db, "rep1", false, app.clock.now()).await.unwrap();
        assert!(!restored.created);
        let client = app.stranger();
        assert_eq!(client.sign_in("rep1", &restored.password).await.location(), "/me/password", "wrong tries are forgiven");
        let form = client.get("/me/password").await.form("/me/password");
        let new = "春种秋收不误农时";
        client.submit(&form, &[("current", &restored.password), ("new", new), ("again", new)]).await.location();
        client.get("/users").await.expect(200);
        let log = "SELECT count(*) AS n FROM audit_log WHERE kind = 'user' AND origin = 'machine' AND user_id IS NULL";
        assert_eq!(app.number(log).await, 1);
        assert!(!app.word("SELECT changes AS s FROM audit_log WHERE origin = 'machine'").await.contains(&restored.password));
    }

    async fn the_machine_makes_a_new_person_only_when_asked_to(app: App) {
        let now = app.clock.now();
        let refused = server::testing::users::restore(&app.office.db, "owner", false, now).await.unwrap_err();
        assert!(refused.to_string().contains("--create"), "{refused}");
        assert!(server::testing::users::restore(&app.office.db, "老板", true, now).await.is_err());
        let restored = server::testing::users::restore(&app.office.db, "owner", true, now).await.unwrap();
        assert!(restored.created);
        assert_eq!(app.stranger().sign_in("owner", &restored.password).await.location(), "/me/password");
        assert_eq!(app.number(ADMINS).await, 2);
    }

    async fn the_command_line_finds_the_data_and_ends_the_persons_sessions(app: App) {
        let data = app.config().data.to_str().unwrap().to_owned();
        let mut words = vec!["server", "admin", "manager1", "--data", &data];
        let url = app.config().database_url.clone().unwrap_or_default();
        if app.engine == Engine::Postgres {
            words.extend(["--database-url", &url]);
        }
        let manager = app.sign_in("manager1").await;
        server::testing::app::run(Cli::try_parse_from(words).unwrap()).await.unwrap();
        assert_eq!(app.number(ADMINS).await, 2);
        app.pass(11_000);
        assert_eq!(manager.get("/me").await.status, 303, "the old session is over");
        app.stranger().sign_in("manager1", PASSWORD).await.expect(422);
        let nowhere = format!("{data}-nowhere");
        if app.engine == Engine::Sqlite {
            let words = ["server", "admin", "manager1", "--data", &nowhere];
            let refused = server::testing::app::run(Cli::try_parse_from(words).unwrap()).await.unwrap_err();
            assert!(refused.to_string().contains("no company") && !std::path::Path::new(&nowhere).exists(), "{refused}");
        }
    }
}
