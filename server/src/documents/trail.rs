//! What happened to a document, in the operation log.

use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::db::{DbError, Tx};
use crate::kernel::id::Id;
use crate::kinds::Kind;

/// Notes what was done to a document.
pub async fn note(
    tx: &mut Tx,
    author: &Author,
    action: Action,
    kind: Kind,
    id: Id,
    changes: Changes,
) -> Result<(), DbError> {
    audit::record(tx, author, action, kind.code(), id, changes).await
}
