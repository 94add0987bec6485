//! The page of a stock document, and the warehouses in its form.

use std::collections::BTreeMap;

use maud::{Markup, html};
use poem::Response;

use super::{Act, Body, Effect, StockDocument};
use crate::documents::{self, Document, Full, Head, State};
use crate::kernel::access::Gate;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::lines::sheet::Context;
use crate::lines::{self, Weighed};
use crate::stock;
use crate::ui::button::{ButtonKind, button_for};
use crate::ui::cell::{counted, plain_cell};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, cell, form, link_button};
use crate::web::cx::Cx;
use crate::web::error::{Result, html as answer};
use crate::web::form::Form;

pub(super) async fn page<E: Effect>(cx: Cx) -> Result<Response> {
    let document = documents::seen::<StockDocument<E>>(&cx, cx.id()?).await?;
    let (db, head) = (&cx.office.db, &document.head);
    let lines = lines::weighed(db, head.id, Some(document.body.warehouse_id)).await?;
    let changed = stock::changes_of(db, head.id, document.body.warehouse_id).await?;
    let frame = cx.frame();
    let page = Page::new(&frame, head.number.clone())
        .subtitle(E::KIND.name(cx.lang))
        .back(E::KIND.paths().list)
        .header_action(StockDocument::<E>::tag(cx.lang, head, cx.now));
    let page = match bar(&cx, head) {
        Some(bar) => page.bar(bar),
        None => page,
    };
    Ok(answer(page.render(show::<E>(&cx, &document, &lines, &changed))))
}

fn show<E: Effect>(cx: &Cx, document: &Full<Body>, lines: &[Weighed], changed: &BTreeMap<Id, Milli>) -> Markup {
    let (lang, Full { head, body }) = (cx.lang, document);
    let label = |key: &str| t!(lang, key).into_owned();
    html! {
        (card(None, None, html! {
            (warehouse_cells(lang, body))
            (cell(label("stock_documents.owner"), html! { (head.owner) }))
            (cell(label("stock_documents.day"), html! { span.num { (head.day) } }))
            @if let (Some(id), Some(number)) = (body.correction_id, &body.correction) {
                (cell(label("stock_documents.corrected_by"), html! { a.num href=(E::KIND.address(id)) { (number) } }))
            }
            @if let (Some(id), Some(number)) = (head.source_id, &body.corrects) {
                (cell(label("stock_documents.first"), html! { a.num href=(E::KIND.address(id)) { (number) } }))
            }
            @if !head.note.is_empty() { (cell(label("stock_documents.note"), html! { (head.note) })) }
        }))
        (card(Some(&t!(lang, "lines.title", n = lines.len())), None, html! {
            @if lines.is_empty() { div.cell { div.g { (t!(lang, "lines.none")) } } }
            @for weighed in lines { (line_cell::<E>(cx, head, weighed, changed)) }
        }))
        (documents::flow_acts::<StockDocument<E>>(cx, head, None, false, false, false))
        (correction::<E>(cx, head))
    }
}

/// A line, with what there is while it is a draft and with the difference that a count found.
fn line_cell<E: Effect>(cx: &Cx, head: &Head, weighed: &Weighed, changed: &BTreeMap<Id, Milli>) -> Markup {
    let (lang, line) = (cx.lang, &weighed.line);
    let difference = match E::ACT {
        Act::Count if head.source_id.is_none() => changed.get(&line.product_id),
        Act::Count | Act::Receive | Act::Issue | Act::Transfer => None,
    };
    plain_cell(
        html! {
            b { (line.name) }
            @if head.state == State::Draft {
                p { small.nb { (t!(lang, "lines.available", quantity = weighed.available, unit = line.base_unit)) } }
            }
        },
        html! {
            (counted(line.quantity, &line.unit))
            @if let Some(difference) = difference {
                @let tone = if difference.0 == 0 { Tone::Good } else { Tone::Warn };
                @let sign = if difference.0 > 0 { "+" } else { "" };
                br; (tag(&t!(lang, "stock_documents.difference", quantity = format!("{sign}{difference}"), unit = line.base_unit), tone))
            }
        },
    )
}

/// The acts in the bar of a draft.
fn bar(cx: &Cx, head: &Head) -> Option<Markup> {
    (head.state == State::Draft && cx.may(Gate::edit(head.kind.module()))).then(|| {
        html! {
            (link_button(format!("{}/edit", head.address()), t!(cx.lang, "stock_documents.edit"), ButtonKind::Quiet))
            (button_for(documents::SUBMISSION, t!(cx.lang, "stock_documents.post"), ButtonKind::Primary))
        }
    })
}

/// What takes a posted document back, once.
fn correction<E: Effect>(cx: &Cx, head: &Head) -> Markup {
    let may = cx.may(Gate::edit(E::KIND.module())) && head.state == State::Active && head.source_id.is_none();
    let action = format!("{}/correction", head.address());
    let submit = form::submit(t!(cx.lang, "stock_documents.correct"), ButtonKind::Danger);
    html! {
        @if may { (form::post(&action, &cx.op_id()).version(head.version).holding(submit)) }
    }
}

/// The warehouses of a document, as cells.
pub(super) fn warehouse_cells(lang: Lang, body: &Body) -> Markup {
    html! {
        @if let Some(to) = &body.to_warehouse {
            (cell(t!(lang, "stock_documents.from"), html! { (body.warehouse) }))
            (cell(t!(lang, "stock_documents.to"), html! { (to) }))
        } @else {
            (cell(t!(lang, "stock_documents.warehouse"), html! { (body.warehouse) }))
        }
    }
}

/// The choice of the warehouses.
pub(super) fn warehouse_fields(context: &Context, typed: &Form, act: Act) -> Markup {
    let lang = context.lang;
    let places: Vec<_> = context.warehouses.iter().map(|known| (known.id.to_string(), known.name.clone())).collect();
    let from = match act {
        Act::Transfer => t!(lang, "stock_documents.from"),
        Act::Receive | Act::Issue | Act::Count => t!(lang, "stock_documents.warehouse"),
    };
    card(
        None,
        None,
        html! {
            (form::select(&typed.field("warehouse_id", &from), &places))
            @if act == Act::Transfer {
                (form::select(&typed.field("to_warehouse_id", &t!(lang, "stock_documents.to")), &places))
            }
        },
    )
}
