//! Lines 明细: the products of a document, how many in which unit, at which price. One table and one editor for every
//! kind that has them.
//!
//! Tables: document_lines
//! Events: none
//! Uses: approvals, customers, documents, products, stock

mod discount;
pub mod editor;
mod rules;
pub mod sheet;
mod shelves;
mod store;
pub mod view;

use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};

pub use discount::Discount;
pub use rules::under_floor;
pub use store::{names_product, of_document, weighed};

/// A line with the product's name.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Line {
    /// The product.
    pub product_id: Id,
    /// Its name.
    pub name: String,
    /// Whether stock is counted for it.
    pub tracked: bool,
    /// Its floor price of a base unit, now.
    pub floor_price: Fen,
    /// The base unit's name.
    pub base_unit: String,
    /// The chosen unit.
    pub unit: String,
    /// Base units in it.
    pub ratio: Milli,
    /// In the chosen unit.
    pub quantity: Milli,
    /// Of one chosen unit.
    pub price: Fen,
    /// What the level said.
    pub list_price: Fen,
    /// Price × quantity.
    pub amount: Fen,
    /// Cost of the goods.
    pub cost: Fen,
}

impl Line {
    /// The quantity in base units.
    #[must_use]
    pub fn base_quantity(&self) -> Milli {
        self.quantity.in_base(self.ratio).unwrap_or(Milli(i64::MAX))
    }
}

/// A line with the stock and the last price, for the writer and the approver.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Weighed {
    /// The line.
    #[sqlx(flatten)]
    pub line: Line,
    /// Base units that can be promised in the document's warehouse.
    pub available: Milli,
    /// Base units in the unit that the customer bought in before.
    pub last_ratio: Option<Milli>,
    /// What one of those cost.
    pub last_price: Option<Fen>,
}

impl Weighed {
    /// Whether more is wanted than is there.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.line.tracked && self.available < self.line.base_quantity()
    }

    /// What the customer paid before, for this line's unit.
    #[must_use]
    pub fn last(&self) -> Option<Fen> {
        Some(rules::in_unit(self.last_price?, self.last_ratio?, self.line.ratio))
    }
}

/// A line to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The product.
    pub product: Id,
    /// The chosen unit.
    pub unit: String,
    /// Base units in it.
    pub ratio: Milli,
    /// In the chosen unit.
    pub quantity: Milli,
    /// Of one chosen unit; zero for kinds without prices.
    pub price: Fen,
    /// What the level said.
    pub list_price: Fen,
    /// Price × quantity.
    pub amount: Fen,
    /// Cost of the goods.
    pub cost: Fen,
}

impl From<&Line> for NewLine {
    fn from(line: &Line) -> NewLine {
        NewLine {
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
}

/// Sum and cost of lines.
#[must_use]
pub fn totals(lines: &[NewLine]) -> (Fen, Fen) {
    (lines.iter().map(|line| line.amount).sum(), lines.iter().map(|line| line.cost).sum())
}

/// The lines in the operation log.
#[must_use]
pub fn noted(lines: &[NewLine]) -> serde_json::Value {
    lines
        .iter()
        .map(|line| format!("{} {} {} x {}", line.product, line.quantity, line.unit, line.price))
        .collect::<Vec<_>>()
        .into()
}

/// What a customer paid last for a product.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct LastPrice {
    /// The product.
    pub product_id: Id,
    /// In which unit.
    pub unit: String,
    /// Of one of it.
    pub price: Fen,
}
