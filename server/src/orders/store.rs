//! The SQL of orders alone, and of a customer's credit.

use chrono::NaiveDate;

use super::Terms;
use super::credit::overdue_before;
use crate::customers;
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, On, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::products;

pub(super) async fn insert(tx: &mut Tx, order: Id, terms: &Terms, cost: Fen) -> Result<(), DbError> {
    let level = match terms.level {
        Some(level) => Some(level),
        None => products::default_level(&mut *tx).await?,
    };
    sql("INSERT INTO orders (id, price_level_id, warehouse_id, discount, cost) VALUES ($1, $2, $3, $4, $5)")
        .bind(order)
        .bind(level)
        .bind(terms.warehouse)
        .bind(terms.discount)
        .bind(cost)
        .run(tx)
        .await
        .map(|_| ())
}

pub(super) async fn update(tx: &mut Tx, order: Id, terms: &Terms, cost: Fen) -> Result<(), DbError> {
    sql("UPDATE orders SET warehouse_id = $1, cost = $2 WHERE id = $3")
        .bind(terms.warehouse)
        .bind(cost)
        .bind(order)
        .run(tx)
        .await
        .map(|_| ())
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
    except: Option<Id>,
    overdue_before: &str,
) -> Result<Exposure, DbError> {
    sql("SELECT CAST(COALESCE(sum(CASE WHEN d.state = 'approving' THEN d.amount ELSE 0 END), 0) AS BIGINT) AS waiting, \
         CAST(COALESCE(sum(CASE WHEN d.state = 'active' AND d.day < $1 THEN d.amount - o.paid ELSE 0 END), 0) AS BIGINT) AS overdue \
         FROM documents d JOIN orders o ON o.id = d.id WHERE d.customer_id = $2 AND d.kind = 'order' AND d.id <> COALESCE($3, 0) \
         AND d.deleted_at IS NULL AND d.state IN ('approving', 'active')")
    .bind(overdue_before)
    .bind(customer)
    .bind(except)
    .one(on)
    .await
}

/// What is overdue of several customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    /// Unpaid past its days.
    pub amount: Fen,
    /// On so many orders.
    pub orders: i64,
}

#[derive(sqlx_macros::FromRow)]
struct UnpaidOfDay {
    day: String,
    credit_days: i64,
    amount: Fen,
    orders: i64,
}

/// What is overdue in a scope: orders in force that are unpaid past their customer's days of credit. The two engines
/// have no common arithmetic of days, so the database sums by day and by days of credit, some hundred rows. It begins
/// with who owes anything (CROSS JOIN keeps SQLite to that): a customer who paid in advance owes nothing, and the orders
/// of all others need not be read.
pub async fn overdue(on: impl Into<On<'_>>, scope: &Scope, today: NaiveDate) -> Result<Overdue, DbError> {
    let query = sql(
        "SELECT d.day, c.credit_days, CAST(sum(d.amount - o.paid) AS BIGINT) AS amount, CAST(count(*) AS BIGINT) AS orders \
         FROM customers c CROSS JOIN documents d JOIN orders o ON o.id = d.id WHERE c.deleted_at IS NULL AND c.arrears > 0 AND d.customer_id = c.id \
         AND d.kind = 'order' AND d.state = 'active' AND d.deleted_at IS NULL AND o.paid < d.amount",
    );
    let sums: Vec<UnpaidOfDay> =
        scope.restrict(query, "+d.owner_id").push(" GROUP BY d.day, c.credit_days").all(on).await?;
    let late = sums.into_iter().filter(|sum| sum.day < overdue_before(today, sum.credit_days).to_string());
    Ok(late.fold(Overdue::default(), |all, sum| Overdue {
        amount: all.amount + sum.amount,
        orders: all.orders + sum.orders,
    }))
}

/// Turnover and cost of the department that an order's owner belongs to.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Turnover {
    pub total: Fen,
    pub cost: Fen,
}

pub(super) async fn department_turnover(on: impl Into<On<'_>>, owner: Id, since: &str) -> Result<Turnover, DbError> {
    sql("SELECT CAST(COALESCE(sum(d.amount), 0) AS BIGINT) AS total, CAST(COALESCE(sum(o.cost), 0) AS BIGINT) AS cost \
         FROM documents d JOIN orders o ON o.id = d.id WHERE d.kind = 'order' AND d.deleted_at IS NULL \
         AND d.state IN ('active', 'closed') AND d.day >= $1 AND d.owner_id IN \
         (SELECT m.id FROM users m JOIN users mine ON mine.department_id = m.department_id WHERE mine.id = $2)")
    .bind(since)
    .bind(owner)
    .one(on)
    .await
}

/// An order in force that is not fully paid.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Unpaid {
    /// The order.
    pub id: Id,
    /// Its number.
    pub number: String,
    /// `YYYY-MM-DD`
    pub day: String,
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

const UNPAID: &str = "SELECT d.id, d.number, d.day, d.amount AS total, o.paid FROM documents d JOIN orders o ON o.id = d.id \
     WHERE d.kind = 'order' AND d.deleted_at IS NULL AND d.state IN ('active', 'closed') AND o.paid < d.amount AND d.customer_id = ";

/// A customer's unpaid orders, oldest first; the caller has looked the customer up in their scope.
pub async fn unpaid(on: impl Into<On<'_>>, customer: Id, most: i64) -> Result<Vec<Unpaid>, DbError> {
    sql(UNPAID).arg(customer).push(" ORDER BY d.day, d.id LIMIT ").arg(most).all(on).await
}

/// Takes a payment back that [`settle`] spread: from the orders that it paid, and as owed again. The caller holds the
/// customer.
pub async fn unsettle(tx: &mut Tx, customer: Id, parts: &[(Id, Fen)], amount: Fen) -> Result<(), DbError> {
    for (order, part) in parts {
        sql("UPDATE orders SET paid = paid - $1 WHERE id = $2").bind(*part).bind(*order).run(&mut *tx).await?;
    }
    customers::add_arrears(tx, customer, amount).await
}

/// Spreads a payment over a customer's unpaid orders, the oldest first, and lowers what the customer owes by
/// the whole amount. The caller holds the customer, so no order of theirs comes into force or is cancelled meanwhile.
///
/// # Returns
/// Which order took how much.
pub async fn settle(tx: &mut Tx, customer: Id, amount: Fen) -> Result<Vec<(Id, Fen)>, DbError> {
    let lock = tx.for_update();
    let mut open: Vec<Unpaid> = sql(UNPAID).arg(customer).push(" ORDER BY d.id").push(lock).all(&mut *tx).await?;
    open.sort_by(|one, other| (&one.day, one.id).cmp(&(&other.day, other.id)));
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
    Ok(taken)
}
