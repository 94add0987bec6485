//! The database: SQLite in one file, or PostgreSQL; one SQL text runs on either.
//!
//! Not sqlx's `Any` driver: it poisons a cached statement on PostgreSQL when a typed NULL is bound.
//! Every branch on the engine is in this folder.

/// Rows of several features by one statement.
pub mod gather;
/// Patterns for LIKE.
pub mod like;
/// Numbers of documents.
pub mod numbers;
/// Pages of a list.
pub mod paging;

mod error;
mod migrate;
mod query;
mod statements;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, Postgres, SqliteConnection, SqlitePool, Transaction};

use crate::kernel::durable;
use crate::kernel::memory::Memory;
pub use error::DbError;
pub use migrate::{Migration, migrate, pending};
pub use query::{Arg, On, Query, Record, sql};
pub use statements::Statements;
use writer::{WriteTurn, Writer};

/// An open database.
#[derive(Clone, Debug)]
pub enum Db {
    /// One file, one writing connection with grouped commits, several readers.
    Sqlite {
        /// Connections that only read.
        readers: SqlitePool,
        /// The one that writes.
        writer: Writer,
        /// What it was asked.
        statements: Statements,
        /// What is remembered of its rows.
        memory: Arc<Memory>,
    },
    /// A server. Writes that wait for a row must leave readers their connections.
    Postgres {
        /// Connections that only read.
        readers: PgPool,
        /// Connections that write.
        writers: PgPool,
        /// What it was asked.
        statements: Statements,
        /// What is remembered of its rows.
        memory: Arc<Memory>,
    },
}

/// Statements kept prepared for each connection; the product has some hundreds.
const STATEMENTS: usize = 512;
/// What SQLite keeps of its pages for each connection, in KiB.
pub const PAGES: u32 = 4 * 1024;
/// How long a request waits for a free connection.
const CONNECTION: Duration = Duration::from_secs(3);
/// How long a write waits for a row that another transaction holds.
const LOCK: Duration = Duration::from_secs(3);
/// The longest statement that reads.
const READ: Duration = Duration::from_secs(10);
/// The longest statement that writes: an audience of 100,000 is written down by one.
const WRITE: Duration = Duration::from_secs(30);
/// A transaction in which nothing is done for so long is a handler that hangs; its rows are given free.
const IDLE: Duration = Duration::from_secs(10);

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
            .pragma("cache_size", format!("-{PAGES}"))
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
        Ok(Db::Sqlite {
            readers,
            writer: Writer::new(writing),
            statements: Statements::default(),
            memory: Arc::default(),
        })
    }

    /// Connects to a PostgreSQL database by its URL, with at most `connections` of them: a third reads.
    ///
    /// # Errors
    /// When the URL is wrong or the server does not answer.
    pub async fn postgres(url: &str, connections: u32) -> Result<Db, DbError> {
        let options: PgConnectOptions = url.parse::<PgConnectOptions>()?.statement_cache_capacity(STATEMENTS);
        let reading = options.clone().options([
            ("default_transaction_read_only", "on".to_owned()),
            ("statement_timeout", READ.as_millis().to_string()),
        ]);
        let writing = options.options([
            ("lock_timeout", LOCK.as_millis().to_string()),
            ("statement_timeout", WRITE.as_millis().to_string()),
            ("idle_in_transaction_session_timeout", IDLE.as_millis().to_string()),
        ]);
        let third = (connections / 3).max(1);
        let pool = |most: u32| {
            PgPoolOptions::new().max_connections(most).test_before_acquire(false).acquire_timeout(CONNECTION)
        };
        let readers = pool(third).connect_with(reading).await?;
        let writers = pool(connections.saturating_sub(third).max(1)).connect_with(writing).await?;
        Ok(Db::Postgres { readers, writers, statements: Statements::default(), memory: Arc::default() })
    }

    /// What it was asked so far, in a debug build.
    #[must_use]
    pub fn statements(&self) -> &Statements {
        match self {
            Db::Sqlite { statements, .. } | Db::Postgres { statements, .. } => statements,
        }
    }

    /// What is remembered of its rows between statements; a restart forgets it.
    pub(in crate::kernel) fn memory(&self) -> &Memory {
        match self {
            Db::Sqlite { memory, .. } | Db::Postgres { memory, .. } => memory,
        }
    }

    /// Begins a write. On SQLite this waits for the writer's turn; other people's writes of the same moment
    /// share one COMMIT. Await nothing but SQL between here and [`Tx::commit`].
    ///
    /// # Errors
    /// [`DbError::Unavailable`] when no transaction can begin.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        match self {
            Db::Sqlite { writer, statements, .. } => Ok(Tx::new(Inner::Sqlite(writer.take_turn().await?), statements)),
            Db::Postgres { writers, statements, .. } => {
                Ok(Tx::new(Inner::Postgres(writers.begin().await?), statements))
            }
        }
    }

    /// Writes a consistent copy of an SQLite database to `to`, while others read and write.
    ///
    /// # Errors
    /// When the copy cannot be written. PostgreSQL answers [`DbError::Unavailable`]: its own `pg_dump` copies it.
    pub async fn snapshot(&self, to: &Path) -> Result<(), DbError> {
        match self {
            Db::Sqlite { writer, .. } => {
                let passing = durable::passing(to);
                let quoted = passing.to_string_lossy().replace('\'', "''");
                let written = match writer.apart(format!("VACUUM INTO '{quoted}'")).await {
                    Ok(()) => durable::finish(&passing, to).map_err(|error| DbError::from(sqlx::Error::Io(error))),
                    Err(error) => Err(error),
                };
                if written.is_err() {
                    durable::discard(&passing);
                }
                written
            }
            Db::Postgres { .. } => Err(DbError::Unavailable("PostgreSQL is copied by pg_dump".to_owned())),
        }
    }

    /// How many writes wait for another one: for its turn, or for a row that it holds.
    ///
    /// # Errors
    /// When PostgreSQL does not say.
    pub async fn waiting_writes(&self) -> Result<i64, DbError> {
        match self {
            Db::Sqlite { writer, .. } => Ok(i64::try_from(writer.waiting()).unwrap_or(i64::MAX)),
            Db::Postgres { .. } => {
                sql("SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
                     WHERE NOT l.granted AND a.datname = current_database()")
                .scalar(self)
                .await
            }
        }
    }

    /// Closes every connection; what was committed is on disk already.
    pub async fn close(&self) {
        match self {
            Db::Sqlite { readers, .. } => readers.close().await,
            Db::Postgres { readers, writers, .. } => {
                readers.close().await;
                writers.close().await;
            }
        }
    }
}

/// A write in progress. Dropped without [`Tx::commit`] it leaves no trace.
///
/// Rows are held in one order everywhere, so that no two writes wait for each other:
///
/// 1. the turn of `customers`;
/// 2. user;
/// 3. gateway, by id;
/// 4. decision code, approval;
/// 5. task, call;
/// 6. customer, by id;
/// 7. contact, visit, document, by id;
/// 8. product, by id; stock balance, by product;
/// 9. the turn of `sms_days`; message, recipient, campaign;
/// 10. counters: numbers of documents, the form's `op_id`.
///
/// Who makes a record for another one (a visit for a customer, a line for a product) holds that one and looks
/// whether it is still there; who deletes or retires it holds it too and looks for such records.
#[derive(Debug)]
#[must_use = "a write that is not committed is undone"]
pub struct Tx {
    inner: Inner,
    /// Statements whose answers nobody waits for; they run, in their order, before the next one that somebody
    /// does wait for.
    later: Vec<Query>,
    /// Whether jobs have something to do after the commit.
    stirred: bool,
    statements: Statements,
}

#[derive(Debug)]
enum Inner {
    Sqlite(WriteTurn),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// Makes the write durable; when this returns, it is on disk.
    ///
    /// # Errors
    /// When the commit fails, nothing of this write remains.
    pub async fn commit(mut self) -> Result<(), DbError> {
        match self.inner {
            Inner::Sqlite(turn) => turn.commit(std::mem::take(&mut self.later)).await,
            Inner::Postgres(mut transaction) => {
                for query in self.later {
                    query.run_on_postgres(&mut transaction).await?;
                }
                Ok(transaction.commit().await?)
            }
        }
    }

    fn new(inner: Inner, statements: &Statements) -> Tx {
        Tx { inner, later: Vec::new(), stirred: false, statements: statements.clone() }
    }

    /// Notes that jobs have something to do after the commit.
    pub(in crate::kernel) fn stir(&mut self) {
        self.stirred = true;
    }

    /// Whether [`Tx::stir`] was called.
    pub(crate) fn stirred(&self) -> bool {
        self.stirred
    }

    /// Runs what was put off.
    async fn catch_up(&mut self) -> Result<(), DbError> {
        if self.later.is_empty() {
            return Ok(());
        }
        let later = std::mem::take(&mut self.later);
        match &mut self.inner {
            Inner::Sqlite(turn) => {
                query::joined(later).run_on_sqlite(sqlite_of(turn)?).await?;
            }
            Inner::Postgres(transaction) => {
                for query in later {
                    query.run_on_postgres(transaction).await?;
                }
            }
        }
        Ok(())
    }

    /// Gives SQLite's writer `kib` for pages, from now on. Rows that lie scattered change more pages than [`PAGES`] hold,
    /// and each of those is written again and again before the commit.
    pub async fn keep_pages(&mut self, kib: u32) -> Result<(), DbError> {
        match &mut self.inner {
            Inner::Sqlite(turn) => {
                let text = sqlx::AssertSqlSafe(format!("PRAGMA cache_size = -{kib}"));
                sqlx::raw_sql(text).execute(sqlite_of(turn)?).await?;
            }
            Inner::Postgres(_) => {}
        }
        Ok(())
    }

    /// Waits until no other write is in its turn for `what`, and holds the turn until the commit: for a check
    /// over many rows that must still be true when this write is committed. SQLite's writers take turns anyway.
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

    /// Text that ends a `SELECT` whose rows are held until the commit. SQLite has one writer and needs none.
    #[must_use]
    pub fn hold(&self, hold: Hold) -> &'static str {
        match (&self.inner, hold) {
            (Inner::Sqlite(_), Hold::Referred | Hold::Changed) => "",
            (Inner::Postgres(_), Hold::Referred) => " FOR SHARE",
            // Keys never change, so rows that refer to this one may be written meanwhile.
            (Inner::Postgres(_), Hold::Changed) => " FOR NO KEY UPDATE",
        }
    }

    /// [`Tx::hold`] for rows that are about to be changed.
    #[must_use]
    pub fn for_update(&self) -> &'static str {
        self.hold(Hold::Changed)
    }
}

/// How a row is held until the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// A record is made that refers to it: it must not be deleted or retired meanwhile, and others may refer to it
    /// at the same time.
    Referred,
    /// It is about to change itself. Taken from the start: two that raise a shared hold block each other.
    Changed,
}

impl AsMut<Tx> for Tx {
    fn as_mut(&mut self) -> &mut Tx {
        self
    }
}

fn sqlite_of(turn: &mut WriteTurn) -> Result<&mut SqliteConnection, DbError> {
    turn.connection()
}
