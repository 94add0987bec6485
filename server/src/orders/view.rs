//! Orders as pages.

use maud::{Markup, html};

use crate::approvals::{self, Approval, Step};
use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::ui::button::{button_for, icon_link};
use crate::ui::cell::plain_cell;
use crate::ui::form::{self, ButtonKind};
use crate::ui::icon::Icon;
use crate::ui::tag::{Tone, tag};
use crate::ui::timeline::{Entry, timeline};
use crate::ui::{card, cell, empty, link_button, link_cell, meter, money, pager, search_bar, segmented};
use crate::web::cx::Cx;

use super::approval::{Reason, Weighed};
use super::rules::{State, margin, percent};
use super::store::{Line, Order, Turnover, View};

pub(super) fn tone(state: State) -> Tone {
    match state {
        State::Draft => Tone::Info,
        State::Approving => Tone::Warn,
        State::Active => Tone::Good,
        State::Rejected => Tone::Bad,
        State::Closed | State::Cancelled => Tone::Plain,
    }
}

pub(super) fn state_tag(lang: Lang, state: State) -> Markup {
    tag(state.name(lang), tone(state))
}

fn reason_name(lang: Lang, reason: Reason, over: crate::kernel::money::Fen) -> String {
    match reason {
        Reason::Amount => t!(lang, "orders.reason_amount", over = over),
        Reason::Credit => t!(lang, "orders.reason_credit"),
        Reason::Overdue => t!(lang, "orders.reason_overdue"),
        Reason::Floor => t!(lang, "orders.reason_floor"),
    }
    .into_owned()
}

pub(super) fn add_link(cx: &Cx) -> Markup {
    html! {
        @if cx.may(Gate::create(Module::Orders)) {
            (icon_link("/orders/new", Icon::Plus, &t!(cx.lang, "orders.new")))
        }
    }
}

pub(super) fn repeat_link(lang: Lang, order: Id) -> Markup {
    link_button(format!("/orders/new?repeat={order}"), t!(lang, "orders.repeat"), ButtonKind::Quiet)
}

pub(super) fn choose_customer(lang: Lang) -> Markup {
    empty(&t!(lang, "orders.choose_customer"), Some(("/customers", &t!(lang, "orders.to_customers"))))
}

pub(super) fn list(cx: &Cx, shown: View, q: &str, customer: Option<Id>, found: &Listing<Order>) -> Markup {
    let lang = cx.lang;
    let only = customer.map(|id| id.to_string()).unwrap_or_default();
    let of_customer = |sign: &str| if only.is_empty() { String::new() } else { format!("{sign}customer={only}") };
    let chosen = match shown {
        View::All => "",
        View::State(state) => state.code(),
    };
    let mut views =
        vec![(format!("/orders{}", of_customer("?")), t!(lang, "orders.all").into_owned(), shown == View::All)];
    views.extend([State::Draft, State::Approving, State::Active].into_iter().map(|state| {
        (
            format!("/orders?view={}{}", state.code(), of_customer("&")),
            state.name(lang).into_owned(),
            shown == View::State(state),
        )
    }));
    html! {
        (search_bar("/orders", q, &t!(lang, "orders.search"), &[("view", chosen), ("customer", &only)]))
        (segmented(&views))
        @if found.rows.is_empty() {
            (empty(&t!(lang, "orders.none"), Some(("/customers", &t!(lang, "orders.to_customers")))))
        } @else {
            section.card {
                @for row in &found.rows {
                    (link_cell(format!("/orders/{}", row.id), html! {
                        (row.customer) p { span.num { (row.number) } @if cx.scope().sees_others() { " · " (row.owner) } }
                    }, html! { b.num { "¥" (row.total) } br; (state_tag(lang, row.state())) }))
                }
            }
            (pager(lang, "/orders", &[("q", q), ("view", chosen), ("customer", &only)], found.page, found.more))
        }
    }
}

/// The lines without what surrounds them.
pub(super) fn line_cells(lang: Lang, lines: &[Line]) -> Markup {
    html! {
        @for line in lines {
            (plain_cell(html! {
                (line.name)
                p.num { (line.quantity) " " (line.unit) " × ¥" (price(lang, line)) }
            }, html! { b.num { (line.amount) } }))
        }
    }
}

/// The price, with the list price struck out where they differ.
fn price(lang: Lang, line: &Line) -> Markup {
    html! {
        @if line.price != line.list_price { s.was aria-label=(t!(lang, "orders.list_price")) { (line.list_price) } " " }
        (line.price)
    }
}

/// The lines with stock, floor and last price: what the rep and the approver weigh.
fn weighed_lines(lang: Lang, lines: &[Line], weighed: &Weighed, stock_counts: bool) -> Markup {
    html! {
        @for line in lines {
            @let there = weighed.available.get(&line.product_id).copied().unwrap_or_default();
            (plain_cell(html! {
                (line.name)
                p.num { (line.quantity) " " (line.unit) " × ¥" (price(lang, line)) }
                @if super::rules::under_floor(line.price, line.ratio, line.floor_price) {
                    " " (tag(&t!(lang, "orders.under_floor", floor = line.floor_price.times(line.ratio)), Tone::Bad))
                }
                @if stock_counts && line.tracked {
                    @if there < line.base_quantity() {
                        " " (tag(&t!(lang, "orders.stock_short", wanted = line.base_quantity(), available = there.max(Default::default()), unit = line.base_unit), Tone::Bad))
                    } @else {
                        small { (t!(lang, "orders.available", quantity = there, unit = line.base_unit)) }
                    }
                }
            }, html! {
                b.num { (line.amount) }
                @if let Some(last) = weighed.last.get(&line.product_id) {
                    @let before = last.in_unit(line.ratio);
                    br; small.num {
                        (t!(lang, "orders.last_was", price = before))
                        @if before < line.price { " ↑" (line.price - before) } @else if before > line.price { " ↓" (before - line.price) }
                    }
                } @else {
                    br; small { (t!(lang, "orders.first_time")) }
                }
            }))
        }
    }
}

fn credit_cells(lang: Lang, weighed: &Weighed) -> Markup {
    let credit = &weighed.credit;
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
    order: &Order,
    lines: &[Line],
    weighed: &Weighed,
    reasons: &[Reason],
    usual: Option<&Turnover>,
    visible: bool,
) -> Markup {
    let lang = cx.lang;
    let open = matches!(order.state(), State::Draft | State::Approving);
    let short = lines
        .iter()
        .filter(|line| line.tracked)
        .filter(|line| weighed.available.get(&line.product_id).copied().unwrap_or_default() < line.base_quantity())
        .count();
    let link = format!("/orders/{}", order.id);
    let open_order = t!(lang, "orders.open_order");
    html! {
        (card(Some(&order.customer), visible.then_some((link.as_str(), &*open_order)), html! {
            (money(order.total.0))
            @for reason in reasons {
                div.cell { div.g { small { (t!(lang, "orders.rule", reason = reason_name(lang, *reason, weighed.over))) } } }
            }
        }))
        (card(None, None, html! {
            @if let Some(usual) = usual {
                (cell(&t!(lang, "orders.margin"), html! {
                    b.num { (margin(order.total, order.cost).map_or_else(|| "—".to_owned(), percent)) }
                    @if let Some(average) = margin(usual.total, usual.cost) {
                        br; small { (t!(lang, "orders.margin_usual", percent = percent(average))) }
                    }
                }))
            }
            (credit_cells(lang, weighed))
            @if open {
                (cell(&t!(lang, "orders.stock"), html! {
                    @if short == 0 { (tag(&t!(lang, "orders.stock_enough"), Tone::Good)) }
                    @else { (tag(&t!(lang, "orders.stock_lines_short", n = short), Tone::Bad)) }
                    @if let Some(house) = &order.warehouse { br; small { (house) } }
                }))
            }
        }))
        (card(Some(&t!(lang, "orders.lines", n = lines.len())), None, weighed_lines(lang, lines, weighed, open)))
        @if !order.note.is_empty() { (card(Some(&t!(lang, "orders.note")), None, html! { div.cell { div.g { (order.note) } } })) }
    }
}

pub(super) fn show(
    cx: &Cx,
    order: &Order,
    lines: &[Line],
    weighed: &Weighed,
    flow: Option<(&Approval, &[Step])>,
    told: &[Entry],
) -> Markup {
    let lang = cx.lang;
    let state = order.state();
    let open = matches!(state, State::Draft | State::Approving);
    html! {
        (card(None, None, html! {
            (money(order.total.0))
            (cell(&t!(lang, "orders.customer"), html! { a href={ "/customers/" (order.customer_id) } { (order.customer) } }))
            (cell(&t!(lang, "orders.owner"), html! { (order.owner) }))
            (cell(&t!(lang, "orders.date"), html! { span.num { (order.ordered_on) } }))
            @if let Some(house) = &order.warehouse { (cell(&t!(lang, "orders.warehouse"), html! { (house) })) }
            @if let Some(visit) = order.visit_id { (cell(&t!(lang, "orders.visit"), html! { a href={ "/visits/" (visit) } { (t!(lang, "orders.to_visit")) } })) }
            @if matches!(state, State::Active | State::Closed) {
                (cell(&t!(lang, "orders.paid"), html! { span.num { "¥" (order.paid) } br; small { (t!(lang, "orders.rest", rest = order.total - order.paid)) } }))
            }
            @if !order.note.is_empty() { (cell(&t!(lang, "orders.note"), html! { (order.note) })) }
        }))
        (card(Some(&t!(lang, "orders.lines", n = lines.len())), (state == State::Draft).then_some((format!("/orders/{}/edit", order.id).as_str(), &*t!(lang, "orders.edit_lines"))), html! {
            @if lines.is_empty() { div.cell { div.g { (t!(lang, "orders.no_lines")) } } }
            (weighed_lines(lang, lines, weighed, open))
        }))
        @if open {
            (card(Some(&t!(lang, "orders.checks")), None, html! {
                (credit_cells(lang, weighed))
                @if state == State::Draft {
                    (cell(&t!(lang, "orders.approval"), html! {
                        @if weighed.reasons.is_empty() { (t!(lang, "orders.needs_none")) }
                        @for reason in &weighed.reasons { (tag(reason_name(lang, *reason, weighed.over), Tone::Warn)) " " }
                    }))
                }
            }))
        }
        @if let Some((approval, steps)) = flow {
            (approvals::flow_card(cx, approval, steps))
        }
        @if let Some(at) = order.decided_at.filter(|_| flow.is_none()) {
            (card(None, None, cell(&t!(lang, "orders.in_force_since"), html! { (clock::brief(at, cx.now)) })))
        }
        @if !told.is_empty() { (card(Some(&t!(lang, "orders.told")), None, timeline(told))) }
        (acts(cx, order, flow))
    }
}

/// The form that the submit button in the bar sends.
const SUBMISSION: &str = "submission";

fn may_withdraw(cx: &Cx, order: &Order, flow: Option<(&Approval, &[Step])>) -> bool {
    let me = cx.actor().id;
    order.owner_id == me || flow.is_some_and(|(approval, _)| approval.requester_id == me)
}

/// The acts in the bar: the main one of each state.
pub(super) fn bar(cx: &Cx, order: &Order, flow: Option<(&Approval, &[Step])>) -> Option<Markup> {
    let lang = cx.lang;
    let repeat = |kind| link_button(format!("/orders/new?repeat={}", order.id), t!(lang, "orders.repeat"), kind);
    let may_edit = cx.may(Gate::edit(Module::Orders));
    let may_create = cx.may(Gate::create(Module::Orders));
    match order.state() {
        State::Draft if may_edit => Some(html! {
            (link_button(format!("/orders/{}/edit", order.id), t!(lang, "orders.edit"), ButtonKind::Quiet))
            (button_for(SUBMISSION, t!(lang, "orders.submit"), ButtonKind::Primary))
        }),
        State::Approving => flow.map(|(approval, _)| {
            link_button(format!("/approvals/{}", approval.id), t!(lang, "orders.to_approval"), ButtonKind::Primary)
        }),
        State::Active => Some(html! {
            @if may_create { (repeat(ButtonKind::Quiet)) }
            @if order.paid < order.total && cx.may(Gate::create(Module::Payments)) {
                (link_button(format!("/payments/new?customer={}", order.customer_id), t!(lang, "orders.take_payment"), ButtonKind::Primary))
            }
        }),
        State::Rejected | State::Closed | State::Cancelled if may_create => Some(repeat(ButtonKind::Primary)),
        State::Draft | State::Rejected | State::Closed | State::Cancelled => None,
    }
}

/// The acts below the cards: the note to the approver, and what takes back.
fn acts(cx: &Cx, order: &Order, flow: Option<(&Approval, &[Step])>) -> Markup {
    let lang = cx.lang;
    if !cx.may(Gate::edit(Module::Orders)) {
        return html! {};
    }
    let post = |noun: &str, label: &str, kind: ButtonKind| {
        form::form(&format!("/orders/{}/{noun}", order.id), &cx.op_id(), None, false, None, form::submit(label, kind))
    };
    let note = t!(lang, "orders.to_approver");
    let blank = cx.blank();
    match order.state() {
        State::Draft => html! {
            (form::form_with_id(Some(SUBMISSION), &format!("/orders/{}/submission", order.id), &cx.op_id(), Some(order.version), false, Some("order_submission"),
                card(None, None, form::textarea(&blank.field("note", &note), 500))))
            (post("cancellation", &t!(lang, "orders.cancel_draft"), ButtonKind::Quiet))
        },
        State::Approving if may_withdraw(cx, order, flow) => {
            post("withdrawal", &t!(lang, "orders.withdraw"), ButtonKind::Quiet)
        }
        State::Active if cx.scope().sees_others() && order.paid.0 == 0 => {
            post("cancellation", &t!(lang, "orders.cancel"), ButtonKind::Danger)
        }
        State::Approving | State::Active | State::Rejected | State::Closed | State::Cancelled => html! {},
    }
}
