//! A customer's documents for the timeline.

use super::Head;
use super::store::{COLUMNS, FROM};
use crate::kernel::access::Scope;
use crate::kernel::db::{Db, DbError, sql};
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
    scope.restrict(query, "d.owner_id").push(" ORDER BY d.id DESC LIMIT ").arg(limit).all(db).await
}
