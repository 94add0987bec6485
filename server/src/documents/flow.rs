//! Submission, withdrawal, decision and cancellation, the same for every kind.

use poem::Response;

use super::{Begun, Document, Full, NOTE, State, begin, store, trail};
use crate::approvals::{self, Ask};
use crate::events::Outcome;
use crate::kernel::audit::{Action, Author, Changes};
use crate::kernel::clock::Millis;
use crate::kernel::db::Tx;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};

fn refused<D: Document>(lang: Lang, key: &str) -> AppError {
    AppError::Refused(t!(lang, key, kind = D::KIND.name(lang)).into_owned())
}

/// The refusal where somebody else has changed the document since its page was opened.
#[must_use]
pub fn changed_meanwhile<D: Document>(lang: Lang) -> AppError {
    refused::<D>(lang, "documents.changed_meanwhile")
}

/// Submits a draft: the checks, then approval or force, all in one transaction.
pub(super) async fn submit<D: Document>(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let note = form.text("note", &t!(cx.lang, "documents.to_approver"), NOTE);
    if let Some(message) = form.error("note") {
        return Err(AppError::Refused(message.to_owned()));
    }
    let Begun::Ready(mut change) = begin::<D>(&cx, &form, cx.id()?, &[State::Draft]).await? else {
        return Err(changed_meanwhile::<D>(cx.lang));
    };
    let author = change.write.author.clone();
    let sent = send::<D>(&mut change.write.tx, &author, cx.actor().id, &change.document, note, cx.lang).await;
    let state = match sent {
        Ok(state) => state,
        Err(AppError::Refused(why)) => {
            let document = change.document;
            drop(change.write);
            return D::refused(&cx, &document, why).await;
        }
        Err(other) => return Err(other),
    };
    let done = if state == State::Active { "in_force" } else { "sent" };
    let address = change.document.head.address();
    change.write.finish(&format!("{address}?done={done}")).await
}

/// Submits a draft that is locked, and returns its new state.
async fn send<D: Document>(
    tx: &mut Tx,
    author: &Author,
    requester: Id,
    document: &Full<D::Body>,
    note: String,
    lang: Lang,
) -> Result<State> {
    let (head, now) = (&document.head, author.at);
    let reasons = D::reasons(tx, document, now, lang).await?;
    let state = if reasons.is_empty() {
        D::in_force(tx, document, now, lang).await?;
        State::Active
    } else {
        let Some(approver) = approvals::manager_of(&mut *tx, requester).await? else {
            return Err(refused::<D>(lang, "documents.no_approver"));
        };
        let ask = Ask {
            kind: D::KIND,
            document: head.id,
            requester,
            title: format!("{} {}", head.number, head.customer).trim_end().to_owned(),
            amount: head.amount,
            reason: reasons.join(","),
            note,
            approvers: vec![approver],
        };
        approvals::open(tx, now, &ask).await?;
        State::Approving
    };
    store::set_state(tx, head.id, state, now).await?;
    let changes = Changes::new().moved("state", head.state.code(), state.code());
    trail::note(tx, author, Action::Act, D::KIND, head.id, changes).await?;
    Ok(state)
}

/// Submits a draft for whoever wrote it, such as one that is made from another document.
///
/// # Errors
/// [`AppError::Refused`] where it is no draft or cannot be submitted.
pub async fn submit_for<D: Document>(
    tx: &mut Tx,
    author: &Author,
    requester: Id,
    id: Id,
    note: String,
    lang: Lang,
) -> Result<State> {
    let document = store::hold::<D>(tx, None, id).await?.ok_or(AppError::NotFound)?;
    if document.head.state != State::Draft {
        return Err(D::locked(&document.head, lang));
    }
    send::<D>(tx, author, requester, &document, note, lang).await
}

/// Takes a submission back; the requester does, or the document's owner.
pub(super) async fn withdraw<D: Document>(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let id = cx.id()?;
    let mut write = cx.write(&form).await?;
    let head = store::find::<D>(&mut write.tx, Some(&cx.scope()), id).await?.ok_or(AppError::NotFound)?.head;
    let open = approvals::open_of(&mut write.tx, D::KIND, id).await?;
    let Some(open) = open.filter(|_| head.state == State::Approving) else {
        return Err(refused::<D>(cx.lang, "documents.not_approving"));
    };
    if open.requester_id != cx.actor().id && head.owner_id != cx.actor().id {
        return Err(AppError::Forbidden);
    }
    if form.opened() != head.version {
        return Err(changed_meanwhile::<D>(cx.lang));
    }
    // The approval is held first, as a decision does. Ending it comes back to `decided`, which holds the document.
    approvals::withdraw(&mut write.tx, cx.now, D::KIND, id, cx.actor().id).await?;
    write.finish(&format!("{}?done=withdrawn", head.address())).await
}

/// What the decision on a document's approval does, inside the decision's transaction.
///
/// # Errors
/// [`AppError::Refused`] where it cannot come into force; then the decision is undone too.
pub async fn decided<D: Document>(tx: &mut Tx, now: Millis, id: Id, outcome: Outcome, by: Id) -> Result<()> {
    let document = store::hold::<D>(tx, None, id).await?.ok_or(AppError::NotFound)?;
    let lang = Lang::from_code(&store::lang_of(tx, by).await?).unwrap_or_default();
    if document.head.state != State::Approving {
        return Err(refused::<D>(lang, "documents.not_approving"));
    }
    let state = match outcome {
        Outcome::Approved => {
            D::in_force(tx, &document, now, lang).await?;
            State::Active
        }
        Outcome::Rejected => State::Rejected,
        Outcome::Withdrawn => State::Draft,
    };
    store::set_state(tx, id, state, now).await?;
    let author = Author { user: Some(by), origin: "approval".to_owned(), at: now };
    let changes = Changes::new().moved("state", State::Approving.code(), state.code());
    Ok(trail::note(tx, &author, Action::Decide, D::KIND, id, changes).await?)
}

/// Cancels a document. Only people who see others' documents may cancel one that is in force; its effects are undone.
pub(super) async fn cancel<D: Document>(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let states = [State::Draft, State::Rejected, State::Active];
    let Begun::Ready(mut change) = begin::<D>(&cx, &form, cx.id()?, &states).await? else {
        return Err(changed_meanwhile::<D>(cx.lang));
    };
    if change.document.head.state == State::Active {
        if !cx.scope().sees_others() {
            return Err(AppError::Forbidden);
        }
        D::undo(&mut change.write.tx, &change.document, cx.lang).await?;
    }
    change.move_to(State::Cancelled).await?;
    let address = change.document.head.address();
    change.write.finish(&format!("{address}?done=cancelled")).await
}
