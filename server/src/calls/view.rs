//! What the pages of calls look like.

use maud::{Markup, Render, html};
use poem::Response;

use crate::calls::pages::{NOTE, answer_link, callback_link};
use crate::calls::rules::State;
use crate::calls::store::Call;
use crate::calls::{new_customer_link, shown};
use crate::kernel::access::Gate;
use crate::kernel::china::origin::Origin;
use crate::kernel::clock;
use crate::kernel::db::paging::{Listing, Way};
use crate::kernel::i18n::{Lang, t};
use crate::modules::Module;
use crate::ui::form::{self as fields, ButtonKind};
use crate::ui::layout::Page;
use crate::ui::records::split_record;
use crate::ui::state::Standing;
use crate::ui::{Column, Icon, Record, Width, card, cell, empty, link_button, link_cell, pager, records, segmented};
use crate::web::cx::Cx;
use crate::web::error::form_page;
use crate::web::form::Form;

fn caller(lang: Lang, call: &Call) -> String {
    match &call.customer {
        Some(customer) => customer.clone(),
        None if call.digits.is_empty() => t!(lang, "calls.withheld").into_owned(),
        None => shown(&call.digits),
    }
}

/// The line it came in on: its name, else its number in the order of the box's sockets.
pub fn line(lang: Lang, call: &Call) -> String {
    if let Some(name) = call.line_name() {
        return name.to_owned();
    }
    match call.line.strip_prefix("line").and_then(|place| place.parse::<u8>().ok()) {
        Some(place) => t!(lang, "calls.line_number", n = u16::from(place) + 1).into_owned(),
        None => call.line.clone(),
    }
}

/// The log.
pub fn list(cx: &Cx, calls: &Listing<Call>, missed: bool) -> String {
    let lang = cx.lang;
    let view = if missed { "missed" } else { "" };
    let columns = [
        Column::new(t!(lang, "calls.column_caller"), Width::Share),
        Column::new(t!(lang, "calls.column_state"), Width::Word),
        Column::new(t!(lang, "calls.column_time"), Width::Code).sorted(Some(Way::Down)),
        Column::new(t!(lang, "calls.column_number"), Width::Share),
        Column::new(t!(lang, "calls.column_line"), Width::Code).roomy(),
    ];
    let body = html! {
        (segmented(&[
            ("/calls".to_owned(), t!(lang, "calls.all").into_owned(), !missed),
            ("/calls?view=missed".to_owned(), Standing::ToCallBack.name(lang).into_owned(), missed),
            ("/calls/callbacks".to_owned(), t!(lang, "calls.callbacks").into_owned(), false),
        ]))
        @if calls.rows.is_empty() { (empty(t!(lang, "calls.none"), None)) }
        @else {
            (records(&columns, calls.rows.iter().map(|call| row(cx, call))))
            (pager(lang, "/calls", &[("view", view)], calls.page, calls.more))
        }
        @if cx.may(Gate::edit(Module::Settings)) {
            (card(None, None, link_cell("/calls/settings", html! { (t!(lang, "calls.settings")) }, html! {})))
        }
    };
    Page::new(&cx.frame(), Module::Calls.title(lang)).back("/me").refresh().render(body)
}

/// A call in the log. Its button dials; after the call the page opens where the result is recorded.
pub fn row(cx: &Cx, call: &Call) -> Markup {
    let lang = cx.lang;
    let link = format!("/calls/{}", call.id);
    let detail = html! {
        @if call.customer.is_some() { span.num { (shown(&call.digits)) } } @else if !call.name.is_empty() { (call.name) } @else if let Some(origin) = Origin::of(&call.digits).words(lang) { (origin) }
    };
    let record = Record::new(&link, caller(lang, call))
        .tags(call.state.standing().tag(lang))
        .time(clock::brief(call.started_at, cx.now))
        .detail(detail)
        .roomy(call.line_name().unwrap_or_default());
    if call.digits.is_empty() {
        return record.render();
    }
    let (tel, label) = (format!("tel:{}", call.digits), t!(lang, "calls.dial"));
    split_record(&record, html! { a.ib href=(tel) data-dial=(link) aria-label=(label) { (Icon::Phone.markup()) } })
}

/// The result of a call: a note, and 已接听, 未接 or 已回拨 while the call is open. It is one form, so that every button
/// saves the note.
fn outcome(cx: &Cx, call: &Call, form: &Form) -> Markup {
    let lang = cx.lang;
    if !cx.may(Gate::edit(Module::Calls)) {
        return html! { @if !call.note.is_empty() { (card(Some(&t!(lang, "calls.note")), None, html! { div.cell { p.pre { (call.note) } } })) } };
    }
    let act = |to: &str, answer: &str, label: std::borrow::Cow<'static, str>, kind: ButtonKind| {
        html! { button class=(kind.class()) formaction=(to) name="answer" value=(answer) { (label) } }
    };
    let (answer, callback) = (answer_link(call.id), callback_link(call.id));
    html! {
        (fields::post(&format!("/calls/{}/note", call.id), &cx.op_id()).holding(html! {
            (fields::fields(None, fields::textarea(&form.field("note", &t!(lang, "calls.note")), NOTE)))
            @match call.state {
                State::Missed => {
                    (act(&callback, "", t!(lang, "calls.have_called_back"), ButtonKind::Quiet))
                    (act(&answer, "yes", t!(lang, "calls.was_taken"), ButtonKind::Quiet))
                }
                State::Ringing | State::Ended => {
                    (act(&answer, "yes", t!(lang, "calls.was_taken"), ButtonKind::Quiet))
                    (act(&answer, "no", t!(lang, "calls.was_not_taken"), ButtonKind::Quiet))
                }
                State::Answered | State::CalledBack => (fields::submit(t!(lang, "calls.save_note"), ButtonKind::Quiet)),
            }
        }))
    }
}

/// One call.
pub fn show(cx: &Cx, call: &Call, form: &Form) -> Response {
    let lang = cx.lang;
    let body = html! {
        (fields::error_summary(lang, form.errors()))
        (card(None, None, html! {
            @match (call.customer_id, &call.customer) {
                (Some(id), Some(name)) => (link_cell(format!("/customers/{id}"), html! { b { (name) } }, html! {})),
                _ if !call.digits.is_empty() => (link_cell(new_customer_link(call), html! { (t!(lang, "calls.unknown")) }, html! { (t!(lang, "calls.make_customer")) })),
                _ => {},
            }
            (cell(t!(lang, "calls.number"), html! { @if call.digits.is_empty() { (t!(lang, "calls.withheld")) } @else { span.num { (shown(&call.digits)) } } }))
            @if let Some(origin) = Origin::of(&call.digits).words(lang) { (cell(t!(lang, "calls.origin"), html! { (origin) })) }
            @if !call.name.is_empty() { (cell(t!(lang, "calls.name"), html! { (call.name) })) }
            (cell(t!(lang, "calls.state"), call.state.standing().tag(lang)))
            (cell(t!(lang, "calls.began"), html! { (clock::iso_minute(call.started_at)) }))
            @if let Some(end) = call.ended_at { (cell(t!(lang, "calls.length"), html! { span.num { (t!(lang, "calls.seconds", n = (end - call.started_at).max(0) / 1000)) } })) }
            @if let Some(answerer) = &call.answerer { (cell(t!(lang, "calls.taken_by"), html! { (answerer) })) }
            (cell(t!(lang, "calls.line"), html! { (line(lang, call)) }))
        }))
        (outcome(cx, call, form))
    };
    let frame = cx.frame();
    let page = Page::new(&frame, caller(lang, call)).back("/calls");
    let page = if call.digits.is_empty() {
        page
    } else {
        page.bar(link_button(format!("tel:{}", call.digits), t!(lang, "calls.dial"), ButtonKind::Primary))
    };
    form_page(page, body, form)
}
