//! The decision itself, on whatever way it comes: the page or a message.

use crate::kernel::access::Scope;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::db::Tx;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::web::error::{AppError, Result};

use super::rules::{self, Against, State};
use super::store;

/// Decides the step of `user`, read again under a lock: somebody may have decided meanwhile. The inner error
/// says what stands against it; then nothing was changed.
///
/// # Errors
/// What the document's module refuses; [`AppError::NotFound`] outside the scope.
pub async fn decide(
    tx: &mut Tx,
    author: &Author,
    scope: &Scope,
    user: Id,
    id: Id,
    approved: bool,
    comment: &str,
) -> Result<std::result::Result<(), Against>> {
    store::lock(tx, id).await?;
    let approval = store::find(&mut *tx, scope, user, id).await?.ok_or(AppError::NotFound)?;
    let steps = store::flow(&mut *tx, id).await?;
    let step = match rules::turn_of(&approval, &steps, user) {
        Ok(step) => step,
        Err(against) => return Ok(Err(against)),
    };
    store::decide(tx, author.at, &approval, step, &steps, approved, comment).await?;
    let state = if approved { State::Approved } else { State::Rejected };
    let changes = Changes::new().moved("state", State::Open.code(), state.code()).set("comment", comment);
    audit::record(tx, author, Action::Decide, "approval", id, changes).await?;
    Ok(Ok(()))
}

impl Against {
    /// In words; `None` for somebody who is not asked and is told nothing.
    #[must_use]
    pub fn text(self, lang: Lang) -> Option<String> {
        match self {
            Against::NotAsked => None,
            Against::Ended(State::Withdrawn) => Some(t!(lang, "approvals.was_withdrawn").into_owned()),
            Against::Ended(state) => Some(t!(lang, "approvals.was_decided", state = state.name(lang)).into_owned()),
            Against::Said(state) => Some(t!(lang, "approvals.said_already", state = state.name(lang)).into_owned()),
        }
    }
}
