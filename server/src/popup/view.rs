//! What the popup looks like: on a page of its own, and in the corner of every open page.

use maud::{Markup, html};

use super::CallCard;
use crate::calls::{State, answer_link};
use crate::kernel::china::origin::Origin;
use crate::kernel::china::phone::Phone;
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::ui::form::{self as fields, ButtonKind};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, cell, link_button, link_cell};
use crate::web::cx::Cx;

/// Stored digits as people read them.
pub fn shown(digits: &str) -> String {
    Phone::parse(digits).map_or_else(|| digits.to_owned(), |phone| phone.to_string())
}

fn number(lang: Lang, card: &CallCard) -> String {
    if card.call.digits.is_empty() { t!(lang, "calls.withheld").into_owned() } else { shown(&card.call.digits) }
}

fn state(lang: Lang, card: &CallCard) -> Markup {
    tag(card.call.state.name(lang), card.call.state.tone())
}

/// For a desk where perhaps nobody sits: neither name nor debt.
pub fn number_only(lang: Lang, found: &CallCard) -> Markup {
    html! {
        h2 { (t!(lang, "popup.title")) " " (state(lang, found)) }
        p.money { (number(lang, found)) }
        (link_button(format!("/popup/{}", found.call.id), t!(lang, "popup.open"), ButtonKind::Primary))
    }
}

/// The corner of an open page.
pub fn popup(lang: Lang, found: &CallCard) -> Markup {
    html! {
        h2 { (t!(lang, "popup.title")) " " (state(lang, found)) " " span.num { (number(lang, found)) } }
        @if let Some(name) = found.call.line_name() { p { (name) } }
        @if !found.call.name.is_empty() { (cell(t!(lang, "calls.name"), html! { (found.call.name) })) }
        (facts(lang, found))
        (link_button(format!("/popup/{}", found.call.id), t!(lang, "popup.open"), ButtonKind::Primary))
    }
}

fn facts(lang: Lang, found: &CallCard) -> Markup {
    html! {
        @match (&found.customer, &found.call.customer) {
            (Some(customer), _) => {
                (link_cell(format!("/customers/{}", customer.id), html! { b { (customer.name) } @if !found.contact.is_empty() { p { (found.contact) } } }, html! { (customer.owner_name) }))
                (cell(t!(lang, "popup.arrears"), html! {
                    span.num { "¥" (customer.arrears) }
                    @if customer.arrears > customer.credit_limit && customer.credit_limit.0 > 0 { " " (tag(t!(lang, "popup.over_limit"), Tone::Bad)) }
                }))
                @if let Some(order) = &found.last_order {
                    (link_cell(order.address(), html! { (t!(lang, "popup.last_order")) }, html! { span.num { (order.day) " ¥" (order.total()) } }))
                }
                @for task in &found.tasks {
                    (link_cell(format!("/tasks/{}", task.id), html! { (task.title) }, html! { @if let Some(due) = task.due_at { small { (clock::iso_day(due)) } } }))
                }
            }
            // Handed over by somebody who sees more: the name, no more.
            (None, Some(name)) => (cell(t!(lang, "popup.customer"), html! { (name) })),
            (None, None) if !found.call.digits.is_empty() => (link_cell(
                format!("/customers/new?phone={}", found.call.digits),
                html! { (t!(lang, "calls.unknown")) @if let Some(origin) = Origin::of(&found.call.digits).words(lang) { p { (origin) } } },
                html! { (t!(lang, "calls.make_customer")) },
            )),
            (None, None) => {},
        }
    }
}

/// The popup as a page.
pub fn page(cx: &Cx, found: &CallCard, people: &[(Id, String)]) -> String {
    let lang = cx.lang;
    let call = &found.call;
    let answer = |word: &str, label: std::borrow::Cow<'static, str>, kind: ButtonKind| {
        fields::post(&answer_link(call.id), &cx.op_id()).holding(html! {
            (fields::hidden("answer", word))
            (fields::submit(label, kind))
        })
    };
    let options: Vec<(String, String)> = people.iter().map(|(id, name)| (id.to_string(), name.clone())).collect();
    let body = html! {
        (card(None, None, html! {
            p.money { (number(lang, found)) }
            (cell(t!(lang, "calls.state"), state(lang, found)))
            (cell(t!(lang, "calls.line"), html! { (found.call.line()) }))
            @if !found.call.name.is_empty() { (cell(t!(lang, "calls.name"), html! { (found.call.name) })) }
            (facts(lang, found))
        }))
        @if matches!(call.state, State::Ringing | State::Ended) {
            (answer("yes", t!(lang, "popup.taken"), ButtonKind::Primary))
            (answer("no", t!(lang, "popup.not_taken"), ButtonKind::Quiet))
        }
        @if !options.is_empty() {
            (fields::post(&format!("/popup/{}/handover", call.id), &cx.op_id()).holding(html! {
                (fields::fields(Some(&t!(lang, "popup.hand_over")), html! {
                    (fields::select(&cx.blank().field("to", &t!(lang, "popup.to")), &options))
                }))
                (fields::submit(t!(lang, "popup.hand_over"), ButtonKind::Quiet))
            }))
        }
        (link_button(format!("/calls/{}", call.id), t!(lang, "popup.details"), ButtonKind::Quiet))
    };
    Page::new(&cx.frame(), t!(lang, "popup.title")).back("/calls").refresh().render(body)
}
