//! The SQL of visits and their photos; what only reads visits is here.

mod photos;
mod today;
mod writes;

pub use photos::{NewPhoto, PhotoRow, add_photo, photo, photos, visits_with};
pub use today::{NextStop, next_stop};
pub use writes::{
    NewVisit, Waiting, WriteUp, check_in, create, delete, last_place, replan, set_flags, waiting, write_up,
};

use chrono::NaiveDate;

use crate::customers;
use crate::kernel::access::Scope;
use crate::kernel::china::geo::Point;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{DbError, Hold, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::visits::rules::{Flags, Progress, State, minutes};

/// A visit as lists show it.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct VisitRow {
    /// The visit.
    pub id: Id,
    /// Whose it is.
    pub owner_id: Id,
    /// Their name.
    pub owner_name: String,
    /// The customer.
    pub customer_id: Id,
    /// Their name.
    pub customer_name: String,
    /// Their address.
    pub address: String,
    /// `YYYY-MM-DD`.
    pub planned_on: String,
    /// As stored; see [`VisitRow::state`].
    #[sqlx(rename = "state")]
    pub progress: Progress,
    /// What for.
    pub purpose: String,
    /// When it began.
    pub checked_in_at: Option<Millis>,
    /// When it ended.
    pub checked_out_at: Option<Millis>,
    /// Metres to the customer's point.
    pub in_distance: Option<i64>,
    /// As stored; see [`VisitRow::flags`].
    pub flags: String,
}

impl VisitRow {
    /// Where it stands on the day `today`.
    #[must_use]
    pub fn state(&self, today: NaiveDate) -> State {
        State::of(self.progress, &self.planned_on, today)
    }

    /// What is odd about it.
    #[must_use]
    pub fn flags(&self) -> Flags {
        Flags::parse(&self.flags)
    }

    /// How long it took, or has taken at `now`.
    #[must_use]
    pub fn minutes(&self, now: Millis) -> Option<i64> {
        self.checked_in_at.map(|from| minutes(from, self.checked_out_at.unwrap_or(now)))
    }
}

/// A visit in full.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Visit {
    /// What lists show.
    #[sqlx(flatten)]
    pub row: VisitRow,
    /// Check-in latitude (WGS-84).
    pub in_lat: Option<f64>,
    /// Check-in longitude.
    pub in_lng: Option<f64>,
    /// Metres of uncertainty.
    pub in_accuracy: Option<f64>,
    /// When the phone measured it.
    pub in_fix_at: Option<Millis>,
    /// Why the check-in was far away.
    pub out_reason: String,
    /// What came of it.
    pub result: String,
    /// The next visit.
    pub next_on: Option<String>,
    /// For edits.
    pub version: i64,
    /// The customer's point.
    pub lat: Option<f64>,
    /// The customer's point.
    pub lng: Option<f64>,
}

impl Visit {
    /// The customer's point.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        Point::new(self.lat?, self.lng?)
    }
}

const ROW: &str = "SELECT v.id, v.owner_id, u.name AS owner_name, v.customer_id, c.name AS customer_name, c.address, \
     v.planned_on, v.state, v.purpose, v.checked_in_at, v.checked_out_at, v.in_distance, v.flags";
const FROM: &str = " FROM visits v JOIN users u ON u.id = v.owner_id JOIN customers c ON c.id = v.customer_id \
     WHERE v.deleted_at IS NULL";

/// A day's order: under way, then to come, then done.
const BY_STATE: &str = " ORDER BY CASE v.state WHEN 'open' THEN 0 WHEN 'planned' THEN 1 ELSE 2 END, \
     v.checked_in_at NULLS LAST, v.id";

fn rows() -> Query {
    sql(ROW).push(FROM)
}

fn full(scope: &Scope, id: Id) -> Query {
    let query = sql(ROW)
        .push(
            ", v.in_lat, v.in_lng, v.in_accuracy, v.in_fix_at, v.out_reason, v.result, v.next_on, v.version, c.lat, c.lng",
        )
        .push(FROM)
        .push(" AND v.id = ")
        .arg(id);
    scope.restrict(query, "v.owner_id")
}

/// A visit in scope.
pub async fn find(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Visit>, DbError> {
    full(scope, id).optional(on).await
}

/// A visit that is about to change, and its customer with it: the customer is held first.
pub async fn find_with_customer(tx: &mut Tx, scope: &Scope, id: Id) -> Result<Option<Visit>, DbError> {
    let Some(visit) = find(&mut *tx, scope, id).await? else { return Ok(None) };
    customers::kept(tx, Some(visit.row.customer_id), Hold::Changed).await?;
    find_for_change(tx, scope, id).await
}

/// A visit that is about to change.
pub async fn find_for_change(tx: &mut Tx, scope: &Scope, id: Id) -> Result<Option<Visit>, DbError> {
    let lock = tx.for_update();
    // Only the visit is locked, not the person and the customer beside it.
    full(scope, id).push(lock).push(if lock.is_empty() { "" } else { " OF v" }).optional(tx).await
}

#[derive(sqlx_macros::FromRow)]
struct Count {
    done: i64,
    planned: i64,
}

/// How many of a person's visits of a day are done, and how many there are.
pub async fn count_today(on: impl Into<On<'_>>, user: Id, day: NaiveDate) -> Result<(i64, i64), DbError> {
    let count: Count = sql(
        "SELECT CAST(COALESCE(sum(CASE WHEN state = 'done' THEN 1 ELSE 0 END), 0) AS BIGINT) AS done, \
         CAST(count(*) AS BIGINT) AS planned FROM visits WHERE owner_id = $1 AND planned_on = $2 AND deleted_at IS NULL",
    )
    .bind(user)
    .bind(day.to_string())
    .one(on)
    .await?;
    Ok((count.done, count.planned))
}

/// The list of a day, of everybody in scope or of one `owner`. On one person's today, what is under way stands
/// first, then the day, then what was missed, then the week ahead.
pub async fn of_day(
    on: impl Into<On<'_>>,
    scope: &Scope,
    owner: Option<Id>,
    day: NaiveDate,
    today: NaiveDate,
    paging: Paging,
) -> Result<Listing<VisitRow>, DbError> {
    if let Some(owner) = owner.filter(|_| day == today) {
        return today::of_today(on, scope, owner, today, paging).await;
    }
    let query = rows().push(" AND v.planned_on = ").arg(day.to_string());
    let query = owner.into_iter().fold(query, |query, owner| query.push(" AND v.owner_id = ").arg(owner));
    let query = scope.restrict(query, "v.owner_id").push(BY_STATE);
    let rows = query.push(" LIMIT ").arg(paging.limit()).push(" OFFSET ").arg(paging.offset()).all(on).await?;
    Ok(paging.cut(rows))
}

/// One person's day, for the manager.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct TeamRow {
    /// Who.
    pub owner_id: Id,
    /// Their name.
    pub owner_name: String,
    /// Visits done.
    pub done: i64,
    /// Visits of the day.
    pub planned: i64,
    /// Visits of the day with flags.
    pub flagged: i64,
    /// When they checked in last.
    pub last_at: Option<Millis>,
}

/// Who has done how much of a day's plan.
pub async fn team_day(
    on: impl Into<On<'_>>,
    scope: &Scope,
    day: NaiveDate,
    paging: Paging,
) -> Result<Listing<TeamRow>, DbError> {
    let query = sql(
        "SELECT v.owner_id, u.name AS owner_name, CAST(sum(CASE WHEN v.state = 'done' THEN 1 ELSE 0 END) AS BIGINT) AS done, \
         CAST(count(*) AS BIGINT) AS planned, CAST(sum(CASE WHEN v.flags <> '' THEN 1 ELSE 0 END) AS BIGINT) AS flagged, \
         max(v.checked_in_at) AS last_at FROM visits v JOIN users u ON u.id = v.owner_id WHERE v.deleted_at IS NULL \
         AND v.planned_on = ",
    )
    .arg(day.to_string());
    let rows = scope
        .restrict(query, "v.owner_id")
        .push(" GROUP BY v.owner_id, u.name ORDER BY last_at DESC NULLS LAST, v.owner_id LIMIT ")
        .arg(paging.limit())
        .push(" OFFSET ")
        .arg(paging.offset())
        .all(on)
        .await?;
    Ok(paging.cut(rows))
}

/// Whether a visit to a customer is planned or in progress.
pub async fn awaits(tx: &mut Tx, customer: Id) -> Result<bool, DbError> {
    let open: Option<Id> = sql(
        "SELECT id FROM visits WHERE customer_id = $1 AND deleted_at IS NULL AND state IN ('planned', 'open') LIMIT 1",
    )
    .bind(customer)
    .optional_scalar(tx)
    .await?;
    Ok(open.is_some())
}
