//! Orders by the thousand, for generators and imports: rows as they are, without events or checks.

use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};

use super::rules::State;

/// Rows of one INSERT.
const BATCH: usize = 200;

/// An order to be inserted.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub owner: Id,
    /// The customer.
    pub customer: Id,
    /// Its number.
    pub number: String,
    /// Where it stands.
    pub state: State,
    /// `YYYY-MM-DD`
    pub ordered_on: String,
    /// The level of its prices.
    pub level: Option<Id>,
    /// Where it is delivered from.
    pub warehouse: Option<Id>,
    /// What was paid on it.
    pub paid: Fen,
    /// When it was made, submitted and decided.
    pub at: Millis,
    /// Its lines.
    pub lines: Vec<NewLine>,
}

/// A line to be inserted.
#[derive(Clone, Debug)]
pub struct NewLine {
    /// The product.
    pub product: Id,
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
    /// Cost of a base unit.
    pub cost_price: Fen,
}

impl NewLine {
    /// Price × quantity.
    #[must_use]
    pub fn amount(&self) -> Fen {
        self.price.times(self.quantity)
    }

    fn cost(&self) -> Fen {
        self.cost_price.times(self.quantity.in_base(self.ratio).unwrap_or_default())
    }
}

impl NewOrder {
    /// Sum of the lines.
    #[must_use]
    pub fn total(&self) -> Fen {
        self.lines.iter().map(NewLine::amount).sum()
    }
}

/// Inserts orders with their lines. Arrears, purchases and reservations are the caller's to set.
///
/// # Errors
/// What the database says.
pub async fn insert_orders(tx: &mut Tx, orders: &[NewOrder]) -> Result<(), DbError> {
    for batch in orders.chunks(BATCH) {
        let mut query = sql(
            "INSERT INTO orders (id, owner_id, customer_id, number, state, ordered_on, price_level_id, warehouse_id, \
             total, cost, paid, submitted_at, decided_at, created_at, updated_at) VALUES",
        );
        for (index, order) in batch.iter().enumerate() {
            let submitted = (order.state != State::Draft).then_some(order.at);
            let decided = match order.state {
                State::Draft | State::Approving => None,
                State::Active | State::Rejected | State::Closed | State::Cancelled => Some(order.at),
            };
            let cost: Fen = order.lines.iter().map(NewLine::cost).sum();
            query = query.push(if index == 0 { " (" } else { "), (" }).arg(order.id).push(", ").arg(order.owner);
            query = query.push(", ").arg(order.customer).push(", ").arg(&order.number);
            query = query.push(", ").arg(order.state.code()).push(", ").arg(&order.ordered_on);
            query = query.push(", ").arg(order.level).push(", ").arg(order.warehouse);
            query = query.push(", ").arg(order.total()).push(", ").arg(cost).push(", ").arg(order.paid);
            query = query.push(", ").arg(submitted).push(", ").arg(decided);
            query = query.push(", ").arg(order.at).push(", ").arg(order.at);
        }
        query.push(")").run(tx).await?;
        let lines: Vec<(Id, i64, &NewLine)> = batch
            .iter()
            .flat_map(|order| (0i64..).zip(&order.lines).map(|(position, line)| (order.id, position, line)))
            .collect();
        for part in lines.chunks(BATCH) {
            insert_lines(tx, part).await?;
        }
    }
    Ok(())
}

async fn insert_lines(tx: &mut Tx, lines: &[(Id, i64, &NewLine)]) -> Result<(), DbError> {
    let mut query = sql(
        "INSERT INTO order_lines (id, order_id, position, product_id, unit, ratio, quantity, price, list_price, amount, cost) VALUES",
    );
    for (index, (order, position, line)) in lines.iter().enumerate() {
        query = query.push(if index == 0 { " (" } else { "), (" }).arg(Id::new()).push(", ").arg(*order);
        query = query.push(", ").arg(*position).push(", ").arg(line.product).push(", ").arg(&line.unit);
        query = query.push(", ").arg(line.ratio).push(", ").arg(line.quantity).push(", ").arg(line.price);
        query = query.push(", ").arg(line.list_price).push(", ").arg(line.amount()).push(", ").arg(line.cost());
    }
    query.push(")").run(tx).await?;
    Ok(())
}
