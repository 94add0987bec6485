//! A customer's documents for the timeline, and the documents that were made from one another.

use super::Head;
use super::store::{BESIDES, COLUMNS, FROM};
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::{Db, DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::kinds::Kind;

/// A customer's newest documents of these kinds, one statement for all of them.
pub async fn history(db: &Db, scope: &Scope, customer: Id, kinds: &[Kind], limit: i64) -> Result<Vec<Head>, DbError> {
    let query = sql("SELECT ")
        .push(COLUMNS)
        .push(FROM)
        .push(" WHERE d.deleted_at IS NULL AND d.customer_id = ")
        .arg(customer)
        .push(" AND d.kind IN ")
        .args(kinds.iter().map(|kind| kind.code()));
    scope.restrict(query, BESIDES).push(" ORDER BY d.id DESC LIMIT ").arg(limit).all(db).await
}

/// What was made of these kinds on a visit, and on its `day` for its customer without one, oldest first.
pub async fn made_on_visit(
    db: &Db,
    scope: &Scope,
    (visit, customer): (Id, Id),
    day: &str,
    kinds: &[Kind],
) -> Result<Vec<Head>, DbError> {
    let query = sql("SELECT ")
        .push(COLUMNS)
        .push(FROM)
        .push(" WHERE d.deleted_at IS NULL AND d.state <> 'cancelled' AND d.customer_id = ")
        .arg(customer)
        .push(" AND (d.visit_id = ")
        .arg(visit)
        .push(" OR (d.visit_id IS NULL AND d.day = ")
        .arg(day)
        .push(")) AND d.kind IN ")
        .args(kinds.iter().map(|kind| kind.code()));
    scope.restrict(query, "d.owner_id").push(" ORDER BY d.id LIMIT 20").all(db).await
}

/// The document that `head` was made from, and those that were made from it, oldest first.
pub async fn related(db: &Db, scope: &Scope, head: &Head) -> Result<Vec<Head>, DbError> {
    let query = sql("SELECT ")
        .push(COLUMNS)
        .push(FROM)
        .push(" WHERE d.deleted_at IS NULL AND (d.source_id = ")
        .arg(head.id)
        .push(" OR d.id = ")
        .arg(head.source_id)
        .push(")");
    scope.restrict(query, BESIDES).push(" ORDER BY d.id LIMIT 20").all(db).await
}

/// The document of a kind that was made from `source` and is neither rejected nor cancelled, and since when it is in the
/// recycle bin, from where it can be restored. The source is locked.
pub async fn made_of(tx: &mut Tx, source: Id, kind: Kind) -> Result<Option<(Id, Option<Millis>)>, DbError> {
    sql("SELECT d.id, d.deleted_at FROM documents d WHERE d.state NOT IN ('rejected', 'cancelled') \
         AND d.source_id = $1 AND d.kind = $2 ORDER BY d.id LIMIT 1")
    .bind(source)
    .bind(kind.code())
    .optional(tx)
    .await
}
