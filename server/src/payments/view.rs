//! Payments as pages.

use maud::{Markup, html};

use super::Body;
use super::pages::can_reverse;
use super::rules::{Method, spread};
use super::store::Match;
use crate::customers::Customer;
use crate::documents::{self, Head, State};
use crate::kernel::access::Gate;
use crate::kernel::i18n::t;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::orders::Unpaid;
use crate::ui::form::{self, ButtonKind, InputKind};
use crate::ui::{card, cell, link_button, link_cell, money};
use crate::web::cx::Cx;
use crate::web::form::Form;

pub(super) fn form(cx: &Cx, typed: &Form, payer: &Customer, unpaid: &[Unpaid]) -> Markup {
    let lang = cx.lang;
    let label = |key: &str| t!(lang, key).into_owned();
    let (parts, left) = spread(Fen::parse(typed.value("amount")).unwrap_or_default(), unpaid);
    html! {
        (form::error_summary(lang, typed.errors()))
        (form::post(Kind::Payment.paths().list, &cx.op_id()).holding(html! {
            (card(None, None, html! {
                (form::hidden("customer_id", &payer.id.to_string()))
                (cell(label("payments.customer"), html! { a href={ "/customers/" (payer.id) } { (payer.name) } }))
                (cell(label("payments.arrears"), html! { b.num { "¥" (payer.arrears) } }))
                (form::text(&typed.field("amount", &label("payments.amount")), InputKind::Money, 20))
                @if payer.arrears > Fen::ZERO && typed.value("amount").is_empty() {
                    // Not filled in by itself: one tap must not book the whole debt.
                    @let href = format!("{}?customer={}&amount={}", Kind::Payment.paths().new, payer.id, payer.arrears.plain());
                    div.row { (link_button(href, t!(lang, "payments.all_of_it", amount = payer.arrears), ButtonKind::Quiet)) }
                }
                (form::radio_cells(&typed.field("method", &label("payments.method")), &Method::choices(lang)))
                (form::text(&typed.field("paid_on", &label("payments.paid_on")), InputKind::Date, 10))
                (form::text(&typed.field("note", &label("payments.note")), InputKind::Text, 200))
            }))
            (form::submit(label("payments.save"), ButtonKind::Primary))
        }))
        (card(Some(&label("payments.spread")), None, html! {
            @if unpaid.is_empty() { div.cell { div.g { (label("payments.no_unpaid")) } } }
            @for order in unpaid {
                @let part = parts.iter().find(|(id, _)| *id == order.id).map_or(Fen::ZERO, |(_, part)| *part);
                (link_cell(Kind::Order.address(order.id), html! {
                    span.num { (order.number) } p { (order.day) " · " (t!(lang, "payments.rest", rest = order.rest())) }
                }, html! { @if part > Fen::ZERO { b.num { "¥" (part) } } @else { small { "—" } } }))
            }
            @if left > Fen::ZERO { (cell(label("payments.left"), html! { span.num { "¥" (left) } })) }
        }))
    }
}

pub(super) fn show(cx: &Cx, head: &Head, body: &Body, matches: &[Match], typed: &Form) -> Markup {
    let lang = cx.lang;
    let links = cx.may(Gate::view(Kind::Order.module()));
    let label = |key: &str| t!(lang, key).into_owned();
    let matched: Fen = matches.iter().map(|one| one.amount).sum();
    html! {
        (form::error_summary(lang, typed.errors()))
        (card(None, None, html! {
            (money(head.total().0))
            @if let Some(customer) = head.customer_id {
                (cell(label("payments.customer"), html! { a href={ "/customers/" (customer) } { (head.customer) } }))
            }
            (cell(label("payments.method"), html! { (body.method.name(lang)) }))
            (cell(label("payments.paid_on"), html! { span.num { (head.day) } }))
            (cell(label("payments.owner"), html! { (head.owner) }))
            @if !head.note.is_empty() { (cell(label("payments.note"), html! { (head.note) })) }
        }))
        (card(Some(&label("payments.paid_orders")), None, html! {
            @for one in matches {
                @if links { (link_cell(Kind::Order.address(one.order_id), html! { span.num { (one.number) } }, html! { b.num { "¥" (one.amount) } })) }
                @else { (cell(&one.number, html! { b.num { "¥" (one.amount) } })) }
            }
            @if head.total() > matched && head.state != State::Cancelled { (cell(label("payments.left"), html! { span.num { "¥" (head.total() - matched) } })) }
        }))
        @if can_reverse(cx, head) {
            (card(None, None, html! {
                details open[!typed.is_right()] {
                    summary { (label("payments.reverse")) }
                    (form::post(&format!("{}/cancellation", head.address()), &cx.op_id()).version(head.version).holding(html! {
                        (form::textarea(&typed.field("reason", &label("payments.reason")).required().hint(&label("payments.reverse_hint")), documents::NOTE))
                        (form::submit(t!(lang, "payments.reverse_amount", amount = head.total()), ButtonKind::Danger))
                    }))
                }
            }))
        }
    }
}
