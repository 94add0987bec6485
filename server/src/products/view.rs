//! Products as pages.

use maud::{Markup, html};

use crate::kernel::db::paging::{Listing, Way};
use crate::kernel::i18n::{Lang, t};
use crate::stock::{Balance, level};
use crate::ui::button::icon_link;
use crate::ui::icon::Icon;
use crate::ui::{Column, Record, Sorting, Width, card, cell, empty, pager, records, search_bar};

use super::Unit;
use super::rules::Status;
use super::store::{PriceRow, Product, ProductRow, Sort};

pub(super) fn new_link(lang: Lang) -> Markup {
    icon_link("/products/new", Icon::Plus, &t!(lang, "products.new"))
}

pub(super) fn list(lang: Lang, q: &str, (sort, way): (Sort, Way), found: &Listing<ProductRow>) -> Markup {
    let query = [("q", q)];
    let usual = (Sort::Name.code(), Way::Up);
    let sorting = Sorting { path: "/products", query: &query, by: (sort.code(), way), usual };
    let columns = [
        sorting.head(t!(lang, "products.column_name"), Width::Share, Sort::Name.code(), Way::Up),
        Column::new(t!(lang, "products.status"), Width::Word),
        sorting.head(t!(lang, "products.code"), Width::Code, Sort::Code.code(), Way::Up),
        Column::new(t!(lang, "products.pack_spec"), Width::Share).roomy(),
        sorting.head(t!(lang, "products.column_price"), Width::Figure, Sort::Price.code(), Way::Down),
    ];
    html! {
        (search_bar("/products", q, &t!(lang, "products.search"), &[]))
        @if found.rows.is_empty() {
            (empty(&t!(lang, "products.none"), None))
        } @else {
            (records(&columns, found.rows.iter().map(|row| record(lang, row))))
            (pager(lang, "/products", &sorting.query(), found.page, found.more))
        }
    }
}

fn record(lang: Lang, row: &ProductRow) -> Record {
    Record::new(format!("/products/{}", row.id), &row.name)
        .thumb(&row.name)
        .tags(html! { @if row.status != Status::Normal { (row.status.standing().tag(lang)) } })
        .detail(&row.code)
        .roomy(&row.pack_spec)
        .side(html! {
            @if let Some(price) = row.price { span.nb { b.num { "¥" (price) } small { "/" (row.base_unit) } } }
            @else { small { (t!(lang, "products.no_price")) } }
        })
}

pub(super) fn show(
    lang: Lang,
    product: &Product,
    prices: &[PriceRow],
    units: &[Unit],
    stock: &[Balance],
    sees_cost: bool,
) -> Markup {
    html! {
        (card(None, None, html! {
            (cell(&t!(lang, "products.category"), html! { (product.category) }))
            (cell(&t!(lang, "products.status"), product.status.standing().tag(lang)))
            @for (label, value) in [
                (t!(lang, "products.mnemonic"), &product.mnemonic),
                (t!(lang, "products.content_spec"), &product.content_spec),
                (t!(lang, "products.pack_spec"), &product.pack_spec),
                (t!(lang, "products.barcode"), &product.barcode),
            ] { @if !value.is_empty() { (cell(&label, html! { (value) })) } }
            @for unit in units.iter().skip(1) {
                (cell(&t!(lang, "products.unit"), html! { span.num { "1 " (unit.name) " = " (unit.ratio) " " (product.base_unit) } }))
            }
        }))
        (card(Some(&t!(lang, "products.prices", unit = product.base_unit)), None, html! {
            @for row in prices {
                (cell(&row.level, html! { @if let Some(price) = row.price { b.num { "¥" (price) } } @else { (t!(lang, "products.no_price")) } }))
            }
            @if sees_cost {
                (cell(&t!(lang, "products.floor_price"), html! { span.num { "¥" (product.floor_price) } }))
                (cell(&t!(lang, "products.cost_price"), html! { span.num { "¥" (product.cost_price) } }))
            }
        }))
        (card(Some(&t!(lang, "products.stock")), None, html! {
            @if stock.is_empty() { div.cell { div.g { (t!(lang, "products.no_stock")) } } }
            @for row in stock {
                (cell(&row.warehouse, html! {
                    (level(row.available(), &product.base_unit)) br; small { (t!(lang, "products.on_hand", on_hand = row.on_hand, reserved = row.reserved)) }
                }))
            }
        }))
    }
}
