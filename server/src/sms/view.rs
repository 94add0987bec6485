//! What the pages of the SMS center look like.

use maud::{Markup, Render, html};

use crate::customers::{Brief, Number};
use crate::kernel::access::Gate;
use crate::kernel::address::address;
use crate::kernel::clock;
use crate::kernel::db::paging::{Listing, Way};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::modules::Module;
use crate::sms::incoming_view::numbered;
use crate::sms::parts::{Alphabet, measure};
use crate::sms::rules::{LONGEST, State, recipient};
use crate::sms::store::{Message, Template, Thread, ThreadRow};
use crate::sms::{Class, Settings, quoted, shown};
use crate::ui::cell::timed_entry;
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::{
    Column, Record, Width, card, cell, empty, link_button, link_cell, pager, records, search_bar, segmented,
};
use crate::web::cx::Cx;
use crate::web::form::Form;

/// What stands beside the form of a new message.
#[derive(Debug)]
pub struct Draft {
    /// To whom.
    pub customer: Option<Brief>,
    /// Its numbers.
    pub numbers: Vec<Number>,
    /// To begin with.
    pub templates: Vec<Template>,
    /// Signature and price.
    pub settings: Settings,
}

/// Why it did not go, in words where it is one of ours; what the network says is kept as it came.
fn reason(lang: Lang, error: &str) -> String {
    match error {
        "revoked" => t!(lang, "sms.error_revoked").into_owned(),
        "taken_back" => t!(lang, "sms.error_taken_back").into_owned(),
        "recall" => t!(lang, "sms.error_recall").into_owned(),
        "optout" => t!(lang, "sms.block_optout").into_owned(),
        "blacklist" => t!(lang, "sms.block_blacklist").into_owned(),
        other => other.to_owned(),
    }
}

/// 短信: conversations.
pub fn list(cx: &Cx, threads: &Listing<ThreadRow>, unread: bool) -> String {
    let lang = cx.lang;
    let q = cx.query("q").unwrap_or_default();
    let view = if unread { "unread" } else { "" };
    let new = t!(lang, "sms.new");
    let may_write = cx.may(Gate::create(Module::Sms));
    let columns = [
        Column::new(t!(lang, "sms.column_who"), Width::Share),
        Column::new(t!(lang, "sms.unread"), Width::Code),
        Column::new(t!(lang, "sms.column_time"), Width::Code).sorted(Some(Way::Down)),
        Column::new(t!(lang, "sms.column_text"), Width::Share),
    ];
    let body = html! {
        (search_bar("/sms", q, &t!(lang, "sms.search"), &[("view", view)]))
        (segmented(&rooms(cx, unread)))
        @if threads.rows.is_empty() {
            (empty(t!(lang, "sms.none"), may_write.then_some(("/sms/new", new.as_ref()))))
        } @else {
            (records(&columns, threads.rows.iter().map(|row| thread_row(cx, row))))
            (pager(lang, "/sms", &[("q", q), ("view", view)], threads.page, threads.more))
        }
    };
    let frame = cx.frame();
    let page = Page::new(&frame, Module::Sms.title(lang)).back("/me");
    let page = if may_write { page.bar(link_button("/sms/new", &new, ButtonKind::Primary)) } else { page };
    page.render(body)
}

/// A conversation in a list.
pub fn thread_row(cx: &Cx, row: &ThreadRow) -> Markup {
    let lang = cx.lang;
    let who = html! { @match &row.customer { Some(name) => (name), None => (numbered(lang, &row.thread.digits)) } };
    let tags = html! {
        @if row.doubtful > 0 { (tag(t!(lang, "sms.doubtful"), Tone::Warn)) }
        @if row.thread.unread > 0 { (tag(t!(lang, "sms.unread_count", n = row.thread.unread), Tone::Bad)) }
    };
    let last = html! { @if !row.thread.last_inbound { (t!(lang, "sms.we_wrote")) } (row.thread.last_text) };
    let when = clock::brief(row.thread.last_at, cx.now);
    Record::new(format!("/sms/{}", row.thread.id), who).tags(tags).time(when).detail(last).render()
}

/// The rooms of the center that this person may enter.
fn rooms(cx: &Cx, unread: bool) -> Vec<(String, String, bool)> {
    let lang = cx.lang;
    let room = |href: &str, label: std::borrow::Cow<'static, str>, current: bool| {
        (href.to_owned(), label.into_owned(), current)
    };
    let mut rooms = vec![
        room("/sms", t!(lang, "sms.all"), !unread),
        room("/sms?view=unread", t!(lang, "sms.unread"), unread),
        room("/sms/unsent", t!(lang, "sms.unsent"), false),
    ];
    if cx.may(Gate::approve(Module::Sms)) {
        rooms.push(room("/campaigns", t!(lang, "sms.campaigns"), false));
    }
    rooms.push(room("/sms/templates", t!(lang, "sms.templates"), false));
    if cx.may(Gate::export(Module::Sms)) {
        rooms.push(room("/sms/blocks", t!(lang, "sms.blocks"), false));
    }
    if cx.may(Gate::edit(Module::Settings)) {
        rooms.push(room("/sms/settings", t!(lang, "sms.settings_short"), false));
    }
    rooms
}

/// Whether a message can be sent to a number.
fn takes_sms(digits: &str) -> bool {
    recipient(digits).is_ok()
}

/// A new message.
pub fn compose(cx: &Cx, form: &Form, draft: &Draft) -> String {
    let lang = cx.lang;
    let mobiles: Vec<&Number> = draft.numbers.iter().filter(|number| takes_sms(&number.digits)).collect();
    let first = mobiles.first().map(|number| number.digits.clone()).unwrap_or_default();
    let filled = if form.value("to").is_empty() { form.clone().with("to", first) } else { form.clone() };
    let customer = form.value("customer");
    let with = |template: Id| {
        address("/sms/new", &[("customer", customer), ("to", filled.value("to")), ("template", &template.to_string())])
    };
    let body = html! {
        @if let Some(customer) = &draft.customer {
            (card(None, None, link_cell(format!("/customers/{}", customer.id), html! { b { (customer.name) } }, html! { (customer.owner_name) })))
        }
        (fields::post("/sms", &cx.op_id()).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::hidden("customer", customer))
            (fields::fields(None, html! {
                @if mobiles.len() > 1 && form.errors().is_empty() {
                    (fields::select(&filled.field("to", &t!(lang, "sms.to")).required(), &mobiles.iter().map(|number| (number.digits.clone(), number.shown.clone())).collect::<Vec<_>>()))
                } @else {
                    (fields::text(&filled.field("to", &t!(lang, "sms.to")).required(), InputKind::Phone, 40))
                }
                (fields::textarea(&form.field("text", &t!(lang, "sms.text")).required().hint(&t!(lang, "sms.text_hint")), LONGEST))
                (counter(&draft.settings, Class::Service))
            }))
            // The script counts while one writes; without it the count is a page of its own.
            noscript { button.btn formaction="/sms/preview" { (t!(lang, "sms.preview")) } }
            (fields::submit(t!(lang, "sms.send"), ButtonKind::Primary))
        }))
        @if form.errors().is_empty() && !draft.templates.is_empty() {
            (card(Some(&t!(lang, "sms.from_template")), None, html! {
                @for template in draft.templates.iter().filter(|template| template.enabled) {
                    (link_cell(with(template.id), html! { (template.name) p { (template.text) } }, html! {}))
                }
            }))
        }
    };
    let frame = cx.frame();
    let page = Page::new(&frame, t!(lang, "sms.new")).back("/sms");
    let page = if form.is_right() { page } else { page.error_title() };
    page.render(body)
}

/// Where scripts run: units, parts and cost of the form's `text` while it is written. Elsewhere the preview
/// says the same.
pub fn counter(settings: &Settings, class: Class) -> Markup {
    // What is added around the text, measured with it.
    let (before, after) = match settings.dress("\u{0}", class).split_once('\u{0}') {
        Some((before, after)) => (before.to_owned(), after.to_owned()),
        None => (String::new(), String::new()),
    };
    html! { div.field { p.hint.num data-count data-price=(settings.price.0) data-before=(before) data-after=(after) aria-live="polite" {} } }
}

/// Stored digits as people read them.
#[must_use]
pub fn shown_number(digits: &str) -> String {
    shown(digits)
}

/// What so many parts cost.
pub fn cost(settings: &Settings, parts: i64) -> Fen {
    Fen(settings.price.0.saturating_mul(parts))
}

/// The message as it will go, with its size.
pub fn preview(cx: &Cx, draft: &Draft, to: &str, text: &str) -> String {
    let lang = cx.lang;
    let dressed = draft.settings.dress(text, Class::Service);
    let size = measure(&dressed);
    let parts = i64::try_from(size.parts).unwrap_or(i64::MAX);
    let customer = draft.customer.as_ref().map(|customer| customer.id.to_string()).unwrap_or_default();
    let body = html! {
        (card(None, None, html! {
            @if let Some(customer) = &draft.customer { (cell(t!(lang, "sms.customer"), html! { (customer.name) })) }
            (cell(t!(lang, "sms.to"), html! { span.num { (shown(to)) } }))
            div.cell { div.g { p.pre { (dressed) } } }
            (cell(t!(lang, "sms.size"), html! { span.num { (t!(lang, "sms.units", n = size.units)) } }))
            (cell(t!(lang, "sms.parts"), html! { b.num { (t!(lang, "sms.parts_count", n = size.parts)) } }))
            (cell(t!(lang, "sms.cost"), html! { b.num { "¥" (cost(&draft.settings, parts)) } }))
            (cell(t!(lang, "sms.alphabet"), html! { @match size.alphabet { Alphabet::Gsm7 => (t!(lang, "sms.gsm7")), Alphabet::Ucs2 => (t!(lang, "sms.ucs2")) } }))
        }))
        (fields::post("/sms", &cx.op_id()).holding(html! {
            (fields::hidden("customer", &customer))
            (fields::hidden("to", to))
            (fields::hidden("text", text))
            (fields::submit(t!(lang, "sms.send"), ButtonKind::Primary))
        }))
        (fields::post("/sms/preview", &cx.op_id()).holding(html! {
            (fields::hidden("customer", &customer))
            (fields::fields(Some(&t!(lang, "sms.change")), html! {
                (fields::text(&cx.blank().with("to", to).field("to", &t!(lang, "sms.to")), InputKind::Phone, 40))
                (fields::textarea(&cx.blank().with("text", text).field("text", &t!(lang, "sms.text")), LONGEST))
            }))
            (fields::submit(t!(lang, "sms.count_again"), ButtonKind::Quiet))
        }))
    };
    Page::new(&cx.frame(), t!(lang, "sms.preview")).back("/sms/new").render(body)
}

fn person_acts(cx: &Cx, message: &Message) -> Markup {
    let lang = cx.lang;
    let state = message.state;
    let settle = |outcome: &str, label: std::borrow::Cow<'static, str>, kind: ButtonKind| {
        fields::post(&format!("/sms/messages/{}/settlement", message.id), &cx.op_id()).holding(html! {
            (fields::hidden("outcome", outcome))
            (fields::submit(label, kind))
        })
    };
    html! {
        @if cx.may(Gate::edit(Module::Sms)) {
            @if state.needs_a_person() {
                (card(None, None, html! {
                    div.cell { div.g { @if state == State::Unknown { (t!(lang, "sms.unknown_text")) } @else { (t!(lang, "sms.failed_text")) } } }
                    (fields::post(&format!("/sms/messages/{}/retry", message.id), &cx.op_id()).holding(fields::submit(t!(lang, "sms.retry"), ButtonKind::Primary)))
                    @if state == State::Unknown { (settle("sent", t!(lang, "sms.settle_sent"), ButtonKind::Quiet)) }
                    (settle("dropped", t!(lang, "sms.settle_dropped"), ButtonKind::Danger))
                }))
            } @else if matches!(state, State::Waiting | State::Offered | State::Queued) {
                @if message.recall_id.is_some() {
                    (card(None, None, html! { div.cell { div.g { (t!(lang, "sms.recall_asked")) } } }))
                } @else if message.recall_late {
                    (card(None, None, html! { div.cell { div.g { (t!(lang, "sms.recall_too_late")) } } }))
                } @else {
                    (fields::post(&format!("/sms/messages/{}/recall", message.id), &cx.op_id()).holding(fields::submit(t!(lang, "sms.take_back"), ButtonKind::Danger)))
                }
            }
        }
    }
}

/// One message.
pub fn message(cx: &Cx, message: &Message, thread: Option<&Thread>, customer: Option<&Brief>) -> String {
    let lang = cx.lang;
    let back = thread.map_or_else(|| "/sms".to_owned(), |thread| format!("/sms/{}", thread.id));
    let body = html! {
        (card(None, None, html! {
            @if let Some(customer) = customer {
                (link_cell(format!("/customers/{}", customer.id), html! { b { (customer.name) } }, html! { (customer.owner_name) }))
            }
            (cell(t!(lang, "sms.to"), html! { span.num { (shown(&message.digits)) } }))
            div.cell { div.g { p.pre { (message.text) } } }
            (cell(t!(lang, "sms.parts"), html! { span.num { (t!(lang, "sms.parts_count", n = message.parts)) } }))
            (cell(t!(lang, "sms.state"), message.state.standing().tag(lang)))
            @if !message.error.is_empty() { (cell(t!(lang, "sms.reason"), html! { (reason(lang, &message.error)) })) }
            (cell(t!(lang, "sms.written"), html! { (clock::iso_minute(message.created_at)) }))
            @if let Some(at) = message.sent_at { (cell(t!(lang, "sms.sent"), html! { (clock::iso_minute(at)) })) }
            @if let Some(at) = message.delivered_at { (cell(t!(lang, "sms.delivered"), html! { (clock::iso_minute(at)) })) }
        }))
        (person_acts(cx, message))
    };
    Page::new(&cx.frame(), t!(lang, "sms.message")).back(back).refresh().render(body)
}

/// 未发出: what a person has to look at.
pub fn unsent(cx: &Cx, messages: &Listing<Message>, waiting: bool) -> String {
    let lang = cx.lang;
    let view = if waiting { "waiting" } else { "" };
    let body = html! {
        (segmented(&[
            ("/sms/unsent".to_owned(), t!(lang, "sms.to_settle").into_owned(), !waiting),
            ("/sms/unsent?view=waiting".to_owned(), t!(lang, "sms.on_the_way").into_owned(), waiting),
        ]))
        @if messages.rows.is_empty() { (empty(t!(lang, "sms.none_unsent"), None)) }
        @else {
            (card(None, None, html! {
                @for message in &messages.rows {
                    (link_cell(
                        format!("/sms/messages/{}", message.id),
                        html! {
                            (timed_entry(shown(&message.digits), message.state.standing().tag(lang), clock::brief(message.created_at, cx.now), quoted(&message.text)))
                            @if !message.error.is_empty() { p { (reason(lang, &message.error)) } }
                        },
                        html! {},
                    ))
                }
            }))
            (pager(lang, "/sms/unsent", &[("view", view)], messages.page, messages.more))
        }
    };
    Page::new(&cx.frame(), t!(lang, "sms.unsent")).back("/sms").render(body)
}
