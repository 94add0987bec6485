//! Stock documents: the document, its form, the saving. The list and the changes of state are those of all documents.

use poem::Response;
use poem::http::StatusCode;

use super::form::{self, Target};
use super::{Act, Body, Effect, NewStockDocument, StockDocument, store, view};
use crate::documents::{self, Begun, Document, Full, State};
use crate::kernel::audit::{Action, Changes};
use crate::lines::{self, NewLine, editor};
use crate::stock;
use crate::ui::layout::Page;
use crate::web::cx::Cx;
use crate::web::error::{Result, html};
use crate::web::form::Form;

pub(super) async fn new<E: Effect>(cx: Cx) -> Result<Response> {
    let mut typed = cx.blank();
    // A transfer begins with two warehouses that differ.
    if let (Act::Transfer, Some(second)) = (E::ACT, stock::warehouses(&cx.office.db).await?.get(1)) {
        typed = typed.with("to_warehouse_id", second.id.to_string());
    }
    form::page::<E>(&cx, Target::New, typed, StatusCode::OK).await
}

pub(super) async fn create<E: Effect>(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    if editor::asks_for_page(&mut typed, true) {
        return form::page::<E>(&cx, Target::New, typed, StatusCode::OK).await;
    }
    let Some(said) = form::read::<E>(&cx, &mut typed).await? else {
        return form::page::<E>(&cx, Target::New, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&typed).await?;
    let lines = editor::held(&mut write, &mut typed, cx.lang, form::setting::<E>()).await?;
    if !typed.is_right() {
        drop(write);
        return form::page::<E>(&cx, Target::New, typed, StatusCode::CONFLICT).await;
    }
    let goes_on = lines.is_empty();
    let (owner, source) = (cx.actor().id, None);
    let new = NewStockDocument { owner, warehouse: said.warehouse, to: said.to, source, note: said.note, lines };
    let (id, _) = super::create::<E>(&mut write.tx, &write.author, &new).await?;
    write.finish(&editor::after_saving(E::KIND, id, goes_on)).await
}

pub(super) async fn show<E: Effect>(cx: Cx) -> Result<Response> {
    let document = documents::seen::<StockDocument<E>>(&cx, cx.id()?).await?;
    let (db, head) = (&cx.office.db, &document.head);
    let lines = lines::weighed(db, head.id, Some(document.body.warehouse_id)).await?;
    let changed = stock::changes_of(db, head.id, document.body.warehouse_id).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, head.number.clone())
        .subtitle(E::KIND.name(cx.lang))
        .back(E::KIND.paths().list)
        .header_action(head.standing().tag(cx.lang));
    let page = match view::bar(&cx, head) {
        Some(bar) => page.bar(bar),
        None => page,
    };
    Ok(html(page.render(view::show::<E>(&cx, &document, &lines, &changed))))
}

pub(super) async fn edit<E: Effect>(cx: Cx) -> Result<Response> {
    let Full { head, body } = documents::seen::<StockDocument<E>>(&cx, cx.id()?).await?;
    let lines = lines::of_document(&cx.office.db, head.id).await?;
    let mut typed = editor::filled(cx.blank(), &lines, false).with("note", head.note.clone());
    typed = typed.with("warehouse_id", body.warehouse_id.to_string());
    if let Some(to) = body.to_warehouse_id {
        typed = typed.with("to_warehouse_id", to.to_string());
    }
    again::<E>(&cx, typed, &Full { head, body }, StatusCode::OK).await
}

/// The form again, for a draft.
async fn again<E: Effect>(cx: &Cx, typed: Form, document: &Full<Body>, status: StatusCode) -> Result<Response> {
    if document.head.state != State::Draft {
        return Err(StockDocument::<E>::locked(&document.head, cx.lang));
    }
    form::page::<E>(cx, Target::Draft { head: &document.head, crossed: None }, typed, status).await
}

/// Writes a draft as its form says.
pub(super) async fn save<E: Effect>(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    let id = cx.id()?;
    let document = documents::seen::<StockDocument<E>>(&cx, id).await?;
    if editor::asks_for_page(&mut typed, false) {
        return again::<E>(&cx, typed, &document, StatusCode::OK).await;
    }
    let Some(said) = form::read::<E>(&cx, &mut typed).await? else {
        return again::<E>(&cx, typed, &document, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut change = match documents::begin::<StockDocument<E>>(&cx, &typed, id, &[State::Draft]).await? {
        Begun::Ready(change) => change,
        Begun::Crossed(document) => {
            // Both are shown; saving again takes what stands in the form.
            let stored = lines::of_document(&cx.office.db, id).await?;
            let target = Target::Draft { head: &document.head, crossed: Some(&stored) };
            return form::page::<E>(&cx, target, typed, StatusCode::CONFLICT).await;
        }
    };
    let lines = editor::held(&mut change.write, &mut typed, cx.lang, form::setting::<E>()).await?;
    if !typed.is_right() {
        let document = change.document;
        drop(change.write);
        return again::<E>(&cx, typed, &document, StatusCode::CONFLICT).await;
    }
    let (owner, source) = (change.document.head.owner_id, None);
    let new = NewStockDocument { owner, warehouse: said.warehouse, to: said.to, source, note: said.note, lines };
    let tx = &mut change.write.tx;
    let before: Vec<NewLine> = lines::of_document(&mut *tx, id).await?.iter().map(NewLine::from).collect();
    documents::set_content(tx, id, None, &new.note, cx.now).await?;
    documents::set_title(tx, id, &new.title()).await?;
    store::update(tx, id, new.warehouse.0, new.to.as_ref().map(|to| to.0)).await?;
    lines::rewrite(tx, id, None, &new.lines).await?;
    let head = &change.document.head;
    let changes = Changes::new()
        .moved("warehouse", head.title.clone(), new.title())
        .moved("note", head.note.clone(), new.note)
        .moved("lines", lines::noted(&before), lines::noted(&new.lines));
    change.note(Action::Edit, changes).await?;
    change.write.finish(&editor::after_saving(E::KIND, id, editor::removes(&typed))).await
}
