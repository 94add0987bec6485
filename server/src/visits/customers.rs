//! What visits read of customers and tell them.

use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, On, Tx, sql};
use crate::kernel::id::Id;

/// A customer to choose.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Candidate {
    /// The customer.
    pub id: Id,
    /// Their name.
    pub name: String,
    /// Their address.
    pub address: String,
    /// When somebody was last in touch with them.
    pub last_contact_at: Option<Millis>,
    /// When they are to be contacted next.
    pub next_contact_on: Option<String>,
}

const CANDIDATE: &str = "SELECT c.id, c.name, c.address, c.last_contact_at, c.next_contact_on FROM customers c \
     WHERE c.deleted_at IS NULL";

/// Customers whom to visit: those found by `text`, or those who are due.
///
/// # Errors
/// What the database says.
pub async fn candidates(
    on: impl Into<On<'_>>,
    scope: &Scope,
    text: &str,
    limit: i64,
) -> Result<Vec<Candidate>, DbError> {
    let mut query = scope.restrict(sql(CANDIDATE), "c.owner_id");
    let text: String = text.to_lowercase().chars().filter(|c| !matches!(c, '%' | '_' | '\\')).take(50).collect();
    if !text.is_empty() {
        let pattern = format!("%{text}%");
        query = query.push(" AND (c.name LIKE ").arg(&pattern).push(" OR c.search_text LIKE ").arg(&pattern).push(")");
    }
    query
        .push(" ORDER BY c.next_contact_on NULLS LAST, c.last_contact_at NULLS FIRST, c.id LIMIT ")
        .arg(limit)
        .all(on)
        .await
}

/// Those of `ids` that are in scope.
///
/// # Errors
/// What the database says.
pub async fn chosen(on: impl Into<On<'_>>, scope: &Scope, ids: &[Id]) -> Result<Vec<Candidate>, DbError> {
    let query = sql(CANDIDATE).push(" AND c.id IN ").args(ids.iter().copied());
    scope.restrict(query, "c.owner_id").push(" ORDER BY c.id").all(on).await
}

/// Gives a customer who has no point yet the place of this check-in.
///
/// # Errors
/// What the database says.
pub async fn place(tx: &mut Tx, id: Id, lat: f64, lng: f64, at: Millis) -> Result<(), DbError> {
    sql("UPDATE customers SET lat = $2, lng = $3, updated_at = $4 WHERE id = $1 AND lat IS NULL")
        .bind(id)
        .bind(lat)
        .bind(lng)
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}

/// Notes that somebody was there.
///
/// # Errors
/// What the database says.
pub async fn visited(tx: &mut Tx, id: Id, next_on: Option<&str>, at: Millis) -> Result<(), DbError> {
    sql("UPDATE customers SET last_contact_at = $2, next_contact_on = $3 WHERE id = $1")
        .bind(id)
        .bind(at)
        .bind(next_on)
        .run(tx)
        .await?;
    Ok(())
}
