//! Payments as pages.

use maud::{Markup, html};

use crate::customers::Customer;
use crate::kernel::access::Gate;
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::modules::Module;
use crate::orders::Unpaid;
use crate::ui::button::{button_row, link_button};
use crate::ui::form::{self, ButtonKind, InputKind};
use crate::ui::{card, cell, empty, link_cell, money, pager, search_bar};
use crate::web::cx::Cx;
use crate::web::form::Form;

use super::rules::{Method, spread};
use super::store::{Match, Payment};

pub(super) fn list(cx: &Cx, q: &str, customer: Option<Id>, found: &Listing<Payment>) -> Markup {
    let lang = cx.lang;
    let only = customer.map(|id| id.to_string()).unwrap_or_default();
    html! {
        @if !only.is_empty() && cx.may(Gate::create(Module::Payments)) {
            (button_row(link_button(format!("/payments/new?customer={only}"), t!(lang, "payments.new"), ButtonKind::Primary)))
        }
        (search_bar("/payments", q, &t!(lang, "payments.search"), &[("customer", &only)]))
        @if found.rows.is_empty() {
            (empty(&t!(lang, "payments.none"), Some(("/customers", &t!(lang, "payments.to_customers")))))
        } @else {
            section.card {
                @for row in &found.rows {
                    (link_cell(format!("/payments/{}", row.id), html! {
                        (row.customer) p { span.num { (row.number) } @if cx.scope().sees_others() { " · " (row.owner) } }
                    }, html! { b.num { "¥" (row.amount) } br; small { (Method::name_of(&row.method, lang)) } }))
                }
            }
            (pager(lang, "/payments", &[("q", q), ("customer", &only)], found.page, found.more))
        }
    }
}

pub(super) fn choose_customer(lang: Lang) -> Markup {
    empty(&t!(lang, "payments.choose_customer"), Some(("/customers", &t!(lang, "payments.to_customers"))))
}

pub(super) fn form(cx: &Cx, typed: &Form, payer: &Customer, unpaid: &[Unpaid]) -> Markup {
    let lang = cx.lang;
    let label = |key: &str| t!(lang, key).into_owned();
    let (parts, left) = spread(Fen::parse(typed.value("amount")).unwrap_or_default(), unpaid);
    html! {
        (form::error_summary(lang, typed.errors()))
        (form::form("/payments", &cx.op_id(), None, false, None, html! {
            (card(None, None, html! {
                (form::hidden("customer_id", &payer.id.to_string()))
                (cell(label("payments.customer"), html! { a href={ "/customers/" (payer.id) } { (payer.name) } }))
                (cell(label("payments.arrears"), html! { b.num { "¥" (payer.arrears) } }))
                (form::text(&typed.field("amount", &label("payments.amount")), InputKind::Money, 20))
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
                (link_cell(format!("/orders/{}", order.id), html! {
                    span.num { (order.number) } p { (order.ordered_on) " · " (t!(lang, "payments.rest", rest = order.rest())) }
                }, html! { @if part > Fen::ZERO { b.num { "¥" (part) } } @else { small { "—" } } }))
            }
            @if left > Fen::ZERO { (cell(label("payments.left"), html! { span.num { "¥" (left) } })) }
        }))
    }
}

pub(super) fn show(lang: Lang, payment: &Payment, matches: &[Match], links: bool) -> Markup {
    let label = |key: &str| t!(lang, key).into_owned();
    let matched: Fen = matches.iter().map(|one| one.amount).sum();
    html! {
        (card(None, None, html! {
            (money(payment.amount.0))
            (cell(label("payments.customer"), html! { a href={ "/customers/" (payment.customer_id) } { (payment.customer) } }))
            (cell(label("payments.method"), html! { (Method::name_of(&payment.method, lang)) }))
            (cell(label("payments.paid_on"), html! { span.num { (payment.paid_on) } }))
            (cell(label("payments.owner"), html! { (payment.owner) }))
            @if !payment.note.is_empty() { (cell(label("payments.note"), html! { (payment.note) })) }
        }))
        (card(Some(&label("payments.paid_orders")), None, html! {
            @for one in matches {
                @if links { (link_cell(format!("/orders/{}", one.order_id), html! { span.num { (one.number) } }, html! { b.num { "¥" (one.amount) } })) }
                @else { (cell(&one.number, html! { b.num { "¥" (one.amount) } })) }
            }
            @if payment.amount > matched { (cell(label("payments.left"), html! { span.num { "¥" (payment.amount - matched) } })) }
        }))
    }
}
