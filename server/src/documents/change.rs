//! How every change of a document begins: a repeated form is answered, then the rows are locked in the one order
//! (customer, document), then scope, state and version are checked.

use super::{Document, Full, State, store, trail};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::db::DbError;
use crate::kernel::id::Id;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::form::Form;
use crate::web::write::Write;

/// A change in progress. It is rolled back when it is dropped.
#[derive(Debug)]
pub struct Change<'a, B> {
    /// The transaction.
    pub write: Write<'a>,
    /// The document, held.
    pub document: Full<B>,
}

/// How a change began.
#[derive(Debug)]
pub enum Begun<'a, B> {
    /// The form was opened on the document as it is.
    Ready(Box<Change<'a, B>>),
    /// The form has another version, or none that can be read: somebody else changed the document, and the writer
    /// must see its present state.
    Crossed(Box<Full<B>>),
}

/// Begins a change of a document that stands in one of `states`.
///
/// # Errors
/// [`AppError::NotFound`] outside the scope; [`AppError::Refused`] in another state.
pub async fn begin<'a, D: Document>(cx: &'a Cx, form: &Form, id: Id, states: &[State]) -> Result<Begun<'a, D::Body>> {
    let mut write = cx.write(form).await?;
    let document = store::hold::<D>(&mut write.tx, Some(&cx.scope()), id).await?.ok_or(AppError::NotFound)?;
    if !states.contains(&document.head.state) {
        return Err(D::locked(&document.head, cx.lang));
    }
    if form.opened() != document.head.version {
        return Ok(Begun::Crossed(Box::new(document)));
    }
    Ok(Begun::Ready(Box::new(Change { write, document })))
}

impl<B> Change<'_, B> {
    /// Notes the change in the operation log.
    pub async fn note(&mut self, action: Action, changes: Changes) -> Result<(), DbError> {
        let head = &self.document.head;
        trail::note(&mut self.write.tx, &self.write.author, action, head.kind, head.id, changes).await
    }

    /// Moves the document to a state and notes that.
    pub async fn move_to(&mut self, state: State) -> Result<(), DbError> {
        self.move_for(state, Changes::new()).await
    }

    /// As [`Change::move_to`], with what else is to be noted, such as the reason.
    pub async fn move_for(&mut self, state: State, changes: Changes) -> Result<(), DbError> {
        let (head, now) = (&self.document.head, self.write.author.at);
        store::set_state(&mut self.write.tx, head.id, state, now).await?;
        let changes = changes.moved("state", head.state.code(), state.code());
        self.note(Action::Act, changes).await
    }
}
