//! Lines as pages show them, and the rows of the form.

use maud::{Markup, html};

use super::editor::{Editor, Prices, Shown};
use super::{Discount, Line, Weighed, under_floor};
use crate::kernel::i18n::{Lang, t};
use crate::stock::Warehouse;
use crate::ui::button::{button_row, named_button};
use crate::ui::card;
use crate::ui::cell::{cell, counted, plain_cell};
use crate::ui::form::{self, ButtonKind, InputKind};
use crate::ui::table::{Column, table};
use crate::ui::tag::{Tone, tag};
use crate::web::form::Form;

/// The lines as cells, without the card around them.
#[must_use]
pub fn cells(lang: Lang, lines: &[Line]) -> Markup {
    html! {
        @for line in lines {
            (plain_cell(html! {
                b { (line.name) }
                p.num { (line.quantity) " " (line.unit) " × ¥" (price(lang, line)) }
            }, html! { b.num { (line.amount) } }))
        }
    }
}

/// The lines of goods without prices.
#[must_use]
pub fn goods_cells(lines: &[Line]) -> Markup {
    html! {
        @for line in lines { (plain_cell(html! { b { (line.name) } }, counted(line.quantity, &line.unit))) }
    }
}

/// The lines as a table for paper.
#[must_use]
pub fn paper(lang: Lang, lines: &[Line]) -> Markup {
    let columns = [
        Column::text(t!(lang, "lines.product")),
        Column::number(t!(lang, "lines.quantity")),
        Column::text(t!(lang, "lines.unit")),
        Column::number(t!(lang, "lines.price")),
        Column::number(t!(lang, "lines.amount")),
    ];
    let row = |line: &Line| {
        let (quantity, price, amount) = (line.quantity, line.price, line.amount);
        vec![html! { (line.name) }, html! { (quantity) }, html! { (line.unit) }, html! { (price) }, html! { (amount) }]
    };
    table(&t!(lang, "lines.title", n = lines.len()), &columns, &lines.iter().map(row).collect::<Vec<_>>(), None)
}

/// The price, with the list price struck out where they differ.
fn price(lang: Lang, line: &Line) -> Markup {
    html! {
        @if line.price != line.list_price { s.was aria-label=(t!(lang, "lines.list_price")) { (line.list_price) } " " }
        (line.price)
    }
}

/// The lines with stock, floor and last price, for the writer and the approver.
#[must_use]
pub fn weighed_cells(lang: Lang, lines: &[Weighed], stock_counts: bool) -> Markup {
    html! {
        @for weighed in lines {
            @let line = &weighed.line;
            (plain_cell(html! {
                b { (line.name) }
                p.num { (line.quantity) " " (line.unit) " × ¥" (price(lang, line)) }
                @if under_floor(line.price, line.ratio, line.floor_price) {
                    " " (tag(&t!(lang, "lines.under_floor", floor = line.floor_price.times(line.ratio)), Tone::Bad))
                }
                @if stock_counts && line.tracked {
                    @if weighed.is_short() {
                        " " (tag(&t!(lang, "lines.stock_short", wanted = line.base_quantity(), available = weighed.available.max(Default::default()), unit = line.base_unit), Tone::Bad))
                    } @else {
                        small.nb { (t!(lang, "lines.available", quantity = weighed.available, unit = line.base_unit)) }
                    }
                }
            }, html! {
                b.num { (line.amount) }
                @if let Some(before) = weighed.last() {
                    br; small.num {
                        (t!(lang, "lines.last_was", price = before))
                        @if before < line.price { " ↑" (line.price - before) } @else if before > line.price { " ↓" (before - line.price) }
                    }
                } @else {
                    br; small { (t!(lang, "lines.first_time")) }
                }
            }))
        }
    }
}

/// The whole discount, where one is given.
#[must_use]
pub fn discount_cell(lang: Lang, discount: Discount) -> Markup {
    html! {
        @if discount != Discount::NONE {
            (cell(t!(lang, "lines.discount"), html! { b.num { (discount.percent()) "%" } }))
        }
    }
}

/// The field of the whole discount.
#[must_use]
pub fn discount_field(lang: Lang, typed: &Form) -> Markup {
    let (label, hint) = (t!(lang, "lines.discount_percent"), t!(lang, "lines.discount_hint"));
    form::text(&typed.field("discount", &label).hint(&hint), InputKind::Quantity, 6)
}

/// The choice of a warehouse; hidden where there is only one.
#[must_use]
pub fn warehouse_field(lang: Lang, warehouses: &[Warehouse], typed: &Form) -> Markup {
    let options: Vec<_> = warehouses.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    html! {
        @if options.len() > 1 {
            (form::select(&typed.field("warehouse_id", &t!(lang, "lines.warehouse")), &options))
        } @else if let Some((id, _)) = options.first() {
            (form::hidden("warehouse_id", id))
        }
    }
}

/// The search for products, the rows that are filled in, and the rows that are offered.
#[must_use]
pub fn rows(lang: Lang, editor: &Editor, typed: &Form) -> Markup {
    html! {
        // First among the form's buttons: Enter in any field looks for products and keeps all that was typed.
        (card(Some(&t!(lang, "lines.add")), None, html! {
            (form::text(&typed.field("q", &t!(lang, "products.search")), InputKind::Search, 50))
            (button_row(named_button("find", "1", t!(lang, "lines.find"), ButtonKind::Quiet)))
        }))
        @for row in &editor.taken { (row_card(lang, row, typed, editor.prices, true)) }
        @if editor.offered.is_empty() && !typed.value("q").is_empty() {
            (card(None, None, html! { div.cell { div.g { (t!(lang, "products.none")) } } }))
        }
        @for row in &editor.offered { (row_card(lang, row, typed, editor.prices, false)) }
    }
}

/// One product with its fields. What was taken can be removed; what is offered is taken by a quantity.
fn row_card(lang: Lang, row: &Shown, typed: &Form, prices: Prices, taken: bool) -> Markup {
    let name = |field: &str| format!("{field}{}", row.suffix);
    let product = &row.product;
    let priced = prices.are_shown();
    let units: Vec<_> = product.units.iter().map(|unit| (unit.name.clone(), unit.name.clone())).collect();
    let (quantity, unit, price) = (name("quantity"), name("unit"), name("price"));
    let (quantity_label, unit_label, price_label) =
        (t!(lang, "lines.quantity"), t!(lang, "lines.unit"), t!(lang, "lines.price_or_list"));
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
                @if priced {
                    @for unit in &product.units {
                        @if let Some(price) = product.list_price(unit) { " · " span.num { "¥" (price) "/" (unit.name) } }
                    }
                    @if product.price.is_none() { " · " (t!(lang, "products.no_price")) }
                }
                @if let (Some(available), Some(base)) = (row.available, product.units.first()) {
                    " · " (t!(lang, "lines.available", quantity = available, unit = base.name))
                }
                @if let Some(last) = &row.last { " · " (t!(lang, "lines.last_price", price = last.price, unit = last.unit)) }
            } } }
            (form::hidden(&name("product_id"), &product.id.to_string()))
            (form::text(&typed.field(&quantity, &quantity_label), InputKind::Quantity, 20))
            (form::select(&unit_field, &units))
            @if priced { (form::text(&typed.field(&price, &price_label), InputKind::Money, 20)) }
            @if taken {
                (button_row(named_button("remove", &row.suffix, t!(lang, "lines.remove"), ButtonKind::Quiet)))
            }
        },
    )
}
