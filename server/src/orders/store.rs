//! The SQL of orders and their lines.
//!
//! Long because: everything that reads or writes an order stands in one place; the bulk inserts are in `seed.rs`.

use std::collections::BTreeMap;

use crate::approvals::Asked;
use crate::customers::{self, Customer};
use crate::kernel::access::{Newest, Scope};
use crate::kernel::clock::Millis;
use crate::kernel::db::like::containing;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, Hold, On, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};

use super::rules::State;

/// An order with the names that pages show.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Order {
    /// The order.
    pub id: Id,
    /// Whose it is.
    pub owner_id: Id,
    /// Their name.
    pub owner: String,
    /// The customer.
    pub customer_id: Id,
    /// The customer's name.
    pub customer: String,
    /// The visit that it was taken on.
    pub visit_id: Option<Id>,
    /// DD20261123-017
    pub number: String,
    state: String,
    /// `YYYY-MM-DD`
    pub ordered_on: String,
    /// The level its list prices come from.
    pub price_level_id: Option<Id>,
    /// Where it is delivered from.
    pub warehouse_id: Option<Id>,
    /// The name of that.
    pub warehouse: Option<String>,
    /// What the rep noted.
    pub note: String,
    /// Sum of the lines.
    pub total: Fen,
    /// What the goods cost.
    pub cost: Fen,
    /// What has been paid on it.
    pub paid: Fen,
    /// When it was submitted.
    pub submitted_at: Option<Millis>,
    /// When it came into force or was refused.
    pub decided_at: Option<Millis>,
    /// For edits that cross.
    pub version: i64,
    /// When it was made.
    pub created_at: Millis,
}

impl Order {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        State::from_code(&self.state).unwrap_or(State::Cancelled)
    }
}

const ORDER: &str = "SELECT o.id, o.owner_id, u.name AS owner, o.customer_id, c.name AS customer, o.visit_id, o.number, o.state, \
     o.ordered_on, o.price_level_id, o.warehouse_id, w.name AS warehouse, o.note, o.total, o.cost, o.paid, o.submitted_at, \
     o.decided_at, o.version, o.created_at FROM orders o JOIN users u ON u.id = o.owner_id \
     JOIN customers c ON c.id = o.customer_id LEFT JOIN warehouses w ON w.id = o.warehouse_id WHERE o.deleted_at IS NULL";

/// A line with the product's name.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Line {
    /// The product.
    pub product_id: Id,
    /// Its name.
    pub name: String,
    /// Its packing.
    pub pack_spec: String,
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

/// A line to be written.
#[derive(Clone, Debug)]
pub(super) struct FreshLine {
    pub product: Id,
    pub unit: String,
    pub ratio: Milli,
    pub quantity: Milli,
    pub price: Fen,
    pub list_price: Fen,
    pub amount: Fen,
    pub cost: Fen,
}

/// Lists of orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    All,
    State(State),
}

const NEWEST: Newest = Newest { table: "orders", live: "deleted_at IS NULL", owner: "o.owner_id", id: "o.id" };

/// Customers whose orders a search gathers.
const NAMED: i64 = 100;

pub(super) async fn list(
    db: &Db,
    scope: &Scope,
    view: View,
    q: &str,
    customer: Option<Id>,
    paging: Paging,
) -> Result<Listing<Order>, DbError> {
    let mut query = sql(ORDER);
    if let Some(customer) = customer {
        query = query.push(" AND o.customer_id = ").arg(customer);
    }
    if let View::State(state) = view {
        query = query.push(" AND o.state = ").arg(state.code());
    }
    if !q.is_empty() {
        // Customers are found as in their own list; a number only where something of a number was typed.
        let named = customers::choices(db, scope, Some(q), NAMED).await?;
        query = query.push(" AND (o.customer_id IN ").args(named.iter().map(|customer| customer.id));
        if q.bytes().any(|byte| byte.is_ascii_digit()) || q.eq_ignore_ascii_case("dd") {
            query = query.push(" OR lower(o.number) LIKE ").arg(containing(q)).push(" ESCAPE '!'");
        }
        query = query.push(")");
    }
    let only = match view {
        View::State(state) => Some(("state", state.code())),
        View::All => None,
    };
    // A customer's or a search's orders are few already.
    query = if customer.is_some() || !q.is_empty() {
        scope.restrict(query, "o.owner_id")
    } else {
        scope.newest(query, NEWEST, only, paging)
    };
    query = query.push(" ORDER BY o.id DESC LIMIT ").arg(paging.limit());
    Ok(paging.cut(query.push(" OFFSET ").arg(paging.offset()).all(db).await?))
}

/// An order in `scope`.
///
/// # Errors
/// What the database says.
pub async fn find(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Order>, DbError> {
    let query = sql(ORDER).push(" AND o.id = ").arg(id);
    scope.restrict(query, "o.owner_id").optional(on).await
}

/// The order of an approval whose reader was asked: see [`Asked`].
pub(super) async fn find_asked(on: impl Into<On<'_>>, asked: &Asked) -> Result<Option<Order>, DbError> {
    sql(ORDER).push(" AND o.id = ").arg(asked.document()).optional(on).await
}

/// The order of a decision, inside its transaction.
pub(super) async fn find_decided(tx: &mut Tx, id: Id) -> Result<Option<Order>, DbError> {
    let query = sql(ORDER).push(" AND o.id = ").arg(id);
    let Some(order) = query.clone().optional::<Order>(&mut *tx).await? else { return Ok(None) };
    hold(tx, &order).await?;
    query.optional(tx).await
}

/// An order about to change its state. Its customer is held first and the order after it, as a payment does.
pub(super) async fn to_change(tx: &mut Tx, scope: &Scope, id: Id) -> Result<Option<Order>, DbError> {
    let Some(order) = find(&mut *tx, scope, id).await? else { return Ok(None) };
    hold(tx, &order).await?;
    find(tx, scope, id).await
}

/// The customer of an order never changes, so it may be read before anything is held.
async fn hold(tx: &mut Tx, order: &Order) -> Result<(), DbError> {
    customers::kept(tx, Some(order.customer_id), Hold::Changed).await?;
    lock(tx, order.id).await
}

#[derive(sqlx_macros::FromRow)]
struct Locked {
    #[expect(dead_code, reason = "the row is read to be locked")]
    id: Id,
}

/// Locks an order, so that two changes of its state come one after the other.
pub(super) async fn lock(tx: &mut Tx, id: Id) -> Result<(), DbError> {
    let lock = tx.for_update();
    sql("SELECT id FROM orders WHERE id = $1").bind(id).push(lock).optional::<Locked>(tx).await?;
    Ok(())
}

/// The lines of an order that the caller already may see.
///
/// # Errors
/// What the database says.
pub async fn lines(on: impl Into<On<'_>>, order: Id) -> Result<Vec<Line>, DbError> {
    sql(
        "SELECT l.product_id, p.name, p.pack_spec, p.tracked, p.floor_price, p.base_unit, l.unit, l.ratio, l.quantity, \
         l.price, l.list_price, l.amount, l.cost FROM order_lines l JOIN products p ON p.id = l.product_id \
         WHERE l.order_id = $1 ORDER BY l.position, l.id",
    )
    .bind(order)
    .all(on)
    .await
}

/// A customer's newest orders in `scope`.
pub(super) async fn of_customer(
    on: impl Into<On<'_>>,
    scope: &Scope,
    customer: Id,
    most: i64,
) -> Result<Vec<Order>, DbError> {
    let query = sql(ORDER).push(" AND o.customer_id = ").arg(customer);
    scope.restrict(query, "o.owner_id").push(" ORDER BY o.id DESC LIMIT ").arg(most).all(on).await
}

/// A customer's newest order that was in force.
///
/// # Errors
/// What the database says.
pub async fn last_of_customer(on: impl Into<On<'_>>, scope: &Scope, customer: Id) -> Result<Option<Order>, DbError> {
    let query = sql(ORDER).push(" AND o.state IN ('active', 'closed') AND o.customer_id = ").arg(customer);
    scope.restrict(query, "o.owner_id").push(" ORDER BY o.id DESC LIMIT 1").optional(on).await
}

/// The buyer, as an order needs it.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Buyer {
    pub id: Id,
    pub name: String,
    pub price_level_id: Option<Id>,
    pub region_id: Option<Id>,
    pub credit_limit: Fen,
    pub credit_days: i64,
    pub arrears: Fen,
}

const BUYER: &str = "SELECT id, name, price_level_id, region_id, credit_limit, credit_days, arrears FROM customers \
     WHERE deleted_at IS NULL AND id = ";

impl From<Customer> for Buyer {
    fn from(customer: Customer) -> Buyer {
        Buyer {
            id: customer.id,
            name: customer.name,
            price_level_id: customer.price_level_id,
            region_id: customer.region_id,
            credit_limit: customer.credit_limit,
            credit_days: customer.credit_days,
            arrears: customer.arrears,
        }
    }
}

pub(super) async fn buyer(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Buyer>, DbError> {
    Ok(customers::find(on, scope, id).await?.map(Buyer::from))
}

/// The customer of an order that the caller already may see: an approver from another department does not
/// have the customer in their scope, but weighs its credit.
pub(super) async fn buyer_of(on: impl Into<On<'_>>, order: &Order) -> Result<Option<Buyer>, DbError> {
    sql(BUYER).arg(order.customer_id).optional(on).await
}

/// The customer of an order that is about to take credit; locked, so that two orders cannot both fit.
pub(super) async fn buyer_locked(tx: &mut Tx, customer: Id) -> Result<Option<Buyer>, DbError> {
    let lock = tx.for_update();
    sql(BUYER).arg(customer).push(lock).optional(tx).await
}

/// Moves what the customer owes and has bought, when an order comes into force (or is undone).
pub(super) async fn charge(tx: &mut Tx, customer: Id, amount: Fen, at: Millis) -> Result<(), DbError> {
    customers::add_arrears(tx, customer, amount).await?;
    customers::add_purchase(tx, customer, amount, at).await
}

/// What else weighs on a customer's credit.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Exposure {
    /// In other orders that wait for approval.
    pub waiting: Fen,
    /// Unpaid past its days.
    pub overdue: Fen,
}

pub(super) async fn exposure(
    on: impl Into<On<'_>>,
    customer: Id,
    except: Id,
    overdue_before: &str,
) -> Result<Exposure, DbError> {
    sql("SELECT CAST(COALESCE(sum(CASE WHEN state = 'approving' THEN total ELSE 0 END), 0) AS BIGINT) AS waiting, \
         CAST(COALESCE(sum(CASE WHEN state = 'active' AND ordered_on < $1 THEN total - paid ELSE 0 END), 0) AS BIGINT) AS overdue \
         FROM orders WHERE customer_id = $2 AND id <> $3 AND deleted_at IS NULL AND state IN ('approving', 'active')")
    .bind(overdue_before)
    .bind(customer)
    .bind(except)
    .one(on)
    .await
}

/// What a customer paid last for a product.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub(super) struct LastPrice {
    pub product_id: Id,
    pub unit: String,
    pub ratio: Milli,
    pub price: Fen,
}

impl LastPrice {
    /// The same price for a unit of `ratio` base units.
    pub fn in_unit(&self, ratio: Milli) -> Fen {
        let own = i128::from(self.ratio.0).max(1);
        let price = (i128::from(self.price.0) * i128::from(ratio.0) + own / 2) / own;
        Fen(i64::try_from(price).unwrap_or(i64::MAX))
    }
}

pub(super) async fn last_prices(
    on: impl Into<On<'_>>,
    customer: Id,
    products: &[Id],
    except: Option<Id>,
) -> Result<BTreeMap<Id, LastPrice>, DbError> {
    let rows: Vec<LastPrice> =
        sql("SELECT l.product_id, l.unit, l.ratio, l.price FROM orders o JOIN order_lines l ON l.order_id = o.id \
         WHERE o.customer_id = $1 AND o.id <> $2 AND o.state IN ('active', 'closed') AND l.product_id IN ")
        .bind(customer)
        .bind(except.unwrap_or(Id(0)))
        .args(products.iter().copied())
        .push(" ORDER BY o.id DESC, l.position LIMIT 200")
        .all(on)
        .await?;
    let mut last = BTreeMap::new();
    for row in rows {
        last.entry(row.product_id).or_insert(row);
    }
    Ok(last)
}

#[derive(sqlx_macros::FromRow)]
struct Bought {
    product_id: Id,
}

/// What a customer bought lately, newest first.
pub(super) async fn bought(on: impl Into<On<'_>>, customer: Id, most: i64) -> Result<Vec<Id>, DbError> {
    let rows: Vec<Bought> = sql("SELECT l.product_id FROM orders o JOIN order_lines l ON l.order_id = o.id \
         WHERE o.customer_id = $1 AND o.state IN ('active', 'closed') GROUP BY l.product_id ORDER BY max(o.id) DESC, l.product_id LIMIT $2")
    .bind(customer)
    .bind(most)
    .all(on)
    .await?;
    Ok(rows.into_iter().map(|row| row.product_id).collect())
}

/// Turnover and cost of the department that an order's owner belongs to.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Turnover {
    pub total: Fen,
    pub cost: Fen,
}

pub(super) async fn department_turnover(on: impl Into<On<'_>>, owner: Id, since: &str) -> Result<Turnover, DbError> {
    sql("SELECT CAST(COALESCE(sum(o.total), 0) AS BIGINT) AS total, CAST(COALESCE(sum(o.cost), 0) AS BIGINT) AS cost \
         FROM orders o WHERE o.state IN ('active', 'closed') AND o.ordered_on >= $1 AND o.owner_id IN \
         (SELECT m.id FROM users m JOIN users mine ON mine.department_id = m.department_id WHERE mine.id = $2)")
    .bind(since)
    .bind(owner)
    .one(on)
    .await
}

#[derive(sqlx_macros::FromRow)]
struct Setting {
    value: String,
}

/// Above this total an order needs approval.
pub(super) async fn approval_over(on: impl Into<On<'_>>) -> Result<Fen, DbError> {
    let row: Option<Setting> =
        sql("SELECT value FROM settings WHERE name = 'order_approval_over'").optional(on).await?;
    Ok(Fen(row.and_then(|row| row.value.parse().ok()).unwrap_or(DEFAULT_OVER)))
}

/// 10,000.00 yuan.
const DEFAULT_OVER: i64 = 1_000_000;

#[derive(sqlx_macros::FromRow)]
struct Speaks {
    lang: String,
}

/// The language of a person, for a refusal inside a reaction.
pub(super) async fn lang_of(on: impl Into<On<'_>>, user: Id) -> Result<String, DbError> {
    let row: Option<Speaks> = sql("SELECT lang FROM users WHERE id = $1").bind(user).optional(on).await?;
    Ok(row.map(|row| row.lang).unwrap_or_default())
}

/// The head of a new draft.
#[derive(Debug)]
pub(super) struct Head {
    pub id: Id,
    pub owner: Id,
    pub customer: Id,
    pub visit: Option<Id>,
    pub number: String,
    pub ordered_on: String,
    pub level: Option<Id>,
    pub warehouse: Option<Id>,
    pub note: String,
}

pub(super) async fn insert(tx: &mut Tx, head: &Head, lines: &[FreshLine], now: Millis) -> Result<(), DbError> {
    let (total, cost) = totals(lines);
    sql("INSERT INTO orders (id, owner_id, customer_id, visit_id, number, state, ordered_on, price_level_id, warehouse_id, note, \
         total, cost, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'draft', $6, $7, $8, $9, $10, $11, $12, $13)")
    .bind(head.id)
    .bind(head.owner)
    .bind(head.customer)
    .bind(head.visit)
    .bind(&head.number)
    .bind(&head.ordered_on)
    .bind(head.level)
    .bind(head.warehouse)
    .bind(&head.note)
    .bind(total)
    .bind(cost)
    .bind(now)
    .bind(now)
    .run(tx)
    .await?;
    insert_lines(tx, head.id, 0, lines).await
}

pub(super) fn totals(lines: &[FreshLine]) -> (Fen, Fen) {
    (lines.iter().map(|line| line.amount).sum(), lines.iter().map(|line| line.cost).sum())
}

async fn insert_lines(tx: &mut Tx, order: Id, from: i64, lines: &[FreshLine]) -> Result<(), DbError> {
    if lines.is_empty() {
        return Ok(());
    }
    let mut query = sql(
        "INSERT INTO order_lines (id, order_id, position, product_id, unit, ratio, quantity, price, list_price, amount, cost) VALUES",
    );
    for (position, line) in (from..).zip(lines) {
        query = query.push(if position == from { " (" } else { "), (" }).arg(Id::new()).push(", ").arg(order);
        query = query.push(", ").arg(position).push(", ").arg(line.product).push(", ").arg(&line.unit);
        query = query.push(", ").arg(line.ratio).push(", ").arg(line.quantity).push(", ").arg(line.price);
        query = query.push(", ").arg(line.list_price).push(", ").arg(line.amount).push(", ").arg(line.cost);
    }
    query.push(")").run(tx).await?;
    Ok(())
}

/// Writes a draft's lines anew, with its note and warehouse.
pub(super) async fn rewrite(
    tx: &mut Tx,
    order: Id,
    lines: &[FreshLine],
    warehouse: Option<Id>,
    note: &str,
    now: Millis,
) -> Result<(), DbError> {
    sql("DELETE FROM order_lines WHERE order_id = $1").bind(order).run(tx).await?;
    insert_lines(tx, order, 0, lines).await?;
    let (total, cost) = totals(lines);
    sql("UPDATE orders SET total = $1, cost = $2, warehouse_id = $3, note = $4, version = version + 1, updated_at = $5 WHERE id = $6")
        .bind(total)
        .bind(cost)
        .bind(warehouse)
        .bind(note)
        .bind(now)
        .bind(order)
        .run(tx)
        .await?;
    Ok(())
}

/// Moves an order to a state; `submitted` and `decided` note the moment.
pub(super) async fn set_state(tx: &mut Tx, order: Id, state: State, now: Millis) -> Result<(), DbError> {
    let query =
        sql("UPDATE orders SET version = version + 1, updated_at = $1, state = $2").bind(now).bind(state.code());
    let query = match state {
        State::Approving => query.push(", submitted_at = ").arg(now),
        State::Active => {
            query.push(", submitted_at = COALESCE(submitted_at, ").arg(now).push("), decided_at = ").arg(now)
        }
        State::Rejected => query.push(", decided_at = ").arg(now),
        State::Draft => query.push(", submitted_at = NULL"),
        State::Closed | State::Cancelled => query,
    };
    query.push(" WHERE id = ").arg(order).run(tx).await?;
    Ok(())
}

/// An order in force that is not fully paid.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Unpaid {
    /// The order.
    pub id: Id,
    /// Its number.
    pub number: String,
    /// `YYYY-MM-DD`
    pub ordered_on: String,
    /// Its total.
    pub total: Fen,
    /// What was paid.
    pub paid: Fen,
}

impl Unpaid {
    /// What is still owed.
    #[must_use]
    pub fn rest(&self) -> Fen {
        self.total - self.paid
    }
}

const UNPAID: &str = "SELECT id, number, ordered_on, total, paid FROM orders WHERE deleted_at IS NULL \
     AND state IN ('active', 'closed') AND paid < total AND customer_id = ";

/// A customer's unpaid orders, oldest first; the caller has looked the customer up in their scope.
///
/// # Errors
/// What the database says.
pub async fn unpaid(on: impl Into<On<'_>>, customer: Id, most: i64) -> Result<Vec<Unpaid>, DbError> {
    sql(UNPAID).arg(customer).push(" ORDER BY ordered_on, id LIMIT ").arg(most).all(on).await
}

/// Spreads a payment over a customer's unpaid orders, the oldest first, and lowers what the customer owes by
/// the whole amount.
///
/// # Errors
/// What the database says.
///
/// # Returns
/// Which order took how much; `None` where the customer is gone.
pub async fn settle(tx: &mut Tx, customer: Id, amount: Fen) -> Result<Option<Vec<(Id, Fen)>>, DbError> {
    if customers::kept(tx, Some(customer), Hold::Changed).await?.is_none() {
        return Ok(None);
    }
    let lock = tx.for_update();
    let mut open: Vec<Unpaid> = sql(UNPAID).arg(customer).push(" ORDER BY id").push(lock).all(&mut *tx).await?;
    open.sort_by(|one, other| (&one.ordered_on, one.id).cmp(&(&other.ordered_on, other.id)));
    let mut left = amount;
    let mut taken = Vec::new();
    for order in open {
        let part = order.rest().min(left);
        if part <= Fen::ZERO {
            break;
        }
        sql("UPDATE orders SET paid = paid + $1 WHERE id = $2").bind(part).bind(order.id).run(tx).await?;
        taken.push((order.id, part));
        left = left - part;
    }
    customers::add_arrears(tx, customer, -amount).await?;
    Ok(Some(taken))
}
