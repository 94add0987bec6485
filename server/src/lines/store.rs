//! The SQL of lines.

use std::collections::BTreeMap;

use super::{LastPrice, Line, NewLine, Weighed};
use crate::kernel::db::{Arg, DbError, On, Tx, sql};
use crate::kernel::id::Id;

const LINE: &str = "SELECT l.product_id, p.name, p.tracked, p.floor_price, p.base_unit, l.unit, l.ratio, l.quantity, \
     l.price, l.list_price, l.amount, l.cost";

/// The newest line of the product `asked` in an order in force of the customer, by its id.
const NEWEST: &str = "(SELECT y.id FROM document_lines y JOIN documents d ON d.id = y.document_id \
     WHERE d.kind = 'order' AND d.state IN ('active', 'closed') AND d.deleted_at IS NULL AND y.customer_id = ";

/// The lines of a document that the caller already may see.
pub async fn of_document(on: impl Into<On<'_>>, document: Id) -> Result<Vec<Line>, DbError> {
    sql(LINE)
        .push(" FROM document_lines l JOIN products p ON p.id = l.product_id WHERE l.document_id = ")
        .arg(document)
        .push(" ORDER BY l.position, l.id")
        .all(on)
        .await
}

/// The lines of a document with what lies in `warehouse` and what its customer paid before.
pub async fn weighed(on: impl Into<On<'_>>, document: Id, warehouse: Option<Id>) -> Result<Vec<Weighed>, DbError> {
    sql(LINE)
        .push(", CAST(COALESCE(b.on_hand - b.reserved, 0) AS BIGINT) AS available, x.ratio AS last_ratio, x.price AS last_price \
               FROM document_lines l JOIN products p ON p.id = l.product_id \
               LEFT JOIN stock_balances b ON b.product_id = l.product_id AND b.warehouse_id = ")
        .arg(warehouse)
        .push(" LEFT JOIN document_lines x ON x.id = ")
        .push(NEWEST)
        .push("l.customer_id AND y.product_id = l.product_id AND y.document_id <> l.document_id \
               ORDER BY y.document_id DESC, y.position LIMIT 1) WHERE l.document_id = ")
        .arg(document)
        .push(" ORDER BY l.position, l.id")
        .all(on)
        .await
}

/// What a customer paid last for exactly these products, by product.
pub async fn prices_of(
    on: impl Into<On<'_>>,
    customer: Id,
    products: &[Id],
) -> Result<BTreeMap<Id, LastPrice>, DbError> {
    let rows: Vec<LastPrice> =
        sql("SELECT x.product_id, x.unit, x.price FROM products p JOIN document_lines x ON x.id = ")
            .push(NEWEST)
            .arg(customer)
            .push(" AND y.product_id = p.id ORDER BY y.document_id DESC, y.position LIMIT 1) WHERE p.id IN ")
            .args(products.iter().copied())
            .all(on)
            .await?;
    Ok(rows.into_iter().map(|row| (row.product_id, row)).collect())
}

/// What a customer bought lately, newest first.
pub async fn bought(on: impl Into<On<'_>>, customer: Id, most: i64) -> Result<Vec<Id>, DbError> {
    sql("SELECT l.product_id FROM document_lines l JOIN documents d ON d.id = l.document_id \
         WHERE d.kind = 'order' AND d.deleted_at IS NULL AND d.state IN ('active', 'closed') AND l.customer_id = ")
    .arg(customer)
    .push(" GROUP BY l.product_id ORDER BY max(l.document_id) DESC, l.product_id LIMIT ")
    .arg(most)
    .all_scalars(on)
    .await
}

/// Inserts the lines of a new document.
pub async fn insert(tx: &mut Tx, document: Id, customer: Option<Id>, lines: &[NewLine]) -> Result<(), DbError> {
    if lines.is_empty() {
        return Ok(());
    }
    let rows = (0i64..).zip(lines).map(|(position, line)| -> Vec<Arg> {
        vec![
            Id::new().into(),
            document.into(),
            customer.into(),
            position.into(),
            line.product.into(),
            (&line.unit).into(),
            line.ratio.into(),
            line.quantity.into(),
            line.price.into(),
            line.list_price.into(),
            line.amount.into(),
            line.cost.into(),
        ]
    });
    sql(
        "INSERT INTO document_lines (id, document_id, customer_id, position, product_id, unit, ratio, quantity, price, \
         list_price, amount, cost) VALUES",
    )
    .values(rows)
    .run(tx)
    .await
    .map(|_| ())
}

/// Writes the lines of a draft anew.
pub async fn rewrite(tx: &mut Tx, document: Id, customer: Option<Id>, lines: &[NewLine]) -> Result<(), DbError> {
    sql("DELETE FROM document_lines WHERE document_id = $1").bind(document).run(tx).await?;
    insert(tx, document, customer, lines).await
}

/// Whether a line names this product.
pub async fn names_product(tx: &mut Tx, product: Id) -> Result<bool, DbError> {
    let query = sql("SELECT id FROM document_lines WHERE product_id = $1 LIMIT 1").bind(product);
    Ok(query.optional_scalar::<Id>(tx).await?.is_some())
}
