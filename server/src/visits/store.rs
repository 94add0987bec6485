//! The SQL of visits and their photos.

use chrono::{Days, NaiveDate};

use crate::kernel::access::Scope;
use crate::kernel::clock::{DAY, Millis};
use crate::kernel::db::{Db, DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::paging::{Listing, Paging};
use crate::visits::rules::{Before, Evidence, Fix, Flags, State, minutes};

/// A visit as lists show it.
#[derive(Clone, Debug, sqlx::FromRow)]
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
    pub state: String,
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
        State::of(&self.state, &self.planned_on, today)
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
#[derive(Clone, Debug, sqlx::FromRow)]
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
    pub fn point(&self) -> Option<(f64, f64)> {
        self.lat.zip(self.lng)
    }
}

const ROW: &str = "SELECT v.id, v.owner_id, u.name AS owner_name, v.customer_id, c.name AS customer_name, c.address, \
     v.planned_on, v.state, v.purpose, v.checked_in_at, v.checked_out_at, v.in_distance, v.flags";
const FROM: &str = " FROM visits v JOIN users u ON u.id = v.owner_id JOIN customers c ON c.id = v.customer_id \
     WHERE v.deleted_at IS NULL";

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
///
/// # Errors
/// What the database says.
pub async fn find(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Visit>, DbError> {
    full(scope, id).optional(on).await
}

/// A visit that is about to change.
///
/// # Errors
/// What the database says.
pub async fn find_for_change(tx: &mut Tx, scope: &Scope, id: Id) -> Result<Option<Visit>, DbError> {
    let lock = tx.for_update();
    // Only the visit is locked, not the person and the customer beside it.
    full(scope, id).push(lock).push(if lock.is_empty() { "" } else { " OF v" }).optional(tx).await
}

/// One person's visits of a day: under way, then to come, then done.
///
/// # Errors
/// What the database says.
pub async fn today(on: impl Into<On<'_>>, scope: &Scope, user: Id, day: NaiveDate) -> Result<Vec<VisitRow>, DbError> {
    let query = rows().push(" AND v.owner_id = ").arg(user).push(" AND v.planned_on = ").arg(day.to_string());
    scope
        .restrict(query, "v.owner_id")
        .push(" ORDER BY CASE v.state WHEN 'open' THEN 0 WHEN 'planned' THEN 1 ELSE 2 END, v.checked_in_at NULLS LAST, v.id LIMIT 50")
        .all(on)
        .await
}

#[derive(sqlx::FromRow)]
struct Count {
    done: i64,
    planned: i64,
}

/// How many of a person's visits of a day are done, and how many there are.
///
/// # Errors
/// What the database says.
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

/// How far back a missed visit is still shown.
const MISSED_DAYS: u64 = 30;
/// How far ahead today's list looks.
const AHEAD_DAYS: u64 = 7;

/// The list of a day, of everybody in scope or of one `owner`. On one person's today, what is under way stands
/// first, then the day, then what was missed, then the week ahead.
///
/// # Errors
/// What the database says.
pub async fn of_day(
    on: impl Into<On<'_>>,
    scope: &Scope,
    owner: Option<Id>,
    day: NaiveDate,
    today: NaiveDate,
    paging: Paging,
) -> Result<Listing<VisitRow>, DbError> {
    let rows = || match owner {
        Some(owner) => rows().push(" AND v.owner_id = ").arg(owner),
        None => rows(),
    };
    let query = if day == today && owner.is_some() {
        let from = day.checked_sub_days(Days::new(MISSED_DAYS)).unwrap_or(day).to_string();
        let to = day.checked_add_days(Days::new(AHEAD_DAYS)).unwrap_or(day).to_string();
        let query = rows()
            .push(" AND v.planned_on >= ")
            .arg(from)
            .push(" AND v.planned_on <= ")
            .arg(to)
            .push(" AND (v.planned_on >= ")
            .arg(day.to_string())
            .push(" OR v.state IN ('planned', 'open'))");
        scope
            .restrict(query, "v.owner_id")
            .push(" ORDER BY CASE WHEN v.state = 'open' THEN 0 WHEN v.planned_on = ")
            .arg(day.to_string())
            .push(" AND v.state = 'planned' THEN 1 WHEN v.planned_on = ")
            .arg(day.to_string())
            .push(" THEN 2 WHEN v.planned_on < ")
            .arg(day.to_string())
            .push(" THEN 3 ELSE 4 END, v.planned_on, v.checked_in_at NULLS LAST, v.id")
    } else {
        scope
            .restrict(rows().push(" AND v.planned_on = ").arg(day.to_string()), "v.owner_id")
            .push(" ORDER BY CASE v.state WHEN 'open' THEN 0 WHEN 'planned' THEN 1 ELSE 2 END, v.checked_in_at NULLS LAST, v.id")
    };
    let rows = query.push(" LIMIT ").arg(paging.limit()).push(" OFFSET ").arg(paging.offset()).all(on).await?;
    Ok(paging.cut(rows))
}

/// One person's day, for the manager.
#[derive(Clone, Debug, sqlx::FromRow)]
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
///
/// # Errors
/// What the database says.
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

/// A person's name, if they are in scope: the heading of one colleague's day.
///
/// # Errors
/// What the database says.
pub async fn colleague(on: impl Into<On<'_>>, scope: &Scope, user: Id) -> Result<Option<String>, DbError> {
    #[derive(sqlx::FromRow)]
    struct Name {
        name: String,
    }
    let query = sql("SELECT u.name FROM users u WHERE u.id = $1").bind(user);
    let found: Option<Name> = scope.restrict(query, "u.id").optional(on).await?;
    Ok(found.map(|found| found.name))
}

/// A customer's visits that took place, newest first.
///
/// # Errors
/// What the database says.
pub async fn of_customer(
    on: impl Into<On<'_>>,
    scope: &Scope,
    customer: Id,
    limit: i64,
) -> Result<Vec<Visit>, DbError> {
    let query = sql(ROW)
        .push(
            ", v.in_lat, v.in_lng, v.in_accuracy, v.in_fix_at, v.out_reason, v.result, v.next_on, v.version, c.lat, c.lng",
        )
        .push(FROM)
        .push(" AND v.customer_id = ")
        .arg(customer)
        .push(" AND v.checked_in_at IS NOT NULL");
    scope.restrict(query, "v.owner_id").push(" ORDER BY v.id DESC LIMIT ").arg(limit).all(on).await
}

/// A customer's last finished visit: when it was, and its result.
///
/// # Errors
/// What the database says.
pub async fn last_of(db: &Db, scope: &Scope, customer: Id) -> Result<Option<Visit>, DbError> {
    Ok(of_customer(db, scope, customer, 1).await?.into_iter().next())
}

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

/// How a visit went, for records of visits that are over.
#[derive(Clone, Debug)]
pub struct Ended<'a> {
    /// Check-in.
    pub from: Millis,
    /// Check-out.
    pub to: Millis,
    /// Where.
    pub fix: Option<Fix>,
    /// Metres to the customer's point.
    pub distance: Option<i64>,
    /// What came of it.
    pub result: &'a str,
    /// The next visit.
    pub next_on: Option<NaiveDate>,
    /// What is odd.
    pub flags: Flags,
}

/// Plans a visit.
///
/// # Errors
/// What the database says.
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
    .run(tx)
    .await?;
    Ok(id)
}

/// Records a visit that is over: for data that comes from elsewhere.
///
/// # Errors
/// What the database says.
pub async fn create_ended(tx: &mut Tx, new: &NewVisit<'_>, ended: &Ended<'_>) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO visits (id, owner_id, customer_id, planned_on, state, purpose, checked_in_at, in_lat, in_lng, \
         in_accuracy, in_fix_at, in_distance, checked_out_at, result, next_on, flags, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, 'done', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)")
    .bind(id)
    .bind(new.owner)
    .bind(new.customer)
    .bind(new.planned_on.to_string())
    .bind(new.purpose)
    .bind(ended.from)
    .bind(ended.fix.map(|fix| fix.lat))
    .bind(ended.fix.map(|fix| fix.lng))
    .bind(ended.fix.and_then(|fix| fix.accuracy))
    .bind(ended.fix.and_then(|fix| fix.at))
    .bind(ended.distance)
    .bind(ended.to)
    .bind(ended.result)
    .bind(ended.next_on.map(|day| day.to_string()))
    .bind(ended.flags.stored())
    .bind(new.at)
    .bind(ended.to)
    .run(tx)
    .await?;
    Ok(id)
}

#[derive(sqlx::FromRow)]
struct Known {
    id: Id,
}

/// A person's visit to a customer that waits on a day or is under way: one is enough.
///
/// # Errors
/// What the database says.
pub async fn waiting(tx: &mut Tx, owner: Id, customer: Id, day: NaiveDate) -> Result<Option<Id>, DbError> {
    let known: Option<Known> =
        sql("SELECT id FROM visits WHERE owner_id = $1 AND customer_id = $2 AND deleted_at IS NULL \
         AND (state = 'open' OR (state = 'planned' AND planned_on = $3)) ORDER BY state, id DESC LIMIT 1")
        .bind(owner)
        .bind(customer)
        .bind(day.to_string())
        .optional(tx)
        .await?;
    Ok(known.map(|known| known.id))
}

/// Moves a plan to another day or purpose.
///
/// # Errors
/// What the database says.
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
///
/// # Errors
/// What the database says.
pub async fn delete(tx: &mut Tx, id: Id, at: Millis) -> Result<(), DbError> {
    sql("UPDATE visits SET deleted_at = $2, updated_at = $3, version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(at)
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Place {
    in_lat: Option<f64>,
    in_lng: Option<f64>,
    checked_in_at: Option<Millis>,
}

/// Where and when a person checked in last.
///
/// # Errors
/// What the database says.
pub async fn last_place(tx: &mut Tx, owner: Id, now: Millis, day: NaiveDate) -> Result<Option<Before>, DbError> {
    // By day first: that is what the index orders.
    let since = day.pred_opt().unwrap_or(day).to_string();
    let place: Option<Place> = sql(
        "SELECT in_lat, in_lng, checked_in_at FROM visits WHERE owner_id = $1 AND planned_on >= $2 \
         AND checked_in_at > $3 AND in_lat IS NOT NULL AND deleted_at IS NULL ORDER BY checked_in_at DESC, id DESC LIMIT 1",
    )
    .bind(owner)
    .bind(since)
    .bind(now - DAY)
    .optional(tx)
    .await?;
    Ok(place.and_then(|place| {
        let (lat, lng, at) = (place.in_lat?, place.in_lng?, place.checked_in_at?);
        Some(Before { place: (lat, lng), at })
    }))
}

/// Begins a visit.
///
/// # Errors
/// What the database says.
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
    .run(tx)
    .await?;
    Ok(())
}

/// Writes the result and the next date.
///
/// # Errors
/// What the database says.
pub async fn write_result(tx: &mut Tx, id: Id, result: &str, next_on: Option<&str>, at: Millis) -> Result<(), DbError> {
    sql("UPDATE visits SET result = $2, next_on = $3, updated_at = $4, version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(result)
        .bind(next_on)
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}

/// Ends a visit.
///
/// # Errors
/// What the database says.
pub async fn check_out(
    tx: &mut Tx,
    id: Id,
    result: &str,
    next_on: Option<&str>,
    reason: &str,
    at: Millis,
) -> Result<(), DbError> {
    sql("UPDATE visits SET state = 'done', checked_out_at = $2, result = $3, next_on = $4, out_reason = $5, updated_at = $6, \
         version = version + 1 WHERE id = $1")
    .bind(id)
    .bind(at)
    .bind(result)
    .bind(next_on)
    .bind(reason)
    .bind(at)
    .run(tx)
    .await?;
    Ok(())
}

/// Notes what is odd about a visit.
///
/// # Errors
/// What the database says.
pub async fn set_flags(tx: &mut Tx, id: Id, flags: &Flags, at: Millis) -> Result<(), DbError> {
    sql("UPDATE visits SET flags = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(flags.stored())
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}

/// A photo of a visit.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PhotoRow {
    /// The photo.
    pub id: Id,
    /// When it came.
    pub taken_at: Millis,
    /// Name of the stored picture.
    pub file_hash: String,
    /// Name of the stored thumbnail.
    pub thumb_hash: String,
}

/// The photos of a visit in scope.
///
/// # Errors
/// What the database says.
pub async fn photos(on: impl Into<On<'_>>, scope: &Scope, visit: Id) -> Result<Vec<PhotoRow>, DbError> {
    let query = sql(
        "SELECT p.id, p.taken_at, p.file_hash, p.thumb_hash FROM visit_photos p JOIN visits v ON v.id = p.visit_id \
         WHERE v.deleted_at IS NULL AND v.id = ",
    )
    .arg(visit);
    scope.restrict(query, "v.owner_id").push(" ORDER BY p.id LIMIT 50").all(on).await
}

/// A photo of a visit in scope.
///
/// # Errors
/// What the database says.
pub async fn photo(on: impl Into<On<'_>>, scope: &Scope, visit: Id, photo: Id) -> Result<Option<PhotoRow>, DbError> {
    let query = sql(
        "SELECT p.id, p.taken_at, p.file_hash, p.thumb_hash FROM visit_photos p JOIN visits v ON v.id = p.visit_id \
         WHERE v.deleted_at IS NULL AND p.id = ",
    )
    .arg(photo)
    .push(" AND v.id = ")
    .arg(visit);
    scope.restrict(query, "v.owner_id").optional(on).await
}

/// A photo to be kept.
#[derive(Clone, Debug)]
pub struct NewPhoto<'a> {
    /// Of which visit.
    pub visit: Id,
    /// When it came.
    pub at: Millis,
    /// Hash of the upload.
    pub original: &'a str,
    /// Name of the stored picture.
    pub file: &'a str,
    /// Name of the stored thumbnail.
    pub thumb: &'a str,
    /// Pixels.
    pub width: i64,
    /// Pixels.
    pub height: i64,
}

/// Keeps a photo.
///
/// # Errors
/// What the database says.
pub async fn add_photo(tx: &mut Tx, new: &NewPhoto<'_>) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO visit_photos (id, visit_id, taken_at, original_hash, file_hash, thumb_hash, width, height, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
    .bind(id)
    .bind(new.visit)
    .bind(new.at)
    .bind(new.original)
    .bind(new.file)
    .bind(new.thumb)
    .bind(new.width)
    .bind(new.height)
    .bind(new.at)
    .run(tx)
    .await?;
    Ok(id)
}

#[derive(sqlx::FromRow)]
struct Twin {
    visit_id: Id,
}

/// The visits for which the same picture was handed in before.
///
/// # Errors
/// What the database says.
pub async fn visits_with(tx: &mut Tx, original: &str) -> Result<Vec<Id>, DbError> {
    let twins: Vec<Twin> = sql("SELECT visit_id FROM visit_photos WHERE original_hash = $1 ORDER BY id LIMIT 20")
        .bind(original)
        .all(tx)
        .await?;
    Ok(twins.into_iter().map(|twin| twin.visit_id).collect())
}
