//! What the pages of calls look like.

use maud::{Markup, html};

use crate::calls::rules::State;
use crate::calls::store::Call;
use crate::calls::{answer_link, callback_link, shown};
use crate::kernel::access::Gate;
use crate::kernel::china::origin::Origin;
use crate::kernel::clock;
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::{Lang, t};
use crate::modules::Module;
use crate::ui::form::{self as fields, ButtonKind};
use crate::ui::layout::Page;
use crate::ui::tag::tag;
use crate::ui::{card, cell, empty, link_button, link_cell, pager, segmented};
use crate::web::cx::Cx;

fn caller(lang: Lang, call: &Call) -> String {
    match &call.customer {
        Some(customer) => customer.clone(),
        None if call.digits.is_empty() => t!(lang, "calls.withheld").into_owned(),
        None => shown(&call.digits),
    }
}

/// The log.
pub fn list(cx: &Cx, calls: &Listing<Call>, missed: bool) -> String {
    let lang = cx.lang;
    let view = if missed { "missed" } else { "" };
    let body = html! {
        (segmented(&[
            ("/calls".to_owned(), t!(lang, "calls.all").into_owned(), !missed),
            ("/calls?view=missed".to_owned(), t!(lang, "calls.to_return").into_owned(), missed),
            ("/calls/callbacks".to_owned(), t!(lang, "calls.callbacks").into_owned(), false),
        ]))
        @if calls.rows.is_empty() { (empty(t!(lang, "calls.none"), None)) }
        @else {
            (card(None, None, html! {
                @for call in &calls.rows {
                    (link_cell(
                        format!("/calls/{}", call.id),
                        html! { b { (caller(lang, call)) } " " (tag(call.state.name(lang), call.state.tone())) p {
                            @if call.customer.is_some() { span.num { (shown(&call.digits)) } } @else if !call.name.is_empty() { (call.name) } @else if let Some(origin) = Origin::of(&call.digits).words(lang) { (origin) }
                            @if let Some(name) = call.line_name() { " · " (name) }
                        } },
                        html! { small { (clock::brief(call.started_at, cx.now)) } },
                    ))
                }
            }))
            (pager(lang, "/calls", &[("view", view)], calls.page, calls.more))
        }
        @if cx.may(Gate::edit(Module::Settings)) {
            (card(None, None, link_cell("/calls/settings", html! { (t!(lang, "calls.settings")) }, html! {})))
        }
    };
    Page::new(&cx.frame(), Module::Calls.title(lang)).back("/me").refresh().render(body)
}

/// 接了 / 没接, and 已回拨 for a missed one.
fn acts(cx: &Cx, call: &Call) -> Markup {
    let lang = cx.lang;
    let answer = |word: &str, label: std::borrow::Cow<'static, str>, kind: ButtonKind| {
        fields::post(&answer_link(call.id), &cx.op_id()).holding(html! {
            (fields::hidden("answer", word))
            (fields::submit(label, kind))
        })
    };
    html! {
        @if cx.may(Gate::edit(Module::Calls)) && call.state.is_open() {
            @if call.state == State::Missed {
                (fields::post(&callback_link(call.id), &cx.op_id()).holding(fields::submit(t!(lang, "calls.have_called_back"), ButtonKind::Primary)))
                (answer("yes", t!(lang, "calls.was_taken"), ButtonKind::Quiet))
            } @else {
                (answer("yes", t!(lang, "calls.was_taken"), ButtonKind::Primary))
                (answer("no", t!(lang, "calls.was_not_taken"), ButtonKind::Quiet))
            }
        }
    }
}

/// One call.
pub fn show(cx: &Cx, call: &Call) -> String {
    let lang = cx.lang;
    let body = html! {
        (card(None, None, html! {
            @match (call.customer_id, &call.customer) {
                (Some(id), Some(name)) => (link_cell(format!("/customers/{id}"), html! { b { (name) } }, html! {})),
                _ if !call.digits.is_empty() => (link_cell(format!("/customers/new?phone={}", call.digits), html! { (t!(lang, "calls.unknown")) }, html! { (t!(lang, "calls.make_customer")) })),
                _ => {},
            }
            (cell(t!(lang, "calls.number"), html! { @if call.digits.is_empty() { (t!(lang, "calls.withheld")) } @else { span.num { (shown(&call.digits)) } } }))
            @if let Some(origin) = Origin::of(&call.digits).words(lang) { (cell(t!(lang, "calls.origin"), html! { (origin) })) }
            @if !call.name.is_empty() { (cell(t!(lang, "calls.name"), html! { (call.name) })) }
            (cell(t!(lang, "calls.state"), tag(call.state.name(lang), call.state.tone())))
            (cell(t!(lang, "calls.began"), html! { (clock::iso_minute(call.started_at)) }))
            @if let Some(end) = call.ended_at { (cell(t!(lang, "calls.length"), html! { span.num { (t!(lang, "calls.rang", n = (end - call.started_at).max(0) / 1000)) } })) }
            @if let Some(answerer) = &call.answerer { (cell(t!(lang, "calls.taken_by"), html! { (answerer) })) }
            (cell(t!(lang, "calls.line"), html! { (call.line()) }))
        }))
        (acts(cx, call))
    };
    let frame = cx.frame();
    let page = Page::new(&frame, caller(lang, call)).back("/calls");
    let page = if call.digits.is_empty() {
        page
    } else {
        page.bar(link_button(format!("tel:{}", call.digits), t!(lang, "calls.dial"), ButtonKind::Quiet))
    };
    page.render(body)
}
