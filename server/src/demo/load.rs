//! Many rows fast: INSERTs of several rows, a commit every few thousand.

use crate::kernel::clock::Millis;
use crate::kernel::db::{self, Arg, Db, DbError, Tx, sql};
use crate::kernel::id::Id;

/// Bound values of one statement. SQLite finds a `$n` by walking a list, so a statement's cost grows with
/// the square of this; beyond a few hundred, larger statements are slower ones.
const VALUES: usize = 320;
/// What SQLite may keep of its pages meanwhile, in KiB.
const PAGES_MEANWHILE: u32 = 128 * 1024;
/// Rows of one transaction.
const COMMIT_AFTER: usize = 8_000;

/// Writes rows into the database.
#[derive(Debug)]
pub(super) struct Loader<'a> {
    db: &'a Db,
    tx: Option<Tx>,
    rows: usize,
    sequence: u32,
}

/// A row's values, each of its column's type.
macro_rules! row {
    ($($value:expr),+ $(,)?) => { vec![$(crate::kernel::db::Arg::from($value)),+] };
}
pub(super) use row;

impl<'a> Loader<'a> {
    pub fn new(db: &'a Db) -> Loader<'a> {
        Loader { db, tx: None, rows: 0, sequence: 0 }
    }

    /// An id that sorts by the moment its record was made.
    pub fn id(&mut self, at: Millis) -> Id {
        self.sequence = self.sequence.wrapping_add(1);
        Id::dated(at, self.sequence)
    }

    /// Lets SQLite keep as many pages as so many rows change.
    pub async fn begin(&mut self) -> Result<(), DbError> {
        self.tx().await?.keep_pages(PAGES_MEANWHILE).await
    }

    /// Commits the rest, and gives the memory back.
    pub async fn finish(&mut self) -> Result<(), DbError> {
        self.tx().await?.keep_pages(db::PAGES).await?;
        self.commit().await
    }

    /// The transaction, for what features insert themselves.
    pub async fn tx(&mut self) -> Result<&mut Tx, DbError> {
        let tx = match self.tx.take() {
            Some(tx) => tx,
            None => self.db.begin().await?,
        };
        Ok(self.tx.insert(tx))
    }

    /// Inserts rows; `head` is `INSERT INTO … (…) VALUES`.
    pub async fn insert(
        &mut self,
        head: &'static str,
        rows: impl IntoIterator<Item = Vec<Arg>>,
    ) -> Result<(), DbError> {
        let mut rows = rows.into_iter().peekable();
        let width = rows.peek().map_or(1, Vec::len).max(1);
        let batch = (VALUES / width).max(1);
        loop {
            let some: Vec<Vec<Arg>> = rows.by_ref().take(batch).collect();
            if some.is_empty() {
                return Ok(());
            }
            self.rows += some.len();
            let tx = self.tx().await?;
            sql(head).values(some).run(tx).await?;
            if self.rows >= COMMIT_AFTER {
                self.commit().await?;
            }
        }
    }

    /// Commits what was inserted so far.
    pub async fn commit(&mut self) -> Result<(), DbError> {
        self.rows = 0;
        match self.tx.take() {
            Some(tx) => tx.commit().await,
            None => Ok(()),
        }
    }
}
