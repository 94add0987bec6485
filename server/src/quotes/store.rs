//! The SQL of what only quotes have.

use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::lines::Discount;

pub(super) async fn insert(tx: &mut Tx, quote: Id, valid_until: &str, discount: Discount) -> Result<(), DbError> {
    let query = sql("INSERT INTO quotes (id, valid_until, discount) VALUES ($1, $2, $3)");
    query.bind(quote).bind(valid_until).bind(discount).run(tx).await.map(|_| ())
}

pub(super) async fn update(tx: &mut Tx, quote: Id, valid_until: &str, discount: Discount) -> Result<(), DbError> {
    let query = sql("UPDATE quotes SET valid_until = $1, discount = $2 WHERE id = $3");
    query.bind(valid_until).bind(discount).bind(quote).run(tx).await.map(|_| ())
}
