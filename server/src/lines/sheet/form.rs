//! The form of a document with lines: new, create, edit, save, copy.

use maud::html;
use poem::Response;
use poem::http::StatusCode;

use super::{Said, Sheet, create};
use crate::customers::{self, Customer};
use crate::documents::{self, Begun, Full, NOTE, State};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::db::Hold;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::lines::editor::{self, Prices, Setting};
use crate::lines::{Line, NewLine, noted, store, totals, view};
use crate::ui::button::{ButtonKind, button_for};
use crate::ui::layout::Page;
use crate::ui::{card, cell, form};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html as answer};
use crate::web::form::Form;

/// The form that the button in the bar sends.
const FORM: &str = "sheet";

/// What the form is for: a new document for a customer, or a draft. `crossed` holds the lines of a draft that somebody
/// else has changed meanwhile.
struct Target<'a, B> {
    customer: Id,
    name: &'a str,
    level: Option<Id>,
    draft: Option<&'a Full<B>>,
    crossed: Option<&'a [Line]>,
}

impl<'a, B> Target<'a, B> {
    fn new(buyer: &'a Customer) -> Target<'a, B> {
        Target { customer: buyer.id, name: &buyer.name, level: buyer.price_level_id, draft: None, crossed: None }
    }

    fn draft<D: Sheet<Body = B>>(draft: &'a Full<B>, crossed: Option<&'a [Line]>) -> Result<Target<'a, B>> {
        let head = &draft.head;
        let customer = head.customer_id.ok_or(AppError::NotFound)?;
        Ok(Target { customer, name: &head.customer, level: D::level(&draft.body), draft: Some(draft), crossed })
    }

    fn setting(&self) -> Setting {
        Setting { customer: Some(self.customer), prices: Prices::At(self.level) }
    }
}

pub(super) async fn new<D: Sheet>(cx: Cx) -> Result<Response> {
    let Some(customer) = cx.query("customer") else { return Ok(documents::choose_customer::<D>(&cx)) };
    let customer = customer.parse::<Id>().map_err(|_| AppError::NotFound)?;
    let buyer = customers::find(&cx.office.db, &cx.scope(), customer).await?.ok_or(AppError::NotFound)?;
    let typed = D::fill(cx.blank(), &D::begin(cx.now));
    page::<D>(&cx, &Target::new(&buyer), &typed, StatusCode::OK).await
}

pub(super) async fn post<D: Sheet>(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    let scope = cx.scope();
    let customer = typed.record("customer_id", &t!(cx.lang, "lines.customer")).ok_or(AppError::NotFound)?;
    let buyer = customers::find(&cx.office.db, &scope, customer).await?.ok_or(AppError::NotFound)?;
    let target = Target::new(&buyer);
    if editor::asks_for_page(&mut typed, true) {
        return page::<D>(&cx, &target, &typed, StatusCode::OK).await;
    }
    let Some((terms, note)) = read::<D>(&cx, &mut typed, target.setting()).await? else {
        return page::<D>(&cx, &target, &typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&typed).await?;
    customers::hold(&mut write.tx, &scope, customer, Hold::Referred).await?.ok_or(AppError::NotFound)?;
    let lines = editor::held(&mut write, &mut typed, cx.lang, target.setting()).await?;
    if !typed.is_right() {
        drop(write);
        return page::<D>(&cx, &target, &typed, StatusCode::CONFLICT).await;
    }
    let goes_on = lines.is_empty();
    let said = Said { lines, terms, note };
    let id = create::<D>(&mut write.tx, &write.author, cx.actor().id, customer, None, &said).await?;
    write.finish(&editor::after_saving(D::KIND, id, goes_on)).await
}

pub(super) async fn edit<D: Sheet>(cx: Cx) -> Result<Response> {
    let draft = documents::seen::<D>(&cx, cx.id()?).await?;
    if draft.head.state != State::Draft {
        return Err(draft.head.locked(cx.lang));
    }
    let lines = store::of_document(&cx.office.db, draft.head.id).await?;
    let typed = D::fill(editor::filled(cx.blank(), &lines, true), &D::terms(&draft.body));
    let typed = typed.with("note", draft.head.note.clone());
    page::<D>(&cx, &Target::draft::<D>(&draft, None)?, &typed, StatusCode::OK).await
}

pub(super) async fn save<D: Sheet>(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    let draft = documents::seen::<D>(&cx, cx.id()?).await?;
    let (id, target) = (draft.head.id, Target::draft::<D>(&draft, None)?);
    if draft.head.state != State::Draft {
        return Err(draft.head.locked(cx.lang));
    }
    if editor::asks_for_page(&mut typed, false) {
        return page::<D>(&cx, &target, &typed, StatusCode::OK).await;
    }
    let Some((terms, note)) = read::<D>(&cx, &mut typed, target.setting()).await? else {
        return page::<D>(&cx, &target, &typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut change = match documents::begin::<D>(&cx, &typed, id, &[State::Draft]).await? {
        Begun::Ready(change) => change,
        Begun::Crossed(draft) => {
            // Both are shown; saving again takes what stands in the form.
            let stored = store::of_document(&cx.office.db, id).await?;
            let target = Target::draft::<D>(&draft, Some(&stored))?;
            return page::<D>(&cx, &target, &typed, StatusCode::CONFLICT).await;
        }
    };
    let lines = editor::held(&mut change.write, &mut typed, cx.lang, target.setting()).await?;
    if !typed.is_right() {
        drop(change);
        return page::<D>(&cx, &target, &typed, StatusCode::CONFLICT).await;
    }
    let total = D::total(&terms, totals(&lines).0);
    let tx = &mut change.write.tx;
    let before: Vec<NewLine> = store::of_document(&mut *tx, id).await?.iter().map(NewLine::from).collect();
    documents::set_content(tx, id, Some(total), &note, cx.now).await?;
    documents::set_title(tx, id, &<D as Sheet>::title(&terms)).await?;
    D::store(tx, id, &terms, false).await?;
    store::rewrite(tx, id, Some(target.customer), &lines).await?;
    let Full { head, body } = &change.document;
    let mut changes = Changes::new()
        .moved("total", head.total().plain(), total.plain())
        .moved("note", head.note.clone(), note)
        .moved("lines", noted(&before), noted(&lines));
    for ((name, old), (_, new)) in D::noted(&D::terms(body)).into_iter().zip(D::noted(&terms)) {
        changes = changes.moved(name, old, new);
    }
    change.note(Action::Edit, changes).await?;
    change.write.finish(&editor::after_saving(D::KIND, id, editor::removes(&typed))).await
}

/// A new version 复制为新版本: a draft with the same lines and terms that names the former.
pub(super) async fn copy<D: Sheet>(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let Full { head, body } = documents::seen::<D>(&cx, cx.id()?).await?;
    let customer = head.customer_id.ok_or(AppError::NotFound)?;
    let mut write = cx.write(&form).await?;
    customers::hold(&mut write.tx, &cx.scope(), customer, Hold::Referred).await?.ok_or(AppError::NotFound)?;
    let lines = store::of_document(&mut write.tx, head.id).await?.iter().map(NewLine::from).collect();
    let said = Said { lines, terms: D::renewed(D::terms(&body), cx.now), note: head.note };
    let id = create::<D>(&mut write.tx, &write.author, head.owner_id, customer, Some(head.id), &said).await?;
    write.finish(&editor::after_saving(D::KIND, id, true)).await
}

/// Reads the fields besides the lines, and checks the lines; `None` where anything is wrong.
async fn read<D: Sheet>(cx: &Cx, form: &mut Form, setting: Setting) -> Result<Option<(D::Terms, String)>> {
    editor::read(cx, form, setting).await?;
    let terms = D::read(form, cx.lang, cx.now);
    let note = form.text("note", &t!(cx.lang, "lines.note"), NOTE);
    Ok(terms.filter(|_| form.is_right()).map(|terms| (terms, note)))
}

/// The form with everything that was typed.
async fn page<D: Sheet>(cx: &Cx, target: &Target<'_, D::Body>, typed: &Form, status: StatusCode) -> Result<Response> {
    let rows = editor::gather(cx, typed, target.setting(), None).await?;
    let (lang, frame, kind) = (cx.lang, cx.frame(), D::KIND.name(cx.lang));
    let customer = format!("/customers/{}", target.customer);
    let mut page = match target.draft {
        None => Page::new(&frame, t!(lang, D::LIST.new)).back(customer.clone()),
        Some(Full { head, .. }) => {
            let title = t!(lang, "lines.edit_document", kind = kind);
            Page::new(&frame, title).subtitle(head.number.clone()).back(head.address())
        }
    };
    page = page.bar(button_for(FORM, t!(lang, "lines.save"), ButtonKind::Primary));
    if !typed.is_right() {
        page = page.error_title();
    }
    let list = || D::KIND.paths().list.to_owned();
    let action = target.draft.map_or_else(list, |draft| format!("{}/lines", draft.head.address()));
    let version = target.draft.map(|draft| draft.head.shown_version(typed, target.crossed.is_some()));
    let mut response = answer(page.render(html! {
        (form::error_summary(lang, typed.errors()))
        @if let (Some(draft), Some(stored)) = (target.draft, target.crossed) {
            (card(Some(&t!(lang, "lines.crossed")), None, html! {
                (cell(t!(lang, "lines.crossed_text"), html! { b.num { "¥" (draft.head.total()) } }))
                (view::cells(lang, stored))
                (D::shown(lang, draft, cx.now))
            }))
        }
        (form::post(&action, &cx.op_id()).id(FORM).version_if(version).holding(html! {
            (card(None, None, html! {
                (cell(t!(lang, "lines.customer"), html! { a href=(customer) { (target.name) } }))
                @if target.draft.is_none() { (form::hidden("customer_id", &target.customer.to_string())) }
            }))
            (view::rows(lang, &rows, typed))
            (card(None, None, html! {
                (D::fields(lang, typed))
                (form::textarea(&typed.field("note", &t!(lang, "lines.note")), NOTE))
            }))
        }))
    }));
    response.set_status(status);
    Ok(response)
}
