//! The rows of the order form: reading what was typed, and what is offered beside it.
//!
//! A row's fields carry its place: `product_id_3`, `quantity_3`, `unit_3`, `price_3`; a single line may come
//! without one. A row without a quantity is not a line; a row without a price takes the list price.

use std::collections::BTreeMap;

use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::{LARGEST, Milli};
use crate::products::{self, Priced};
use crate::stock::{self, Warehouse};
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::form::Form;
use crate::web::write::Write;

use super::rules::sums;
use super::store::{self, Buyer, FreshLine, LastPrice, Line};

/// Rows that one form may carry.
const ROWS: usize = 80;
/// Lines that one order may have.
const LINES: usize = 50;
/// Products offered beside what was typed.
const OFFERED: i64 = 8;
/// Products that a search offers.
const FOUND: i64 = 12;

fn suffixes() -> impl Iterator<Item = String> {
    std::iter::once(String::new()).chain((0..ROWS).map(|place| format!("_{place}")))
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
    let removed = form.fields().iter().find(|(name, _)| name == "remove").map(|(_, value)| value.as_str());
    suffixes()
        .filter(|suffix| removed != Some(suffix.as_str()))
        .filter_map(|suffix| {
            let product = form.value(&format!("product_id{suffix}")).parse().ok()?;
            let filled = !form.value(&format!("quantity{suffix}")).trim().is_empty();
            filled.then_some(Row { suffix, product })
        })
        .collect()
}

/// Turns the rows into lines, or says in the form what is wrong with them.
pub(super) fn check(form: &mut Form, lang: Lang, rows: &[Row], goods: &BTreeMap<Id, Priced>) -> Vec<FreshLine> {
    let mut lines = Vec::new();
    if rows.len() > LINES {
        form.wrong("q", t!(lang, "orders.too_many_lines", max = LINES));
        return lines;
    }
    for row in rows {
        if let Some(line) = line_of(form, lang, row, goods) {
            lines.push(line);
        }
    }
    let (total, cost) = store::totals(&lines);
    if total > LARGEST || cost > LARGEST {
        form.wrong("q", t!(lang, "orders.too_much"));
    }
    lines
}

/// The lines as the products stand now; these are held until the commit. What is not sold any more is said in the form.
pub(super) async fn held(
    write: &mut Write<'_>,
    form: &mut Form,
    lang: Lang,
    level: Option<Id>,
) -> Result<Vec<FreshLine>> {
    let rows = rows(form);
    let ids: Vec<Id> = rows.iter().map(|row| row.product).collect();
    products::hold(&mut write.tx, &ids).await?;
    let goods = products::priced(&mut write.tx, &ids, level, &clock::iso_day(write.author.at)).await?;
    Ok(check(form, lang, &rows, &goods))
}

fn line_of(form: &mut Form, lang: Lang, row: &Row, goods: &BTreeMap<Id, Priced>) -> Option<FreshLine> {
    let name = |field: &str| format!("{field}{}", row.suffix);
    let Some(product) = goods.get(&row.product).filter(|product| product.on_sale) else {
        form.wrong(&name("quantity"), t!(lang, "orders.not_on_sale"));
        return None;
    };
    let label = |key: &str| format!("{} {}", product.name, t!(lang, key));
    let quantity = form.milli(&name("quantity"), &label("orders.quantity"));
    let unit = match form.value(&name("unit")).trim() {
        "" => product.units.first(),
        typed => product.unit(typed),
    };
    let Some(unit) = unit else {
        form.wrong(&name("unit"), t!(lang, "form.choice", field = label("orders.unit")));
        return None;
    };
    let price_label = label("orders.price");
    let typed = form.fen(&name("price"), &price_label);
    let list_price = product.list_price(unit);
    if typed.is_none() && list_price.is_none() && form.error(&name("price")).is_none() {
        form.wrong(&name("price"), t!(lang, "orders.no_list_price", field = price_label));
    }
    if form.error(&name("price")).is_some() {
        return None;
    }
    let (quantity, price) = (quantity?, typed.or(list_price)?);
    let Some(sums) = sums(price, quantity, unit.ratio, product.cost_price) else {
        form.wrong(&name("quantity"), t!(lang, "orders.line_too_much", product = product.name));
        return None;
    };
    Some(FreshLine {
        product: product.id,
        unit: unit.name.clone(),
        ratio: unit.ratio,
        quantity,
        price,
        list_price: list_price.unwrap_or(price),
        amount: sums.amount,
        cost: sums.cost,
    })
}

/// A stored line as one to be written again.
pub(super) fn kept(line: &Line) -> FreshLine {
    FreshLine {
        product: line.product_id,
        unit: line.unit.clone(),
        ratio: line.ratio,
        quantity: line.quantity,
        price: line.price,
        list_price: line.list_price,
        amount: line.amount,
        cost: line.cost,
    }
}

/// Fills a form with lines; `prices` as they stand, or empty for today's.
pub(super) fn filled(mut form: Form, lines: &[Line], prices: bool) -> Form {
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

/// A row as the page shows it.
#[derive(Debug)]
pub(super) struct Shown {
    pub suffix: String,
    pub product: Priced,
    /// Base units that can be promised.
    pub available: Option<Milli>,
    pub last: Option<LastPrice>,
}

/// Everything that the order form shows.
#[derive(Debug)]
pub(super) struct Editor {
    pub buyer: Buyer,
    pub houses: Vec<Warehouse>,
    pub taken: Vec<Shown>,
    pub offered: Vec<Shown>,
}

/// The level of a customer.
pub(super) async fn level_of(cx: &Cx, buyer: &Buyer) -> Result<Option<Id>> {
    match buyer.price_level_id {
        Some(level) => Ok(Some(level)),
        None => Ok(products::default_level(&cx.office.db).await?),
    }
}

/// The warehouse that is meant: the chosen one, else the one of the customer's region, else the first.
pub(super) fn house_of(form: &Form, houses: &[Warehouse], buyer: &Buyer) -> Option<Id> {
    let chosen = form.value("warehouse_id").parse::<Id>().ok();
    let near = || houses.iter().find(|house| house.region_id.is_some() && house.region_id == buyer.region_id);
    houses.iter().find(|house| Some(house.id) == chosen).or_else(near).or_else(|| houses.first()).map(|house| house.id)
}

/// Gathers the form's page: the rows that are filled in, and below them what the search finds or what the
/// customer usually buys.
pub(super) async fn gather(cx: &Cx, form: &Form, buyer: Buyer) -> Result<Editor> {
    let db = &cx.office.db;
    let rows = rows(form);
    let q = form.value("q").trim();
    let mut offers = Vec::new();
    if q.is_empty() {
        offers = store::bought(db, buyer.id, OFFERED).await?;
        if offers.is_empty() {
            offers = products::choices(db, "", OFFERED).await?.into_iter().map(|choice| choice.id).collect();
        }
    } else {
        offers.extend(products::choices(db, q, FOUND).await?.into_iter().map(|choice| choice.id));
    }
    offers.retain(|id| !rows.iter().any(|row| row.product == *id));
    let ids: Vec<Id> = rows.iter().map(|row| row.product).chain(offers.iter().copied()).collect();
    let level = level_of(cx, &buyer).await?;
    let goods = products::priced(db, &ids, level, &clock::iso_day(cx.now)).await?;
    let houses = stock::warehouses(db).await?;
    let available = match house_of(form, &houses, &buyer) {
        Some(house) => stock::availability(db, house, &ids).await?,
        None => BTreeMap::new(),
    };
    let last = store::last_prices(db, buyer.id, &ids, None).await?;
    let show = |suffix: String, id: Id| {
        let product = goods.get(&id)?.clone();
        let available = product.tracked.then(|| available.get(&id).copied().unwrap_or_default());
        Some(Shown { suffix, product, available, last: last.get(&id).cloned() })
    };
    let used: Vec<&str> = rows.iter().map(|row| row.suffix.as_str()).collect();
    let free = suffixes().skip(1).filter(|suffix| !used.contains(&suffix.as_str()));
    let offered =
        free.zip(offers).filter_map(|(suffix, id)| show(suffix, id)).filter(|row| row.product.on_sale).collect();
    let taken = rows.iter().filter_map(|row| show(row.suffix.clone(), row.product)).collect();
    Ok(Editor { buyer, houses, taken, offered })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::collections::BTreeMap;

    use super::{Form, Id, Lang, Milli, Priced, check, rows};
    use crate::kernel::money::Fen;
    use crate::products::Unit;

    fn goods() -> BTreeMap<Id, Priced> {
        let product = Priced {
            id: Id(7),
            code: "A".to_owned(),
            name: "高效氯氟氰菊酯".to_owned(),
            pack_spec: String::new(),
            on_sale: true,
            tracked: true,
            cost_price: Fen(1_000),
            floor_price: Fen(1_260),
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
        let lines = check(&mut form, Lang::Zh, &read, &goods());
        assert!(form.is_right());
        assert_eq!((lines[0].price, lines[0].amount), (Fen(26_800), Fen(536_000)));
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
            check(&mut form, Lang::Zh, &read, &goods());
            assert!(form.error(field).is_some(), "{quantity} {unit} {price}");
        }
    }

    #[test]
    fn an_untaken_offer_and_a_removed_row_are_no_lines() {
        assert!(rows(&typed("", "箱", "")).is_empty());
        assert!(rows(&typed("3", "箱", "").with("remove", "_0")).is_empty());
    }
}
