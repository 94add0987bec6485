//! Migrations: on an empty database, on one with data, and when one fails.

use server::kernel::db::{Db, Migration, migrate, sql};
use server::migrations;

use crate::support::app::{App, Engine};
use crate::support::both_engines;

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
