//! The queue's tables, as steps that an older file is brought up by.

use sqlx::SqlitePool;

/// Each step is run once; `PRAGMA user_version` counts them.
const STEPS: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS messages (
  id TEXT PRIMARY KEY, recipient TEXT NOT NULL, text TEXT NOT NULL, policy TEXT NOT NULL, state TEXT NOT NULL,
  not_before INTEGER, expires INTEGER, modem TEXT, error TEXT, created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS parts (
  message TEXT NOT NULL, n INTEGER NOT NULL, pdu TEXT NOT NULL, state TEXT NOT NULL, mr INTEGER, cause TEXT,
  moved_at INTEGER NOT NULL, PRIMARY KEY (message, n)
);
CREATE INDEX IF NOT EXISTS parts_by_mr ON parts (mr, state);
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS pieces (
  sender TEXT NOT NULL, reference INTEGER NOT NULL, total INTEGER NOT NULL, n INTEGER NOT NULL, text TEXT NOT NULL,
  pdu TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (sender, reference, total, n)
);
CREATE TABLE IF NOT EXISTS seen (pdu TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS unreadable (pdu TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counters (name, value) VALUES ('seq', 0), ('reference', 0);",
    "ALTER TABLE messages ADD COLUMN wanted TEXT NOT NULL DEFAULT 'auto';
ALTER TABLE messages ADD COLUMN class TEXT NOT NULL DEFAULT 'service';
ALTER TABLE messages ADD COLUMN held_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
ALTER TABLE messages ADD COLUMN open INTEGER NOT NULL DEFAULT 1;
ALTER TABLE parts ADD COLUMN modem TEXT;
ALTER TABLE parts ADD COLUMN sent_at INTEGER;
ALTER TABLE parts ADD COLUMN slot INTEGER;
UPDATE messages SET open = EXISTS (SELECT 1 FROM parts p WHERE p.message = messages.id AND p.state = 'queued');
DROP INDEX IF EXISTS messages_open;
CREATE INDEX messages_ready ON messages (class DESC, created_at, id) WHERE open = 1;
CREATE INDEX messages_by_recipient ON messages (recipient, created_at);
CREATE INDEX parts_unfinished ON parts (state, modem) WHERE state IN ('sending', 'unknown');
CREATE INDEX parts_sent ON parts (modem, sent_at) WHERE sent_at IS NOT NULL;
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY, sender TEXT NOT NULL, text TEXT NOT NULL, sent_at INTEGER NOT NULL, modem TEXT NOT NULL,
  incomplete INTEGER NOT NULL, at INTEGER NOT NULL
);
CREATE TABLE optouts (number TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);",
    // What could not be read is shown with what came in. Parts belong to an assembly, since a sender uses a reference
    // more than once.
    "ALTER TABLE inbox ADD COLUMN unreadable TEXT;
ALTER TABLE inbox ADD COLUMN raw TEXT;
INSERT INTO inbox (sender, text, sent_at, modem, incomplete, at, unreadable, raw)
  SELECT '', '', at, '', 0, at, 'kept by an earlier version', pdu FROM unreadable;
DROP TABLE unreadable;
CREATE TABLE assemblies (
  id INTEGER PRIMARY KEY, sender TEXT NOT NULL, reference INTEGER NOT NULL, total INTEGER NOT NULL,
  modem TEXT NOT NULL, sent_from INTEGER NOT NULL, sent_until INTEGER NOT NULL, at INTEGER NOT NULL
);
CREATE INDEX assemblies_by_reference ON assemblies (sender, reference, total);
INSERT INTO assemblies (sender, reference, total, modem, sent_from, sent_until, at)
  SELECT sender, reference, total, '', min(at), max(at), max(at) FROM pieces GROUP BY sender, reference, total;
CREATE TABLE assembled (
  assembly INTEGER NOT NULL, n INTEGER NOT NULL, text TEXT NOT NULL, pdu TEXT NOT NULL, PRIMARY KEY (assembly, n)
);
INSERT INTO assembled (assembly, n, text, pdu)
  SELECT a.id, p.n, p.text, p.pdu FROM pieces p JOIN assemblies a
  ON a.sender = p.sender AND a.reference = p.reference AND a.total = p.total;
DROP TABLE pieces;",
];

#[derive(sqlx_macros::FromRow)]
struct Version {
    user_version: i64,
}

/// Runs the steps that this file has not seen; two processes that start at once take turns.
pub(super) async fn bring_up(pool: &SqlitePool) -> anyhow::Result<()> {
    let version = async || -> sqlx::Result<i64> {
        Ok(sqlx::query_as::<_, Version>("PRAGMA user_version").fetch_one(pool).await?.user_version)
    };
    let known = i64::try_from(STEPS.len())?;
    anyhow::ensure!(version().await? <= known, "the queue was written by a newer agent; this one must not touch it");
    if version().await? == known {
        return Ok(());
    }
    let mut connection = pool.acquire().await?;
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let seen = sqlx::query_as::<_, Version>("PRAGMA user_version").fetch_one(&mut *connection).await?.user_version;
    for (step, n) in STEPS.iter().zip(1i64..) {
        if n > seen {
            sqlx::raw_sql(*step).execute(&mut *connection).await?;
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("PRAGMA user_version = {n}"))).execute(&mut *connection).await?;
        }
    }
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
    Ok(())
}
