//! The SQL of warehouses, balances, moves and reservations.

use std::collections::BTreeMap;

use crate::kernel::clock::Millis;
use crate::kernel::db::like::containing;
use crate::kernel::db::paging::{Listing, Paging, Way};
use crate::kernel::db::{Db, DbError, Hold, On, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::Milli;
use crate::kernel::words::words;

use super::rules::{Kind, Shortage, shortages, summed};
use super::{Balance, Demand, Warehouse};

/// A product in one warehouse.
#[derive(Debug, sqlx_macros::FromRow)]
pub struct InWarehouse {
    /// The product.
    pub product_id: Id,
    /// Its name.
    pub product: String,
    /// The unit of both quantities.
    pub base_unit: String,
    /// The warehouse's name.
    pub warehouse: String,
    /// What lies there.
    pub on_hand: Milli,
    /// What is promised of it.
    pub reserved: Milli,
}

#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Move {
    pub at: Millis,
    pub kind: String,
    pub warehouse: String,
    pub quantity: Milli,
    pub user_name: Option<String>,
    pub note: String,
}

#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Product {
    pub id: Id,
    pub name: String,
    pub base_unit: String,
}

#[derive(sqlx_macros::FromRow)]
struct Held {
    product_id: Id,
    on_hand: Milli,
    reserved: Milli,
}

words! {
    /// What the list is sorted by. A company's products and warehouses are few enough to be sorted.
    pub(super) enum Sort {
        /// The product.
        Product = "product",
        /// What can be sold.
        Available = "available",
    }
}

pub(super) async fn list(
    db: &Db,
    q: &str,
    warehouse: Option<Id>,
    order: (Sort, Way),
    paging: Paging,
) -> Result<Listing<InWarehouse>, DbError> {
    let mut query =
        sql("SELECT b.product_id, p.name AS product, p.base_unit, w.name AS warehouse, b.on_hand, b.reserved \
         FROM stock_balances b JOIN products p ON p.id = b.product_id JOIN warehouses w ON w.id = b.warehouse_id \
         WHERE p.deleted_at IS NULL");
    if let Some(warehouse) = warehouse {
        query = query.push(" AND b.warehouse_id = ").arg(warehouse);
    }
    if !q.is_empty() {
        query = query.push(" AND p.search_text LIKE ").arg(containing(q)).push(" ESCAPE '!'");
    }
    let order = match order {
        (Sort::Product, Way::Up) => " ORDER BY p.mnemonic, p.id, w.name, w.id LIMIT ",
        (Sort::Product, Way::Down) => " ORDER BY p.mnemonic DESC, p.id, w.name, w.id LIMIT ",
        (Sort::Available, Way::Up) => " ORDER BY b.on_hand - b.reserved, p.mnemonic, p.id, w.id LIMIT ",
        (Sort::Available, Way::Down) => " ORDER BY b.on_hand - b.reserved DESC, p.mnemonic, p.id, w.id LIMIT ",
    };
    let rows = query.push(order).arg(paging.limit()).push(" OFFSET ").arg(paging.offset()).all(db).await?;
    Ok(paging.cut(rows))
}

/// Products of which more is promised than there is, in one warehouse each.
pub async fn short(db: &Db, most: i64) -> Result<Vec<InWarehouse>, DbError> {
    sql("SELECT b.product_id, p.name AS product, p.base_unit, w.name AS warehouse, b.on_hand, b.reserved \
         FROM stock_balances b JOIN products p ON p.id = b.product_id JOIN warehouses w ON w.id = b.warehouse_id \
         WHERE b.on_hand < b.reserved AND p.deleted_at IS NULL ORDER BY b.on_hand - b.reserved LIMIT ")
    .arg(most)
    .all(db)
    .await
}

pub(super) async fn product(on: impl Into<On<'_>>, id: Id) -> Result<Option<Product>, DbError> {
    sql("SELECT id, name, base_unit FROM products WHERE id = $1 AND deleted_at IS NULL").bind(id).optional(on).await
}

/// A product for which a move is made, held until the commit.
pub(super) async fn hold_product(tx: &mut Tx, id: Id) -> Result<Option<Product>, DbError> {
    let lock = tx.hold(Hold::Referred);
    let query = sql("SELECT id, name, base_unit FROM products WHERE id = $1 AND deleted_at IS NULL");
    query.bind(id).push(lock).optional(tx).await
}

pub(super) async fn products(db: &Db, q: &str) -> Result<Vec<Product>, DbError> {
    sql("SELECT id, name, base_unit FROM products WHERE deleted_at IS NULL AND search_text LIKE $1 ESCAPE '!' \
         ORDER BY mnemonic, id LIMIT 100")
    .bind(containing(q))
    .all(db)
    .await
}

pub(super) async fn moves(db: &Db, product: Id, paging: Paging) -> Result<Listing<Move>, DbError> {
    let rows =
        sql("SELECT m.at, m.kind, w.name AS warehouse, m.quantity, u.name AS user_name, m.note FROM stock_moves m \
         JOIN warehouses w ON w.id = m.warehouse_id LEFT JOIN users u ON u.id = m.user_id \
         WHERE m.product_id = $1 ORDER BY m.id DESC LIMIT $2 OFFSET $3")
        .bind(product)
        .bind(paging.limit())
        .bind(paging.offset())
        .all(db)
        .await?;
    Ok(paging.cut(rows))
}

/// Every warehouse.
pub async fn warehouses(on: impl Into<On<'_>>) -> Result<Vec<Warehouse>, DbError> {
    sql("SELECT id, name, region_id FROM warehouses ORDER BY id").all(on).await
}

/// The balances of a product, one a warehouse.
pub async fn of_product(on: impl Into<On<'_>>, product: Id) -> Result<Vec<Balance>, DbError> {
    sql("SELECT w.name AS warehouse, b.on_hand, b.reserved FROM stock_balances b JOIN warehouses w ON w.id = b.warehouse_id \
         WHERE b.product_id = $1 ORDER BY w.id")
    .bind(product)
    .all(on)
    .await
}

/// What can still be promised of several products in a warehouse; a product without a balance is absent.
async fn availability(on: impl Into<On<'_>>, warehouse: Id, products: &[Id]) -> Result<BTreeMap<Id, Milli>, DbError> {
    let held: Vec<Held> =
        sql("SELECT product_id, on_hand, reserved FROM stock_balances WHERE warehouse_id = $1 AND product_id IN ")
            .bind(warehouse)
            .args(products.iter().copied())
            .all(on)
            .await?;
    Ok(free(held))
}

fn free(held: Vec<Held>) -> BTreeMap<Id, Milli> {
    held.into_iter().map(|row| (row.product_id, Milli(row.on_hand.0.saturating_sub(row.reserved.0)))).collect()
}

async fn may_go_negative(tx: &mut Tx, warehouse: Id) -> Result<bool, DbError> {
    let may: Option<bool> =
        sql("SELECT may_go_negative FROM warehouses WHERE id = $1").bind(warehouse).optional_scalar(tx).await?;
    Ok(may.unwrap_or(false))
}

/// Promises stock to an order: all of it or, where something is missing, nothing and the shortages. The
/// balances stay locked until the transaction ends, so two orders cannot both take the last box.
pub async fn reserve(
    tx: &mut Tx,
    order: Id,
    warehouse: Id,
    wanted: &[Demand],
) -> Result<Result<(), Vec<Shortage>>, DbError> {
    let wanted = summed(wanted);
    let lock = tx.for_update();
    // A missing balance is made first, in the same order, so that there is a row to hold.
    let known = availability(&mut *tx, warehouse, &wanted.keys().copied().collect::<Vec<_>>()).await?;
    for product in wanted.keys().filter(|product| !known.contains_key(product)) {
        begin_balance(tx, *product, warehouse).await?;
    }
    // Held in one order everywhere, so that two orders of the same products cannot block each other.
    let held: Vec<Held> =
        sql("SELECT product_id, on_hand, reserved FROM stock_balances WHERE warehouse_id = $1 AND product_id IN ")
            .bind(warehouse)
            .args(wanted.keys().copied())
            .push(" ORDER BY product_id")
            .push(lock)
            .all(&mut *tx)
            .await?;
    let free = free(held);
    let short = shortages(&wanted, &free);
    if !short.is_empty() && !may_go_negative(tx, warehouse).await? {
        return Ok(Err(short));
    }
    for wish in wanted.values() {
        sql("UPDATE stock_balances SET reserved = reserved + $1 WHERE product_id = $2 AND warehouse_id = $3")
            .bind(wish.quantity)
            .bind(wish.product)
            .bind(warehouse)
            .run(tx)
            .await?;
        sql("INSERT INTO stock_reservations (id, order_id, product_id, warehouse_id, quantity) VALUES ($1, $2, $3, $4, $5)")
            .bind(Id::new())
            .bind(order)
            .bind(wish.product)
            .bind(warehouse)
            .bind(wish.quantity)
            .run(tx)
            .await?;
    }
    Ok(Ok(()))
}

/// An empty balance, where there is none yet.
async fn begin_balance(tx: &mut Tx, product: Id, warehouse: Id) -> Result<(), DbError> {
    sql("INSERT INTO stock_balances (product_id, warehouse_id, on_hand, reserved) VALUES ($1, $2, 0, 0) \
         ON CONFLICT (product_id, warehouse_id) DO NOTHING")
    .bind(product)
    .bind(warehouse)
    .run(tx)
    .await
    .map(|_| ())
}

#[derive(sqlx_macros::FromRow)]
struct Reservation {
    product_id: Id,
    warehouse_id: Id,
    quantity: Milli,
}

/// Gives back what was promised to an order; safe when nothing was.
pub async fn release(tx: &mut Tx, order: Id) -> Result<(), DbError> {
    let lock = tx.for_update();
    let kept: Vec<Reservation> = sql(
        "SELECT product_id, warehouse_id, quantity FROM stock_reservations WHERE order_id = $1 ORDER BY product_id",
    )
    .bind(order)
    .push(lock)
    .all(&mut *tx)
    .await?;
    for row in kept {
        sql("UPDATE stock_balances SET reserved = reserved - $1 WHERE product_id = $2 AND warehouse_id = $3")
            .bind(row.quantity)
            .bind(row.product_id)
            .bind(row.warehouse_id)
            .run(tx)
            .await?;
    }
    sql("DELETE FROM stock_reservations WHERE order_id = $1").bind(order).run(tx).await?;
    Ok(())
}

/// Whether a product was ever moved.
pub async fn has_moved(tx: &mut Tx, product: Id) -> Result<bool, DbError> {
    let query = sql("SELECT id FROM stock_moves WHERE product_id = $1 LIMIT 1").bind(product);
    Ok(query.optional_scalar::<Id>(tx).await?.is_some())
}

/// A move as entered.
#[derive(Debug)]
pub(super) struct NewMove {
    pub kind: Kind,
    pub product: Id,
    pub warehouse: Id,
    pub quantity: Milli,
    pub note: String,
    pub document: Option<Id>,
}

/// What a move did.
#[derive(Debug)]
pub(super) enum Moved {
    /// Entered: the id, and the balance before and after.
    Done(Id, Milli, Milli),
    /// More would leave than is there and not promised.
    Short(Milli),
    /// The sum leaves the range of numbers.
    TooMuch,
}

pub(super) async fn enter(tx: &mut Tx, entry: &NewMove, user: Id, now: Millis) -> Result<Moved, DbError> {
    let lock = tx.for_update();
    // The row is made first, so that there is one to hold.
    begin_balance(tx, entry.product, entry.warehouse).await?;
    let held: Held =
        sql("SELECT product_id, on_hand, reserved FROM stock_balances WHERE product_id = $1 AND warehouse_id = $2")
            .bind(entry.product)
            .bind(entry.warehouse)
            .push(lock)
            .one(&mut *tx)
            .await?;
    let Some(change) = entry.kind.change(held.on_hand, entry.quantity) else { return Ok(Moved::TooMuch) };
    let free = Milli(held.on_hand.0.saturating_sub(held.reserved.0));
    let taken = if entry.kind == Kind::Count { 0 } else { change.0.saturating_neg() };
    if taken > 0 && free.0 < taken && !may_go_negative(tx, entry.warehouse).await? {
        return Ok(Moved::Short(free));
    }
    let after = Milli(held.on_hand.0.saturating_add(change.0));
    sql("UPDATE stock_balances SET on_hand = $1 WHERE product_id = $2 AND warehouse_id = $3")
        .bind(after)
        .bind(entry.product)
        .bind(entry.warehouse)
        .run(tx)
        .await?;
    let id = Id::new();
    sql("INSERT INTO stock_moves (id, at, kind, product_id, warehouse_id, quantity, user_id, note, document_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
    .bind(id)
    .bind(now)
    .bind(entry.kind.code())
    .bind(entry.product)
    .bind(entry.warehouse)
    .bind(change)
    .bind(user)
    .bind(&entry.note)
    .bind(entry.document)
    .run(tx)
    .await?;
    Ok(Moved::Done(id, held.on_hand, after))
}

/// Inserts warehouses `(id, name, region)`.
pub async fn insert_warehouses(tx: &mut Tx, warehouses: &[(Id, String, Option<Id>)]) -> Result<(), DbError> {
    for (id, name, region) in warehouses {
        sql("INSERT INTO warehouses (id, name, region_id) VALUES ($1, $2, $3)")
            .bind(*id)
            .bind(name)
            .bind(*region)
            .run(tx)
            .await?;
    }
    Ok(())
}
