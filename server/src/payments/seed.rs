//! Payments by the thousand, for generators and imports: rows as they are, without touching orders or arrears.

use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;

use super::rules::Method;

/// Rows of one INSERT.
const BATCH: usize = 200;

/// A payment to be inserted.
#[derive(Clone, Debug)]
pub struct NewPayment {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub owner: Id,
    /// The customer.
    pub customer: Id,
    /// Its number.
    pub number: String,
    /// `YYYY-MM-DD`
    pub paid_on: String,
    /// How much.
    pub amount: Fen,
    /// How.
    pub method: Method,
    /// When it was entered.
    pub at: Millis,
    /// Which orders took how much.
    pub parts: Vec<(Id, Fen)>,
}

/// Inserts payments and what they paid. `orders.paid` and the arrears are the caller's to set.
///
/// # Errors
/// What the database says.
pub async fn insert_payments(tx: &mut Tx, payments: &[NewPayment]) -> Result<(), DbError> {
    for batch in payments.chunks(BATCH) {
        let mut query =
            sql("INSERT INTO payments (id, owner_id, customer_id, number, paid_on, amount, method, created_at) VALUES");
        for (index, payment) in batch.iter().enumerate() {
            query = query.push(if index == 0 { " (" } else { "), (" }).arg(payment.id).push(", ").arg(payment.owner);
            query = query.push(", ").arg(payment.customer).push(", ").arg(&payment.number);
            query = query.push(", ").arg(&payment.paid_on).push(", ").arg(payment.amount);
            query = query.push(", ").arg(payment.method.code()).push(", ").arg(payment.at);
        }
        query.push(")").run(tx).await?;
        let parts: Vec<(Id, Id, Fen)> = batch
            .iter()
            .flat_map(|payment| payment.parts.iter().map(|(order, amount)| (payment.id, *order, *amount)))
            .collect();
        for chunk in parts.chunks(BATCH) {
            let mut query = sql("INSERT INTO payment_matches (payment_id, order_id, amount) VALUES");
            for (index, (payment, order, amount)) in chunk.iter().enumerate() {
                query = query.push(if index == 0 { " (" } else { "), (" }).arg(*payment).push(", ").arg(*order);
                query = query.push(", ").arg(*amount);
            }
            query.push(")").run(tx).await?;
        }
    }
    Ok(())
}
