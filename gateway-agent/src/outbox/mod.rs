//! The durable queue: messages to send, what came in, and events for the server until it has committed them.
//! SQLite in WAL with synchronous=FULL; every function that changes something returns after its commit.
//!
//! States: `queued → sending (before Ctrl-Z) → sent | failed | unknown → delivered | undelivered | expired`.
//! What was `sending` when the agent or the line died is `unknown`, and is not sent again by itself.
//!
//! - [`take_in`]: messages to send, once
//! - [`choice`]: the next part for a modem
//! - [`queue`]: the states and what moves a message through them
//! - [`listed`]: the queue as people see it
//! - [`reports`]: delivery reports to the parts they speak of
//! - [`inbox`]: messages that came, assembled
//! - [`events`]: what the server has not committed yet
//! - [`optouts`]: numbers that get no marketing
//! - [`settings`]: what was set from afar
//! - [`upkeep`]: forgetting what is old

mod choice;
mod events;
mod inbox;
mod listed;
mod optouts;
mod queue;
mod reports;
mod schema;
mod settings;
mod state;
mod take_in;
mod upkeep;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::watch;
use uuid::Uuid;

pub use choice::Modem;
pub use events::Waiting;
pub use inbox::{Kept, Unreadable};
pub use listed::{Listed, ListedPart};
pub use queue::{Cancel, Due, NotMine, Outcome, Recover, Unfinished};
pub use settings::{NotSet, Settings};
pub use take_in::NotQueued;

/// The queue.
#[derive(Clone, Debug)]
pub struct Outbox {
    pool: SqlitePool,
    boot: Uuid,
    settings: watch::Sender<Settings>,
    /// Rings when there may be something to send.
    work: watch::Sender<u64>,
    /// Rings when there may be something to tell.
    news: watch::Sender<u64>,
    /// Nothing more is begun: this process is about to become another.
    resting: Arc<AtomicBool>,
    /// Messages that a modem of this process has at hand: no other may begin them meanwhile.
    at_hand: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Outbox {
    /// Opens the queue in `folder`, which is made where missing.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open(folder: &Path) -> anyhow::Result<Outbox> {
        std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be the data folder", folder.display()))?;
        let options = SqliteConnectOptions::new()
            .filename(folder.join("queue.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-1024");
        let pool =
            connect(options).await.with_context(|| format!("{}: queue.db cannot be opened", folder.display()))?;
        schema::bring_up(&pool).await?;
        let settings = settings::load(&pool).await?;
        Ok(Outbox {
            pool,
            boot: Uuid::now_v7(),
            settings: watch::Sender::new(settings),
            work: watch::Sender::new(0),
            news: watch::Sender::new(0),
            resting: Arc::default(),
            at_hand: Arc::new(Mutex::new(BTreeMap::new())),
        })
    }

    /// This start of the agent.
    #[must_use]
    pub fn boot(&self) -> Uuid {
        self.boot
    }

    /// Wakes the modems: another process may have put something in.
    pub fn ring(&self) {
        self.work.send_modify(|rung| *rung = rung.wrapping_add(1));
    }

    /// Changes whenever there may be something to send.
    #[must_use]
    pub fn work(&self) -> watch::Receiver<u64> {
        self.work.subscribe()
    }

    /// Changes whenever there may be something to tell the server.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Begins nothing more, and waits until nothing is under way.
    pub async fn rest(&self) -> Result<(), sqlx::Error> {
        self.resting.store(true, Ordering::SeqCst);
        loop {
            self.hands().clear();
            let row: Value = sqlx::query_as("SELECT count(*) AS value FROM parts WHERE state = 'sending'")
                .fetch_one(&self.pool)
                .await?;
            if row.value == 0 {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Goes on after all.
    pub fn go_on(&self) {
        self.resting.store(false, Ordering::SeqCst);
        self.ring();
    }

    fn rests(&self) -> bool {
        self.resting.load(Ordering::SeqCst)
    }

    fn tell_news(&self) {
        self.news.send_modify(|rung| *rung = rung.wrapping_add(1));
    }

    fn hands(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opens the file. Of two processes that make a new one at once, one finds it locked while the other changes its
/// journal, which SQLite does not wait for.
async fn connect(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let mut attempts = 0;
    loop {
        let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false);
        match pool.connect_with(options.clone()).await {
            Err(sqlx::Error::Database(error)) if attempts < 40 && error.message().contains("locked") => attempts += 1,
            other => return other,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The socket on which a running agent hears that something was queued.
#[must_use]
pub fn bell(folder: &Path) -> std::path::PathBuf {
    folder.join("bell.sock")
}

type Tx<'a> = sqlx::Transaction<'a, sqlx::Sqlite>;

#[derive(sqlx_macros::FromRow)]
struct Value {
    value: i64,
}

/// Raises a counter and returns its new value.
async fn count(tx: &mut Tx<'_>, name: &str) -> Result<i64, sqlx::Error> {
    let row: Value = sqlx::query_as("UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value")
        .bind(name)
        .fetch_one(&mut **tx)
        .await?;
    Ok(row.value)
}
