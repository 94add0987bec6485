//! Events: recorded in the transaction that made them true, acted upon by jobs after its commit.
//!
//! A reaction may run twice (the process can die between acting and noting it), so each is written to be
//! safe under repetition. Timers are events with a later `due_at`.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::kernel::clock::jumps::Hold;
use crate::kernel::clock::{DAY, HOUR, MINUTE, Millis, SECOND};
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::quiet;

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

/// Takes up to `most` due events of a lane and leases them. What is due only through a jump of the clock is left.
pub async fn take<E: Event>(
    db: &Db,
    lane: Lane,
    now: Millis,
    hold: Option<Hold>,
    most: i64,
) -> Result<Vec<Pending<E>>, DbError> {
    // Looking first keeps an idle server from writing.
    let waiting: Vec<Row> = due::<E>(On::Db(db), lane, now, hold, most, "").await?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let mut tx = db.begin().await?;
    let lock = tx.for_update();
    let rows = due::<E>(On::Tx(&mut tx), lane, now, hold, most, lock).await?;
    if !rows.is_empty() {
        sql("UPDATE events SET attempts = attempts + 1, due_at = ")
            .arg(now + LEASE)
            .push(" WHERE id IN ")
            .args(rows.iter().map(|row| row.id))
            .run(&mut tx)
            .await?;
    }
    tx.commit().await?;
    let mut taken = Vec::new();
    for row in rows {
        let attempts = row.attempts + 1;
        match serde_json::from_str(&row.payload) {
            Ok(event) => taken.push(Pending { id: row.id, attempts, at: row.at, event }),
            Err(error) => {
                // Written by a newer version, perhaps: it may still run again before the event is set aside.
                let why = format!("it cannot be read: {}", quiet::json(&error));
                tracing::error!(event = %row.id, attempts, why, "an event cannot be read");
                failed(db, row.id, attempts, &why, now).await?;
            }
        }
    }
    Ok(taken)
}

async fn due<E: Event>(
    on: On<'_>,
    lane: Lane,
    now: Millis,
    hold: Option<Hold>,
    most: i64,
    lock: &'static str,
) -> Result<Vec<Row>, DbError> {
    // A clock that ran ahead and was set back leaves events behind that lie in the future: what it recorded, and what
    // it tried and put off. A retry waits for hours, not for days.
    let query = sql("SELECT id, attempts, at, payload FROM events WHERE state = 'pending' AND (due_at <= ")
        .arg(now)
        .push(" OR at > ")
        .arg(now + HOUR)
        .push(" OR (attempts > 0 AND due_at > ")
        .arg(now + DAY)
        .push("))");
    let query = lane.narrow::<E>(not_held(query, hold));
    query.push(" ORDER BY due_at, id LIMIT ").arg(most).push(lock).all(on).await
}

/// Leaves out what only an unconfirmed jump of the clock made due: recorded before it, for a time that has not come.
fn not_held(query: Query, hold: Option<Hold>) -> Query {
    match hold {
        None => query,
        Some(Hold { believed, .. }) => {
            query.push(" AND (due_at <= ").arg(believed).push(" OR at > ").arg(believed).push(")")
        }
    }
}

/// Notes that every reaction to an event has run.
pub async fn done(db: &Db, id: Id) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    sql("UPDATE events SET state = 'done' WHERE id = $1").bind(id).run(&mut tx).await?;
    tx.commit().await
}

/// How long an event rests after its so many-th failure. Most failures pass at once (a deadlock, a full pool), and
/// somebody may wait for the reaction, so the first two rests are short. The others cover a night without a network.
fn rest(attempts: i64) -> Millis {
    match attempts {
        ..=1 => SECOND,
        2 => 15 * SECOND,
        more => MINUTE << (more - 1).min(8),
    }
}

/// Notes a failure: tried again later and later, at last left for a person.
pub async fn failed(db: &Db, id: Id, attempts: i64, why: &str, now: Millis) -> Result<(), DbError> {
    let wait = rest(attempts);
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
pub async fn next_due<E: Event>(db: &Db, lane: Lane, hold: Option<Hold>) -> Result<Option<Millis>, DbError> {
    let query = sql("SELECT min(due_at) AS due_at FROM events WHERE state = 'pending'");
    lane.narrow::<E>(not_held(query, hold)).scalar(db).await
}

/// An event whose reaction failed so often that it waits for a person.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct SetAside {
    /// The event row.
    pub id: Id,
    /// The variant's name.
    pub kind: String,
    /// When it happened.
    pub at: Millis,
    /// How often it was tried.
    pub attempts: i64,
    /// Why it failed last, without values.
    pub error: Option<String>,
}

/// Events that were set aside, the newest first.
pub async fn set_aside(db: &Db, paging: Paging) -> Result<Listing<SetAside>, DbError> {
    let rows = sql(
        "SELECT id, kind, at, attempts, error FROM events WHERE state = 'failed' ORDER BY id DESC LIMIT $1 OFFSET $2",
    )
    .bind(paging.limit())
    .bind(paging.offset())
    .all(db)
    .await?;
    Ok(paging.cut(rows))
}

/// How many events were set aside; past 99 nobody counts on.
pub async fn count_set_aside(db: &Db) -> Result<i64, DbError> {
    let few =
        sql("SELECT CAST(count(*) AS BIGINT) AS n FROM (SELECT id FROM events WHERE state = 'failed' LIMIT 100) few");
    few.scalar(db).await
}

/// Lets an event that was set aside run again, as often as a new one; `false` when it is none of these.
pub async fn again(tx: &mut Tx, id: Id, now: Millis) -> Result<bool, DbError> {
    let moved =
        sql("UPDATE events SET state = 'pending', attempts = 0, due_at = $2 WHERE id = $1 AND state = 'failed'")
            .bind(id)
            .bind(now)
            .run(tx)
            .await?;
    tx.stir();
    Ok(moved == 1)
}
