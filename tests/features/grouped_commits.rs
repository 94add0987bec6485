//! Writes that share a commit: whoever was told "saved" is saved, whoever was not left no trace.

use std::collections::BTreeSet;
use std::time::Duration;

use server::testing::kernel::Office;
use server::testing::kernel::db::{DbError, sql};

use crate::support::app::App;
use crate::support::both_engines;

/// A write of two rows, so that half of one would show.
async fn write(office: Office, name: String, commit: bool) -> Result<bool, DbError> {
    let mut tx = office.db.begin().await?;
    for half in ["a", "b"] {
        sql("INSERT INTO settings (name, value) VALUES ($1, '1')").bind(format!("{name}.{half}")).run(&mut tx).await?;
    }
    if commit {
        tx.commit().await?;
    }
    Ok(commit)
}

async fn written(app: &App) -> BTreeSet<String> {
    #[derive(sqlx_macros::FromRow)]
    struct Row {
        name: String,
    }
    let rows = app.rows::<Row>("SELECT name FROM settings WHERE name LIKE 'w%'").await;
    let all: BTreeSet<String> = rows.into_iter().map(|row| row.name).collect();
    for name in &all {
        let (stem, half) = name.rsplit_once('.').unwrap();
        let other = if half == "a" { "b" } else { "a" };
        assert!(all.contains(&format!("{stem}.{other}")), "half of {stem} was written");
    }
    all.iter().filter_map(|name| name.strip_suffix(".a")).map(str::to_owned).collect()
}

both_engines! {
    async fn exactly_the_committed_ones_of_sixty_four_writes_remain(app: App) {
        let tasks: Vec<_> = (0..64)
            .map(|n| tokio::spawn(write(app.office.clone(), format!("w{n}"), n != 17)))
            .collect();
        // One is taken away while it works, as when a browser closes.
        tasks[40].abort();
        let mut committed = BTreeSet::new();
        for (n, task) in tasks.into_iter().enumerate() {
            match task.await {
                Ok(Ok(true)) => {
                    committed.insert(format!("w{n}"));
                }
                Ok(Ok(false)) => assert_eq!(n, 17),
                Ok(Err(error)) => panic!("{n}: {error}"),
                Err(cancelled) => assert!(cancelled.is_cancelled() && n == 40),
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut found = written(&app).await;
        if !committed.contains("w40") {
            // Taken away before or after its commit: either is right, a half would not be.
            found.remove("w40");
        }
        assert_eq!(found, committed);
        assert!(committed.len() >= 62);
    }

    async fn writers_taken_away_at_any_moment_leave_nothing_half_done(app: App) {
        for round in 0..60u64 {
            let doomed = tokio::spawn(write(app.office.clone(), format!("w{round}x"), true));
            let others: Vec<_> =
                (0..4).map(|n| tokio::spawn(write(app.office.clone(), format!("w{round}y{n}"), true))).collect();
            tokio::time::sleep(Duration::from_micros(round * 25)).await;
            doomed.abort();
            let answered = matches!(doomed.await, Ok(Ok(true)));
            for other in others {
                assert!(other.await.unwrap().unwrap(), "the others' writes go through");
            }
            let found = written(&app).await;
            assert!(!answered || found.contains(&format!("w{round}x")), "round {round}: told saved, and not there");
            for n in 0..4 {
                assert!(found.contains(&format!("w{round}y{n}")), "round {round}");
            }
        }
    }

    async fn a_failed_statement_undoes_its_own_write_alone(app: App) {
        write(app.office.clone(), "w1".to_owned(), true).await.unwrap();
        let twin = tokio::spawn(write(app.office.clone(), "w1".to_owned(), true));
        let others: Vec<_> = (2..10).map(|n| tokio::spawn(write(app.office.clone(), format!("w{n}"), true))).collect();
        assert!(matches!(twin.await.unwrap(), Err(DbError::Duplicate)));
        for other in others {
            assert!(other.await.unwrap().unwrap());
        }
        assert_eq!(written(&app).await.len(), 9);
    }

    async fn what_is_not_committed_is_not_seen_by_readers(app: App) {
        let mut tx = app.office.db.begin().await.unwrap();
        sql("INSERT INTO settings (name, value) VALUES ('w1.a', '1')").run(&mut tx).await.unwrap();
        assert_eq!(app.number("SELECT count(*) AS n FROM settings WHERE name = 'w1.a'").await, 0);
        drop(tx);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM settings WHERE name = 'w1.a'").await, 0);
        write(app.office.clone(), "w2".to_owned(), true).await.unwrap();
        assert_eq!(written(&app).await.len(), 1);
    }
}
