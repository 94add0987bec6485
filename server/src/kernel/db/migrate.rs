//! Append-only migrations, one folder for both engines, each in a transaction.

use sqlx::{AssertSqlSafe, Executor};

use super::{Db, DbError, sql};

/// A migration file: its name (`<yyyymmddhhmm>_<module>_<what>`) and its text.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// File name without `.sql`; the order of names is the order of running.
    pub name: &'static str,
    /// Statements; those between `-- only: sqlite` (or `postgres`) and `-- end` are for that engine.
    pub text: &'static str,
}

/// A migration that did not run; the database is as it was before it.
#[derive(Debug, thiserror::Error)]
#[error(
    "migration {name} failed and was undone; the data is as before. Restore is not needed; keep the old version running and report: {source}"
)]
pub struct MigrationError {
    name: &'static str,
    source: DbError,
}

fn failed(name: &'static str) -> impl Fn(DbError) -> MigrationError {
    move |source| MigrationError { name, source }
}

/// How far a database is: what it has run, and how many of `migrations` are still to run.
pub async fn pending(db: &Db, migrations: &[Migration]) -> Result<(usize, usize), MigrationError> {
    let applied = applied(db).await?;
    let ahead = migrations.iter().filter(|migration| !applied.iter().any(|done| done == migration.name)).count();
    Ok((applied.len(), ahead))
}

async fn applied(db: &Db) -> Result<Vec<String>, MigrationError> {
    execute(db, "CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)", None)
        .await
        .map_err(failed("the list of migrations"))?;
    sql("SELECT name FROM migrations").all_scalars(db).await.map_err(failed("the list of migrations"))
}

/// Runs what has not run yet, in order.
///
/// # Errors
/// The first migration that fails; it leaves no trace.
pub async fn migrate(db: &Db, migrations: &[Migration]) -> Result<usize, MigrationError> {
    let applied = applied(db).await?;
    let mut ran = 0;
    for migration in migrations {
        if applied.iter().any(|done| done == migration.name) {
            continue;
        }
        execute(db, migration.text, Some(migration.name)).await.map_err(failed(migration.name))?;
        ran += 1;
    }
    Ok(ran)
}

/// Runs many statements in one transaction and notes the name in the same one.
async fn execute(db: &Db, text: &str, name: Option<&'static str>) -> Result<(), DbError> {
    let at = chrono::Utc::now().timestamp_millis();
    let mut tx = db.begin().await?;
    match &mut tx.inner {
        super::Inner::Sqlite(seat) => {
            seat.connection()?.execute(AssertSqlSafe(fenced(text, "sqlite"))).await?;
        }
        super::Inner::Postgres(transaction) => {
            // A change of a large table may take longer than any statement of a request.
            sqlx::raw_sql("SET LOCAL statement_timeout = 0").execute(&mut **transaction).await?;
            // The simple protocol takes several statements in one text.
            sqlx::raw_sql(AssertSqlSafe(fenced(text, "postgres"))).execute(&mut **transaction).await?;
        }
    }
    if let Some(name) = name {
        sql("INSERT INTO migrations (name, applied_at) VALUES ($1, $2)").bind(name).bind(at).run(&mut tx).await?;
    }
    tx.commit().await
}

/// The text for one engine: fenced parts of the other are left out.
fn fenced(text: &str, engine: &str) -> String {
    let mut ours = true;
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        if let Some(only) = line.trim().strip_prefix("-- only: ") {
            ours = only.trim() == engine;
        } else if line.trim() == "-- end" {
            ours = true;
        } else if ours {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::fenced;

    #[test]
    fn each_engine_sees_its_own_fence_only() {
        let text = "a\n-- only: sqlite\nb\n-- end\n-- only: postgres\nc\n-- end\nd";
        assert_eq!(fenced(text, "sqlite"), "a\nb\nd\n");
        assert_eq!(fenced(text, "postgres"), "a\nc\nd\n");
    }
}
