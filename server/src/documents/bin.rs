//! The recycle bin: drafts are moved there and restored. A record that documents refer to cannot be deleted.

use poem::Response;

use super::{Begun, Document, Head, State, begin, changed_meanwhile, store, trail, view};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};

/// The drafts of a kind that are in the recycle bin.
pub(super) async fn page<D: Document>(cx: Cx) -> Result<Response> {
    let found = store::deleted(&cx.office.db, &cx.scope(), D::KIND, cx.paging()).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, t!(cx.lang, "documents.bin")).subtitle(D::list_title(cx.lang));
    Ok(html(page.back(D::KIND.paths().list).render(view::bin::<D>(&cx, &found))))
}

/// Moves a draft into the recycle bin.
pub(super) async fn delete<D: Document>(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let Begun::Ready(mut change) = begin::<D>(&cx, &form, cx.id()?, &[State::Draft]).await? else {
        return Err(changed_meanwhile::<D>(cx.lang));
    };
    store::set_deleted(&mut change.write.tx, change.document.head.id, Some(cx.now), cx.now).await?;
    change.note(Action::Delete, Changes::new().moved("deleted", false, true)).await?;
    change.write.finish(&format!("{}?done=deleted", D::KIND.paths().list)).await
}

/// Takes a draft out of the recycle bin, while its customer is there.
pub(super) async fn restore<D: Document>(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let id = cx.id()?;
    let mut write = cx.write(&form).await?;
    let head: Head = store::hold_deleted(&mut write.tx, &cx.scope(), D::KIND, id).await?.ok_or(AppError::NotFound)?;
    store::set_deleted(&mut write.tx, id, None, cx.now).await?;
    let changes = Changes::new().moved("deleted", true, false);
    trail::note(&mut write.tx, &write.author, Action::Edit, D::KIND, id, changes).await?;
    write.finish(&format!("{}?done=restored", head.address())).await
}

/// Whether a document names this customer, the recycle bin included: then the customer stays. The caller holds it, and
/// so does whoever makes a document.
pub async fn names_customer(tx: &mut Tx, customer: Id) -> Result<bool, DbError> {
    store::names_customer(tx, customer).await
}
