//! The rows of a form with products: reading what was typed, and what is offered beside it.
//!
//! A row's fields carry its place: `product_id_3`, `quantity_3`, `unit_3`, `price_3`; a single line may come
//! without one. A row without a quantity is not a line; a row without a price takes the list price.

use std::collections::BTreeMap;

use super::rules::sums;
use super::{LastPrice, Line, NewLine, store, totals};
use crate::documents;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::Tx;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, LARGEST, Milli};
use crate::kinds::Kind;
use crate::products::{self, Category, Priced};
use crate::stock::Warehouse;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::form::Form;
use crate::web::write::Write;

/// Rows that one form may carry.
const ROWS: usize = 80;
/// Lines that one document may have.
const LINES: usize = 50;
/// Products offered before somebody looks for others.
const OFFERED: i64 = 8;
/// Products that a search or a category shows.
const FOUND: i64 = 20;

/// Which products the form shows beside what is filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shelf {
    /// What the customer usually buys, else the first of the list.
    Usual,
    /// The same, with the lines of the customer's last order filled in.
    Last,
    /// All that is on sale.
    All,
    /// One category.
    Category(Id),
    /// What a search found.
    Found,
}

impl Shelf {
    /// By the button that was pressed. Where something is wrong, everything that is filled in is shown.
    fn of(form: &Form) -> Shelf {
        match form.value("find") {
            _ if !form.is_right() => Shelf::Usual,
            "all" => Shelf::All,
            "last" => Shelf::Last,
            "usual" => Shelf::Usual,
            other => match other.parse() {
                Ok(category) => Shelf::Category(category),
                Err(_) if form.value("q").trim().is_empty() => Shelf::Usual,
                Err(_) => Shelf::Found,
            },
        }
    }
}

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
    fn level(self) -> Option<Id> {
        match self.prices {
            Prices::At(level) => level,
            Prices::None | Prices::Counted => None,
        }
    }
}

fn suffixes() -> impl Iterator<Item = String> {
    std::iter::once(String::new()).chain((0..ROWS).map(|place| format!("_{place}")))
}

/// A row that names a product.
#[derive(Clone, Debug)]
struct Row {
    /// What the names of its fields end with.
    suffix: String,
    product: Id,
}

/// The rows that are filled in. A row whose quantity is empty was offered and not taken.
fn rows(form: &Form) -> Vec<Row> {
    suffixes()
        .filter_map(|suffix| {
            let product = form.value(&format!("product_id{suffix}")).parse().ok()?;
            let filled = !form.value(&format!("quantity{suffix}")).trim().is_empty();
            filled.then_some(Row { suffix, product })
        })
        .collect()
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

/// A row as the page shows it.
#[derive(Debug)]
pub(super) struct Shown {
    pub suffix: String,
    pub product: Priced,
    /// Base units that can be promised.
    pub available: Option<Milli>,
    pub last: Option<LastPrice>,
    /// It is filled in and does not belong to what is looked at: it travels along unseen.
    pub aside: bool,
}

/// The customer's last order, which can be taken over.
#[derive(Debug)]
pub(super) struct LastOrder {
    pub day: String,
    pub lines: usize,
    pub total: Fen,
}

/// What the rows of a form show.
#[derive(Debug)]
pub struct Editor {
    pub(super) rows: Vec<Shown>,
    pub(super) shelf: Shelf,
    /// The first shelf holds what the customer has bought.
    pub(super) usual: bool,
    pub(super) categories: Vec<Category>,
    pub(super) prices: Prices,
    /// Where nothing is filled in yet.
    pub(super) last_order: Option<LastOrder>,
    /// There are more products than the page shows.
    pub(super) more: bool,
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

/// Fills the lines of the customer's last order into the rows that are free, beside what is filled in.
async fn with_last(cx: &Cx, form: &mut Form, customer: Id) -> Result<()> {
    let Some(last) = documents::last_of_customer(&cx.office.db, &cx.scope(), Kind::Order, customer).await? else {
        return Ok(());
    };
    let taken = rows(form);
    let lines = store::of_document(&cx.office.db, last.id).await?;
    let lines = lines.into_iter().filter(|line| !taken.iter().any(|row| row.product == line.product_id));
    let free = suffixes().skip(1).filter(|suffix| !taken.iter().any(|row| row.suffix == *suffix));
    *form = free.zip(lines).fold(form.clone(), |form, (suffix, line)| {
        form.with(&format!("product_id{suffix}"), line.product_id.to_string())
            .with(&format!("quantity{suffix}"), line.quantity.to_string())
            .with(&format!("unit{suffix}"), line.unit)
            .with(&format!("price{suffix}"), "")
    });
    Ok(())
}

/// The order that can be taken over by one press.
async fn last_order(cx: &Cx, customer: Id) -> Result<Option<LastOrder>> {
    let db = &cx.office.db;
    let Some(last) = documents::last_of_customer(db, &cx.scope(), Kind::Order, customer).await? else {
        return Ok(None);
    };
    let lines = store::of_document(db, last.id).await?.len();
    Ok(Some(LastOrder { lines, total: last.total(), day: last.day }))
}

/// Gathers the rows of a form: those that are filled in, and what stands on the shelf that is looked at. `repeats`
/// offers to take over the customer's last order.
pub async fn gather(
    cx: &Cx,
    form: &mut Form,
    setting: Setting,
    warehouse: Option<Id>,
    repeats: bool,
) -> Result<Editor> {
    let db = &cx.office.db;
    let shelf = Shelf::of(form);
    if let (Shelf::Last, Some(customer)) = (shelf, setting.customer) {
        with_last(cx, form, customer).await?;
    }
    // A shelf takes the place of what was searched for.
    if form.is_right() && shelf != Shelf::Found {
        *form = form.clone().with("q", "");
    }
    let rows = rows(form);
    // One more than is shown says whether there are more.
    let bought = match setting.customer {
        Some(customer) => store::bought(db, customer, OFFERED).await?,
        None => Vec::new(),
    };
    let usual = !bought.is_empty();
    let mut offers = match shelf {
        Shelf::Usual | Shelf::Last if usual => bought,
        Shelf::Usual | Shelf::Last => products::choices(db, "", None, OFFERED).await?,
        Shelf::All => products::choices(db, "", None, FOUND + 1).await?,
        Shelf::Category(category) => products::choices(db, "", Some(category), FOUND + 1).await?,
        Shelf::Found => products::choices(db, form.value("q").trim(), None, FOUND + 1).await?,
    };
    let shown = usize::try_from(FOUND).unwrap_or_default();
    let more = offers.len() > shown;
    offers.truncate(shown);
    let ids: Vec<Id> = rows.iter().map(|row| row.product).chain(offers.iter().copied()).collect();
    let goods = products::priced(db, &ids, setting.level(), &clock::iso_day(cx.now), warehouse).await?;
    let last = match setting.customer {
        Some(customer) => store::prices_of(db, customer, &ids).await?,
        None => BTreeMap::new(),
    };
    let show = |suffix: String, id: Id, aside: bool| {
        let product = goods.get(&id)?.clone();
        let available = (product.tracked && warehouse.is_some()).then_some(product.available);
        Some(Shown { suffix, product, available, last: last.get(&id).cloned(), aside })
    };
    let used: Vec<&str> = rows.iter().map(|row| row.suffix.as_str()).collect();
    let free = suffixes().skip(1).filter(|suffix| !used.contains(&suffix.as_str()));
    let aside = |product: &Id| !matches!(shelf, Shelf::Usual | Shelf::Last) && !offers.contains(product);
    let taken = rows.iter().filter_map(|row| show(row.suffix.clone(), row.product, aside(&row.product)));
    let offered = offers.iter().copied().filter(|id| !rows.iter().any(|row| row.product == *id));
    let offered = free.zip(offered).filter_map(|(suffix, id)| show(suffix, id, false));
    let rows: Vec<Shown> = taken.chain(offered.filter(|row| row.product.on_sale)).collect();
    let last_order = match setting.customer {
        Some(customer) if repeats && used.is_empty() && shelf == Shelf::Usual => last_order(cx, customer).await?,
        Some(_) | None => None,
    };
    let categories = products::categories(db).await?;
    Ok(Editor { rows, shelf, usual, categories, prices: setting.prices, last_order, more })
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
