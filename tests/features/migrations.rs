//! Migrations: on an empty database, on one with data, and when one fails.

use server::testing::kernel::db::{Db, Migration, migrate, sql};
use server::testing::migrations;

use crate::support::app::{App, Engine};
use crate::support::both_engines;
use crate::support::postgres::shared;

async fn reopen(app: &App) -> Db {
    match (app.engine, &app.config().database_url) {
        (Engine::Postgres, Some(url)) => Db::postgres(url, 3).await.unwrap(),
        _ => Db::sqlite(&app.config().data.join("fieldline.db")).await.unwrap(),
    }
}

both_engines! {
    async fn a_second_start_runs_none_and_keeps_everything(app: App) {
        let people = app.number("SELECT count(*) AS n FROM users").await;
        let again = app.restart().await;
        assert_eq!(again.number("SELECT count(*) AS n FROM users").await, people);
        let noted = again.number("SELECT count(*) AS n FROM migrations").await;
        assert_eq!(usize::try_from(noted).unwrap(), migrations::ALL.len());
        assert_eq!(migrate(&again.office.db, migrations::ALL).await.unwrap(), 0);
    }

    async fn a_database_of_an_older_version_is_brought_up_with_its_data(app: App) {
        let db = reopen(&app).await;
        let newer = [Migration { name: "209912312359_test_newer", text: "CREATE TABLE newer (id BIGINT PRIMARY KEY); INSERT INTO newer (id) SELECT id FROM users;" }];
        let all: Vec<Migration> = migrations::ALL.iter().copied().chain(newer).collect();
        assert_eq!(migrate(&db, &all).await.unwrap(), 1);
        assert_eq!(migrate(&db, &all).await.unwrap(), 0);
        db.close().await;
        assert_eq!(app.number("SELECT count(*) AS n FROM newer").await, app.number("SELECT count(*) AS n FROM users").await);
    }

    async fn what_an_older_version_searched_by_is_found_in_order_afterwards(app: App) {
        let folder = tempfile::tempdir().unwrap();
        let url = match app.engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(shared().database().await),
        };
        let db = match &url {
            Some(url) => Db::postgres(url, 3).await.unwrap(),
            None => Db::sqlite(&folder.path().join("old.db")).await.unwrap(),
        };
        let old = migrations::ALL.iter().position(|migration| migration.name.ends_with("_search_in_order")).unwrap();
        migrate(&db, &migrations::ALL[..old]).await.unwrap();
        let mut tx = db.begin().await.unwrap();
        for text in [
            "INSERT INTO departments (id, name, path) VALUES (1, 'd', '/1/')",
            "INSERT INTO users (id, username, name, role, department_id, password_hash, created_at, updated_at) VALUES (7, 'u', 'u', 'rep', 1, '', 0, 0)",
            "INSERT INTO customers (id, owner_id, name, mnemonic, created_at, updated_at) VALUES (3, 7, 'b', 'b', 0, 0), (4, 7, 'a', 'a', 0, 0)",
            "INSERT INTO search_terms (kind, term, record_id) VALUES ('c', '惠民', 3), ('c', '惠民', 4), ('c', '^138', 3), ('c', '^h', 3), ('c', '138', 3)",
        ] {
            sql(text).run(&mut tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        migrate(&db, migrations::ALL).await.unwrap();
        let rows: Vec<(String, String, i64, i64)> =
            sql("SELECT term, sort_key, record_id, owner_id FROM search_terms ORDER BY length(term), term, sort_key").all(&db).await.unwrap();
        let row = |term: &str, key: &str, id: i64| (term.to_owned(), key.to_owned(), id, 7);
        let mut expected = vec![row("^h", "b", 3), row("惠民", "a", 4), row("惠民", "b", 3), row("138", "b", 3)];
        expected.sort_by_key(|row| (row.0.chars().count(), row.0.clone(), row.1.clone()));
        assert_eq!(rows, expected);
        db.close().await;
        if let Some(url) = url {
            shared().drop_database(&url).await;
        }
    }

    async fn a_migration_that_fails_leaves_no_trace_and_says_so(app: App) {
        let bad = [Migration { name: "209912312359_test_bad", text: "CREATE TABLE half (id BIGINT PRIMARY KEY); DELETE FROM sessions; INSERT INTO nowhere VALUES (1);" }];
        let all: Vec<Migration> = migrations::ALL.iter().copied().chain(bad).collect();
        let rep = app.sign_in("rep1").await;
        let error = migrate(&app.office.db, &all).await.unwrap_err().to_string();
        assert!(error.contains("209912312359_test_bad") && error.contains("undone"), "{error}");
        rep.get("/me").await.expect(200);
        let half = sql("SELECT count(*) AS n FROM half").one::<(i64,)>(&app.office.db).await;
        assert!(half.is_err(), "the failed migration's table stands");
        assert_eq!(app.number("SELECT count(*) AS n FROM migrations WHERE name LIKE '2099%'").await, 0);
    }
}
