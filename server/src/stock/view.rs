//! Stock as pages.

use maud::{Markup, Render, html};

use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::db::paging::{Listing, Way};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::kinds;
use crate::modules::Module;
use crate::ui::button::icon_link;
use crate::ui::form::{self, ButtonKind, InputKind};
use crate::ui::icon::Icon;
use crate::ui::timeline::{Entry, timeline};
use crate::ui::{
    Column, Record, Sorting, Width, card, cell, empty, link_button, pager, records, search_bar, segmented,
};
use crate::web::cx::Cx;
use crate::web::form::Form;

use super::rules::Kind;
use super::store::{InWarehouse, Move, Product, Sort};
use super::{Balance, Warehouse};

/// How much there is to sell, with its unit; what is used up is marked.
#[must_use]
pub fn level(available: Milli, unit: &str) -> Markup {
    html! { span.nb { b.num.hot[available.0 <= 0] { (available) } " " (unit) } }
}

pub(super) fn add_link(lang: Lang) -> Markup {
    icon_link("/stock/moves/new", Icon::Plus, &t!(lang, "stock.new_move"))
}

/// The documents that change stock, for those who write them.
const DOCUMENTS: [kinds::Kind; 4] =
    [kinds::Kind::GoodsReceipt, kinds::Kind::GoodsIssue, kinds::Kind::StockTransfer, kinds::Kind::StockCount];

pub(super) fn list(
    cx: &Cx,
    q: &str,
    view: Option<Id>,
    (sort, way): (Sort, Way),
    warehouses: &[Warehouse],
    found: &Listing<InWarehouse>,
) -> Markup {
    let lang = cx.lang;
    let documents = DOCUMENTS.map(|kind| (kind.paths().list.to_owned(), kind.name(lang).into_owned(), false));
    let chosen = view.map(|id| id.to_string()).unwrap_or_default();
    let mut views = vec![("/stock".to_owned(), t!(lang, "stock.all").into_owned(), view.is_none())];
    views.extend(warehouses.iter().map(|warehouse| {
        (format!("/stock?view={}", warehouse.id), warehouse.name.clone(), view == Some(warehouse.id))
    }));
    let query = [("q", q), ("view", chosen.as_str())];
    let usual = (Sort::Product.code(), Way::Up);
    let sorting = Sorting { path: "/stock", query: &query, by: (sort.code(), way), usual };
    let columns = [
        sorting.head(t!(lang, "stock.product"), Width::Share, Sort::Product.code(), Way::Up),
        Column::new(t!(lang, "stock.warehouse"), Width::Code),
        Column::new(t!(lang, "stock.column_on_hand"), Width::Share),
        sorting.head(t!(lang, "stock.column_available"), Width::Figure, Sort::Available.code(), Way::Up),
    ];
    html! {
        (search_bar("/stock", q, &t!(lang, "products.search"), &[("view", &chosen)]))
        (segmented(&views))
        @if cx.may(Gate::create(Module::Stock)) { (segmented(&documents)) }
        @if found.rows.is_empty() {
            (empty(&t!(lang, "stock.none"), None))
        } @else {
            (records(&columns, found.rows.iter().map(|row| balance_row(lang, row))))
            (pager(lang, "/stock", &sorting.query(), found.page, found.more))
        }
    }
}

/// A product in one warehouse.
#[must_use]
pub fn balance_row(lang: Lang, row: &InWarehouse) -> Markup {
    let held = t!(lang, "products.on_hand", on_hand = row.on_hand, reserved = row.reserved);
    let left = Milli(row.on_hand.0.saturating_sub(row.reserved.0));
    Record::new(format!("/stock/{}", row.product_id), &row.product)
        .thumb(&row.product)
        .detail(&row.warehouse)
        .detail(held)
        .side(level(left, &row.base_unit))
        .render()
}

pub(super) fn show(cx: &Cx, product: &Product, balances: &[Balance], moves: &Listing<Move>) -> Markup {
    let lang = cx.lang;
    let path = format!("/stock/{}", product.id);
    let entries: Vec<Entry> = moves
        .rows
        .iter()
        .map(|row| Entry {
            at: row.at,
            when: clock::brief(row.at, cx.now),
            href: None,
            title: format!("{} {} {}", Kind::name_of(&row.kind, lang), row.quantity, product.base_unit),
            text: [Some(row.warehouse.as_str()), row.user_name.as_deref(), Some(row.note.as_str())]
                .into_iter()
                .flatten()
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join(" · "),
            tag: None,
            icon: None,
        })
        .collect();
    html! {
        (card(Some(&t!(lang, "products.stock")), Some((&format!("/products/{}", product.id), &t!(lang, "stock.to_product"))), html! {
            @if balances.is_empty() { div.cell { div.g { (t!(lang, "products.no_stock")) } } }
            @for row in balances {
                (cell(&row.warehouse, html! {
                    (level(row.available(), &product.base_unit)) br; small { (t!(lang, "products.on_hand", on_hand = row.on_hand, reserved = row.reserved)) }
                }))
            }
        }))
        @if cx.may(Gate::create(Module::Stock)) {
            (link_button(format!("/stock/moves/new?product={}", product.id), &t!(lang, "stock.new_move"), ButtonKind::Quiet))
        }
        @if !entries.is_empty() {
            (card(Some(&t!(lang, "stock.moves")), None, timeline(&entries)))
            (pager(lang, &path, &[], moves.page, moves.more))
        }
    }
}

pub(super) fn move_form(cx: &Cx, typed: &Form, warehouses: &[Warehouse], products: &[Product]) -> Markup {
    let lang = cx.lang;
    let label = |key: &str| t!(lang, key).into_owned();
    let kinds = Kind::ENTERED.map(|kind| (kind.code(), kind.name(lang)));
    let places: Vec<_> =
        warehouses.iter().map(|warehouse| (warehouse.id.to_string(), warehouse.name.clone())).collect();
    let goods: Vec<_> = products
        .iter()
        .map(|product| (product.id.to_string(), format!("{} ({})", product.name, product.base_unit)))
        .collect();
    // The unit is named where the product is known before the form is filled in.
    let of = products.iter().find(|product| cx.query("product") == Some(product.id.to_string().as_str()));
    let quantity = of
        .map_or_else(|| label("stock.quantity"), |of| t!(lang, "stock.quantity_in", unit = of.base_unit).into_owned());
    html! {
        (form::error_summary(lang, typed.errors()))
        @if typed.value("product_id").is_empty() {
            (search_bar("/stock/moves/new", cx.query("q").unwrap_or_default(), &label("products.search"), &[]))
        }
        (form::post("/stock/moves", &cx.op_id()).holding(html! {
            (card(None, None, html! {
                (form::radio_cells(&typed.field("kind", &label("stock.kind")), &kinds))
                (form::select(&typed.field("product_id", &label("stock.product")), &goods))
                (form::select(&typed.field("warehouse_id", &label("stock.warehouse")), &places))
                (form::text(&typed.field("quantity", &quantity), InputKind::Quantity, 20))
                (form::text(&typed.field("note", &label("stock.note")), InputKind::Text, 200))
            }))
            (form::submit(label("stock.save"), ButtonKind::Primary))
        }))
    }
}
