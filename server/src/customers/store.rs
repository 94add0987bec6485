//! The only SQL that writes customers and their numbers. Names of users and contacts are read along, so that
//! a list is one statement.
//!
//! Long because: one record has many columns and look-ups, and the SQL that writes it stays in one place.

mod lists;

pub use lists::Selection;
pub(super) use lists::{ListQuery, choices, list, numbers_of, selection};

use sqlx_macros::FromRow;

use super::{NewCustomer, rules};
use crate::kernel::access::Scope;
use crate::kernel::china::geo::Point;
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, Hold, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::search::{self, Known, Place, SearchEntry};

/// What customers' pieces are filed under; one letter, since it stands in every piece.
pub(super) const KIND: &str = "c";

/// A customer.
#[derive(Clone, Debug, FromRow)]
pub struct Customer {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub owner_id: Id,
    /// The owner's name.
    pub owner_name: String,
    /// 企业名称
    pub name: String,
    /// 简称
    pub short_name: String,
    /// 助记码
    pub mnemonic: String,
    /// Stored word of [`super::Class`].
    pub class: String,
    /// Stored word of [`super::Kind`], or empty.
    pub kind: String,
    /// Stored word of [`super::Level`], or empty.
    pub level: String,
    /// Stored word of [`super::Heat`].
    pub heat: String,
    /// Its region.
    pub region_id: Option<Id>,
    /// The region's name with the one above it, or empty.
    pub region: String,
    /// Street and number.
    pub address: String,
    /// WGS-84.
    pub lat: Option<f64>,
    /// WGS-84.
    pub lng: Option<f64>,
    /// The prices it gets.
    pub price_level_id: Option<Id>,
    /// The price level's name, or empty.
    pub price_level: String,
    /// What it may owe.
    pub credit_limit: Fen,
    /// For how many days.
    pub credit_days: i64,
    /// Stored word of [`super::Settlement`].
    pub settlement: String,
    /// Anything else.
    pub description: String,
    /// What it owes.
    pub arrears: Fen,
    /// What it ever bought.
    pub purchases_total: Fen,
    /// Its last order.
    pub last_order_at: Option<Millis>,
    /// When somebody visited it or spoke with it last, or it wrote.
    pub last_contact_at: Option<Millis>,
    /// The agreed next time, `YYYY-MM-DD`.
    pub next_contact_on: Option<String>,
    /// Rises with every change.
    pub version: i64,
    /// When it was entered.
    pub created_at: Millis,
}

impl Customer {
    /// Its place, once known.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        Point::new(self.lat?, self.lng?)
    }
}

/// A row of the list.
#[derive(Clone, Debug, FromRow)]
pub(super) struct CustomerRow {
    pub id: Id,
    pub name: String,
    pub owner_name: String,
    pub arrears: Fen,
    pub last_contact_at: Option<Millis>,
    pub created_at: Millis,
    pub contact_name: String,
    pub phone: String,
}

/// The few words about a customer.
#[derive(Clone, Debug, FromRow)]
pub struct Brief {
    /// Its id.
    pub id: Id,
    /// 企业名称
    pub name: String,
    /// Whose it is.
    pub owner_id: Id,
    /// The owner's name.
    pub owner_name: String,
    /// What it owes.
    pub arrears: Fen,
    /// What it may owe.
    pub credit_limit: Fen,
}

/// A customer to choose.
#[derive(Clone, Debug, FromRow)]
pub struct Choice {
    /// Its id.
    pub id: Id,
    /// 企业名称
    pub name: String,
    /// What tells it from its namesakes.
    pub address: String,
}

/// An id and a name.
#[derive(Clone, Debug, FromRow)]
pub struct Named {
    /// The id.
    pub id: Id,
    /// The name.
    pub name: String,
}

/// A number of a customer or one of its contacts.
#[derive(Clone, Debug, FromRow)]
pub struct Number {
    /// Whose, where it is a person's.
    pub contact_id: Option<Id>,
    /// National form.
    pub digits: String,
    /// As it is shown.
    pub shown: String,
}

/// Somebody who has a number.
#[derive(Clone, Debug, FromRow)]
pub struct Caller {
    /// The customer.
    pub customer_id: Id,
    /// Whose it is.
    pub owner_id: Id,
    /// The person, where the number is a person's.
    pub contact_id: Option<Id>,
    /// The person's name, or empty.
    pub contact_name: String,
    /// The person's position, or empty.
    pub position: String,
}

const COLUMNS: &str = "SELECT c.id, c.owner_id, u.name AS owner_name, c.name, c.short_name, c.mnemonic, c.class, c.kind, \
     c.level, c.heat, c.region_id, COALESCE(CASE WHEN rp.name IS NULL THEN r.name ELSE rp.name || '/' || r.name END, '') AS region, \
     c.address, c.lat, c.lng, c.price_level_id, COALESCE(pl.name, '') AS price_level, c.credit_limit, c.credit_days, \
     c.settlement, c.description, c.arrears, c.purchases_total, c.last_order_at, c.last_contact_at, c.next_contact_on, \
     c.version, c.created_at \
     FROM customers c JOIN users u ON u.id = c.owner_id LEFT JOIN regions r ON r.id = c.region_id \
     LEFT JOIN regions rp ON rp.id = r.parent_id LEFT JOIN price_levels pl ON pl.id = c.price_level_id \
     WHERE c.deleted_at IS NULL AND c.id = $1";

/// The main contact and the number to call first, of the customer `x`.
pub(super) const WHOM: &str = "COALESCE((SELECT k.name FROM contacts k WHERE k.customer_id = x.id AND k.deleted_at IS NULL \
     ORDER BY k.is_main DESC, k.id LIMIT 1), '') AS contact_name, \
     COALESCE((SELECT p.shown FROM phones p LEFT JOIN contacts k ON k.id = p.contact_id \
     WHERE p.customer_id = x.id AND k.deleted_at IS NULL ORDER BY COALESCE(k.is_main, FALSE) DESC, p.id LIMIT 1), '') AS phone";

/// `lock` is [`Tx::hold`] where the row is held, else empty.
pub(super) async fn find(
    on: impl Into<On<'_>>,
    scope: &Scope,
    id: Id,
    lock: &'static str,
) -> Result<Option<Customer>, DbError> {
    let query = scope.restrict(sql(COLUMNS).bind(id), "c.owner_id");
    // PostgreSQL locks only what is not outer-joined.
    let query = if lock.is_empty() { query } else { query.push(lock).push(" OF c") };
    query.optional(on).await
}

pub(super) async fn brief(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Brief>, DbError> {
    let query =
        sql("SELECT x.id, x.name, x.owner_id, u.name AS owner_name, x.arrears, x.credit_limit FROM customers x \
         JOIN users u ON u.id = x.owner_id WHERE x.deleted_at IS NULL AND x.id = ")
        .arg(id);
    scope.restrict(query, "x.owner_id").optional(on).await
}

pub(super) fn in_region(query: Query, column: &'static str, region: Option<Id>) -> Query {
    query
        .push(column)
        .push(" IN (SELECT rg.id FROM regions rg JOIN regions top ON rg.path LIKE top.path || '%' WHERE top.id = ")
        .arg(region.unwrap_or(Id(0)))
        .push(")")
}

pub(super) async fn insert(
    tx: &mut Tx,
    id: Id,
    at: Millis,
    new: &NewCustomer,
    search_text: &str,
) -> Result<(), DbError> {
    sql("INSERT INTO customers (id, owner_id, name, short_name, mnemonic, class, kind, level, heat, region_id, address, \
         lat, lng, price_level_id, credit_limit, credit_days, settlement, description, search_text, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)")
    .bind(id)
    .bind(new.owner_id)
    .bind(&new.name)
    .bind(&new.short_name)
    .bind(&new.mnemonic)
    .bind(new.class.code())
    .bind(new.kind.map_or("", rules::Kind::code))
    .bind(new.level.map_or("", rules::Level::code))
    .bind(new.heat.code())
    .bind(new.region_id)
    .bind(&new.address)
    .bind(new.point.map(|point| point.lat))
    .bind(new.point.map(|point| point.lng))
    .bind(new.price_level_id)
    .bind(new.credit_limit)
    .bind(new.credit_days)
    .bind(new.settlement.code())
    .bind(&new.description)
    .bind(search_text)
    .bind(at)
    .bind(at)
    .run(tx)
    .await?;
    Ok(())
}

/// Writes what a form may change; the search text follows by [`reindex`].
pub(super) async fn update(tx: &mut Tx, id: Id, at: Millis, new: &NewCustomer) -> Result<(), DbError> {
    sql("UPDATE customers SET owner_id = $1, name = $2, short_name = $3, mnemonic = $4, class = $5, kind = $6, level = $7, \
         heat = $8, region_id = $9, address = $10, price_level_id = $11, credit_limit = $12, credit_days = $13, \
         settlement = $14, description = $15, updated_at = $16, version = version + 1 WHERE id = $17")
    .bind(new.owner_id)
    .bind(&new.name)
    .bind(&new.short_name)
    .bind(&new.mnemonic)
    .bind(new.class.code())
    .bind(new.kind.map_or("", rules::Kind::code))
    .bind(new.level.map_or("", rules::Level::code))
    .bind(new.heat.code())
    .bind(new.region_id)
    .bind(&new.address)
    .bind(new.price_level_id)
    .bind(new.credit_limit)
    .bind(new.credit_days)
    .bind(new.settlement.code())
    .bind(&new.description)
    .bind(at)
    .bind(id)
    .run(tx)
    .await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, id: Id, at: Millis) -> Result<(), DbError> {
    sql("UPDATE customers SET deleted_at = $1, updated_at = $2, version = version + 1 WHERE id = $3")
        .bind(at)
        .bind(at)
        .bind(id)
        .run(tx)
        .await?;
    Ok(())
}

/// The same id while the customer is there, held until the commit.
pub(super) async fn kept(tx: &mut Tx, id: Id, hold: Hold) -> Result<Option<Id>, DbError> {
    let lock = tx.hold(hold);
    let query = sql("SELECT id FROM customers WHERE id = $1 AND deleted_at IS NULL").bind(id).push(lock);
    query.optional_scalar(tx).await
}

pub(super) async fn set_point(tx: &mut Tx, id: Id, lat: f64, lng: f64) -> Result<(), DbError> {
    sql("UPDATE customers SET lat = $1, lng = $2 WHERE id = $3").bind(lat).bind(lng).bind(id).run(tx).await?;
    Ok(())
}

pub(super) async fn contacted(
    tx: &mut Tx,
    id: Id,
    at: Millis,
    day: &str,
    next_on: Option<&str>,
) -> Result<(), DbError> {
    sql("UPDATE customers SET last_contact_at = CASE WHEN last_contact_at > $1 THEN last_contact_at ELSE $2 END, next_contact_on = ")
        .bind(at)
        .bind(at)
        .push("COALESCE(")
        .arg(next_on)
        .push(", CASE WHEN next_contact_on <= ")
        .arg(day)
        .push(" THEN NULL ELSE next_contact_on END) WHERE id = ")
        .arg(id)
        .run(tx)
        .await?;
    Ok(())
}

pub(super) async fn heard_from(tx: &mut Tx, id: Id, at: Millis) -> Result<(), DbError> {
    sql("UPDATE customers SET last_contact_at = $2 WHERE id = $1 AND COALESCE(last_contact_at, 0) < $2")
        .bind(id)
        .bind(at)
        .run(tx)
        .await
        .map(|_| ())
}

pub(super) async fn add_arrears(tx: &mut Tx, id: Id, by: Fen) -> Result<(), DbError> {
    sql("UPDATE customers SET arrears = arrears + $1 WHERE id = $2").bind(by).bind(id).run(tx).await?;
    Ok(())
}

pub(super) async fn add_purchase(tx: &mut Tx, id: Id, by: Fen, at: Millis) -> Result<(), DbError> {
    sql("UPDATE customers SET purchases_total = purchases_total + $1, \
         last_order_at = CASE WHEN last_order_at > $2 THEN last_order_at ELSE $3 END WHERE id = $4")
    .bind(by)
    .bind(at)
    .bind(at)
    .bind(id)
    .run(tx)
    .await?;
    Ok(())
}

pub(super) async fn by_phone(on: impl Into<On<'_>>, digits: &str) -> Result<Vec<Caller>, DbError> {
    sql("SELECT c.id AS customer_id, c.owner_id, k.id AS contact_id, COALESCE(k.name, '') AS contact_name, \
         COALESCE(k.position, '') AS position FROM phones p JOIN customers c ON c.id = p.customer_id \
         LEFT JOIN contacts k ON k.id = p.contact_id \
         WHERE p.digits = $1 AND c.deleted_at IS NULL AND k.deleted_at IS NULL \
         ORDER BY c.last_contact_at DESC NULLS LAST, p.id LIMIT 5")
    .bind(digits)
    .all(on)
    .await
}

pub(super) async fn price_levels(on: impl Into<On<'_>>) -> Result<Vec<Named>, DbError> {
    sql("SELECT id, name FROM price_levels ORDER BY position, id").all(on).await
}

pub(super) async fn regions(on: impl Into<On<'_>>) -> Result<Vec<Named>, DbError> {
    sql("SELECT r.id, CASE WHEN p.name IS NULL THEN r.name ELSE p.name || '/' || r.name END AS name \
         FROM regions r LEFT JOIN regions p ON p.id = r.parent_id ORDER BY r.path, r.id LIMIT 2000")
    .all(on)
    .await
}

/// The people a customer can be given to by somebody with this scope.
pub(super) async fn owners(on: impl Into<On<'_>>, scope: &Scope) -> Result<Vec<Named>, DbError> {
    let query =
        sql("SELECT su0.id, su0.name FROM users su0 WHERE su0.status = 'active' AND su0.role IN ('rep', 'manager')");
    scope.restrict(query, "su0.id").push(" ORDER BY su0.name, su0.id LIMIT 500").all(on).await
}

pub(super) async fn numbers(on: impl Into<On<'_>>, customer: Id) -> Result<Vec<Number>, DbError> {
    sql("SELECT contact_id, digits, shown FROM phones WHERE customer_id = $1 ORDER BY id").bind(customer).all(on).await
}

pub(super) async fn insert_phone(tx: &mut Tx, customer: Id, contact: Option<Id>, phone: &Phone) -> Result<(), DbError> {
    sql("INSERT INTO phones (id, customer_id, contact_id, digits, shown) VALUES ($1, $2, $3, $4, $5)")
        .bind(Id::new())
        .bind(customer)
        .bind(contact)
        .bind(phone.digits())
        .bind(phone.to_string())
        .run(tx)
        .await?;
    Ok(())
}

/// Replaces the numbers of a contact, or the customer's own where there is none.
pub(super) async fn set_numbers(
    tx: &mut Tx,
    customer: Id,
    contact: Option<Id>,
    phones: &[Phone],
) -> Result<(), DbError> {
    let query = sql("DELETE FROM phones WHERE customer_id = $1").bind(customer);
    match contact {
        Some(contact) => query.push(" AND contact_id = ").arg(contact),
        None => query.push(" AND contact_id IS NULL"),
    }
    .run(tx)
    .await?;
    for phone in phones {
        insert_phone(tx, customer, contact, phone).await?;
    }
    Ok(())
}

#[derive(FromRow)]
struct Taken {
    what: String,
    owner_name: String,
}

/// A number of these that another customer has, as shown, and who owns that one.
pub(super) async fn taken_number(
    tx: &mut Tx,
    but: Option<Id>,
    phones: &[Phone],
) -> Result<Option<(String, String)>, DbError> {
    if phones.is_empty() {
        return Ok(None);
    }
    let found: Option<Taken> = sql("SELECT p.shown AS what, u.name AS owner_name FROM phones p \
         JOIN customers c ON c.id = p.customer_id JOIN users u ON u.id = c.owner_id LEFT JOIN contacts k ON k.id = p.contact_id \
         WHERE c.deleted_at IS NULL AND k.deleted_at IS NULL AND c.id <> ")
    .arg(but.unwrap_or(Id(0)))
    .push(" AND p.digits IN ")
    .args(phones.iter().map(Phone::digits))
    .push(" ORDER BY p.id LIMIT 1")
    .optional(tx)
    .await?;
    Ok(found.map(|taken| (taken.what, taken.owner_name)))
}

/// Who owns another customer of the same name or short name, company-wide.
pub(super) async fn taken_name(tx: &mut Tx, but: Option<Id>, names: &[&str]) -> Result<Option<String>, DbError> {
    let ids = search::same_name(&mut *tx, KIND, names).await?;
    let found: Option<Taken> =
        sql("SELECT c.name AS what, u.name AS owner_name FROM customers c JOIN users u ON u.id = c.owner_id \
         WHERE c.deleted_at IS NULL AND c.id <> ")
        .arg(but.unwrap_or(Id(0)))
        .push(" AND c.id IN ")
        .args(ids)
        .push(" ORDER BY c.id LIMIT 1")
        .optional(tx)
        .await?;
    Ok(found.map(|taken| taken.owner_name))
}

/// Who owns another customer with this mnemonic.
pub(super) async fn taken_mnemonic(tx: &mut Tx, but: Option<Id>, mnemonic: &str) -> Result<Option<String>, DbError> {
    let found: Option<Taken> =
        sql("SELECT c.name AS what, u.name AS owner_name FROM customers c JOIN users u ON u.id = c.owner_id \
         WHERE c.deleted_at IS NULL AND c.mnemonic = $1 AND c.id <> $2 ORDER BY c.id LIMIT 1")
        .bind(mnemonic)
        .bind(but.unwrap_or(Id(0)))
        .optional(tx)
        .await?;
    Ok(found.map(|taken| taken.owner_name))
}

/// Whether chosen ids exist, so that a foreign one becomes a message and no fault.
pub(super) async fn exists(tx: &mut Tx, region: Option<Id>, price_level: Option<Id>) -> Result<(bool, bool), DbError> {
    let region = match region {
        Some(id) => {
            sql("SELECT id FROM regions WHERE id = $1").bind(id).optional_scalar::<Id>(&mut *tx).await?.is_some()
        }
        None => true,
    };
    let price_level = match price_level {
        Some(id) => {
            sql("SELECT id FROM price_levels WHERE id = $1").bind(id).optional_scalar::<Id>(&mut *tx).await?.is_some()
        }
        None => true,
    };
    Ok((region, price_level))
}

#[derive(FromRow)]
struct Own {
    owner_id: Id,
    name: String,
    short_name: String,
    mnemonic: String,
    search_text: String,
}

/// Brings the search data up to date with the row, its numbers and `people`. `before` is where the customer stood when
/// that may have changed.
pub(super) async fn reindex(tx: &mut Tx, id: Id, before: Option<&Place>, people: &[String]) -> Result<(), DbError> {
    let own: Option<Own> = sql("SELECT owner_id, name, short_name, mnemonic, search_text FROM customers WHERE id = $1")
        .bind(id)
        .push(tx.for_update())
        .optional(&mut *tx)
        .await?;
    let Some(own) = own else { return Ok(()) };
    let numbers: Vec<String> = sql("SELECT p.digits FROM phones p LEFT JOIN contacts k ON k.id = p.contact_id \
             WHERE p.customer_id = $1 AND k.deleted_at IS NULL")
    .bind(id)
    .all_scalars(&mut *tx)
    .await?;
    let card = SearchEntry::new(
        [own.name.as_str(), &own.short_name, &own.mnemonic],
        people.iter().map(String::as_str),
        numbers.iter().map(String::as_str),
    );
    let text = card.text();
    let place = Place { sort_key: own.mnemonic, owner_id: own.owner_id };
    let before = before.unwrap_or(&place);
    if text == own.search_text && *before == place {
        return Ok(());
    }
    search::reindex(tx, KIND, id, Some(Known { text: &own.search_text, place: before }), &card, &place).await?;
    sql("UPDATE customers SET search_text = $1 WHERE id = $2").bind(text).bind(id).run(tx).await?;
    Ok(())
}

/// The names of a customer's people, for [`reindex`].
pub(super) async fn people(tx: &mut Tx, id: Id) -> Result<Vec<String>, DbError> {
    sql("SELECT name FROM contacts WHERE customer_id = $1 AND deleted_at IS NULL").bind(id).all_scalars(tx).await
}
