//! Grouped commits on SQLite's one writing connection.
//!
//! A durable COMMIT costs a flush of the disk, a statement almost nothing. So writers take turns on one
//! connection, each under its own savepoint inside one open transaction; whoever finds nobody waiting
//! behind it commits for all. Every member is answered after that COMMIT. Rejected: a writer task that is
//! sent closures, which would force every handler's borrowed state into `'static` boxes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Executor, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

use super::DbError;
use super::query::{Query, joined};

/// The most writes that share a commit, and the longest that the first of them waits for others.
const BATCH_MEMBERS: u32 = 64;
const BATCH_AGE: Duration = Duration::from_millis(10);
/// A member that handed its turn on looks after this time whether the batch was committed: the next in
/// line may have gone away (its browser closed) without taking its turn.
const LOOK_AFTER: Duration = Duration::from_millis(5);

/// How long a write waits for its turn: while the file is locked from outside, each turn before it may take the
/// whole time-out of the lock.
const PATIENCE: Duration = Duration::from_secs(10);

/// The one writing connection and the queue before it.
#[derive(Clone, Debug)]
pub struct Writer {
    shared: Arc<Mutex<Shared>>,
    waiting: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct Shared {
    connection: SqliteConnection,
    batch: Option<Batch>,
    /// A member left without committing; its savepoint is still open.
    abandoned: bool,
}

/// Writes that will share a commit. The channel holds `None` until it is known how that went.
#[derive(Debug)]
struct Batch {
    begun: Instant,
    members: u32,
    outcome: watch::Sender<Option<Result<(), String>>>,
}

/// A turn at the one connection.
#[derive(Debug)]
pub struct WriteTurn {
    /// `None` once committed.
    shared: Option<OwnedMutexGuard<Shared>>,
    writer: Writer,
}

/// Counts somebody in the queue for as long as they stand in it.
struct InLine<'a>(&'a AtomicUsize);

impl<'a> InLine<'a> {
    fn join(waiting: &'a AtomicUsize) -> InLine<'a> {
        waiting.fetch_add(1, Ordering::AcqRel);
        InLine(waiting)
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection) -> Writer {
        let shared = Shared { connection, batch: None, abandoned: false };
        Writer { shared: Arc::new(Mutex::new(shared)), waiting: Arc::new(AtomicUsize::new(0)) }
    }

    async fn lock(&self) -> OwnedMutexGuard<Shared> {
        let _in_line = InLine::join(&self.waiting);
        Arc::clone(&self.shared).lock_owned().await
    }

    pub(super) async fn take_turn(&self) -> Result<WriteTurn, DbError> {
        let waited = tokio::time::timeout(PATIENCE, self.lock()).await;
        let mut shared = waited.map_err(|_| DbError::Unavailable("the queue of writes is too long".to_owned()))?;
        let writer = self.clone();
        // In a task of its own: a caller that is dropped now must not leave a half-begun transaction behind. The turn
        // that nobody fetches is dropped, which undoes it.
        let taking = tokio::spawn(async move {
            shared.tidy().await?;
            shared.open().await?;
            Ok(WriteTurn { shared: Some(shared), writer })
        });
        taking.await.map_err(|error| DbError::Unavailable(error.to_string()))?
    }

    /// Runs a statement that cannot run inside a transaction, such as `VACUUM INTO`.
    pub(super) async fn apart(&self, statement: String) -> Result<(), DbError> {
        let mut shared = self.lock().await;
        shared.tidy().await?;
        shared.commit_batch().await;
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut shared.connection).await?;
        Ok(())
    }

    /// How many writes wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    fn somebody_waits(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Commits an open batch that nobody else will.
    async fn settle(&self) {
        let mut shared = self.lock().await;
        if shared.tidy().await.is_ok() && !self.somebody_waits() {
            shared.commit_batch().await;
        }
    }
}

impl Shared {
    /// Undoes what an abandoned member did.
    async fn tidy(&mut self) -> Result<(), DbError> {
        if self.abandoned {
            self.abandoned = false;
            if self.batch.is_some() {
                let undone = self.connection.execute("ROLLBACK TO member; RELEASE member").await;
                match undone {
                    Ok(_) => {}
                    // Cancelled after its RELEASE had reached SQLite: it is a member like the others.
                    Err(error) if error.to_string().contains("no such savepoint") => {}
                    Err(error) => self.fail_batch(&error).await,
                }
            }
        }
        Ok(())
    }

    /// Opens a savepoint, and the batch around it where none is open.
    async fn open(&mut self) -> Result<(), DbError> {
        if self.batch.is_none() {
            // One way to the connection's thread for both.
            if let Err(error) = self.connection.execute("BEGIN IMMEDIATE; SAVEPOINT member").await {
                // Where the first succeeded, nothing of it may stay open.
                self.fail_batch(&error).await;
                return Err(error.into());
            }
            let (outcome, _) = watch::channel(None);
            self.batch = Some(Batch { begun: Instant::now(), members: 0, outcome });
            return Ok(());
        }
        match self.connection.execute("SAVEPOINT member").await {
            Ok(_) => Ok(()),
            Err(error) => {
                self.fail_batch(&error).await;
                Err(error.into())
            }
        }
    }

    /// Commits what is open and tells its members.
    async fn commit_batch(&mut self) {
        if self.batch.is_none() {
            return;
        }
        match self.connection.execute("COMMIT").await {
            Ok(_) => self.announce(Ok(())),
            Err(error) => self.fail_batch(&error).await,
        }
    }

    /// A full disk or an I/O error undoes the whole transaction, so every member failed.
    async fn fail_batch(&mut self, error: &sqlx::Error) {
        // SQLite may have rolled back by itself already; then this statement's error says so, no more.
        if let Err(second) = self.connection.execute("ROLLBACK").await {
            tracing::debug!(%second, "nothing left to roll back");
        }
        self.announce(Err(error.to_string()));
    }

    fn announce(&mut self, outcome: Result<(), String>) {
        if let Some(batch) = self.batch.take() {
            batch.outcome.send_replace(Some(outcome));
        }
    }
}

impl WriteTurn {
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, DbError> {
        match self.shared.as_mut() {
            Some(shared) if shared.batch.is_some() => Ok(&mut shared.connection),
            Some(_) | None => Err(DbError::Unavailable("the transaction was undone".to_owned())),
        }
    }

    /// Runs what was put off, and commits.
    pub(super) async fn commit(mut self, later: Vec<Query>) -> Result<(), DbError> {
        // A failure here drops the turn with its savepoint open, which undoes this member alone.
        if !later.is_empty() {
            joined(later).run_on_sqlite(self.connection()?).await?;
        }
        // The connection is given up only after the release: until then a cancelled call must still be undone.
        let Some(shared) = self.shared.as_mut() else { return Ok(()) };
        if let Err(error) = shared.connection.execute("RELEASE member").await {
            shared.fail_batch(&error).await;
            self.shared = None;
            return Err(error.into());
        }
        let Some(batch) = shared.batch.as_mut() else {
            return Err(DbError::Unavailable("the transaction was undone".to_owned()));
        };
        batch.members += 1;
        let mut outcome = batch.outcome.subscribe();
        let full = batch.members >= BATCH_MEMBERS || batch.begun.elapsed() >= BATCH_AGE;
        let shared = self.shared.take();
        if full || !self.writer.somebody_waits() {
            if let Some(mut shared) = shared {
                // In a task of its own: a commit half awaited by a browser that left must still finish.
                let committing = tokio::spawn(async move { shared.commit_batch().await });
                if let Err(error) = committing.await {
                    tracing::error!(%error, "the commit's task ended early");
                }
            }
        } else {
            drop(shared);
        }
        loop {
            if let Some(known) = outcome.borrow_and_update().clone() {
                return known.map_err(DbError::Unavailable);
            }
            match tokio::time::timeout(LOOK_AFTER, outcome.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(DbError::Unavailable("the batch was dropped".to_owned())),
                Err(_) => {
                    let writer = self.writer.clone();
                    let settling = tokio::spawn(async move { writer.settle().await });
                    if let Err(error) = settling.await {
                        tracing::error!(%error, "settling a batch ended early");
                    }
                }
            }
        }
    }
}

impl Drop for WriteTurn {
    fn drop(&mut self) {
        if let Some(mut shared) = self.shared.take() {
            shared.abandoned = true;
            drop(shared);
            // Others may be waiting for the batch this member was the last of.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                let writer = self.writer.clone();
                runtime.spawn(async move { writer.settle().await });
            }
        }
    }
}
