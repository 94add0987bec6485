//! The SQL of payments alone: the payment method, and the orders that were paid.

use super::rules::Method;
use crate::kernel::db::{Arg, Db, DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;

/// What a payment paid.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Match {
    pub order_id: Id,
    pub number: String,
    pub amount: Fen,
}

pub(super) async fn matches(db: &Db, payment: Id) -> Result<Vec<Match>, DbError> {
    sql("SELECT m.order_id, d.number, m.amount FROM payment_matches m JOIN documents d ON d.id = m.order_id \
         WHERE m.payment_id = $1 ORDER BY d.day, d.id")
    .bind(payment)
    .all(db)
    .await
}

#[derive(sqlx_macros::FromRow)]
struct Part {
    order_id: Id,
    amount: Fen,
}

/// Takes away what a payment paid, in the order in which orders are locked.
pub(super) async fn unmatch(tx: &mut Tx, payment: Id) -> Result<Vec<(Id, Fen)>, DbError> {
    let parts: Vec<Part> = sql("SELECT order_id, amount FROM payment_matches WHERE payment_id = $1 ORDER BY order_id")
        .bind(payment)
        .all(&mut *tx)
        .await?;
    sql("DELETE FROM payment_matches WHERE payment_id = $1").bind(payment).run(tx).await?;
    Ok(parts.into_iter().map(|part| (part.order_id, part.amount)).collect())
}

pub(super) async fn insert(tx: &mut Tx, payment: Id, method: Method, parts: &[(Id, Fen)]) -> Result<(), DbError> {
    let insert = sql("INSERT INTO payments (id, method) VALUES ($1, $2)");
    insert.bind(payment).bind(method.code()).run(tx).await?;
    if !parts.is_empty() {
        let rows =
            parts.iter().map(|(order, amount)| -> Vec<Arg> { vec![payment.into(), (*order).into(), (*amount).into()] });
        sql("INSERT INTO payment_matches (payment_id, order_id, amount) VALUES").values(rows).run(tx).await?;
    }
    Ok(())
}
