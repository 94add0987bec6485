//! The SQL of products, units and prices.

mod writes;

use std::collections::BTreeMap;

use crate::kernel::clock::Millis;
use crate::kernel::db::like::containing;
use crate::kernel::db::paging::{Listing, Paging, Way};
use crate::kernel::db::{Db, DbError, Hold, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};
use crate::kernel::words::words;

use super::rules::{Status, mnemonic, search_text};
use super::{Priced, Unit};

pub use writes::{Category, categories};
pub(super) use writes::{
    Entry, LARGEST_RATIO, LevelPrice, Stored, begin, code_taken, insert, insert_category, level_prices, same_thing,
    set_price, stored, update,
};

/// Rows of one INSERT; times the columns it stays below SQLite's limit of bound values.
const BATCH: usize = 200;

/// A line of the list.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct ProductRow {
    pub id: Id,
    pub code: String,
    pub name: String,
    pub pack_spec: String,
    pub base_unit: String,
    pub status: Status,
    pub price: Option<Fen>,
}

/// A product with all its fields.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Product {
    pub id: Id,
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
    pub category: String,
}

/// A price in force.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct PriceRow {
    pub level: String,
    pub price: Option<Fen>,
}

words! {
    /// What the list is sorted by. A company's products are few enough to be sorted.
    pub(super) enum Sort {
        /// The mnemonic.
        Name = "name",
        /// The code.
        Code = "code",
        /// Today's price.
        Price = "price",
    }
}

pub(super) async fn list(
    db: &Db,
    q: &str,
    (sort, way): (Sort, Way),
    level: Option<Id>,
    today: &str,
    paging: Paging,
) -> Result<Listing<ProductRow>, DbError> {
    let mut query = sql("SELECT p.id, p.code, p.name, p.pack_spec, p.base_unit, p.status, \
         (SELECT pr.price FROM prices pr WHERE pr.product_id = p.id AND pr.price_level_id = $1 AND pr.starts_on <= $2 \
          ORDER BY pr.starts_on DESC LIMIT 1) AS price \
         FROM products p WHERE p.deleted_at IS NULL")
    .bind(level)
    .bind(today);
    if !q.is_empty() {
        query = query.push(" AND p.search_text LIKE ").arg(containing(q)).push(" ESCAPE '!'");
    }
    let order = match (sort, way) {
        (Sort::Name, Way::Up) => " ORDER BY p.mnemonic, p.id LIMIT ",
        (Sort::Name, Way::Down) => " ORDER BY p.mnemonic DESC, p.id LIMIT ",
        (Sort::Code, Way::Up) => " ORDER BY p.code, p.id LIMIT ",
        (Sort::Code, Way::Down) => " ORDER BY p.code DESC, p.id LIMIT ",
        (Sort::Price, Way::Up) => " ORDER BY price NULLS LAST, p.id LIMIT ",
        (Sort::Price, Way::Down) => " ORDER BY price DESC NULLS LAST, p.id LIMIT ",
    };
    let rows = query.push(order).arg(paging.limit()).push(" OFFSET ").arg(paging.offset()).all(db).await?;
    Ok(paging.cut(rows))
}

pub(super) async fn find(db: &Db, id: Id) -> Result<Option<Product>, DbError> {
    sql("SELECT p.id, p.code, p.name, p.mnemonic, p.content_spec, p.pack_spec, p.barcode, p.status, p.base_unit, \
         p.cost_price, p.floor_price, c.name AS category \
         FROM products p JOIN product_categories c ON c.id = p.category_id WHERE p.id = $1 AND p.deleted_at IS NULL")
    .bind(id)
    .optional(db)
    .await
}

pub(super) async fn prices_on(db: &Db, product: Id, today: &str) -> Result<Vec<PriceRow>, DbError> {
    sql("SELECT l.name AS level, \
         (SELECT pr.price FROM prices pr WHERE pr.product_id = $1 AND pr.price_level_id = l.id AND pr.starts_on <= $2 \
          ORDER BY pr.starts_on DESC LIMIT 1) AS price \
         FROM price_levels l ORDER BY l.position, l.id")
    .bind(product)
    .bind(today)
    .all(db)
    .await
}

/// Every price level, in order.
pub async fn levels(on: impl Into<On<'_>>) -> Result<Vec<Id>, DbError> {
    sql("SELECT id FROM price_levels ORDER BY position, id").all_scalars(on).await
}

/// The level of a customer without one: the first.
pub async fn default_level(on: impl Into<On<'_>>) -> Result<Option<Id>, DbError> {
    sql("SELECT id FROM price_levels ORDER BY position, id LIMIT 1").optional_scalar(on).await
}

/// Products on sale that a search text finds, of one `category` or of all, for a picker.
pub async fn choices(on: impl Into<On<'_>>, q: &str, category: Option<Id>, most: i64) -> Result<Vec<Id>, DbError> {
    let query = sql("SELECT id FROM products WHERE deleted_at IS NULL AND status = 'normal' AND search_text LIKE ")
        .arg(containing(q))
        .push(" ESCAPE '!'");
    let query = category.into_iter().fold(query, |query, category| query.push(" AND category_id = ").arg(category));
    query.push(" ORDER BY mnemonic, id LIMIT ").arg(most).all_scalars(on).await
}

#[derive(sqlx_macros::FromRow)]
struct PricedRow {
    id: Id,
    name: String,
    pack_spec: String,
    status: Status,
    tracked: bool,
    cost_price: Fen,
    base_unit: String,
    price: Option<Fen>,
    available: Milli,
    unit: Option<String>,
    ratio: Option<Milli>,
}

#[derive(sqlx_macros::FromRow)]
struct UnitRow {
    name: String,
    ratio: Milli,
}

/// The base unit first; a base unit that is listed as a sales unit too stands once.
fn units_of(base: &str, rows: impl Iterator<Item = Unit>) -> Vec<Unit> {
    let mut units = vec![Unit { name: base.to_owned(), ratio: Milli(1000) }];
    units.extend(rows.filter(|unit| unit.name != base));
    units
}

pub(super) async fn units(on: impl Into<On<'_>>, product: Id, base: &str) -> Result<Vec<Unit>, DbError> {
    let rows: Vec<UnitRow> = sql("SELECT name, ratio FROM product_units WHERE product_id = $1 ORDER BY position, id")
        .bind(product)
        .all(on)
        .await?;
    Ok(units_of(base, rows.into_iter().map(|row| Unit { name: row.name, ratio: row.ratio })))
}

/// Holds products until the commit: what a line is made from (unit, whether it is sold) stays as it is.
pub async fn hold(tx: &mut Tx, ids: &[Id]) -> Result<(), DbError> {
    if !ids.is_empty() {
        let lock = tx.hold(Hold::Referred);
        let query = sql("SELECT id FROM products WHERE id IN ").args(ids.iter().copied()).push(" ORDER BY id");
        query.push(lock).all_scalars::<Id>(tx).await?;
    }
    Ok(())
}

/// Products with units, what can be promised of them in `warehouse`, and the price of a base unit at `level` (without
/// one, at the company's first) on `day` (`YYYY-MM-DD`), by id. Products that are in the recycle bin are left out.
pub async fn priced(
    on: impl Into<On<'_>>,
    ids: &[Id],
    level: Option<Id>,
    day: &str,
    warehouse: Option<Id>,
) -> Result<BTreeMap<Id, Priced>, DbError> {
    let mut found = BTreeMap::new();
    if ids.is_empty() {
        return Ok(found);
    }
    let rows: Vec<PricedRow> =
        sql("SELECT p.id, p.name, p.pack_spec, p.status, p.tracked, p.cost_price, p.base_unit, \
         (SELECT pr.price FROM prices pr WHERE pr.product_id = p.id AND pr.starts_on <= $2 AND pr.price_level_id = \
          COALESCE($1, (SELECT pl.id FROM price_levels pl ORDER BY pl.position, pl.id LIMIT 1)) \
          ORDER BY pr.starts_on DESC LIMIT 1) AS price, \
         CAST(COALESCE(b.on_hand - b.reserved, 0) AS BIGINT) AS available, un.name AS unit, un.ratio \
         FROM products p LEFT JOIN stock_balances b ON b.product_id = p.id AND b.warehouse_id = $3 \
         LEFT JOIN product_units un ON un.product_id = p.id WHERE p.deleted_at IS NULL AND p.id IN ")
        .bind(level)
        .bind(day)
        .bind(warehouse)
        .args(ids.iter().copied())
        .push(" ORDER BY p.id, un.position, un.id")
        .all(on)
        .await?;
    for row in rows {
        let product = found.entry(row.id).or_insert_with(|| Priced {
            id: row.id,
            name: row.name,
            pack_spec: row.pack_spec,
            on_sale: row.status == Status::Normal,
            tracked: row.tracked,
            available: row.available,
            cost_price: row.cost_price,
            price: row.price,
            units: units_of(&row.base_unit, std::iter::empty()),
        });
        // A base unit that is listed as a sales unit too stands once.
        if let (Some(name), Some(ratio)) = (row.unit, row.ratio)
            && name != row.base_unit
        {
            product.units.push(Unit { name, ratio });
        }
    }
    Ok(found)
}

/// A product to be inserted by a generator or an import.
#[derive(Clone, Debug)]
pub struct NewProduct {
    /// Its id.
    pub id: Id,
    /// 分类
    pub category: Id,
    /// 编码
    pub code: String,
    /// 名称
    pub name: String,
    /// 含量规格
    pub content_spec: String,
    /// 包装规格
    pub pack_spec: String,
    /// 条码
    pub barcode: String,
    /// What stock is counted in.
    pub base_unit: String,
    /// Cost of a base unit.
    pub cost_price: Fen,
    /// Lowest price of a base unit without approval.
    pub floor_price: Fen,
}

/// A sales unit to be inserted; the base unit needs none.
#[derive(Clone, Debug)]
pub struct NewUnit {
    /// The product.
    pub product: Id,
    /// Its name.
    pub name: String,
    /// Base units in it.
    pub ratio: Milli,
    /// Order in lists.
    pub position: i64,
}

/// A price to be inserted.
#[derive(Clone, Debug)]
pub struct NewPrice {
    /// The product.
    pub product: Id,
    /// The level.
    pub level: Id,
    /// `YYYY-MM-DD`.
    pub starts_on: String,
    /// Of a base unit.
    pub price: Fen,
}

/// Opens the next row of a multi-row INSERT.
fn row(query: Query, first: bool) -> Query {
    query.push(if first { " (" } else { "), (" })
}

/// Inserts categories `(id, name)` at the top of the tree.
pub async fn insert_categories(tx: &mut Tx, categories: &[(Id, String)]) -> Result<(), DbError> {
    for (id, name) in categories {
        sql("INSERT INTO product_categories (id, name, path) VALUES ($1, $2, $3)")
            .bind(*id)
            .bind(name)
            .bind(format!("/{id}/"))
            .run(tx)
            .await?;
    }
    Ok(())
}

/// Inserts price levels `(id, name)` in order.
pub async fn insert_levels(tx: &mut Tx, levels: &[(Id, String)]) -> Result<(), DbError> {
    for (position, (id, name)) in (0i64..).zip(levels) {
        sql("INSERT INTO price_levels (id, name, position) VALUES ($1, $2, $3)")
            .bind(*id)
            .bind(name)
            .bind(position)
            .run(tx)
            .await?;
    }
    Ok(())
}

/// Inserts products with mnemonic and search text.
pub async fn insert_products(tx: &mut Tx, products: &[NewProduct], now: Millis) -> Result<(), DbError> {
    for batch in products.chunks(BATCH) {
        let mut query =
            sql("INSERT INTO products (id, category_id, code, name, mnemonic, content_spec, pack_spec, barcode, \
             base_unit, cost_price, floor_price, search_text, created_at, updated_at) VALUES");
        for (index, product) in batch.iter().enumerate() {
            let mnemonic = mnemonic(&product.name);
            let found_by = search_text(&product.name, &product.code, &mnemonic, &product.barcode);
            query = row(query, index == 0).arg(product.id);
            query = query.push(", ").arg(product.category).push(", ").arg(&product.code).push(", ").arg(&product.name);
            query = query.push(", ").arg(mnemonic).push(", ").arg(&product.content_spec);
            query = query.push(", ").arg(&product.pack_spec).push(", ").arg(&product.barcode);
            query = query.push(", ").arg(&product.base_unit).push(", ").arg(product.cost_price);
            query = query.push(", ").arg(product.floor_price).push(", ").arg(found_by);
            query = query.push(", ").arg(now).push(", ").arg(now);
        }
        query.push(")").run(tx).await?;
    }
    Ok(())
}

/// Inserts sales units.
pub async fn insert_units(tx: &mut Tx, units: &[NewUnit]) -> Result<(), DbError> {
    for batch in units.chunks(BATCH) {
        let mut query = sql("INSERT INTO product_units (id, product_id, name, ratio, position) VALUES");
        for (index, unit) in batch.iter().enumerate() {
            query = row(query, index == 0).arg(Id::new()).push(", ").arg(unit.product).push(", ").arg(&unit.name);
            query = query.push(", ").arg(unit.ratio).push(", ").arg(unit.position);
        }
        query.push(")").run(tx).await?;
    }
    Ok(())
}

/// Inserts prices.
pub async fn insert_prices(tx: &mut Tx, prices: &[NewPrice]) -> Result<(), DbError> {
    for batch in prices.chunks(BATCH) {
        let mut query = sql("INSERT INTO prices (id, product_id, price_level_id, starts_on, price) VALUES");
        for (index, price) in batch.iter().enumerate() {
            query = row(query, index == 0).arg(Id::new()).push(", ").arg(price.product).push(", ").arg(price.level);
            query = query.push(", ").arg(&price.starts_on).push(", ").arg(price.price);
        }
        query.push(")").run(tx).await?;
    }
    Ok(())
}
