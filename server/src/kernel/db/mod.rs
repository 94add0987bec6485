//! The database: SQLite in one file, or PostgreSQL; one SQL text runs on either.
//!
//! Not sqlx's `Any` driver: it poisons a cached statement on PostgreSQL when a typed NULL is bound.
//! Every branch on the engine is in this folder.

mod migrate;
mod query;
mod writer;

use std::path::Path;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, Postgres, SqliteConnection, SqlitePool, Transaction};

pub use migrate::{Migration, MigrationError, migrate, pending};
pub use query::{Arg, On, Query, Record, sql};
use writer::{Seat, Writer};

/// What a statement or a commit can fail with.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique key exists already: the caller turns this into a field error or a conflict.
    #[error("the key exists already")]
    Duplicate,
    /// Locked, full or out of reach: nothing was written and a later try may succeed.
    #[error("the database cannot be written now: {0}")]
    Unavailable(String),
    /// A fault of ours.
    #[error(transparent)]
    Sqlx(sqlx::Error),
}

// sqlx's errors are open-ended: what is not named here is a fault of ours.
#[allow(clippy::wildcard_enum_match_arm)]
impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> DbError {
        match &error {
            sqlx::Error::Database(database) if database.is_unique_violation() => DbError::Duplicate,
            sqlx::Error::Database(database) if is_passing(database.code().as_deref()) => {
                DbError::Unavailable(database.message().to_owned())
            }
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut => DbError::Unavailable(error.to_string()),
            _ => DbError::Sqlx(error),
        }
    }
}

/// SQLite's BUSY 5, LOCKED 6, IOERR 10 and FULL 13 (primary code in the low byte), and PostgreSQL's classes
/// 53 (resources), 57 (intervention), 40 (serialization).
fn is_passing(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6 | 10 | 13),
        Ok(_) | Err(_) => ["53", "57", "40"].iter().any(|class| code.starts_with(class)),
    }
}

/// An open database.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file, one writing connection with grouped commits, several readers.
    Sqlite {
        /// Connections that only read.
        readers: SqlitePool,
        /// The one that writes.
        writer: Writer,
    },
    /// A server.
    Postgres(PgPool),
}

/// Statements kept prepared for each connection; the product has some hundreds.
const STATEMENTS: usize = 512;

impl Db {
    /// Opens, and creates where missing, the SQLite file at `path`.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn sqlite(path: &Path) -> Result<Db, DbError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(STATEMENTS)
            .pragma("cache_size", "-4096")
            .pragma("temp_store", "memory");
        let writing = options.connect().await?;
        // A pool's ping before each query would cost as much as the query.
        let readers = SqlitePoolOptions::new()
            .max_connections(4)
            .min_connections(2)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options.pragma("query_only", "on"))
            .await?;
        Ok(Db::Sqlite { readers, writer: Writer::new(writing) })
    }

    /// Connects to a PostgreSQL database by its URL.
    ///
    /// # Errors
    /// When the URL is wrong or the server does not answer.
    pub async fn postgres(url: &str) -> Result<Db, DbError> {
        let options: PgConnectOptions = url.parse::<PgConnectOptions>()?.statement_cache_capacity(STATEMENTS);
        let pool = PgPoolOptions::new()
            .max_connections(8)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await?;
        Ok(Db::Postgres(pool))
    }

    /// Begins a write. On SQLite this waits for the writer's seat; other people's writes of the same moment
    /// share one COMMIT. Await nothing but SQL between here and [`Tx::commit`].
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when no transaction can begin.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        match self {
            Db::Sqlite { writer, .. } => Ok(Tx::new(Inner::Sqlite(writer.sit().await?))),
            Db::Postgres(pool) => Ok(Tx::new(Inner::Postgres(pool.begin().await?))),
        }
    }

    /// Writes a consistent copy of an SQLite database to `to`, while others read and write.
    ///
    /// # Errors
    /// When the copy cannot be written. PostgreSQL answers [`DbError::Unavailable`]: its own `pg_dump` copies it.
    pub async fn snapshot(&self, to: &Path) -> Result<(), DbError> {
        match self {
            Db::Sqlite { writer, .. } => {
                let quoted = to.to_string_lossy().replace('\'', "''");
                writer.apart(format!("VACUUM INTO '{quoted}'")).await
            }
            Db::Postgres(_) => Err(DbError::Unavailable("PostgreSQL is copied by pg_dump".to_owned())),
        }
    }

    /// Closes every connection; what was committed is on disk already.
    pub async fn close(&self) {
        match self {
            Db::Sqlite { readers, .. } => readers.close().await,
            Db::Postgres(pool) => pool.close().await,
        }
    }
}

/// A write in progress. Dropped without [`Tx::commit`] it leaves no trace.
#[derive(Debug)]
#[must_use = "a write that is not committed is undone"]
pub struct Tx {
    inner: Inner,
    /// Statements whose answers nobody waits for; they run, in their order, before the next one that somebody
    /// does wait for.
    later: Vec<Query>,
    /// Whether jobs have something to do after the commit.
    stirred: bool,
}

#[derive(Debug)]
enum Inner {
    Sqlite(Seat),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes the write durable; when this returns, it is on disk.
    ///
    /// # Errors
    /// When the commit fails, nothing of this write remains.
    pub async fn commit(mut self) -> Result<(), DbError> {
        match self.inner {
            Inner::Sqlite(seat) => seat.commit(std::mem::take(&mut self.later)).await,
            Inner::Postgres(mut transaction) => {
                for query in self.later {
                    query.run_on_postgres(&mut transaction).await?;
                }
                Ok(transaction.commit().await?)
            }
        }
    }

    fn new(inner: Inner) -> Tx {
        Tx { inner, later: Vec::new(), stirred: false }
    }

    /// Notes that jobs have something to do after the commit.
    pub(in crate::kernel) fn stir(&mut self) {
        self.stirred = true;
    }

    /// Whether [`Tx::stir`] was called.
    pub(in crate::kernel) fn stirred(&self) -> bool {
        self.stirred
    }

    /// Runs what was put off.
    async fn catch_up(&mut self) -> Result<(), DbError> {
        if self.later.is_empty() {
            return Ok(());
        }
        let later = std::mem::take(&mut self.later);
        match &mut self.inner {
            Inner::Sqlite(seat) => {
                query::joined(later).run_on_sqlite(sqlite_of(seat)?).await?;
            }
            Inner::Postgres(transaction) => {
                for query in later {
                    query.run_on_postgres(transaction).await?;
                }
            }
        }
        Ok(())
    }

    /// Waits until no other write is in its turn for `what`, and holds the turn until the commit: for a check
    /// over many rows that must still be true when this write is committed. SQLite's writers take turns anyway.
    ///
    /// # Errors
    /// What the database says.
    pub async fn in_turn(&mut self, what: &str) -> Result<(), DbError> {
        match &mut self.inner {
            Inner::Sqlite(_) => {}
            Inner::Postgres(transaction) => {
                sqlx::query("SELECT pg_advisory_xact_lock($1)")
                    .bind(i64::from(crc32fast::hash(what.as_bytes())))
                    .execute(&mut **transaction)
                    .await?;
            }
        }
        Ok(())
    }

    /// Text that ends a `SELECT` whose rows are about to be changed. SQLite has one writer and needs none.
    #[must_use]
    pub fn for_update(&self) -> &'static str {
        match self.inner {
            Inner::Sqlite(_) => "",
            Inner::Postgres(_) => " FOR UPDATE",
        }
    }
}

impl AsMut<Tx> for Tx {
    fn as_mut(&mut self) -> &mut Tx {
        self
    }
}

fn sqlite_of(seat: &mut Seat) -> Result<&mut SqliteConnection, DbError> {
    seat.connection()
}
