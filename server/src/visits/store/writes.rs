//! What changes visits, and what a change must look at first.

use chrono::NaiveDate;

use crate::kernel::china::geo::Point;
use crate::kernel::clock::{DAY, Millis};
use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::visits::rules::{Before, Evidence, Fix, Flags};

/// A visit to be planned.
#[derive(Clone, Debug)]
pub struct NewVisit<'a> {
    /// Whose.
    pub owner: Id,
    /// To whom.
    pub customer: Id,
    /// The day.
    pub planned_on: NaiveDate,
    /// What for.
    pub purpose: &'a str,
    /// When it is planned.
    pub at: Millis,
}

/// Plans a visit.
pub async fn create(tx: &mut Tx, new: &NewVisit<'_>) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO visits (id, owner_id, customer_id, planned_on, state, purpose, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, 'planned', $5, $6, $7)")
    .bind(id)
    .bind(new.owner)
    .bind(new.customer)
    .bind(new.planned_on.to_string())
    .bind(new.purpose)
    .bind(new.at)
    .bind(new.at)
    .later(tx);
    Ok(id)
}

/// A visit that stands in the way of another plan.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Waiting {
    /// The visit.
    pub id: Id,
    /// What it is for.
    pub purpose: String,
}

/// A person's visit to a customer that waits on a day: one is enough. Where the day is `today`, one that is under way
/// counts as well. The caller holds the customer, so that two plans that come together do not both find none.
pub async fn waiting(
    tx: &mut Tx,
    owner: Id,
    customer: Id,
    day: NaiveDate,
    today: NaiveDate,
) -> Result<Option<Waiting>, DbError> {
    let query = sql("SELECT id, purpose FROM visits WHERE owner_id = $1 AND customer_id = $2 AND deleted_at IS NULL \
         AND ((state = 'planned' AND planned_on = $3)")
    .bind(owner)
    .bind(customer)
    .bind(day.to_string());
    let query = if day == today { query.push(" OR state = 'open'") } else { query };
    query.push(") ORDER BY state, id DESC LIMIT 1").optional(tx).await
}

/// Moves a plan to another day or purpose.
pub async fn replan(tx: &mut Tx, id: Id, day: NaiveDate, purpose: &str, at: Millis) -> Result<(), DbError> {
    sql("UPDATE visits SET planned_on = $2, purpose = $3, updated_at = $4, version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(day.to_string())
        .bind(purpose)
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}

/// Moves a plan to the recycle bin.
pub async fn delete(tx: &mut Tx, id: Id, at: Millis) -> Result<(), DbError> {
    sql("UPDATE visits SET deleted_at = $2, updated_at = $3, version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(at)
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct Place {
    in_lat: Option<f64>,
    in_lng: Option<f64>,
    checked_in_at: Option<Millis>,
}

/// Where and when a person checked in last.
pub async fn last_place(tx: &mut Tx, owner: Id, now: Millis) -> Result<Option<Before>, DbError> {
    let place: Option<Place> = sql(
        "SELECT in_lat, in_lng, checked_in_at FROM visits WHERE owner_id = $1 AND checked_in_at > $2 AND in_lat IS NOT NULL AND deleted_at IS NULL ORDER BY checked_in_at DESC, id DESC LIMIT 1",
    )
    .bind(owner)
    .bind(now - DAY)
    .optional(tx)
    .await?;
    Ok(place.and_then(|place| {
        let (lat, lng, at) = (place.in_lat?, place.in_lng?, place.checked_in_at?);
        Some(Before { place: Point::new(lat, lng)?, at })
    }))
}

/// Begins a visit.
pub async fn check_in(
    tx: &mut Tx,
    id: Id,
    day: NaiveDate,
    at: Millis,
    fix: Option<Fix>,
    evidence: &Evidence,
    reason: &str,
) -> Result<(), DbError> {
    sql("UPDATE visits SET state = 'open', planned_on = $2, checked_in_at = $3, in_lat = $4, in_lng = $5, in_accuracy = $6, \
         in_fix_at = $7, in_distance = $8, flags = $9, out_reason = $10, updated_at = $11, version = version + 1 WHERE id = $1")
    .bind(id)
    .bind(day.to_string())
    .bind(at)
    .bind(fix.map(|fix| fix.lat))
    .bind(fix.map(|fix| fix.lng))
    .bind(fix.and_then(|fix| fix.accuracy))
    .bind(fix.and_then(|fix| fix.at))
    .bind(evidence.distance)
    .bind(evidence.flags.stored())
    .bind(reason)
    .bind(at)
    .later(tx);
    Ok(())
}

/// What came of a visit.
#[derive(Clone, Copy, Debug)]
pub struct WriteUp<'a> {
    /// What was found and agreed.
    pub result: &'a str,
    /// The next visit, `YYYY-MM-DD`.
    pub next_on: Option<&'a str>,
    /// Why the check-in was far away.
    pub reason: &'a str,
    /// Whether the visit ends with it.
    pub ends: bool,
}

/// Writes what came of a visit, and its end.
pub fn write_up(tx: &mut Tx, id: Id, written: WriteUp<'_>, at: Millis) {
    let query =
        sql("UPDATE visits SET result = $2, next_on = $3, out_reason = $4, updated_at = $5, version = version + 1")
            .bind(id)
            .bind(written.result)
            .bind(written.next_on)
            .bind(written.reason)
            .bind(at);
    let query = if written.ends { query.push(", state = 'done', checked_out_at = $5") } else { query };
    query.push(" WHERE id = $1").later(tx);
}

/// Notes what is odd about a visit.
pub async fn set_flags(tx: &mut Tx, id: Id, flags: &Flags, at: Millis) -> Result<(), DbError> {
    sql("UPDATE visits SET flags = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(flags.stored())
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}
