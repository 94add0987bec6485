//! The SQL of payments and what they paid.

use crate::customers;
use crate::kernel::access::{Newest, Scope};
use crate::kernel::clock::Millis;
use crate::kernel::db::like::containing;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;

use super::rules::Method;

/// A payment with the names that pages show.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub(super) struct Payment {
    pub id: Id,
    pub owner: String,
    pub customer_id: Id,
    pub customer: String,
    pub number: String,
    pub paid_on: String,
    pub amount: Fen,
    pub method: String,
    pub note: String,
    pub created_at: Millis,
}

const PAYMENT: &str = "SELECT p.id, u.name AS owner, p.customer_id, c.name AS customer, p.number, p.paid_on, p.amount, p.method, \
     p.note, p.created_at FROM payments p JOIN users u ON u.id = p.owner_id JOIN customers c ON c.id = p.customer_id WHERE 1 = 1";

const NEWEST: Newest = Newest { table: "payments", live: "1 = 1", owner: "p.owner_id", id: "p.id" };

/// Customers whose payments a search gathers.
const NAMED: i64 = 100;

pub(super) async fn list(
    db: &Db,
    scope: &Scope,
    q: &str,
    customer: Option<Id>,
    paging: Paging,
) -> Result<Listing<Payment>, DbError> {
    let mut query = sql(PAYMENT);
    if let Some(customer) = customer {
        query = query.push(" AND p.customer_id = ").arg(customer);
    }
    if !q.is_empty() {
        // Customers are found as in their own list; a number only where something of a number was typed.
        let named = customers::choices(db, scope, Some(q), NAMED).await?;
        query = query.push(" AND (p.customer_id IN ").args(named.iter().map(|customer| customer.id));
        if q.bytes().any(|byte| byte.is_ascii_digit()) || q.eq_ignore_ascii_case("sk") {
            query = query.push(" OR lower(p.number) LIKE ").arg(containing(q)).push(" ESCAPE '!'");
        }
        query = query.push(")");
    }
    // A customer's or a search's payments are few already.
    query = if customer.is_some() || !q.is_empty() {
        scope.restrict(query, "p.owner_id")
    } else {
        scope.newest(query, NEWEST, None, paging)
    };
    query = query.push(" ORDER BY p.id DESC LIMIT ").arg(paging.limit());
    Ok(paging.cut(query.push(" OFFSET ").arg(paging.offset()).all(db).await?))
}

pub(super) async fn find(db: &Db, scope: &Scope, id: Id) -> Result<Option<Payment>, DbError> {
    scope.restrict(sql(PAYMENT).push(" AND p.id = ").arg(id), "p.owner_id").optional(db).await
}

pub(super) async fn of_customer(db: &Db, scope: &Scope, customer: Id, most: i64) -> Result<Vec<Payment>, DbError> {
    let query = sql(PAYMENT).push(" AND p.customer_id = ").arg(customer);
    scope.restrict(query, "p.owner_id").push(" ORDER BY p.id DESC LIMIT ").arg(most).all(db).await
}

/// What a payment paid.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Match {
    pub order_id: Id,
    pub number: String,
    pub amount: Fen,
}

pub(super) async fn matches(db: &Db, payment: Id) -> Result<Vec<Match>, DbError> {
    sql("SELECT m.order_id, o.number, m.amount FROM payment_matches m JOIN orders o ON o.id = m.order_id \
         WHERE m.payment_id = $1 ORDER BY o.ordered_on, o.id")
    .bind(payment)
    .all(db)
    .await
}

/// A payment to be written.
#[derive(Debug)]
pub(super) struct Fresh {
    pub id: Id,
    pub owner: Id,
    pub customer: Id,
    pub number: String,
    pub paid_on: String,
    pub amount: Fen,
    pub method: Method,
    pub note: String,
}

pub(super) async fn insert(tx: &mut Tx, payment: &Fresh, parts: &[(Id, Fen)], now: Millis) -> Result<(), DbError> {
    sql("INSERT INTO payments (id, owner_id, customer_id, number, paid_on, amount, method, note, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
    .bind(payment.id)
    .bind(payment.owner)
    .bind(payment.customer)
    .bind(&payment.number)
    .bind(&payment.paid_on)
    .bind(payment.amount)
    .bind(payment.method.code())
    .bind(&payment.note)
    .bind(now)
    .run(tx)
    .await?;
    for (order, amount) in parts {
        sql("INSERT INTO payment_matches (payment_id, order_id, amount) VALUES ($1, $2, $3)")
            .bind(payment.id)
            .bind(*order)
            .bind(*amount)
            .run(tx)
            .await?;
    }
    Ok(())
}
