//! The SQL of tasks.

use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::tasks::rules::{Kind, Priority, State};

/// A task.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct TaskRow {
    /// The task.
    pub id: Id,
    /// Who does it.
    pub owner_id: Id,
    /// Their name.
    pub owner_name: String,
    /// Who gave it; nobody where the system did.
    pub giver_id: Option<Id>,
    /// Their name.
    pub giver_name: Option<String>,
    /// The customer it concerns.
    pub customer_id: Option<Id>,
    /// Their name.
    pub customer_name: Option<String>,
    /// What it asks for.
    pub kind: Kind,
    /// What caused it, such as `call`.
    pub cause_kind: String,
    /// The record that caused it.
    pub cause_id: Option<Id>,
    /// What to do.
    pub title: String,
    /// More about it.
    pub note: String,
    /// How much it presses.
    pub priority: Priority,
    /// Until when.
    pub due_at: Option<Millis>,
    /// Where it stands.
    pub state: State,
    /// What came of it.
    pub feedback: String,
    /// When it was done.
    pub done_at: Option<Millis>,
    /// For edits.
    pub version: i64,
    /// When it was given.
    pub created_at: Millis,
}

impl TaskRow {
    /// Whether its time has run out at `now`.
    #[must_use]
    pub fn is_late(&self, now: Millis) -> bool {
        self.state == State::Open && self.due_at.is_some_and(|due| due < now)
    }

    /// Whether a person has it or gave it.
    #[must_use]
    pub fn is_of(&self, person: Id) -> bool {
        self.owner_id == person || self.giver_id == Some(person)
    }

    /// Whether its giver, somebody other than its owner, has yet to accept it.
    #[must_use]
    pub fn awaits(&self, person: Id) -> bool {
        self.state == State::Done && self.giver_id == Some(person) && self.owner_id != person
    }
}

const ROW: &str = "SELECT t.id, t.owner_id, o.name AS owner_name, t.giver_id, g.name AS giver_name, t.customer_id, \
     c.name AS customer_name, t.kind, t.cause_kind, t.cause_id, t.title, t.note, t.priority, t.due_at, t.state, t.feedback, \
     t.done_at, t.version, t.created_at FROM tasks t JOIN users o ON o.id = t.owner_id \
     LEFT JOIN users g ON g.id = t.giver_id LEFT JOIN customers c ON c.id = t.customer_id WHERE t.deleted_at IS NULL";

/// A task is in view of those who see its owner, and of its giver.
fn in_view(query: Query, scope: &Scope, looker: Id) -> Query {
    let query = query.push(" AND (t.giver_id = ").arg(looker).push(" OR (1 = 1");
    scope.restrict(query, "t.owner_id").push("))")
}

/// A task in view.
pub async fn find(on: impl Into<On<'_>>, scope: &Scope, looker: Id, id: Id) -> Result<Option<TaskRow>, DbError> {
    in_view(sql(ROW).push(" AND t.id = ").arg(id), scope, looker).optional(on).await
}

/// A task that is about to change.
pub async fn find_for_change(tx: &mut Tx, scope: &Scope, looker: Id, id: Id) -> Result<Option<TaskRow>, DbError> {
    let lock = tx.for_update();
    // Only the task is locked; the people and the customer beside it are outer rows, which cannot be.
    let query = in_view(sql(ROW).push(" AND t.id = ").arg(id), scope, looker);
    query.push(lock).push(if lock.is_empty() { "" } else { " OF t" }).optional(tx).await
}

/// Which tasks a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// Mine that are open.
    Mine,
    /// Those I gave to others.
    Given,
    /// Mine that are done.
    Done,
    /// Everybody's in scope that are open.
    Team,
}

/// A page of a list.
pub async fn list(db: &Db, scope: &Scope, looker: Id, view: View, paging: Paging) -> Result<Listing<TaskRow>, DbError> {
    const BY_DUE: &str = " ORDER BY t.due_at NULLS LAST, t.id";
    let query = match view {
        View::Mine => sql(ROW).push(" AND t.owner_id = ").arg(looker).push(" AND t.state = 'open'").push(BY_DUE),
        View::Done => sql(ROW)
            .push(" AND t.owner_id = ")
            .arg(looker)
            .push(" AND t.state IN ('done', 'confirmed') ORDER BY t.done_at DESC NULLS LAST, t.id DESC"),
        // What waits for the giver's word stands first.
        View::Given => sql(ROW).push(" AND t.giver_id = ").arg(looker).push(" AND t.owner_id <> ").arg(looker).push(
            " ORDER BY CASE t.state WHEN 'done' THEN 0 WHEN 'open' THEN 1 ELSE 2 END, t.due_at NULLS LAST, t.id DESC",
        ),
        View::Team => scope.restrict(sql(ROW).push(" AND t.state = 'open'"), "t.owner_id").push(BY_DUE),
    };
    let rows = query.push(" LIMIT ").arg(paging.limit()).push(" OFFSET ").arg(paging.offset()).all(db).await?;
    Ok(paging.cut(rows))
}

/// A person's open tasks, the most pressing first.
pub async fn open_of(on: impl Into<On<'_>>, user: Id, limit: i64) -> Result<Vec<TaskRow>, DbError> {
    sql(ROW)
        .push(" AND t.owner_id = ")
        .arg(user)
        .push(" AND t.state = 'open' ORDER BY t.due_at NULLS LAST, t.id LIMIT ")
        .arg(limit)
        .all(on)
        .await
}

/// How many open tasks a person has; past 99 nobody counts on.
pub async fn count_open(on: impl Into<On<'_>>, user: Id) -> Result<i64, DbError> {
    sql("SELECT CAST(count(*) AS BIGINT) AS n FROM (SELECT id FROM tasks WHERE owner_id = $1 AND state = 'open' \
         AND deleted_at IS NULL LIMIT 100) few")
    .bind(user)
    .scalar(on)
    .await
}

/// A task to be given.
#[derive(Clone, Debug)]
pub struct NewTask<'a> {
    /// Who does it.
    pub owner: Id,
    /// Who gives it; nobody for the system.
    pub giver: Option<Id>,
    /// The customer it concerns.
    pub customer: Option<Id>,
    /// What it asks for.
    pub kind: Kind,
    /// The record that causes it; a cause makes one task only.
    pub cause: Option<(&'a str, Id)>,
    /// What to do.
    pub title: &'a str,
    /// More about it.
    pub note: &'a str,
    /// How much it presses.
    pub priority: Priority,
    /// Until when.
    pub due_at: Option<Millis>,
    /// When it is given.
    pub at: Millis,
}

/// Inserts a task and tells nobody: [`crate::tasks::give`] is for tasks that somebody shall hear of.
pub async fn create(tx: &mut Tx, new: &NewTask<'_>) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO tasks (id, owner_id, giver_id, customer_id, kind, cause_kind, cause_id, title, note, priority, due_at, \
         state, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', $12, $13)")
    .bind(id)
    .bind(new.owner)
    .bind(new.giver)
    .bind(new.customer)
    .bind(new.kind.code())
    .bind(new.cause.map_or("", |(kind, _)| kind))
    .bind(new.cause.map(|(_, cause)| cause))
    .bind(new.title)
    .bind(new.note)
    .bind(new.priority.code())
    .bind(new.due_at)
    .bind(new.at)
    .bind(new.at)
    .run(tx)
    .await?;
    Ok(id)
}

/// What a change of a task writes.
#[derive(Clone, Debug)]
pub struct Content<'a> {
    /// Who does it.
    pub owner: Id,
    /// The customer it concerns.
    pub customer: Option<Id>,
    /// What to do.
    pub title: &'a str,
    /// More about it.
    pub note: &'a str,
    /// How much it presses.
    pub priority: Priority,
    /// Until when.
    pub due_at: Option<Millis>,
    /// When it is changed.
    pub at: Millis,
}

/// Writes a task anew.
pub async fn update(tx: &mut Tx, id: Id, new: &Content<'_>) -> Result<(), DbError> {
    sql("UPDATE tasks SET owner_id = $1, customer_id = $2, title = $3, note = $4, priority = $5, due_at = $6, \
         updated_at = $7, version = version + 1 WHERE id = $8")
    .bind(new.owner)
    .bind(new.customer)
    .bind(new.title)
    .bind(new.note)
    .bind(new.priority.code())
    .bind(new.due_at)
    .bind(new.at)
    .bind(id)
    .run(tx)
    .await?;
    Ok(())
}

#[derive(sqlx_macros::FromRow)]
struct Known {
    id: Id,
    owner_id: Id,
}

/// Whether a task for a customer is open.
pub async fn awaits(tx: &mut Tx, customer: Id) -> Result<bool, DbError> {
    let open: Option<Known> =
        sql("SELECT id, owner_id FROM tasks WHERE customer_id = $1 AND deleted_at IS NULL AND state = 'open' LIMIT 1")
            .bind(customer)
            .optional(tx)
            .await?;
    Ok(open.is_some())
}

/// The task that a record caused before.
pub async fn of_cause(tx: &mut Tx, kind: &'static str, cause: Id) -> Result<Option<Id>, DbError> {
    let known: Option<Known> = sql("SELECT id, owner_id FROM tasks WHERE cause_kind = $1 AND cause_id = $2")
        .bind(kind)
        .bind(cause)
        .optional(tx)
        .await?;
    Ok(known.map(|known| known.id))
}

/// Open call-backs (task, owner) of a customer, and those that the calls caused.
pub async fn open_callbacks(tx: &mut Tx, customer: Option<Id>, calls: &[Id]) -> Result<Vec<(Id, Id)>, DbError> {
    let lock = tx.for_update();
    let query =
        sql("SELECT id, owner_id FROM tasks WHERE kind = 'callback' AND state = 'open' AND deleted_at IS NULL \
         AND (customer_id = ")
        .arg(customer)
        .push(" OR (cause_kind = 'call' AND cause_id IN ")
        .args(calls.iter().copied())
        .push(")) ORDER BY id LIMIT 100");
    let waiting: Vec<Known> = query.push(lock).all(tx).await?;
    Ok(waiting.into_iter().map(|known| (known.id, known.owner_id)).collect())
}

#[derive(sqlx_macros::FromRow)]
struct Burden {
    owner_id: Id,
    n: i64,
}

/// How many calls each person has to return; who has none is not there.
pub async fn open_callbacks_by_owner(db: &Db) -> Result<Vec<(Id, i64)>, DbError> {
    let rows: Vec<Burden> = sql("SELECT owner_id, CAST(count(*) AS BIGINT) AS n FROM tasks WHERE kind = 'callback' \
         AND state = 'open' AND deleted_at IS NULL GROUP BY owner_id ORDER BY owner_id")
    .all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.owner_id, row.n)).collect())
}

/// Ends a task.
pub async fn complete(tx: &mut Tx, id: Id, feedback: &str, at: Millis) -> Result<(), DbError> {
    sql("UPDATE tasks SET state = 'done', feedback = $2, done_at = $3, updated_at = $4, version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(feedback)
        .bind(at)
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}

/// Accepts a task that was done.
pub async fn confirm(tx: &mut Tx, id: Id, at: Millis) -> Result<(), DbError> {
    sql("UPDATE tasks SET state = 'confirmed', updated_at = $2, version = version + 1 WHERE id = $1")
        .bind(id)
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}
