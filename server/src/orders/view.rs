//! Orders as pages.

use std::borrow::Cow;

use maud::{Markup, html};

use super::Body;
use super::approval::Reason;
use super::credit::Credit;
use super::rules::{margin, percent};
use super::short::stock_cell;
use super::store::Turnover;
use crate::documents::{Full, Head, State};
use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::lines::{self, Weighed};
use crate::modules::Module;
use crate::ui::cell::plain_cell;
use crate::ui::form::ButtonKind;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, cell, link_button, meter, money};
use crate::web::cx::Cx;

/// Why an order needs approval, each reason in a word or two, from the stored codes.
#[must_use]
pub fn short_reasons(lang: Lang, codes: &str) -> Vec<Cow<'static, str>> {
    let short = |reason| match reason {
        Reason::Amount => t!(lang, "orders.short_amount"),
        Reason::Credit => t!(lang, "orders.short_credit"),
        Reason::Overdue => t!(lang, "orders.short_overdue"),
        Reason::Floor => t!(lang, "orders.short_floor"),
    };
    Reason::listed(codes).into_iter().map(short).collect()
}

pub(super) fn reason_name(lang: Lang, reason: Reason, over: Fen) -> String {
    match reason {
        Reason::Amount => t!(lang, "orders.reason_amount", over = over),
        Reason::Credit => t!(lang, "orders.reason_credit"),
        Reason::Overdue => t!(lang, "orders.reason_overdue"),
        Reason::Floor => t!(lang, "orders.reason_floor"),
    }
    .into_owned()
}

pub(super) fn repeat_link(lang: Lang, order: Id, kind: ButtonKind) -> Markup {
    link_button(format!("/orders/new?repeat={order}"), t!(lang, "orders.repeat"), kind)
}

pub(super) fn credit_cells(lang: Lang, credit: &Credit) -> Markup {
    html! {
        @if let (Some(before), Some(after)) = (credit.percent(credit.before), credit.percent(credit.after)) {
            (plain_cell(html! {
                div.n {
                    span { (t!(lang, "orders.credit_used")) }
                    small { (t!(lang, "orders.credit_before", percent = before)) " → " b.hot[credit.exceeded()] { (t!(lang, "orders.credit_after", percent = after)) } }
                }
                (meter(credit.after.0.clamp(0, credit.limit.0), credit.limit.0, &t!(lang, "orders.credit_used")))
                p { span.num { "¥" (credit.after) } " / " span.num { "¥" (credit.limit) } }
            }, html! {}))
        } @else {
            (cell(&t!(lang, "orders.credit_used"), html! { span.num { "¥" (credit.after) } br; small { (t!(lang, "orders.no_limit")) } }))
        }
        (cell(&t!(lang, "orders.overdue"), html! {
            @if credit.overdue.0 > 0 { (tag(format!("¥{}", credit.overdue), Tone::Bad)) } @else { b { (t!(lang, "orders.none_overdue")) } }
        }))
    }
}

/// The approval card: what decides.
pub(super) fn facts(
    cx: &Cx,
    order: &Full<Body>,
    lines: &[Weighed],
    credit: &Credit,
    reasons: &[Reason],
    usual: Option<&Turnover>,
    seen: bool,
) -> Markup {
    let lang = cx.lang;
    let Full { head, body } = order;
    let open = head.state.is_open();
    let (link, open_order) = (head.address(), t!(lang, "orders.open_order"));
    html! {
        (card(Some(&head.customer), seen.then_some((link.as_str(), &*open_order)), html! {
            (money(head.total().0))
            (lines::view::discount_cell(lang, body.discount))
            @for reason in reasons {
                div.cell { div.g { small { (t!(lang, "orders.rule", reason = reason_name(lang, *reason, body.over()))) } } }
            }
        }))
        (card(None, None, html! {
            @if let Some(usual) = usual {
                (cell(&t!(lang, "orders.margin"), html! {
                    @let gained = margin(head.total(), body.cost);
                    b.num.hot[gained.is_some_and(|gained| gained < 0)] { (gained.map_or_else(|| "—".to_owned(), percent)) }
                    @if let Some(average) = margin(usual.total, usual.cost) {
                        br; small { (t!(lang, "orders.margin_usual", percent = percent(average))) }
                    }
                }))
            }
            (credit_cells(lang, credit))
            @if open { (stock_cell(lang, order, lines)) }
        }))
        (card(Some(&t!(lang, "lines.title", n = lines.len())), None, lines::view::weighed_cells(lang, lines, open)))
        @if !head.note.is_empty() { (card(Some(&t!(lang, "lines.note")), None, html! { div.cell { div.g { (head.note) } } })) }
    }
}

/// What an order has besides its lines, as cells.
pub(super) fn terms(lang: Lang, order: &Full<Body>) -> Markup {
    let Full { head, body } = order;
    html! {
        (lines::view::discount_cell(lang, body.discount))
        @if let Some(warehouse) = &body.warehouse { (cell(&t!(lang, "lines.warehouse"), html! { (warehouse) })) }
        @if let Some(visit) = head.visit_id { (cell(&t!(lang, "orders.visit"), html! { a href={ "/visits/" (visit) } { (t!(lang, "orders.to_visit")) } })) }
        @if head.state.in_force() {
            (cell(&t!(lang, "orders.paid"), html! { span.num { "¥" (body.paid) } br; small { (t!(lang, "orders.rest", rest = head.total() - body.paid)) } }))
        }
    }
}

/// The way back to the visit of today on which the order was written.
fn to_visit(cx: &Cx, head: &Head) -> Markup {
    let visit = head.visit_id.filter(|_| head.day == clock::iso_day(cx.now) && head.owner_id == cx.actor().id);
    html! {
        @if let Some(visit) = visit {
            (link_button(format!("/visits/{visit}"), t!(cx.lang, "orders.back_to_visit"), ButtonKind::Quiet))
        }
    }
}

/// The acts of each state in the bar.
pub(super) fn acts(cx: &Cx, order: &Full<Body>) -> Markup {
    let (lang, Full { head, body }) = (cx.lang, order);
    let may_create = cx.may(Gate::create(Module::Orders));
    let pays = || head.customer_id.filter(|_| body.paid < head.total() && cx.may(Gate::create(Module::Payments)));
    html! {
        @match head.state {
            State::Draft => @if cx.may(Gate::edit(Module::Orders)) {
                (link_button(format!("{}/edit", head.address()), t!(lang, "orders.edit"), ButtonKind::Quiet))
            },
            State::Approving => (to_visit(cx, head)),
            State::Active => {
                (to_visit(cx, head))
                @if may_create { (repeat_link(lang, head.id, ButtonKind::Quiet)) }
                @if let Some(customer) = pays() {
                    (link_button(format!("/payments/new?customer={customer}"), t!(lang, "orders.take_payment"), ButtonKind::Primary))
                }
            },
            State::Rejected | State::Closed | State::Cancelled => @if may_create {
                (repeat_link(lang, head.id, ButtonKind::Primary))
            },
        }
    }
}
