//! The SQL of calls.

use crate::calls::rules::State;
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;

/// A call.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Call {
    /// Its row.
    pub id: Id,
    pub(super) line: String,
    line_name: Option<String>,
    /// Whose customer calls.
    pub owner_id: Option<Id>,
    /// Which customer.
    pub customer_id: Option<Id>,
    /// Its name.
    pub customer: Option<String>,
    /// National form, or empty.
    pub digits: String,
    /// What the exchange sent as a name.
    pub name: String,
    /// Where it is.
    pub state: State,
    /// What was said.
    pub note: String,
    /// When it began to ring.
    pub started_at: Millis,
    /// When it stopped.
    pub ended_at: Option<Millis>,
    /// When it was taken or called back.
    pub settled_at: Option<Millis>,
    /// The name of who said that they took it or called back.
    pub answerer: Option<String>,
}

impl Call {
    /// How people call that line, where they do.
    #[must_use]
    pub fn line_name(&self) -> Option<&str> {
        self.line_name.as_deref()
    }
}

const CALL: &str = "SELECT k.id, k.line, l.name AS line_name, k.owner_id, k.customer_id, c.name AS customer, k.digits, k.name, k.state, k.note, \
     k.started_at, k.ended_at, k.settled_at, u.name AS answerer FROM calls k \
     LEFT JOIN customers c ON c.id = k.customer_id LEFT JOIN users u ON u.id = k.answered_by \
     LEFT JOIN gateway_lines l ON l.gateway_id = k.gateway_id AND l.line = k.line WHERE ";

/// Calls of which something holds.
pub fn calls(condition: &'static str) -> Query {
    sql(CALL).push(condition)
}

/// What a new row needs.
#[derive(Debug)]
pub struct NewCall<'a> {
    pub gateway: Id,
    pub call: &'a str,
    pub line: &'a str,
    pub owner: Option<Id>,
    pub customer: Option<Id>,
    pub contact: Option<Id>,
    pub digits: &'a str,
    pub name: &'a str,
    pub withheld: bool,
    /// The run of the box that tells of it.
    pub boot: &'a str,
    pub started_at: Millis,
}

pub async fn insert(tx: &mut Tx, new: &NewCall<'_>) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO calls (id, gateway_id, call, line, owner_id, customer_id, contact_id, digits, name, withheld, boot, state, started_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'ringing', $12)")
    .bind(id)
    .bind(new.gateway)
    .bind(new.call)
    .bind(new.line)
    .bind(new.owner)
    .bind(new.customer)
    .bind(new.contact)
    .bind(new.digits)
    .bind(new.name)
    .bind(new.withheld)
    .bind(new.boot)
    .bind(new.started_at)
    .run(tx)
    .await?;
    Ok(id)
}

#[derive(Debug, sqlx_macros::FromRow)]
pub struct Known {
    pub id: Id,
    pub state: State,
    pub owner_id: Option<Id>,
    pub customer_id: Option<Id>,
    pub contact_id: Option<Id>,
    pub digits: String,
    pub name: String,
    pub withheld: bool,
}

/// A call by its name on the box, about to be changed.
pub async fn on_box(tx: &mut Tx, gateway: Id, call: &str) -> Result<Option<Known>, DbError> {
    let lock = tx.for_update();
    sql("SELECT id, state, owner_id, customer_id, contact_id, digits, name, withheld FROM calls \
         WHERE gateway_id = $1 AND call = $2")
    .bind(gateway)
    .bind(call)
    .push(lock)
    .optional(tx)
    .await
}

/// Number or name came after the ringing was told.
pub async fn identify(tx: &mut Tx, known: &Known) -> Result<(), DbError> {
    sql("UPDATE calls SET owner_id = $2, customer_id = $3, contact_id = $4, digits = $5, name = $6, withheld = $7 WHERE id = $1")
        .bind(known.id)
        .bind(known.owner_id)
        .bind(known.customer_id)
        .bind(known.contact_id)
        .bind(&known.digits)
        .bind(&known.name)
        .bind(known.withheld)
        .run(tx)
        .await
        .map(|_| ())
}

pub async fn end(tx: &mut Tx, id: Id, at: Millis) -> Result<(), DbError> {
    sql("UPDATE calls SET ended_at = $2, state = CASE WHEN state = 'ringing' THEN 'ended' ELSE state END WHERE id = $1")
        .bind(id)
        .bind(at)
        .run(tx)
        .await
        .map(|_| ())
}

/// Calls of a box that ring by what an earlier run of it told.
pub async fn left_ringing(tx: &mut Tx, gateway: Id, boot: &str) -> Result<Vec<Id>, DbError> {
    let lock = tx.for_update();
    sql("SELECT id FROM calls WHERE gateway_id = $1 AND state = 'ringing' AND boot <> $2 ORDER BY id LIMIT 100")
        .bind(gateway)
        .bind(boot)
        .push(lock)
        .all_scalars(tx)
        .await
}

/// Calls that ring since before `rings`, and those that ended before `ended` and were neither taken nor missed.
pub async fn left_open(db: &Db, rings: Millis, ended: Millis) -> Result<Vec<Id>, DbError> {
    sql("SELECT id FROM calls WHERE state IN ('ringing', 'ended') AND ((state = 'ringing' AND started_at < $1) \
         OR (state = 'ended' AND ended_at < $2)) ORDER BY id LIMIT 200")
    .bind(rings)
    .bind(ended)
    .all_scalars(db)
    .await
}

pub async fn set_state(tx: &mut Tx, id: Id, state: State, by: Option<Id>, at: Millis) -> Result<(), DbError> {
    let settled = match state {
        State::Answered | State::CalledBack => Some(at),
        State::Ringing | State::Ended | State::Missed => None,
    };
    sql("UPDATE calls SET state = $2, answered_by = COALESCE($3, answered_by), settled_at = COALESCE($4, settled_at) WHERE id = $1")
        .bind(id)
        .bind(state.code())
        .bind(by)
        .bind(settled)
        .run(tx)
        .await
        .map(|_| ())
}

pub async fn find(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Call>, DbError> {
    scope.restrict(sql(CALL).push("k.id = $1").bind(id), "k.owner_id").optional(on).await
}

/// The call of a customer, about to be changed.
pub async fn of_customer(tx: &mut Tx, id: Id, customer: Id) -> Result<Option<Call>, DbError> {
    let lock = tx.for_update();
    let held: Option<Id> = sql("SELECT id FROM calls WHERE id = $1 AND customer_id = $2")
        .bind(id)
        .bind(customer)
        .push(lock)
        .optional_scalar(&mut *tx)
        .await?;
    match held {
        Some(held) => sql(CALL).push("k.id = $1").bind(held).optional(tx).await,
        None => Ok(None),
    }
}

/// Links the calls of a number that belonged to no customer. The owner of a call, if it has one, keeps it.
pub async fn link(tx: &mut Tx, digits: &str, customer: Id, contact: Option<Id>, owner: Id) -> Result<(), DbError> {
    sql("UPDATE calls SET customer_id = $2, contact_id = $3, owner_id = COALESCE(owner_id, $4) \
         WHERE digits = $1 AND digits <> '' AND customer_id IS NULL")
    .bind(digits)
    .bind(customer)
    .bind(contact)
    .bind(owner)
    .run(tx)
    .await
    .map(|_| ())
}

pub async fn set_note(tx: &mut Tx, id: Id, note: &str) -> Result<(), DbError> {
    sql("UPDATE calls SET note = $2 WHERE id = $1").bind(id).bind(note).run(tx).await.map(|_| ())
}

/// Locks the row, then reads it with its names: PostgreSQL locks no outer join.
pub async fn to_change(tx: &mut Tx, scope: &Scope, id: Id) -> Result<Option<Call>, DbError> {
    let lock = tx.for_update();
    let held: Option<Id> =
        sql("SELECT id FROM calls WHERE id = $1").bind(id).push(lock).optional_scalar(&mut *tx).await?;
    match held {
        Some(held) => find(tx, scope, held).await,
        None => Ok(None),
    }
}

/// The customer of a call, if one is known.
pub async fn customer_of(tx: &mut Tx, id: Id) -> Result<Option<Id>, DbError> {
    let row: Option<Option<Id>> =
        sql("SELECT customer_id FROM calls WHERE id = $1").bind(id).optional_scalar(tx).await?;
    Ok(row.flatten())
}

/// Other calls of a number or customer that wait to be returned: returning one returns all.
pub async fn waiting_of(tx: &mut Tx, digits: &str, customer: Option<Id>) -> Result<Vec<Id>, DbError> {
    let query =
        sql("SELECT id FROM calls WHERE state = 'missed' AND ((digits = $1 AND digits <> '') OR customer_id = $2)");
    query.bind(digits).bind(customer).all_scalars(tx).await
}

/// Those of these calls that wait are called back: by somebody, or because the caller got through.
pub async fn settle(tx: &mut Tx, ids: &[Id], by: Option<Id>, at: Millis) -> Result<(), DbError> {
    sql("UPDATE calls SET state = 'called_back', settled_at = $1, answered_by = $2 WHERE state = 'missed' AND id IN ")
        .bind(at)
        .bind(by)
        .args(ids.iter().copied())
        .run(tx)
        .await
        .map(|_| ())
}

pub async fn set_owner(tx: &mut Tx, id: Id, owner: Id) -> Result<(), DbError> {
    sql("UPDATE calls SET owner_id = $2 WHERE id = $1").bind(id).bind(owner).run(tx).await.map(|_| ())
}

pub async fn list(db: &Db, scope: &Scope, missed: bool, paging: Paging) -> Result<Listing<Call>, DbError> {
    let query = sql(CALL).push(if missed { "k.state = 'missed'" } else { "1 = 1" });
    let rows = scope
        .restrict(query, "k.owner_id")
        .push(" ORDER BY k.id DESC LIMIT ")
        .arg(paging.limit())
        .push(" OFFSET ")
        .arg(paging.offset())
        .all(db)
        .await?;
    Ok(paging.cut(rows))
}

/// The newest calls that are to be returned.
pub async fn to_return(db: &Db, scope: &Scope, most: i64) -> Result<Vec<Call>, DbError> {
    scope.restrict(calls("k.state = 'missed'"), "k.owner_id").push(" ORDER BY k.id DESC LIMIT ").arg(most).all(db).await
}

pub async fn missed(db: &Db, scope: &Scope) -> Result<i64, DbError> {
    let query = sql("SELECT CAST(count(*) AS BIGINT) AS n FROM calls k WHERE k.state = 'missed'");
    scope.restrict(query, "k.owner_id").scalar(db).await
}

pub async fn missed_of_nobody(db: &Db) -> Result<i64, DbError> {
    let query =
        sql("SELECT CAST(count(*) AS BIGINT) AS n FROM calls k WHERE k.state = 'missed' AND k.owner_id IS NULL");
    query.scalar(db).await
}
