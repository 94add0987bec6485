//! The form of a document with lines: new, create, edit, save.

use maud::{Markup, html};
use poem::Response;
use poem::http::StatusCode;

use super::{Context, NewSheet, Sheet, create};
use crate::customers;
use crate::documents::{self, Begun, Full, NOTE, State};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::db::Hold;
use crate::kernel::i18n::t;
use crate::lines::editor;
use crate::lines::shelves::{self, Editor};
use crate::lines::{Line, NewLine, noted, store, totals, view};
use crate::ui::button::{ButtonKind, button_for};
use crate::ui::layout::Page;
use crate::ui::{card, cell, form};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html as answer};
use crate::web::form::Form;

/// What the form is for: a new document, or a draft. `crossed` holds the lines of a draft that somebody else has changed
/// meanwhile.
enum Target<'a, B> {
    New,
    Draft { document: &'a Full<B>, crossed: Option<&'a [Line]> },
}

pub(super) async fn new<D: Sheet>(cx: Cx) -> Result<Response> {
    let (typed, customer) = match cx.query("find") {
        Some(_) => (cx.asked(), cx.query_id("customer_id")?),
        None => D::opened(&cx).await?,
    };
    if D::HAS_CUSTOMER && customer.is_none() {
        return documents::choose_customer::<D>(&cx).await;
    }
    let context = Context::for_new::<D>(&cx, customer).await?;
    page::<D>(&cx, &context, Target::New, typed, StatusCode::OK).await
}

pub(super) async fn post<D: Sheet>(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    let customer = if D::HAS_CUSTOMER {
        Some(typed.record("customer_id", &t!(cx.lang, "lines.customer")).ok_or(AppError::NotFound)?)
    } else {
        None
    };
    let context = Context::for_new::<D>(&cx, customer).await?;
    let visit = D::visit(&cx, &mut typed, customer).await?;
    let Some((terms, note)) = read::<D>(&cx, &mut typed, &context).await? else {
        return page::<D>(&cx, &context, Target::New, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&typed).await?;
    if let Some(customer) = customer {
        customers::hold(&mut write.tx, &cx.scope(), customer, Hold::Referred).await?.ok_or(AppError::NotFound)?;
    }
    let lines = editor::held(&mut write, &mut typed, cx.lang, context.setting::<D>()).await?;
    if !typed.is_right() {
        drop(write);
        return page::<D>(&cx, &context, Target::New, typed, StatusCode::CONFLICT).await;
    }
    let goes_on = lines.is_empty();
    let (owner, source, state) = (cx.actor().id, None, State::Draft);
    let new = NewSheet { owner, customer, visit, source, state, lines, terms, note };
    let (id, _) = create::<D>(&mut write.tx, &write.author, &new).await?;
    write.finish(&editor::after_saving(D::KIND, id, goes_on)).await
}

pub(super) async fn edit<D: Sheet>(cx: Cx) -> Result<Response> {
    let draft = documents::seen::<D>(&cx, cx.id()?).await?;
    let context = Context::of::<D>(&cx, &draft).await?;
    if cx.query("find").is_some() {
        return again::<D>(&cx, &context, &draft, cx.asked(), StatusCode::OK).await;
    }
    let lines = store::of_document(&cx.office.db, draft.head.id).await?;
    let typed = D::fill(editor::filled(cx.blank(), &lines, true), &D::terms(&draft.body));
    let typed = typed.with("note", draft.head.note.clone());
    again::<D>(&cx, &context, &draft, typed, StatusCode::OK).await
}

/// Writes a draft as its form says.
pub(super) async fn save<D: Sheet>(cx: Cx) -> Result<Response> {
    let mut typed = cx.form().await?;
    let id = cx.id()?;
    let draft = documents::seen::<D>(&cx, id).await?;
    let context = Context::of::<D>(&cx, &draft).await?;
    let Some((terms, note)) = read::<D>(&cx, &mut typed, &context).await? else {
        return again::<D>(&cx, &context, &draft, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut change = match documents::begin::<D>(&cx, &typed, id, &[State::Draft]).await? {
        Begun::Ready(change) => change,
        Begun::Crossed(draft) => {
            // Both are shown; saving again takes what stands in the form.
            let stored = store::of_document(&cx.office.db, id).await?;
            let target = Target::Draft { document: &draft, crossed: Some(&stored) };
            return page::<D>(&cx, &context, target, typed, StatusCode::CONFLICT).await;
        }
    };
    let lines = editor::held(&mut change.write, &mut typed, cx.lang, context.setting::<D>()).await?;
    if !typed.is_right() {
        let draft = change.document;
        drop(change.write);
        return again::<D>(&cx, &context, &draft, typed, StatusCode::CONFLICT).await;
    }
    let Full { head, body } = &change.document;
    let terms = D::kept(terms, body);
    let (sum, cost) = totals(&lines);
    let (total, title) = (D::total(&terms, sum), <D as Sheet>::title(&terms));
    let tx = &mut change.write.tx;
    let before: Vec<NewLine> = store::of_document(&mut *tx, id).await?.iter().map(NewLine::from).collect();
    documents::set_content(tx, id, total, &note, cx.now).await?;
    if title != head.title {
        documents::set_title(tx, id, &title).await?;
    }
    D::store(tx, id, &terms, cost, false).await?;
    store::rewrite(tx, id, context.customer(), &lines).await?;
    let mut changes = Changes::new()
        .moved("total", head.amount.map(|total| total.plain()), total.map(|total| total.plain()))
        .moved("note", head.note.clone(), note)
        .moved("lines", noted(&before), noted(&lines));
    for ((name, old), (_, new)) in D::noted(&D::terms(body)).into_iter().zip(D::noted(&terms)) {
        changes = changes.moved(name, old, new);
    }
    change.note(Action::Edit, changes).await?;
    change.write.finish(&editor::after_saving(D::KIND, id, false)).await
}

/// Reads the fields besides the lines, and checks the lines; `None` where anything is wrong.
async fn read<D: Sheet>(cx: &Cx, form: &mut Form, context: &Context) -> Result<Option<(D::Terms, String)>> {
    let lines = editor::read(cx, form, context.setting::<D>()).await?;
    let terms = D::read(form, &lines, context);
    let note = form.text("note", &t!(cx.lang, "lines.note"), NOTE);
    Ok(terms.filter(|_| form.is_right()).map(|terms| (terms, note)))
}

/// The form again, for a draft.
async fn again<D: Sheet>(
    cx: &Cx,
    context: &Context,
    draft: &Full<D::Body>,
    typed: Form,
    status: StatusCode,
) -> Result<Response> {
    if draft.head.state != State::Draft {
        return Err(D::locked(&draft.head, cx.lang));
    }
    page::<D>(cx, context, Target::Draft { document: draft, crossed: None }, typed, status).await
}

/// The form with everything that was typed. `status` is that of an error where something is wrong.
async fn page<D: Sheet>(
    cx: &Cx,
    context: &Context,
    target: Target<'_, D::Body>,
    mut typed: Form,
    status: StatusCode,
) -> Result<Response> {
    let lang = cx.lang;
    let warehouse = context.warehouse(&typed);
    if let Some(warehouse) = warehouse {
        typed = typed.with("warehouse_id", warehouse.to_string());
    }
    let rows = shelves::gather(cx, &mut typed, context.setting::<D>(), warehouse, D::REPEATS).await?;
    let frame = cx.frame();
    let (mut page, ask) = match &target {
        Target::New => {
            let page =
                Page::new(&frame, t!(lang, D::LIST.new)).back(match (typed.value("visit_id"), context.customer()) {
                    ("", Some(customer)) => format!("/customers/{customer}"),
                    ("", None) => D::KIND.paths().list.to_owned(),
                    (visit, _) => format!("/visits/{visit}"),
                });
            (page, D::KIND.paths().new.to_owned())
        }
        Target::Draft { document: Full { head, .. }, .. } => {
            let title = format!("{} {}", t!(lang, "lines.edit"), head.number);
            (Page::new(&frame, title).back(head.address()), format!("{}/edit", head.address()))
        }
    };
    if let Some(buyer) = &context.buyer {
        let left = D::credit_left(cx, buyer.id).await?;
        let left = left.map(|left| t!(lang, "lines.credit_left", left = left));
        page = page.subtitle(
            [Some(buyer.name.as_str()), left.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" · "),
        );
    }
    page = page.header_action(view::search(lang, &typed, D::KIND.code(), &ask)).bar(html! {
        p #sum role="status" { b.num {} br; small data-n=(t!(lang, "lines.kinds", n = "%n")) {} }
        (button_for(D::KIND.code(), t!(lang, "lines.next"), ButtonKind::Primary))
    });
    if !typed.is_right() {
        page = page.error_title();
    }
    let document = page.render(body::<D>(cx, context, &target, &rows, &typed, &ask));
    // What was looked for is not kept: the page without it is.
    let is_kept = D::IS_KEPT && cx.query("find").is_none();
    let mut response = if is_kept { cx.offline_page(document) } else { answer(document) };
    response.set_status(status);
    Ok(response)
}

fn body<D: Sheet>(
    cx: &Cx,
    context: &Context,
    target: &Target<'_, D::Body>,
    rows: &Editor,
    typed: &Form,
    ask: &str,
) -> Markup {
    let lang = cx.lang;
    let (action, version, offline) = match target {
        Target::New => (D::KIND.paths().list.to_owned(), None, D::OFFLINE),
        Target::Draft { document: Full { head, .. }, crossed } => {
            (format!("{}/lines", head.address()), Some(head.shown_version(typed, crossed.is_some())), None)
        }
    };
    let is_new = matches!(target, Target::New);
    let above = D::fields_above(context, typed, is_new);
    html! {
        (form::error_summary(lang, typed.errors()))
        @if let Target::Draft { document, crossed: Some(stored) } = target {
            (card(Some(&t!(lang, D::CROSSED)), None, html! {
                (cell(t!(lang, "lines.crossed_text"), html! {
                    @if let Some(total) = document.head.amount { b.num { "¥" (total) } }
                }))
                @if D::prices(context).are_shown() { (view::cells(lang, stored)) } @else { (view::goods_cells(stored)) }
                (D::shown(lang, document, cx.now))
            }))
        }
        (form::post(&action, &cx.op_id()).id(D::KIND.code()).version_if(version).offline_if(offline).holding(html! {
            @if let (Some(buyer), true) = (&context.buyer, is_new) { (form::hidden("customer_id", &buyer.id.to_string())) }
            (above)
            (view::rows(lang, rows, typed, ask))
            (card(None, None, html! {
                (D::fields(lang, typed))
                (form::textarea(&typed.field("note", &t!(lang, "lines.note")), NOTE))
            }))
        }))
    }
}
