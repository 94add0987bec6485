//! The SQL of the header table.

use super::{Document, Full, Head, State};
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Query, Tx, numbers, sql};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kinds::Kind;

use super::number;

/// The columns of [`Head`], for statements of a kind's own.
pub const COLUMNS: &str = "d.id, d.kind, d.number, d.owner_id, u.name AS owner, d.customer_id, COALESCE(c.name, '') AS customer, \
     d.visit_id, d.source_kind, d.source_id, d.state, d.day, d.title, d.amount, d.note, d.version, d.created_at, \
     d.submitted_at, d.decided_at";
/// Where [`COLUMNS`] come from.
pub const FROM: &str =
    " FROM documents d JOIN users u ON u.id = d.owner_id LEFT JOIN customers c ON c.id = d.customer_id";

/// Narrows a statement to the live documents of a kind. The kind is constant text, so a plan is made for it.
pub(super) fn of_kind(query: Query, kind: Kind) -> Query {
    query.push(" WHERE d.deleted_at IS NULL AND d.kind = '").push(kind.code()).push("'")
}

/// Headers of a kind.
pub(super) fn heads(kind: Kind) -> Query {
    of_kind(sql("SELECT ").push(COLUMNS).push(FROM), kind)
}

/// Headers and bodies of a kind.
pub(super) fn whole<D: Document>() -> Query {
    of_kind(sql("SELECT ").push(COLUMNS).push(D::COLUMNS).push(FROM).push(D::JOINS), D::KIND)
}

/// A document, inside `scope` where there is one.
pub(super) async fn find<D: Document>(
    on: impl Into<On<'_>>,
    scope: Option<&Scope>,
    id: Id,
) -> Result<Option<Full<D::Body>>, DbError> {
    let query = whole::<D>().push(" AND d.id = ").arg(id);
    let query = match scope {
        Some(scope) => scope.restrict(query, "d.owner_id"),
        None => query,
    };
    query.optional(on).await
}

/// The sum of the documents of a kind that are in force and dated `since` or later.
pub async fn amount_since(on: impl Into<On<'_>>, scope: &Scope, kind: Kind, since: &str) -> Result<Fen, DbError> {
    let query = of_kind(sql("SELECT CAST(COALESCE(sum(d.amount), 0) AS BIGINT) AS amount FROM documents d"), kind)
        .push(" AND d.state IN ('active', 'closed') AND d.day >= ")
        .arg(since);
    scope.restrict(query, "d.owner_id").scalar(on).await
}

pub(super) async fn is_in_scope(db: &Db, scope: &Scope, id: Id) -> Result<bool, DbError> {
    let query = sql("SELECT d.id FROM documents d WHERE d.deleted_at IS NULL AND d.id = ").arg(id);
    Ok(scope.restrict(query, "d.owner_id").optional_scalar::<Id>(db).await?.is_some())
}

/// A document that is about to change: its customer is held, then itself, then it is read.
pub(super) async fn hold<D: Document>(
    tx: &mut Tx,
    scope: Option<&Scope>,
    id: Id,
) -> Result<Option<Full<D::Body>>, DbError> {
    // SQLite has one writer; there is nothing to hold.
    if !tx.for_update().is_empty() {
        // Looked for first, so that nobody holds a row that they may not see.
        if find::<D>(&mut *tx, scope, id).await?.is_none() {
            return Ok(None);
        }
        lock(tx, id).await?;
    }
    find::<D>(tx, scope, id).await
}

/// Locks a document's customer, then the document.
async fn lock(tx: &mut Tx, id: Id) -> Result<(), DbError> {
    let lock = tx.for_update();
    sql("SELECT id FROM customers WHERE id = (SELECT customer_id FROM documents WHERE id = $1)")
        .bind(id)
        .push(lock)
        .optional_scalar::<Id>(&mut *tx)
        .await?;
    sql("SELECT id FROM documents WHERE id = $1").bind(id).push(lock).optional_scalar::<Id>(tx).await.map(|_| ())
}

/// The header of a new document.
#[derive(Clone, Debug)]
pub struct NewHead {
    /// Whose it is.
    pub owner: Id,
    /// Its customer.
    pub customer: Option<Id>,
    /// The visit that it is written on.
    pub visit: Option<Id>,
    /// The document that it is made from.
    pub source: Option<(Kind, Id)>,
    /// A draft, or in force at once.
    pub state: State,
    /// Its date, `YYYY-MM-DD`.
    pub day: String,
    /// What lists show beside the number.
    pub title: String,
    /// What it comes to.
    pub amount: Option<Fen>,
    /// What its writer notes.
    pub note: String,
}

/// Inserts a header and gives it its number. The customer is held by the caller.
///
/// # Returns
/// The id and the number.
pub async fn insert(tx: &mut Tx, kind: Kind, new: &NewHead, now: Millis) -> Result<(Id, String), DbError> {
    let number = numbers::next(tx, kind.prefix(), now).await?;
    // After the counter, which is held until the commit: ids are in the order of the numbers.
    let id = Id::new();
    let in_force = new.state.in_force().then_some(now);
    sql("INSERT INTO documents (id, kind, number, sequence, owner_id, customer_id, visit_id, source_kind, source_id, state, \
         day, title, amount, note, submitted_at, decided_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)")
    .bind(id)
    .bind(kind.code())
    .bind(&number)
    .bind(number::sequence(&number))
    .bind(new.owner)
    .bind(new.customer)
    .bind(new.visit)
    .bind(new.source.map(|(kind, _)| kind.code()))
    .bind(new.source.map(|(_, id)| id))
    .bind(new.state.code())
    .bind(&new.day)
    .bind(&new.title)
    .bind(new.amount)
    .bind(&new.note)
    .bind(in_force)
    .bind(in_force)
    .bind(now)
    .bind(now)
    .run(tx)
    .await?;
    Ok((id, number))
}

/// Writes what a draft's form changes in the header.
pub async fn set_content(tx: &mut Tx, id: Id, amount: Option<Fen>, note: &str, now: Millis) -> Result<(), DbError> {
    sql("UPDATE documents SET amount = $1, note = $2, version = version + 1, updated_at = $3 WHERE id = $4")
        .bind(amount)
        .bind(note)
        .bind(now)
        .bind(id)
        .run(tx)
        .await
        .map(|_| ())
}

/// Writes what lists show of a draft beside its number; beside [`set_content`].
pub async fn set_title(tx: &mut Tx, id: Id, title: &str) -> Result<(), DbError> {
    sql("UPDATE documents SET title = $1 WHERE id = $2").bind(title).bind(id).run(tx).await.map(|_| ())
}

/// Moves a document to a state and notes the moment.
pub(super) async fn set_state(tx: &mut Tx, id: Id, state: State, now: Millis) -> Result<(), DbError> {
    let query =
        sql("UPDATE documents SET version = version + 1, updated_at = $1, state = $2").bind(now).bind(state.code());
    let query = match state {
        State::Approving => query.push(", submitted_at = ").arg(now),
        State::Active => {
            query.push(", submitted_at = COALESCE(submitted_at, ").arg(now).push("), decided_at = ").arg(now)
        }
        State::Rejected => query.push(", decided_at = ").arg(now),
        State::Draft => query.push(", submitted_at = NULL"),
        State::Closed | State::Cancelled => query,
    };
    query.push(" WHERE id = ").arg(id).run(tx).await.map(|_| ())
}

/// A customer's newest document of a kind that was in force.
pub async fn last_of_customer(
    on: impl Into<On<'_>>,
    scope: &Scope,
    kind: Kind,
    customer: Id,
) -> Result<Option<Head>, DbError> {
    let query = heads(kind).push(" AND d.state IN ('active', 'closed') AND d.customer_id = ").arg(customer);
    scope.restrict(query, "d.owner_id").push(" ORDER BY d.id DESC LIMIT 1").optional(on).await
}

/// Moves a document into the recycle bin, or out of it.
pub(super) async fn set_deleted(tx: &mut Tx, id: Id, at: Option<Millis>, now: Millis) -> Result<(), DbError> {
    sql("UPDATE documents SET deleted_at = $1, version = version + 1, updated_at = $2 WHERE id = $3")
        .bind(at)
        .bind(now)
        .bind(id)
        .run(tx)
        .await
        .map(|_| ())
}

/// The drafts of a kind in the recycle bin, newest first.
pub(super) async fn deleted(db: &Db, scope: &Scope, kind: Kind, paging: Paging) -> Result<Listing<Head>, DbError> {
    let query = sql("SELECT ").push(COLUMNS).push(FROM).push(" WHERE d.deleted_at IS NOT NULL AND d.kind = '");
    let query = scope.restrict(query.push(kind.code()).push("'"), "d.owner_id").push(" ORDER BY d.id DESC LIMIT ");
    Ok(paging.cut(query.arg(paging.limit()).push(" OFFSET ").arg(paging.offset()).all(db).await?))
}

/// A draft in the recycle bin, held, while its customer is there.
pub(super) async fn hold_deleted(tx: &mut Tx, scope: &Scope, kind: Kind, id: Id) -> Result<Option<Head>, DbError> {
    lock(tx, id).await?;
    let query = sql("SELECT ")
        .push(COLUMNS)
        .push(FROM)
        .push(" WHERE d.deleted_at IS NOT NULL AND c.deleted_at IS NULL AND d.kind = ")
        .arg(kind.code())
        .push(" AND d.id = ")
        .arg(id);
    scope.restrict(query, "d.owner_id").optional(tx).await
}

/// Whether a document names this customer, the recycle bin included.
pub(super) async fn names_customer(tx: &mut Tx, customer: Id) -> Result<bool, DbError> {
    let query = sql("SELECT id FROM documents WHERE customer_id = $1 LIMIT 1").bind(customer);
    Ok(query.optional_scalar::<Id>(tx).await?.is_some())
}

/// The language of a person, for a refusal inside a reaction.
pub(super) async fn lang_of(tx: &mut Tx, user: Id) -> Result<String, DbError> {
    let lang: Option<String> = sql("SELECT lang FROM users WHERE id = $1").bind(user).optional_scalar(tx).await?;
    Ok(lang.unwrap_or_default())
}
