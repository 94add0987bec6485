//! Which module knows a kind of document. The approval's card is drawn by `approvals`, what decides on it by
//! the document's own module; neither names the other. This dispatch is handed to both at boot, as the
//! kernel's hooks are, so the features stay free of a cycle: a new kind of document gets its arm here.

use crate::approvals::Asked;
use crate::kernel::HookFuture;
use crate::kernel::id::Id;
use crate::orders;
use crate::sms;
use crate::ui::timeline::Entry;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use maud::Markup;

/// The card's facts of a document that waits for approval.
#[must_use]
pub fn facts<'a>(cx: &'a Cx, asked: &'a Asked) -> HookFuture<'a, Result<Markup>> {
    Box::pin(async move {
        match asked.kind() {
            orders::KIND => orders::facts(cx, asked).await,
            _ => Err(AppError::NotFound),
        }
    })
}

/// What modules downstream of orders have to say about one, newest first.
#[must_use]
pub fn told_of_order<'a>(cx: &'a Cx, order: Id) -> HookFuture<'a, Result<Vec<Entry>>> {
    Box::pin(async move {
        let sent = sms::of_cause(&cx.office.db, orders::KIND, order, cx.lang, cx.now).await?;
        Ok(sent.into_iter().collect())
    })
}
