//! The rows of a form with products: reading what was typed, and what is offered beside it.
//!
//! A row's fields end alike: `product_id_3`, `quantity_3`, `unit_3`, `price_3`. A line of a draft has its place there, an
//! offer its product, so that what a phone keeps of a form never comes back in another product's row. A row without a
//! quantity is not a line; a row without a price takes the list price.

use std::collections::BTreeMap;

use super::rules::sums;
use super::{Line, NewLine, totals};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::Tx;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, LARGEST, Milli};
use crate::kinds::Kind;
use crate::products::{self, Priced};
use crate::stock::Warehouse;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::form::Form;
use crate::web::write::Write;

/// Rows that one form may carry.
const ROWS: usize = 80;
/// Lines that one document may have.
const LINES: usize = 50;
/// What a kind's lines are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prices {
    /// Each has a price at this level of the price list; `None` is the company's first.
    At(Option<Id>),
    /// Goods only: nothing is sold.
    None,
    /// Goods that are counted: there may be none.
    Counted,
}

impl Prices {
    /// Whether lines have prices. Goods that are not on sale any more are still moved and counted.
    pub(super) fn are_shown(self) -> bool {
        match self {
            Prices::At(_) => true,
            Prices::None | Prices::Counted => false,
        }
    }
}

/// For whom and for what lines are written.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Whose earlier lines are offered, and whose last prices are shown.
    pub customer: Option<Id>,
    /// Whether lines have prices.
    pub prices: Prices,
}

impl Setting {
    pub(super) fn level(self) -> Option<Id> {
        match self.prices {
            Prices::At(level) => level,
            Prices::None | Prices::Counted => None,
        }
    }
}

/// A row that names a product.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What the names of its fields end with.
    pub suffix: String,
    pub product: Id,
}

/// The rows that are filled in. A row whose quantity is empty was offered and not taken.
pub(super) fn rows(form: &Form) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (name, value) in form.fields() {
        let Some(suffix) = name.strip_prefix("product_id") else { continue };
        let Ok(product) = value.parse() else { continue };
        let filled = !form.value(&format!("quantity{suffix}")).trim().is_empty();
        if filled && rows.len() < ROWS && rows.iter().all(|row| row.suffix != suffix) {
            rows.push(Row { suffix: suffix.to_owned(), product });
        }
    }
    rows
}

/// The address after a document was saved: its form again for somebody who goes on editing, else its page.
#[must_use]
pub fn after_saving(kind: Kind, id: Id, goes_on: bool) -> String {
    format!("{}{}?done=saved", kind.address(id), if goes_on { "/edit" } else { "" })
}

/// The lines that the form says, or in the form what is wrong with them.
pub async fn read(cx: &Cx, form: &mut Form, setting: Setting) -> Result<Vec<NewLine>> {
    let rows = rows(form);
    let ids: Vec<Id> = rows.iter().map(|row| row.product).collect();
    let goods = products::priced(&cx.office.db, &ids, setting.level(), &clock::iso_day(cx.now), None).await?;
    Ok(check(form, cx.lang, &rows, &goods, setting.prices))
}

/// The lines as the products stand now; these are held until the commit. What is not sold any more is said in the form.
pub async fn held(write: &mut Write<'_>, form: &mut Form, lang: Lang, setting: Setting) -> Result<Vec<NewLine>> {
    held_at(&mut write.tx, write.author.at, form, lang, setting).await
}

/// The same for lines that no page sends, such as those of a document that is made from another.
pub async fn held_at(tx: &mut Tx, now: Millis, form: &mut Form, lang: Lang, setting: Setting) -> Result<Vec<NewLine>> {
    let rows = rows(form);
    let ids: Vec<Id> = rows.iter().map(|row| row.product).collect();
    products::hold(tx, &ids).await?;
    let goods = products::priced(tx, &ids, setting.level(), &clock::iso_day(now), None).await?;
    Ok(check(form, lang, &rows, &goods, setting.prices))
}

/// Turns the rows into lines, or says in the form what is wrong with them.
fn check(form: &mut Form, lang: Lang, rows: &[Row], goods: &BTreeMap<Id, Priced>, prices: Prices) -> Vec<NewLine> {
    let mut lines = Vec::new();
    if rows.len() > LINES {
        form.wrong("q", t!(lang, "lines.too_many", max = LINES));
        return lines;
    }
    for row in rows {
        if let Some(line) = line_of(form, lang, row, goods, prices) {
            lines.push(line);
        }
    }
    let (total, cost) = totals(&lines);
    if total > LARGEST || cost > LARGEST {
        form.wrong("q", t!(lang, "lines.too_much"));
    }
    lines
}

fn line_of(form: &mut Form, lang: Lang, row: &Row, goods: &BTreeMap<Id, Priced>, prices: Prices) -> Option<NewLine> {
    let name = |field: &str| format!("{field}{}", row.suffix);
    let Some(product) = goods.get(&row.product).filter(|product| product.on_sale || !prices.are_shown()) else {
        form.wrong(&name("quantity"), t!(lang, "lines.not_on_sale"));
        return None;
    };
    let label = |key: &str| format!("{} {}", product.name, t!(lang, key));
    let none = prices == Prices::Counted && form.value(&name("quantity")).trim() == "0";
    let quantity = if none { Some(Milli(0)) } else { form.milli(&name("quantity"), &label("lines.quantity")) };
    let unit = match form.value(&name("unit")).trim() {
        "" => product.units.first(),
        typed => product.unit(typed),
    };
    let Some(unit) = unit else {
        form.wrong(&name("unit"), t!(lang, "form.choice", field = label("lines.unit")));
        return None;
    };
    let (list_price, price) = match prices {
        Prices::None | Prices::Counted => (Fen::ZERO, Some(Fen::ZERO)),
        Prices::At(_) => {
            let price_label = label("lines.price");
            let typed = form.fen(&name("price"), &price_label);
            let list_price = product.list_price(unit);
            if typed.is_none() && list_price.is_none() && form.error(&name("price")).is_none() {
                form.wrong(&name("price"), t!(lang, "lines.no_list_price", field = price_label));
            }
            if form.error(&name("price")).is_some() {
                return None;
            }
            let price = typed.or(list_price);
            (list_price.or(price).unwrap_or_default(), price)
        }
    };
    let (quantity, price) = (quantity?, price?);
    let Some(sums) = sums(price, quantity, unit.ratio, product.cost_price) else {
        form.wrong(&name("quantity"), t!(lang, "lines.line_too_much", product = product.name));
        return None;
    };
    Some(NewLine {
        product: product.id,
        unit: unit.name.clone(),
        ratio: unit.ratio,
        quantity,
        price,
        list_price,
        amount: sums.amount,
        cost: sums.cost,
    })
}

/// Fills a form with lines; `prices` as they stand, or empty for today's.
#[must_use]
pub fn filled(mut form: Form, lines: &[Line], prices: bool) -> Form {
    for (place, line) in lines.iter().enumerate() {
        form = form
            .with(&format!("product_id_{place}"), line.product_id.to_string())
            .with(&format!("quantity_{place}"), line.quantity.to_string())
            .with(&format!("unit_{place}"), line.unit.clone());
        if prices {
            form = form.with(&format!("price_{place}"), line.price.plain());
        }
    }
    form
}

/// The warehouse that is meant: the chosen one, else the one of the region, else the first.
#[must_use]
pub fn warehouse_of(form: &Form, warehouses: &[Warehouse], region: Option<Id>) -> Option<Id> {
    let chosen = form.value("warehouse_id").parse::<Id>().ok();
    let near = || warehouses.iter().find(|one| one.region_id.is_some() && one.region_id == region);
    let found = warehouses.iter().find(|one| Some(one.id) == chosen).or_else(near).or_else(|| warehouses.first());
    found.map(|one| one.id)
}

/// The warehouse that the form names, checked; nonsense is said in the form.
pub fn read_warehouse(form: &mut Form, lang: Lang, warehouses: &[Warehouse], region: Option<Id>) -> Option<Id> {
    let label = t!(lang, "lines.warehouse");
    if let Some(chosen) = form.record("warehouse_id", &label)
        && !warehouses.iter().any(|one| one.id == chosen)
    {
        form.wrong("warehouse_id", t!(lang, "form.choice", field = label));
    }
    warehouse_of(form, warehouses, region)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::collections::BTreeMap;

    use super::{Form, Id, Lang, Milli, Priced, Prices, check, rows};
    use crate::kernel::money::Fen;
    use crate::products::Unit;

    fn goods() -> BTreeMap<Id, Priced> {
        let product = Priced {
            id: Id(7),
            name: "高效氯氟氰菊酯".to_owned(),
            pack_spec: String::new(),
            on_sale: true,
            tracked: true,
            available: Milli(0),
            cost_price: Fen(1_000),
            price: Some(Fen(1_340)),
            units: vec![
                Unit { name: "瓶".to_owned(), ratio: Milli(1_000) },
                Unit { name: "箱".to_owned(), ratio: Milli(20_000) },
            ],
        };
        [(Id(7), product)].into()
    }

    fn typed(quantity: &str, unit: &str, price: &str) -> Form {
        Form::blank(Lang::Zh)
            .with("product_id_0", Id(7).to_string())
            .with("quantity_0", quantity)
            .with("unit_0", unit)
            .with("price_0", price)
    }

    #[test]
    fn an_empty_price_is_the_list_price_of_the_unit() {
        let mut form = typed("20", "箱", "");
        let read = rows(&form);
        let lines = check(&mut form, Lang::Zh, &read, &goods(), Prices::At(None));
        assert!(form.is_right());
        assert_eq!((lines[0].price, lines[0].amount), (Fen(26_800), Fen(536_000)));
    }

    #[test]
    fn goods_without_prices_come_to_nothing() {
        let mut form = typed("20", "箱", "3");
        let read = rows(&form);
        let lines = check(&mut form, Lang::Zh, &read, &goods(), Prices::None);
        assert!(form.is_right());
        assert_eq!((lines[0].price, lines[0].amount, lines[0].ratio), (Fen(0), Fen(0), Milli(20_000)));
    }

    #[test]
    fn only_a_count_finds_nothing() {
        for (prices, right) in [(Prices::Counted, true), (Prices::None, false), (Prices::At(None), false)] {
            let mut form = typed("0", "箱", "");
            let read = rows(&form);
            assert_eq!(check(&mut form, Lang::Zh, &read, &goods(), prices).len(), usize::from(right));
            assert_eq!(form.is_right(), right, "{prices:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_at_its_field() {
        for (quantity, unit, price, field) in [
            ("-1", "箱", "", "quantity_0"),
            ("1", "吨", "", "unit_0"),
            ("1", "箱", "1.234", "price_0"),
            ("99999999", "箱", "99999999999", "quantity_0"),
        ] {
            let mut form = typed(quantity, unit, price);
            let read = rows(&form);
            check(&mut form, Lang::Zh, &read, &goods(), Prices::At(None));
            assert!(form.error(field).is_some(), "{quantity} {unit} {price}");
        }
    }

    #[test]
    fn an_untaken_offer_is_no_line() {
        assert!(rows(&typed("", "箱", "")).is_empty());
    }
}
