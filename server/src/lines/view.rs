//! Lines as pages show them, and the rows of the form.

use maud::{Markup, html};

use super::editor::Prices;
use super::shelves::{Editor, Shelf, Shown};
use super::{Discount, Line, Weighed, under_floor};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::money::Milli;
use crate::products::Unit;
use crate::stock::Warehouse;
use crate::ui::card;
use crate::ui::cell::{cell, counted, plain_cell};
use crate::ui::form::{self, InputKind};
use crate::ui::icon::Icon;
use crate::ui::table::{Column, table};
use crate::ui::tag::{Tone, tag};
use crate::ui::thumb;
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

/// The card with the choice of a warehouse; hidden where there is only one.
#[must_use]
pub fn warehouse_field(lang: Lang, warehouses: &[Warehouse], typed: &Form) -> Markup {
    let options: Vec<_> = warehouses.iter().map(|one| (one.id.to_string(), one.name.clone())).collect();
    html! {
        @if options.len() > 1 {
            (card(None, None, form::select(&typed.field("warehouse_id", &t!(lang, "lines.warehouse")), &options)))
        } @else if let Some((id, _)) = options.first() {
            (form::hidden("warehouse_id", id))
        }
    }
}

/// The search for products. It belongs to the form `form` and asks `ask` by its address, which leaves everything that is
/// filled in where it is: a reload asks nothing, and Back comes to the rows as they were.
#[must_use]
pub fn search(lang: Lang, typed: &Form, form: &str, ask: &str) -> Markup {
    let name = t!(lang, "products.search");
    html! {
        div.search.find {
            input #f-q type="search" name="q" form=(form) value=(typed.value("q")) placeholder=(name) aria-label=(name) enterkeyhint="search" autocomplete="off" maxlength="50" aria-invalid=[typed.error("q").map(|_| "true")];
            button form=(form) name="find" value="1" formmethod="get" formaction=(ask) aria-label=(t!(lang, "lines.find")) { (Icon::Search.markup()) }
        }
    }
}

/// The shelves to look at, the customer's last order, and the rows: what is filled in and what is offered.
#[must_use]
pub fn rows(lang: Lang, editor: &Editor, typed: &Form, ask: &str) -> Markup {
    let chip = |value: &str, label: &str, current: bool| {
        html! {
            button name="find" value=(value) formmethod="get" formaction=(ask) aria-current=[current.then_some("true")] { (label) }
        }
    };
    let usual = if editor.usual { t!(lang, "lines.usual") } else { t!(lang, "lines.offered") };
    html! {
        div #goods data-goods=(if editor.prices == Prices::Counted { "count" } else { "" }) {
            div.views role="group" aria-label=(t!(lang, "lines.add")) {
                (chip("usual", &usual, matches!(editor.shelf, Shelf::Usual | Shelf::Last)))
                (chip("all", &t!(lang, "lines.all"), editor.shelf == Shelf::All))
                @for one in &editor.categories {
                    (chip(&one.id.to_string(), &one.name, editor.shelf == Shelf::Category(one.id)))
                }
            }
            (card(None, None, html! {
                @if let Some(last) = &editor.last_order {
                    div.cell {
                        div.g {
                            b { (t!(lang, "lines.last_order", day = last.day.get(5..).unwrap_or_default(), n = last.lines)) }
                            p { span.num { "¥" (last.total) } }
                        }
                        button.btn.q name="find" value="last" formmethod="get" formaction=(ask) { (t!(lang, "lines.take_over")) }
                    }
                }
                @for row in &editor.rows { (product_row(lang, row, typed, editor.prices)) }
                @if editor.rows.iter().all(|row| row.aside) { div.cell { div.g { (t!(lang, "products.none")) } } }
                @if editor.more { div.cell { small { (t!(lang, "lines.more")) } } }
            }))
        }
    }
}

/// One product with its fields: taken by a quantity.
fn product_row(lang: Lang, row: &Shown, typed: &Form, prices: Prices) -> Markup {
    let name = |field: &str| format!("{field}{}", row.suffix);
    let product = &row.product;
    let (quantity, unit, price) = (name("quantity"), name("unit"), name("price"));
    let label = |key: &str| format!("{} {}", product.name, t!(lang, key));
    let chosen = Some(typed.value(&unit)).filter(|unit| !unit.is_empty());
    let chosen = chosen.or(row.last.as_ref().map(|last| last.unit.as_str()));
    let price_label = t!(lang, "lines.price_or_list");
    let price_field = typed.field(&price, &price_label);
    let wrong = [&quantity, &unit].into_iter().find_map(|field| typed.error(field));
    let open = !price_field.value.is_empty() || price_field.error.is_some();
    html! {
        div.cell.goods hidden[row.aside] {
            (thumb(&product.name))
            div.g {
                b { (product.name) }
                @for unit in &product.units { (unit_line(lang, row, unit, prices)) }
                @if prices.are_shown() && product.price.is_none() { p { (t!(lang, "products.no_price")) } }
                small {
                    (product.pack_spec)
                    @if let Some(last) = &row.last { " " span.nb { (t!(lang, "lines.last_price", price = last.price, unit = last.unit)) } }
                }
            }
            (form::hidden(&name("product_id"), &product.id.to_string()))
            span.qty {
                (form::step(lang, -1))
                input id={ "f-" (quantity) } name=(quantity) type="text" inputmode="decimal" autocomplete="off" maxlength="14" value=(typed.value(&quantity)) aria-label=(label("lines.quantity")) autofocus[wrong.is_some()] aria-invalid=[wrong.map(|_| "true")];
                (form::step(lang, 1))
                select id={ "f-" (unit) } name=(unit) aria-label=(label("lines.unit")) {
                    @for unit in &product.units {
                        option value=(unit.name) selected[chosen == Some(&unit.name)] data-p=[product.list_price(unit).filter(|_| prices.are_shown()).map(|price| price.0)] data-n=[row.available.map(|base| of_unit(base, unit).0)] { (unit.name) }
                    }
                }
            }
            @if prices.are_shown() {
                details open[open] {
                    summary { (t!(lang, "lines.change_price")) }
                    (form::text(&price_field, InputKind::Money, 20))
                }
            }
            @if let Some(wrong) = wrong { p.err { (wrong) } }
        }
    }
}

/// Price and stock in one unit. Scripts show the chosen unit alone.
fn unit_line(lang: Lang, row: &Shown, unit: &Unit, prices: Prices) -> Markup {
    let price = row.product.list_price(unit).filter(|_| prices.are_shown());
    html! {
        p data-of=(unit.name) {
            @if let Some(price) = price { span.nb { b.num { "¥" (price) } "/" (unit.name) } " " }
            @if let Some(base) = row.available {
                @let there = of_unit(base, unit);
                small.nb.hot[there <= Milli(0)] { (t!(lang, "lines.available", quantity = there, unit = unit.name)) }
            }
        }
    }
}

/// Whole units that a number of base units makes; nothing is there where more is promised than there is.
fn of_unit(base: Milli, unit: &Unit) -> Milli {
    let base = base.0.max(0);
    if unit.ratio == Milli(1000) { Milli(base) } else { Milli(base / unit.ratio.0.max(1) * 1000) }
}
