//! The shelves of a form with products: what the customer usually buys, all goods, a category, what a search found;
//! and the customer's last order, which can be taken over.

use std::collections::BTreeMap;

use super::editor::{Prices, Setting, rows};
use super::{LastPrice, store};
use crate::documents;
use crate::kernel::clock;
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};
use crate::kinds::Kind;
use crate::products::{self, Category, Priced};
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::form::Form;

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

/// What the names of an offer's fields end with.
fn suffix_of(product: Id) -> String {
    format!("_{product}")
}

/// Fills the lines of the customer's last order into the rows that are free, beside what is filled in.
async fn with_last(cx: &Cx, form: &mut Form, customer: Id) -> Result<()> {
    let Some(last) = documents::last_of_customer(&cx.office.db, &cx.scope(), Kind::Order, customer).await? else {
        return Ok(());
    };
    let taken = rows(form);
    let lines = store::of_document(&cx.office.db, last.id).await?;
    let lines = lines.into_iter().filter(|line| !taken.iter().any(|row| row.product == line.product_id));
    *form = lines.enumerate().fold(form.clone(), |form, (place, line)| {
        let mut suffix = suffix_of(line.product_id);
        // The order has the product in two lines.
        if !form.value(&format!("quantity{suffix}")).is_empty() {
            suffix = format!("{suffix}_{place}");
        }
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
    let aside = |product: &Id| !matches!(shelf, Shelf::Usual | Shelf::Last) && !offers.contains(product);
    let taken = rows.iter().filter_map(|row| show(row.suffix.clone(), row.product, aside(&row.product)));
    let offered = offers.iter().copied().filter(|id| !rows.iter().any(|row| row.product == *id));
    let offered = offered.filter_map(|id| show(suffix_of(id), id, false));
    let rows_taken = rows.len();
    let rows: Vec<Shown> = taken.chain(offered.filter(|row| row.product.on_sale)).collect();
    let last_order = match setting.customer {
        Some(customer) if repeats && rows_taken == 0 && shelf == Shelf::Usual => last_order(cx, customer).await?,
        Some(_) | None => None,
    };
    let categories = products::categories(db).await?;
    Ok(Editor { rows, shelf, usual, categories, prices: setting.prices, last_order, more })
}
