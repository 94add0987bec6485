//! Quotes as pages.

use maud::{Markup, html};

use super::pages::needs;
use super::{Body, Quote, Reason, is_past};
use crate::approvals::{self, Approval, Step};
use crate::documents::{self, Full, Head, State};
use crate::kernel::access::Gate;
use crate::kernel::clock::Millis;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::lines::{self, Line, Weighed};
use crate::ui::button::button_for;
use crate::ui::form::{ButtonKind, act_form};
use crate::ui::layout::Page;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, cell, link_button, money, paper};
use crate::web::cx::Cx;

/// The state, or that a quote in force has expired.
pub(super) fn state_tag(lang: Lang, state: State, valid_until: &str, now: Millis) -> Markup {
    if state == State::Active && is_past(valid_until, now) {
        return tag(t!(lang, "quotes.expired"), Tone::Plain);
    }
    documents::state_tag(lang, state)
}

fn reason_name(lang: Lang, reason: Reason, over: Fen) -> String {
    match reason {
        Reason::Amount => t!(lang, "quotes.reason_amount", over = over),
        Reason::Floor => t!(lang, "quotes.reason_floor"),
    }
    .into_owned()
}

/// Discount, validity and note.
pub(super) fn terms(lang: Lang, quote: &Full<Body>, now: Millis) -> Markup {
    let Full { head, body } = quote;
    html! {
        (lines::view::discount_cell(lang, body.discount))
        (cell(t!(lang, "quotes.valid_until"), html! {
            span.num { (body.valid_until) }
            @if body.is_expired(now) { " " (tag(t!(lang, "quotes.expired"), Tone::Bad)) }
        }))
        @if !head.note.is_empty() { (cell(t!(lang, "quotes.note"), html! { (head.note) })) }
    }
}

/// The approval card: what decides.
pub(super) fn facts(cx: &Cx, quote: &Full<Body>, lines: &[Weighed], reasons: &[Reason], seen: bool) -> Markup {
    let (lang, head) = (cx.lang, &quote.head);
    let (link, open) = (head.address(), t!(lang, "documents.open"));
    html! {
        (card(Some(&head.customer), seen.then_some((link.as_str(), &*open)), html! {
            (money(head.total().0))
            @for reason in reasons {
                @let name = reason_name(lang, *reason, quote.body.over());
                div.cell { div.g { small { (t!(lang, "quotes.rule", reason = name)) } } }
            }
            (terms(lang, quote, cx.now))
        }))
        (card(Some(&t!(lang, "lines.title", n = lines.len())), None, lines::view::weighed_cells(lang, lines, false)))
    }
}

type Flow<'a> = Option<(&'a Approval, &'a [Step])>;

pub(super) fn show(
    cx: &Cx,
    quote: &Full<Body>,
    lines: &[Weighed],
    flow: Flow<'_>,
    related: &[Head],
    onward: Markup,
) -> String {
    let (lang, head, module) = (cx.lang, &quote.head, Kind::Quote.module());
    let (address, me) = (head.address(), cx.actor().id);
    let (edit, edit_lines) = (format!("{address}/edit"), t!(lang, "quotes.edit_lines"));
    let may_edit = head.state == State::Draft && cx.may(Gate::edit(module));
    let may_withdraw = head.owner_id == me || flow.is_some_and(|(approval, _)| approval.requester_id == me);
    let reasons = needs(quote, lines);
    let frame = cx.frame();
    let page = Page::new(&frame, head.number.clone())
        .subtitle(head.customer.clone())
        .back(Kind::Quote.paths().list)
        .header_action(state_tag(lang, head.state, &head.title, cx.now))
        .bar(html! {
            (link_button(format!("{address}/print"), t!(lang, "quotes.print"), ButtonKind::Quiet))
            @if may_edit { (button_for(documents::SUBMISSION, t!(lang, "quotes.submit"), ButtonKind::Primary)) }
            @if let (State::Approving, Some((approval, _))) = (head.state, flow) {
                (link_button(format!("/approvals/{}", approval.id), t!(lang, "quotes.to_approval"), ButtonKind::Primary))
            }
            (onward)
        });
    page.render(html! {
        (card(None, None, html! {
            (money(head.total().0))
            @if let Some(customer) = head.customer_id {
                (cell(t!(lang, "quotes.customer"), html! { a href={ "/customers/" (customer) } { (head.customer) } }))
            }
            (cell(t!(lang, "quotes.owner"), html! { (head.owner) }))
            (cell(t!(lang, "quotes.date"), html! { span.num { (head.day) } }))
            (terms(lang, quote, cx.now))
        }))
        (card(Some(&t!(lang, "lines.title", n = lines.len())), may_edit.then_some((edit.as_str(), &*edit_lines)), html! {
            @if lines.is_empty() { div.cell { div.g { (t!(lang, "lines.none")) } } }
            (lines::view::weighed_cells(lang, lines, false))
            @if head.state == State::Draft {
                (cell(t!(lang, "quotes.approval"), html! {
                    @if reasons.is_empty() { (t!(lang, "quotes.needs_none")) }
                    @for reason in reasons { (tag(reason_name(lang, reason, quote.body.over()), Tone::Warn)) " " }
                }))
            }
        }))
        @if let Some((approval, steps)) = flow { (approvals::flow_card(cx, approval, steps)) }
        (documents::related_card(lang, head, related))
        @if cx.may(Gate::create(module)) {
            (act_form(&format!("{address}/versions"), &cx.op_id(), None, t!(lang, "quotes.copy"), ButtonKind::Quiet))
        }
        (documents::flow_acts::<Quote>(cx, head, None, may_withdraw, cx.scope().sees_others()))
    })
}

/// The page for paper.
pub(super) fn print(lang: Lang, quote: &Full<Body>, lines: &[Line], company: &str, now: Millis) -> String {
    let Full { head, body } = quote;
    let facts = [
        (t!(lang, "quotes.number"), head.number.clone()),
        (t!(lang, "quotes.customer"), head.customer.clone()),
        (t!(lang, "quotes.date"), head.day.clone()),
        (t!(lang, "quotes.valid_until"), body.valid_until.clone()),
        (t!(lang, "quotes.owner"), head.owner.clone()),
    ];
    let sum: Fen = lines.iter().map(|line| line.amount).sum();
    paper::page(
        lang,
        &format!("{} {}", Kind::Quote.name(lang), head.number),
        html! {
            header { p { (company) } h1 { (Kind::Quote.name(lang)) } }
            // Nobody takes a draft for an offer.
            @if head.state != State::Active || body.is_expired(now) { p.mark { (state_tag(lang, head.state, &head.title, now)) } }
            dl { @for (label, value) in facts { div { dt { (label) } dd { (value) } } } }
            (lines::view::paper(lang, lines))
            dl.sums {
                @if sum != head.total() {
                    div { dt { (t!(lang, "lines.sum")) } dd { "¥" (sum) } }
                    div { dt { (t!(lang, "lines.discount")) } dd { (body.discount.percent()) "%" } }
                }
                div { dt { (t!(lang, "quotes.total")) } dd { b { "¥" (head.total()) } } }
            }
            @if !head.note.is_empty() { p { (t!(lang, "quotes.note")) "：" (head.note) } }
        },
    )
}
