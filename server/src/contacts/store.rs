//! The only SQL that writes contacts. A contact is in view when its customer is.

use sqlx_macros::FromRow;

use super::NewContact;
use super::rules::Birthday;
use crate::customers::{self, Number};
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;

/// A person at a customer.
#[derive(Clone, Debug, FromRow)]
pub struct Contact {
    /// The id.
    pub id: Id,
    /// At which customer.
    pub customer_id: Id,
    /// The customer's name.
    pub customer_name: String,
    /// The name.
    pub name: String,
    /// 职务
    pub position: String,
    /// `m`, `f` or empty.
    pub sex: String,
    /// `YYYY-MM-DD`, `MM-DD` or empty.
    pub birthday: String,
    /// 农历
    pub birthday_lunar: bool,
    /// WeChat account.
    pub wechat: String,
    /// E-mail.
    pub email: String,
    /// The one to talk to first.
    pub is_main: bool,
    /// Whether they agreed to get messages.
    pub sms_consent: bool,
    /// Rises with every change.
    pub version: i64,
    /// Their numbers; filled by the reads of this module.
    #[sqlx(skip)]
    pub phones: Vec<Number>,
}

impl Contact {
    /// The birthday, if known.
    #[must_use]
    pub fn birthday(&self) -> Option<Birthday> {
        (!self.birthday.is_empty()).then(|| Birthday { date: self.birthday.clone(), lunar: self.birthday_lunar })
    }
}

const COLUMNS: &str = "SELECT k.id, k.customer_id, c.name AS customer_name, k.name, k.position, k.sex, k.birthday, \
     k.birthday_lunar, k.wechat, k.email, k.is_main, k.sms_consent, k.version \
     FROM contacts k JOIN customers c ON c.id = k.customer_id WHERE k.deleted_at IS NULL AND c.deleted_at IS NULL";

/// `lock` is `tx.for_update()` where the row is about to change, else empty.
pub(super) async fn find(
    on: impl Into<On<'_>>,
    scope: &Scope,
    id: Id,
    lock: &'static str,
) -> Result<Option<Contact>, DbError> {
    let mut on = on.into();
    let query = scope.restrict(sql(COLUMNS).push(" AND k.id = ").arg(id), "c.owner_id");
    let query = if lock.is_empty() { query } else { query.push(lock).push(" OF k") };
    let Some(mut contact) = query.optional::<Contact>(&mut on).await? else { return Ok(None) };
    let numbers = customers::numbers(&mut on, contact.customer_id).await?;
    contact.phones = numbers.into_iter().filter(|number| number.contact_id == Some(id)).collect();
    Ok(Some(contact))
}

/// A customer's contacts, without their numbers.
pub(super) async fn of_customer(on: impl Into<On<'_>>, scope: &Scope, customer: Id) -> Result<Vec<Contact>, DbError> {
    let query = scope.restrict(sql(COLUMNS).push(" AND k.customer_id = ").arg(customer), "c.owner_id");
    query.push(" ORDER BY k.is_main DESC, k.id LIMIT 100").all(on).await
}

pub(super) fn mobiles(query: Query, scope: &Scope) -> Query {
    let query = query.push(
        "SELECT k.id AS contact_id, k.customer_id, c.owner_id, k.sms_consent, COALESCE((SELECT ph.digits FROM phones ph \
         WHERE ph.customer_id = k.customer_id AND ph.contact_id = k.id AND length(ph.digits) = 11 AND ph.digits LIKE '1%' \
         ORDER BY ph.id LIMIT 1), '') AS digits FROM contacts k JOIN customers c ON c.id = k.customer_id \
         WHERE k.deleted_at IS NULL AND c.deleted_at IS NULL",
    );
    scope.restrict(query, "c.owner_id")
}

pub(super) async fn names(tx: &mut Tx, customer: Id) -> Result<Vec<String>, DbError> {
    sql("SELECT name FROM contacts WHERE customer_id = $1 AND deleted_at IS NULL ORDER BY id")
        .bind(customer)
        .all_scalars(tx)
        .await
}

pub(super) async fn insert(tx: &mut Tx, id: Id, at: Millis, new: &NewContact) -> Result<(), DbError> {
    sql(
        "INSERT INTO contacts (id, customer_id, name, position, sex, birthday, birthday_lunar, wechat, email, is_main, \
         sms_consent, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(id)
    .bind(new.customer_id)
    .bind(&new.name)
    .bind(&new.position)
    .bind(&new.sex)
    .bind(new.birthday.as_ref().map_or("", |birthday| birthday.date.as_str()))
    .bind(new.birthday.as_ref().is_some_and(|birthday| birthday.lunar))
    .bind(&new.wechat)
    .bind(&new.email)
    .bind(new.is_main)
    .bind(new.sms_consent)
    .bind(at)
    .bind(at)
    .run(tx)
    .await?;
    Ok(())
}

pub(super) async fn update(tx: &mut Tx, id: Id, at: Millis, new: &NewContact) -> Result<(), DbError> {
    sql("UPDATE contacts SET name = $1, position = $2, sex = $3, birthday = $4, birthday_lunar = $5, wechat = $6, \
         email = $7, is_main = $8, sms_consent = $9, updated_at = $10, version = version + 1 WHERE id = $11")
    .bind(&new.name)
    .bind(&new.position)
    .bind(&new.sex)
    .bind(new.birthday.as_ref().map_or("", |birthday| birthday.date.as_str()))
    .bind(new.birthday.as_ref().is_some_and(|birthday| birthday.lunar))
    .bind(&new.wechat)
    .bind(&new.email)
    .bind(new.is_main)
    .bind(new.sms_consent)
    .bind(at)
    .bind(id)
    .run(tx)
    .await?;
    Ok(())
}

/// One main contact a customer: the next one takes it from the last.
pub(super) async fn clear_main(tx: &mut Tx, customer: Id) -> Result<(), DbError> {
    sql("UPDATE contacts SET is_main = FALSE WHERE customer_id = $1 AND is_main = TRUE").bind(customer).run(tx).await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, id: Id, at: Millis) -> Result<(), DbError> {
    sql("UPDATE contacts SET deleted_at = $1, updated_at = $2, is_main = FALSE, version = version + 1 WHERE id = $3")
        .bind(at)
        .bind(at)
        .bind(id)
        .run(tx)
        .await?;
    Ok(())
}
