//! One person's today: what is under way, the day, what was missed, the week ahead.

use chrono::{Days, NaiveDate};

use crate::kernel::access::Scope;
use crate::kernel::china::geo::Point;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{DbError, On, Query, sql};
use crate::kernel::id::Id;
use crate::visits::store::{VisitRow, rows};

/// How far back a missed visit is still shown.
const MISSED_DAYS: u64 = 30;
/// How far ahead today's list looks.
const AHEAD_DAYS: u64 = 7;

/// The list of today of one `owner`, in scope.
pub(super) async fn of_today(
    on: impl Into<On<'_>>,
    scope: &Scope,
    owner: Id,
    today: NaiveDate,
    paging: Paging,
) -> Result<Listing<VisitRow>, DbError> {
    let day = today.to_string();
    let from = today.checked_sub_days(Days::new(MISSED_DAYS)).unwrap_or(today).to_string();
    let to = today.checked_add_days(Days::new(AHEAD_DAYS)).unwrap_or(today).to_string();
    let theirs = |query: Query, which: &'static str| {
        let query = query.push("SELECT id FROM visits WHERE deleted_at IS NULL AND owner_id = ").arg(owner);
        scope.restrict(query, "owner_id").push(" AND ").push(which)
    };
    let first = |query: Query| {
        query.push(" ORDER BY planned_on, id LIMIT ").arg(paging.limit() + paging.offset()).push(") AS waiting")
    };
    let order = |query: Query| {
        query
            .push(" ORDER BY CASE WHEN v.state = 'open' THEN 0 WHEN v.planned_on = ")
            .arg(&day)
            .push(" AND v.state = 'planned' THEN 1 WHEN v.planned_on = ")
            .arg(&day)
            .push(" THEN 2 WHEN v.planned_on < ")
            .arg(&day)
            .push(" THEN 3 ELSE 4 END, v.planned_on, v.checked_in_at NULLS LAST, v.id")
    };
    // The page's rows are chosen before people and customers are looked up for them. Four looks, each at an index
    // of its own, and of what waits no more than the page can show: what stands before it on the page only takes
    // room away from it. Only what waits can be missed or ahead, since a check-in moves a visit to its day.
    let query = rows().push(" AND v.id IN (SELECT v.id FROM visits v WHERE v.id IN (");
    let query = theirs(query, "state = 'open'").push(" UNION ALL ");
    let query = theirs(query, "planned_on = ").arg(&day).push(" UNION ALL SELECT id FROM (");
    let query = theirs(query, "state IN ('planned', 'open') AND planned_on >= ").arg(from);
    let query = first(query.push(" AND planned_on < ").arg(&day)).push(" UNION ALL SELECT id FROM (");
    let query = theirs(query, "state IN ('planned', 'open') AND planned_on > ").arg(&day);
    let query = first(query.push(" AND planned_on <= ").arg(to)).push(")");
    let query = order(query).push(" LIMIT ").arg(paging.limit()).push(" OFFSET ").arg(paging.offset()).push(")");
    Ok(paging.cut(order(query).all(on).await?))
}

/// A visit that is still to come today.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct NextStop {
    /// The visit.
    pub id: Id,
    /// The customer's name.
    pub customer_name: String,
    /// Their address.
    pub address: String,
    lat: Option<f64>,
    lng: Option<f64>,
}

impl NextStop {
    /// The customer's point.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        Point::new(self.lat?, self.lng?)
    }
}

/// The person's own next stop of a day: the one nearest to `here`, else the first that was planned.
pub async fn next_stop(
    on: impl Into<On<'_>>,
    owner: Id,
    day: NaiveDate,
    here: Option<Point>,
) -> Result<Option<NextStop>, DbError> {
    let stops: Vec<NextStop> = sql("SELECT v.id, c.name AS customer_name, c.address, c.lat, c.lng FROM visits v \
         JOIN customers c ON c.id = v.customer_id WHERE v.deleted_at IS NULL AND v.state = 'planned' AND v.owner_id = $1 \
         AND v.planned_on = $2 ORDER BY v.id LIMIT 50")
    .bind(owner)
    .bind(day.to_string())
    .all(on)
    .await?;
    let metres = |stop: &NextStop| here.zip(stop.point()).map_or(i64::MAX, |(here, there)| here.metres_to(there));
    Ok(stops.into_iter().min_by_key(metres))
}
