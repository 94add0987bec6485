//! Orders as pages.

use maud::{Markup, html};

use super::approval::{Reason, Weighing};
use super::credit::Credit;
use super::rules::{margin, percent};
use super::short::stock_cell;
use super::store::Turnover;
use super::{Body, Order};
use crate::approvals::{self, Approval, Step};
use crate::documents::{self, Full, State};
use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::lines::{self, Weighed};
use crate::modules::Module;
use crate::ui::button::button_for;
use crate::ui::cell::plain_cell;
use crate::ui::form::ButtonKind;
use crate::ui::tag::{Tone, tag};
use crate::ui::timeline::{Entry, timeline};
use crate::ui::{card, cell, link_button, meter, money};
use crate::web::cx::Cx;

fn reason_name(lang: Lang, reason: Reason, over: Fen) -> String {
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

fn credit_cells(lang: Lang, credit: &Credit) -> Markup {
    html! {
        @if let (Some(before), Some(after)) = (credit.percent(credit.before), credit.percent(credit.after)) {
            (plain_cell(html! {
                (t!(lang, "orders.credit_used")) " " span.num { "¥" (credit.after) " / " (credit.limit) }
                (meter(credit.after.0.clamp(0, credit.limit.0), credit.limit.0, &t!(lang, "orders.credit_used")))
            }, html! {
                small { (t!(lang, "orders.credit_before", percent = before)) } br;
                @if credit.exceeded() { (tag(&t!(lang, "orders.credit_after", percent = after), Tone::Bad)) }
                @else { b.num { (t!(lang, "orders.credit_after", percent = after)) } }
            }))
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
                    b.num { (margin(head.total(), body.cost).map_or_else(|| "—".to_owned(), percent)) }
                    @if let Some(average) = margin(usual.total, usual.cost) {
                        br; small { (t!(lang, "orders.margin_usual", percent = percent(average))) }
                    }
                }))
            }
            (credit_cells(lang, credit))
            @if open { (stock_cell(lang, order, lines)) }
        }))
        (card(Some(&t!(lang, "lines.title", n = lines.len())), None, lines::view::weighed_cells(lang, lines, open)))
        @if !head.note.is_empty() { (card(Some(&t!(lang, "orders.note")), None, html! { div.cell { div.g { (head.note) } } })) }
    }
}

type Flow<'a> = Option<(&'a Approval, &'a [Step])>;

pub(super) fn show(
    cx: &Cx,
    order: &Full<Body>,
    lines: &[Weighed],
    weighing: Option<&Weighing>,
    flow: Flow<'_>,
    told: &[Entry],
) -> Markup {
    let lang = cx.lang;
    let Full { head, body } = order;
    let edit = format!("{}/edit", head.address());
    let edit_lines = t!(lang, "orders.edit_lines");
    html! {
        (card(None, None, html! {
            (money(head.total().0))
            @if let Some(customer) = head.customer_id {
                (cell(&t!(lang, "orders.customer"), html! { a href={ "/customers/" (customer) } { (head.customer) } }))
            }
            (cell(&t!(lang, "orders.owner"), html! { (head.owner) }))
            (cell(&t!(lang, "orders.date"), html! { span.num { (head.day) } }))
            (lines::view::discount_cell(lang, body.discount))
            @if let Some(warehouse) = &body.warehouse { (cell(&t!(lang, "lines.warehouse"), html! { (warehouse) })) }
            @if let Some(visit) = head.visit_id { (cell(&t!(lang, "orders.visit"), html! { a href={ "/visits/" (visit) } { (t!(lang, "orders.to_visit")) } })) }
            @if head.state.in_force() {
                (cell(&t!(lang, "orders.paid"), html! { span.num { "¥" (body.paid) } br; small { (t!(lang, "orders.rest", rest = head.total() - body.paid)) } }))
            }
            @if !head.note.is_empty() { (cell(&t!(lang, "orders.note"), html! { (head.note) })) }
        }))
        (card(Some(&t!(lang, "lines.title", n = lines.len())), (head.state == State::Draft).then_some((edit.as_str(), &*edit_lines)), html! {
            @if lines.is_empty() { div.cell { div.g { (t!(lang, "lines.none")) } } }
            (lines::view::weighed_cells(lang, lines, head.state.is_open()))
        }))
        @if let Some(weighing) = weighing {
            (card(Some(&t!(lang, "orders.checks")), None, html! {
                (stock_cell(lang, order, lines))
                (credit_cells(lang, &weighing.credit))
                @if head.state == State::Draft {
                    (cell(&t!(lang, "orders.approval"), html! {
                        @if weighing.reasons.is_empty() { (t!(lang, "orders.needs_none")) }
                        @for reason in &weighing.reasons { (tag(reason_name(lang, *reason, body.over()), Tone::Warn)) " " }
                    }))
                }
            }))
        }
        @if let Some((approval, steps)) = flow {
            (approvals::flow_card(cx, approval, steps))
        }
        @if let Some(at) = head.decided_at.filter(|_| flow.is_none()) {
            (card(None, None, cell(&t!(lang, "orders.in_force_since"), html! { (clock::brief(at, cx.now)) })))
        }
        @if !told.is_empty() { (card(Some(&t!(lang, "orders.told")), None, timeline(told))) }
        (documents::flow_acts::<Order>(cx, head, Some("order_submission"), may_withdraw(cx, order, flow), may_cancel(cx, body)))
    }
}

fn may_withdraw(cx: &Cx, order: &Full<Body>, flow: Flow<'_>) -> bool {
    let me = cx.actor().id;
    order.head.owner_id == me || flow.is_some_and(|(approval, _)| approval.requester_id == me)
}

fn may_cancel(cx: &Cx, body: &Body) -> bool {
    cx.scope().sees_others() && body.paid == Fen::ZERO
}

/// The acts in the bar: the main one of each state.
/// An order that is `held` is put right first.
pub(super) fn bar(cx: &Cx, order: &Full<Body>, flow: Flow<'_>, held: bool) -> Option<Markup> {
    let lang = cx.lang;
    let Full { head, body } = order;
    let repeat = |kind| repeat_link(lang, head.id, kind);
    let may_create = cx.may(Gate::create(Module::Orders));
    match head.state {
        State::Draft if held && cx.may(Gate::edit(Module::Orders)) => Some(link_button(
            format!("{}/edit", head.address()),
            t!(lang, "orders.change_quantity"),
            ButtonKind::Primary,
        )),
        State::Draft if cx.may(Gate::edit(Module::Orders)) => Some(html! {
            (link_button(format!("{}/edit", head.address()), t!(lang, "orders.edit"), ButtonKind::Quiet))
            (button_for(documents::SUBMISSION, t!(lang, "orders.submit"), ButtonKind::Primary))
        }),
        State::Approving => flow.map(|(approval, _)| {
            link_button(format!("/approvals/{}", approval.id), t!(lang, "orders.to_approval"), ButtonKind::Primary)
        }),
        State::Active => Some(html! {
            @if may_create { (repeat(ButtonKind::Quiet)) }
            @if let Some(customer) = head.customer_id.filter(|_| body.paid < head.total() && cx.may(Gate::create(Module::Payments))) {
                (link_button(format!("/payments/new?customer={customer}"), t!(lang, "orders.take_payment"), ButtonKind::Primary))
            }
        }),
        State::Rejected | State::Closed | State::Cancelled if may_create => Some(repeat(ButtonKind::Primary)),
        State::Draft | State::Rejected | State::Closed | State::Cancelled => None,
    }
}
