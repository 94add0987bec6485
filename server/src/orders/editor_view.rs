//! The order form.

use maud::{Markup, html};

use crate::kernel::i18n::{Lang, t};
use crate::ui::button::{button_for, button_row, named_button};
use crate::ui::form::{self, ButtonKind, InputKind};
use crate::ui::{card, cell};
use crate::web::cx::Cx;
use crate::web::form::Form;

use super::editor::{Editor, Shown};
use super::store::{Line, Order};
use super::view;

/// What the form is for.
pub(super) enum Target<'a> {
    /// A new draft, perhaps from a visit.
    New,
    /// A draft that exists; `crossed` holds its lines where somebody else changed them meanwhile.
    Draft { order: &'a Order, crossed: Option<&'a [Line]> },
}

pub(super) fn page(cx: &Cx, target: &Target<'_>, editor: &Editor, typed: &Form) -> Markup {
    let lang = cx.lang;
    let label = |key: &str| t!(lang, key).into_owned();
    let (action, version, offline) = match target {
        Target::New => ("/orders".to_owned(), None, Some("order_draft")),
        Target::Draft { order, .. } => (format!("/orders/{}/lines", order.id), Some(order.version), None),
    };
    let houses: Vec<_> = editor.houses.iter().map(|house| (house.id.to_string(), house.name.clone())).collect();
    html! {
        (form::error_summary(lang, typed.errors()))
        @if let Target::Draft { order, crossed: Some(lines) } = target {
            (card(Some(&label("orders.crossed")), None, html! {
                (cell(label("orders.crossed_text"), html! { b.num { "¥" (order.total) } }))
                (view::line_cells(lang, lines))
            }))
        }
        (form::form_with_id(Some(ORDER), &action, &cx.op_id(), version, false, offline, html! {
            (card(None, None, html! {
                (cell(label("orders.customer"), html! { a href={ "/customers/" (editor.buyer.id) } { (editor.buyer.name) } }))
                @if matches!(target, Target::New) {
                    (form::hidden("customer_id", &editor.buyer.id.to_string()))
                    (form::hidden("visit_id", typed.value("visit_id")))
                } @else {
                    (form::hidden("whole", "1"))
                }
                @if houses.len() > 1 {
                    (form::select(&typed.field("warehouse_id", &label("orders.warehouse")), &houses))
                } @else if let Some((id, _)) = houses.first() {
                    (form::hidden("warehouse_id", id))
                }
            }))
            // First among the form's buttons: Enter in any field looks for products and keeps all that was typed.
            (card(Some(&label("orders.add")), None, html! {
                (form::text(&typed.field("q", &label("products.search")), InputKind::Search, 50))
                (button_row(named_button("find", "1", label("orders.find"), ButtonKind::Quiet)))
            }))
            @for row in &editor.taken { (row_card(lang, row, typed, true)) }
            @if editor.offered.is_empty() {
                @if !typed.value("q").is_empty() { (card(None, None, html! { div.cell { div.g { (label("products.none")) } } })) }
            }
            @for row in &editor.offered { (row_card(lang, row, typed, false)) }
            (card(None, None, form::textarea(&typed.field("note", &label("orders.note")), 500)))
        }))
    }
}

/// The form that the button in the bar sends.
const ORDER: &str = "order";

/// The one act of the form.
pub(super) fn bar(lang: Lang) -> Markup {
    button_for(ORDER, t!(lang, "orders.save"), ButtonKind::Primary)
}

/// One product with its three fields. What was taken can be removed; what is offered is taken by a quantity.
fn row_card(lang: Lang, row: &Shown, typed: &Form, taken: bool) -> Markup {
    let name = |field: &str| format!("{field}{}", row.suffix);
    let product = &row.product;
    let units: Vec<_> = product.units.iter().map(|unit| (unit.name.clone(), unit.name.clone())).collect();
    let (quantity, unit, price) = (name("quantity"), name("unit"), name("price"));
    let (quantity_label, unit_label, price_label) =
        (t!(lang, "orders.quantity"), t!(lang, "orders.unit"), t!(lang, "orders.price_or_list"));
    let mut unit_field = typed.field(&unit, &unit_label);
    if unit_field.value.is_empty() {
        unit_field.value = row.last.as_ref().map_or("", |last| last.unit.as_str());
    }
    card(
        Some(&product.name),
        None,
        html! {
            div.cell { div.g { small {
                (product.code) @if !product.pack_spec.is_empty() { " · " (product.pack_spec) }
                @for unit in &product.units {
                    @if let Some(price) = product.list_price(unit) { " · " span.num { "¥" (price) "/" (unit.name) } }
                }
                @if product.price.is_none() { " · " (t!(lang, "products.no_price")) }
                @if let (Some(available), Some(base)) = (row.available, product.units.first()) {
                    " · " (t!(lang, "orders.available", quantity = available, unit = base.name))
                }
                @if let Some(last) = &row.last { " · " (t!(lang, "orders.last_price", price = last.price, unit = last.unit)) }
            } } }
            (form::hidden(&name("product_id"), &product.id.to_string()))
            (form::text(&typed.field(&quantity, &quantity_label), InputKind::Quantity, 20))
            (form::select(&unit_field, &units))
            (form::text(&typed.field(&price, &price_label), InputKind::Money, 20))
            @if taken {
                (button_row(named_button("remove", &row.suffix, t!(lang, "orders.remove"), ButtonKind::Quiet)))
            }
        },
    )
}
