//! The recycle bin: drafts go there and come back. And who else names a record: what documents name stays.

use super::{Change, store};
use crate::kernel::access::Scope;
use crate::kernel::audit::{Action, Author, Changes};
use crate::kernel::db::{DbError, Tx};
use crate::kernel::id::Id;
use crate::kinds::Kind;

use super::trail;

/// Moves the document of a change into the recycle bin. The caller began the change on a draft.
pub async fn delete<B>(change: &mut Change<'_, B>) -> Result<(), DbError> {
    let now = change.write.author.at;
    store::set_deleted(&mut change.write.tx, change.document.head.id, Some(now), now).await?;
    change.note(Action::Delete, Changes::new().moved("deleted", false, true)).await
}

/// Takes a document out of the recycle bin. `false` where it is not there, outside the scope, or where its customer
/// has been deleted.
pub async fn restore(tx: &mut Tx, author: &Author, scope: &Scope, kind: Kind, id: Id) -> Result<bool, DbError> {
    let Some(head) = store::hold_deleted(tx, scope, kind, id).await? else { return Ok(false) };
    store::set_deleted(tx, head.id, None, author.at).await?;
    let changes = Changes::new().moved("deleted", true, false);
    trail::note(tx, author, Action::Edit, kind, id, changes).await?;
    Ok(true)
}

/// Whether a document names this customer, the recycle bin included: then the customer stays. The caller holds it, and
/// so does whoever makes a document.
pub async fn names_customer(tx: &mut Tx, customer: Id) -> Result<bool, DbError> {
    store::names_customer(tx, customer).await
}
