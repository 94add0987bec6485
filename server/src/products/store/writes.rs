//! Entering and changing one product, its units and its prices.

use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, On, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};

use super::super::Unit;
use super::super::rules::{Status, search_text};

/// A product category 分类.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Category {
    /// The category.
    pub id: Id,
    /// Its name.
    pub name: String,
}

/// What the form of a product holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::products) struct Entry {
    pub category: Id,
    pub code: String,
    pub name: String,
    pub mnemonic: String,
    pub content_spec: String,
    pub pack_spec: String,
    pub barcode: String,
    pub status: Status,
    pub base_unit: String,
    pub cost_price: Fen,
    pub floor_price: Fen,
    pub tracked: bool,
    pub units: Vec<Unit>,
}

/// A product as it is stored, for its form.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub(in crate::products) struct Stored {
    pub id: Id,
    pub category_id: Id,
    pub code: String,
    pub name: String,
    pub mnemonic: String,
    pub content_spec: String,
    pub pack_spec: String,
    pub barcode: String,
    pub status: Status,
    pub base_unit: String,
    pub cost_price: Fen,
    pub floor_price: Fen,
    pub tracked: bool,
    pub version: i64,
}

/// A level with the price of a base unit in force.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub(in crate::products) struct LevelPrice {
    pub id: Id,
    pub name: String,
    pub price: Option<Fen>,
}

/// Every category, in the order of the tree.
pub async fn categories(on: impl Into<On<'_>>) -> Result<Vec<Category>, DbError> {
    sql("SELECT id, name FROM product_categories ORDER BY path").all(on).await
}

pub(in crate::products) async fn stored(
    on: impl Into<On<'_>>,
    id: Id,
    lock: &'static str,
) -> Result<Option<Stored>, DbError> {
    sql("SELECT id, category_id, code, name, mnemonic, content_spec, pack_spec, barcode, status, base_unit, cost_price, \
         floor_price, tracked, version FROM products WHERE id = $1 AND deleted_at IS NULL")
    .bind(id)
    .push(lock)
    .optional(on)
    .await
}

/// Every level with the price of `product` on the day `today`; without a product, without prices.
pub(in crate::products) async fn level_prices(
    on: impl Into<On<'_>>,
    product: Option<Id>,
    today: &str,
) -> Result<Vec<LevelPrice>, DbError> {
    sql("SELECT l.id, l.name, (SELECT pr.price FROM prices pr WHERE pr.product_id = $1 AND pr.price_level_id = l.id \
         AND pr.starts_on <= $2 ORDER BY pr.starts_on DESC LIMIT 1) AS price FROM price_levels l ORDER BY l.position, l.id")
    .bind(product)
    .bind(today)
    .all(on)
    .await
}

/// Whether another product has this code.
pub(in crate::products) async fn code_taken(tx: &mut Tx, code: &str, but: Option<Id>) -> Result<bool, DbError> {
    let other: Option<Id> = sql("SELECT id FROM products WHERE code = $1 AND id <> $2")
        .bind(code)
        .bind(but.unwrap_or(Id(0)))
        .optional_scalar(tx)
        .await?;
    Ok(other.is_some_and(|taken| Some(taken) != but))
}

/// A product that is the same thing under the same name (重复录入提醒): its code.
pub(in crate::products) async fn same_thing(
    tx: &mut Tx,
    name: &str,
    content_spec: &str,
    pack_spec: &str,
    but: Option<Id>,
) -> Result<Option<String>, DbError> {
    sql(
        "SELECT code FROM products WHERE name = $1 AND content_spec = $2 AND pack_spec = $3 AND id <> $4 AND deleted_at IS NULL \
         ORDER BY id LIMIT 1",
    )
    .bind(name)
    .bind(content_spec)
    .bind(pack_spec)
    .bind(but.unwrap_or(Id(0)))
    .optional_scalar(tx)
    .await
}

pub(in crate::products) async fn insert_category(tx: &mut Tx, name: &str) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO product_categories (id, name, path) VALUES ($1, $2, $3)")
        .bind(id)
        .bind(name)
        .bind(format!("/{id}/"))
        .run(tx)
        .await?;
    Ok(id)
}

pub(in crate::products) async fn insert(tx: &mut Tx, entry: &Entry, at: Millis) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO products (id, category_id, code, name, base_unit, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(id)
        .bind(entry.category)
        .bind(&entry.code)
        .bind(&entry.name)
        .bind(&entry.base_unit)
        .bind(at)
        .bind(at)
        .run(tx)
        .await?;
    update(tx, id, entry, at).await?;
    Ok(id)
}

pub(in crate::products) async fn update(tx: &mut Tx, id: Id, entry: &Entry, at: Millis) -> Result<(), DbError> {
    sql("UPDATE products SET category_id = $2, code = $3, name = $4, mnemonic = $5, content_spec = $6, pack_spec = $7, barcode = $8, \
         status = $9, base_unit = $10, cost_price = $11, floor_price = $12, tracked = $13, search_text = $14, updated_at = $15, \
         version = version + 1 WHERE id = $1")
    .bind(id)
    .bind(entry.category)
    .bind(&entry.code)
    .bind(&entry.name)
    .bind(&entry.mnemonic)
    .bind(&entry.content_spec)
    .bind(&entry.pack_spec)
    .bind(&entry.barcode)
    .bind(entry.status.code())
    .bind(&entry.base_unit)
    .bind(entry.cost_price)
    .bind(entry.floor_price)
    .bind(entry.tracked)
    .bind(search_text(&entry.name, &entry.code, &entry.mnemonic, &entry.barcode))
    .bind(at)
    .run(tx)
    .await?;
    // Lines of orders keep the unit and ratio they were made with, so units can be written anew.
    sql("DELETE FROM product_units WHERE product_id = $1").bind(id).run(tx).await?;
    for (unit, position) in entry.units.iter().zip(1i64..) {
        sql("INSERT INTO product_units (id, product_id, name, ratio, position) VALUES ($1, $2, $3, $4, $5)")
            .bind(Id::new())
            .bind(id)
            .bind(&unit.name)
            .bind(unit.ratio)
            .bind(position)
            .run(tx)
            .await?;
    }
    Ok(())
}

/// Puts a price in force from the day `from` on; one of the same day is replaced.
pub(in crate::products) async fn set_price(
    tx: &mut Tx,
    product: Id,
    level: Id,
    from: &str,
    price: Fen,
) -> Result<(), DbError> {
    sql("INSERT INTO prices (id, product_id, price_level_id, starts_on, price) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (product_id, price_level_id, starts_on) DO UPDATE SET price = excluded.price")
    .bind(Id::new())
    .bind(product)
    .bind(level)
    .bind(from)
    .bind(price)
    .run(tx)
    .await?;
    Ok(())
}

/// A ratio of a unit is a positive number of base units.
pub(in crate::products) const LARGEST_RATIO: Milli = Milli(1_000_000_000_000);

/// What a new company begins with: levels and a category to put the first product in.
pub(in crate::products) async fn begin(tx: &mut Tx, levels: &[&str], category: &str) -> Result<(), DbError> {
    if !super::levels(&mut *tx).await?.is_empty() {
        return Ok(());
    }
    let named: Vec<(Id, String)> = levels.iter().map(|name| (Id::new(), (*name).to_owned())).collect();
    super::insert_levels(tx, &named).await?;
    insert_category(tx, category).await?;
    Ok(())
}
