//! A stock document as a page.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{Act, Body, Effect};
use crate::documents::{self, Full, Head, State};
use crate::kernel::access::Gate;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::lines::Weighed;
use crate::ui::button::{ButtonKind, button_for};
use crate::ui::cell::{counted, plain_cell};
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, cell, form, link_button};
use crate::web::cx::Cx;

pub(super) fn show<E: Effect>(
    cx: &Cx,
    document: &Full<Body>,
    lines: &[Weighed],
    changed: &BTreeMap<Id, Milli>,
) -> Markup {
    let (lang, Full { head, body }) = (cx.lang, document);
    let label = |key: &str| t!(lang, key).into_owned();
    html! {
        (card(None, None, html! {
            @if let Some(to) = &body.to_warehouse {
                (cell(label("stock_documents.from"), html! { (body.warehouse) }))
                (cell(label("stock_documents.to"), html! { (to) }))
            } @else {
                (cell(label("stock_documents.warehouse"), html! { (body.warehouse) }))
            }
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
        (acts::<E>(cx, head))
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
pub(super) fn bar(cx: &Cx, head: &Head) -> Option<Markup> {
    (head.state == State::Draft && cx.may(Gate::edit(head.kind.module()))).then(|| {
        html! {
            (link_button(format!("{}/edit", head.address()), t!(cx.lang, "stock_documents.edit"), ButtonKind::Quiet))
            (button_for(documents::SUBMISSION, t!(cx.lang, "stock_documents.post"), ButtonKind::Primary))
        }
    })
}

fn acts<E: Effect>(cx: &Cx, head: &Head) -> Markup {
    let post = |noun: &str, label: &str, kind: ButtonKind| {
        let action = format!("{}/{noun}", head.address());
        form::post(&action, &cx.op_id()).version(head.version).holding(form::submit(t!(cx.lang, label), kind))
    };
    let submission = format!("{}/submission", head.address());
    let may = cx.may(Gate::edit(E::KIND.module()));
    match head.state {
        State::Draft if may => html! {
            (form::post(&submission, &cx.op_id()).id(documents::SUBMISSION).version(head.version).holding(html! {}))
            (post("cancellation", "documents.cancel_draft", ButtonKind::Quiet))
            @if cx.may(Gate::delete(E::KIND.module())) { (post("deletion", "documents.delete_draft", ButtonKind::Quiet)) }
        },
        State::Active if may && head.source_id.is_none() => {
            post("correction", "stock_documents.correct", ButtonKind::Danger)
        }
        State::Draft | State::Active | State::Approving | State::Rejected | State::Closed | State::Cancelled => {
            html! {}
        }
    }
}
