//! The SQL of stock documents alone.

use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::id::Id;

pub(super) async fn insert(tx: &mut Tx, document: Id, warehouse: Id, to: Option<Id>) -> Result<(), DbError> {
    let insert = sql("INSERT INTO stock_documents (id, warehouse_id, to_warehouse_id) VALUES ($1, $2, $3)");
    insert.bind(document).bind(warehouse).bind(to).run(tx).await.map(|_| ())
}

pub(super) async fn update(tx: &mut Tx, document: Id, warehouse: Id, to: Option<Id>) -> Result<(), DbError> {
    let update = sql("UPDATE stock_documents SET warehouse_id = $1, to_warehouse_id = $2 WHERE id = $3");
    update.bind(warehouse).bind(to).bind(document).run(tx).await.map(|_| ())
}
