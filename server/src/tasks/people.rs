//! Whom a task can be given to, and whom it can concern.

use crate::kernel::access::Scope;
use crate::kernel::db::{DbError, On, sql};
use crate::kernel::id::Id;

/// A person or a customer to choose.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Choice {
    /// The record.
    pub id: Id,
    /// Its name.
    pub name: String,
}

/// People in scope who are here.
///
/// # Errors
/// What the database says.
pub async fn colleagues(on: impl Into<On<'_>>, scope: &Scope) -> Result<Vec<Choice>, DbError> {
    let query = sql("SELECT u.id, u.name FROM users u WHERE u.status = 'active'");
    scope.restrict(query, "u.id").push(" ORDER BY u.name, u.id LIMIT 500").all(on).await
}

/// A person in scope who is here.
///
/// # Errors
/// What the database says.
pub async fn colleague(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Choice>, DbError> {
    let query = sql("SELECT u.id, u.name FROM users u WHERE u.status = 'active' AND u.id = ").arg(id);
    scope.restrict(query, "u.id").optional(on).await
}

/// A customer in scope.
///
/// # Errors
/// What the database says.
pub async fn customer(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Choice>, DbError> {
    let query = sql("SELECT c.id, c.name FROM customers c WHERE c.deleted_at IS NULL AND c.id = ").arg(id);
    scope.restrict(query, "c.owner_id").optional(on).await
}

/// Customers to offer: those whom the person was in touch with last.
///
/// # Errors
/// What the database says.
pub async fn customers(on: impl Into<On<'_>>, scope: &Scope) -> Result<Vec<Choice>, DbError> {
    let query = sql("SELECT c.id, c.name FROM customers c WHERE c.deleted_at IS NULL");
    scope.restrict(query, "c.owner_id").push(" ORDER BY c.last_contact_at DESC NULLS LAST, c.id LIMIT 30").all(on).await
}
