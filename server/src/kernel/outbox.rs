//! Events: recorded in the transaction that made them true, acted upon by jobs after its commit.
//!
//! A reaction may run twice (the process can die between acting and noting it), so each is written to be
//! safe under repetition. Timers are events with a later `due_at`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kernel::clock::{MINUTE, Millis};
use crate::kernel::db::{Db, DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;

/// The product's event type: one enum, kept as JSON.
pub trait Event: Serialize + DeserializeOwned + Send + Sync {
    /// Kinds that somebody waits for at this moment, such as a telephone that rings. They wait behind no others.
    const URGENT: &'static [&'static str];

    /// The variant's name, for the log and for looking at the table.
    fn kind(&self) -> &'static str;
}

/// A queue of events; each has its own worker, which takes them one at a time and in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// [`Event::URGENT`]
    Urgent,
    /// All others.
    Usual,
}

impl Lane {
    /// Narrows a look to the events of this lane.
    fn narrow<E: Event>(self, query: Query) -> Query {
        let query = match self {
            Lane::Urgent => query.push(" AND kind IN "),
            Lane::Usual => query.push(" AND kind NOT IN "),
        };
        query.args(E::URGENT.iter().copied())
    }
}

/// An event that waits for its reactions.
#[derive(Debug)]
pub struct Pending<E> {
    /// The event row.
    pub id: Id,
    /// How often it was tried.
    pub attempts: i64,
    /// When it happened.
    pub at: Millis,
    /// What happened.
    pub event: E,
}

#[derive(sqlx_macros::FromRow)]
struct Row {
    id: Id,
    attempts: i64,
    at: Millis,
    payload: String,
}

/// After so many failures an event rests until a person looks at it.
const MOST_ATTEMPTS: i64 = 12;
/// While a job works on an event nobody else takes it.
const LEASE: Millis = 2 * MINUTE;

/// Records an event whose reactions are due at `due_at`.
///
/// # Errors
/// What the database says.
pub async fn record<E: Event>(tx: &mut Tx, event: &E, at: Millis, due_at: Millis) -> Result<Id, DbError> {
    let id = Id::new();
    let payload = serde_json::to_string(event).map_err(|error| DbError::Sqlx(sqlx::Error::Encode(error.into())))?;
    sql(
        "INSERT INTO events (id, kind, payload, at, due_at, attempts, state) VALUES ($1, $2, $3, $4, $5, 0, 'pending')",
    )
    .bind(id)
    .bind(event.kind())
    .bind(payload)
    .bind(at)
    .bind(due_at)
    .later(tx);
    tx.stir();
    Ok(id)
}

/// Takes up to `most` due events of a lane and leases them.
///
/// # Errors
/// What the database says.
pub async fn take<E: Event>(db: &Db, lane: Lane, now: Millis, most: i64) -> Result<Vec<Pending<E>>, DbError> {
    // Looking first keeps an idle server from writing.
    let waiting: Vec<Row> = due::<E>(On::Db(db), lane, now, most, "").await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = db.begin().await?;
    let lock = tx.for_update();
    let rows = due::<E>(On::Tx(&mut tx), lane, now, most, lock).await?;
    if !rows.is_empty() {
        sql("UPDATE events SET attempts = attempts + 1, due_at = ")
            .arg(now + LEASE)
            .push(" WHERE id IN ")
            .args(rows.iter().map(|row| row.id))
            .run(&mut tx)
            .await?;
    }
    tx.commit().await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| match serde_json::from_str(&row.payload) {
            Ok(event) => Some(Pending { id: row.id, attempts: row.attempts + 1, at: row.at, event }),
            Err(error) => {
                // Written by a newer version: it stays until that version runs again.
                tracing::error!(event = %row.id, %error, "an event cannot be read");
                None
            }
        })
        .collect())
}

async fn due<E: Event>(
    on: On<'_>,
    lane: Lane,
    now: Millis,
    most: i64,
    lock: &'static str,
) -> Result<Vec<Row>, DbError> {
    let query = sql("SELECT id, attempts, at, payload FROM events WHERE state = 'pending' AND due_at <= $1").bind(now);
    lane.narrow::<E>(query).push(" ORDER BY due_at, id LIMIT ").arg(most).push(lock).all(on).await
}

/// Notes that every reaction to an event has run.
///
/// # Errors
/// What the database says.
pub async fn done(db: &Db, id: Id) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    sql("UPDATE events SET state = 'done' WHERE id = $1").bind(id).run(&mut tx).await?;
    tx.commit().await
}

/// Notes a failure: tried again later and later, at last left for a person.
///
/// # Errors
/// What the database says.
pub async fn failed(db: &Db, id: Id, attempts: i64, why: &str, now: Millis) -> Result<(), DbError> {
    let wait = MINUTE << attempts.clamp(0, 8);
    let state = if attempts >= MOST_ATTEMPTS { "failed" } else { "pending" };
    let mut tx = db.begin().await?;
    sql("UPDATE events SET state = $2, due_at = $3, error = $4 WHERE id = $1")
        .bind(id)
        .bind(state)
        .bind(now + wait)
        .bind(why)
        .run(&mut tx)
        .await?;
    tx.commit().await
}

/// When the next event of a lane is due, so that the jobs can sleep until then.
///
/// # Errors
/// What the database says.
pub async fn next_due<E: Event>(db: &Db, lane: Lane) -> Result<Option<Millis>, DbError> {
    #[derive(sqlx_macros::FromRow)]
    struct Due {
        due_at: Option<i64>,
    }
    let query = sql("SELECT min(due_at) AS due_at FROM events WHERE state = 'pending'");
    let due: Due = lane.narrow::<E>(query).one(db).await?;
    Ok(due.due_at)
}
