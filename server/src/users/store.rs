//! The only SQL on users, departments and the login log.

use crate::kernel::access::{Role, Scope};
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, Hold, On, Tx, sql};
use crate::kernel::id::Id;

/// A member of staff.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct User {
    /// `users.id`.
    pub id: Id,
    /// The name typed at sign-in.
    pub username: String,
    /// The name people see.
    pub name: String,
    /// Role word; see [`Role`].
    pub role: String,
    /// Department.
    pub department_id: Id,
    /// Its name.
    pub department: String,
    /// Mobile, national digits or empty.
    pub mobile: String,
    /// `active` or `locked`.
    pub status: String,
}

/// A department, for pickers.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Department {
    /// `departments.id`.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Path from the root.
    pub path: String,
}

/// What sign-in must know of an account.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Account {
    pub id: Id,
    pub username: String,
    pub password_hash: String,
    pub status: String,
    pub must_change_password: bool,
}

impl Account {
    /// Whether the person works here and has this password's hash.
    #[must_use]
    pub fn still_has(&self, hash: &str) -> bool {
        self.status == "active" && self.password_hash == hash
    }
}

/// A new member of staff.
#[derive(Clone, Debug)]
pub struct NewUser<'a> {
    /// The name typed at sign-in.
    pub username: &'a str,
    /// The name people see.
    pub name: &'a str,
    /// Role.
    pub role: Role,
    /// Department.
    pub department_id: Id,
    /// Mobile, national digits or empty.
    pub mobile: &'a str,
    /// argon2id hash.
    pub password_hash: &'a str,
    /// Whether the first sign-in asks for a new password.
    pub must_change_password: bool,
}

const COLUMNS: &str = "SELECT u.id, u.username, u.name, u.role, u.department_id, d.name AS department, u.mobile, u.status \
     FROM users u JOIN departments d ON d.id = u.department_id WHERE 1 = 1";

/// Whether anybody exists yet.
pub async fn is_empty(on: impl Into<On<'_>>) -> Result<bool, DbError> {
    let first: Option<Id> = sql("SELECT id FROM users LIMIT 1").optional_scalar(on).await?;
    Ok(first.is_none())
}

const ACCOUNT: &str = "SELECT id, username, password_hash, status, must_change_password FROM users WHERE ";

/// The account of a sign-in name.
pub async fn account(db: &Db, username: &str) -> Result<Option<Account>, DbError> {
    sql(ACCOUNT).push("username = ").arg(username).optional(db).await
}

/// The account of a sign-in name, held until the commit.
pub async fn account_to_change(tx: &mut Tx, username: &str) -> Result<Option<Account>, DbError> {
    let lock = tx.for_update();
    sql(ACCOUNT).push("username = ").arg(username).push(lock).optional(tx).await
}

/// The account of a user.
pub async fn account_of(db: &Db, user: Id) -> Result<Option<Account>, DbError> {
    sql(ACCOUNT).push("id = ").arg(user).optional(db).await
}

/// The turn in which administrators come and go; see [`Tx::in_turn`].
pub const ADMINISTRATORS: &str = "administrators";

/// Whether somebody administers the company.
pub async fn has_administrator(tx: &mut Tx) -> Result<bool, DbError> {
    let query =
        sql("SELECT id FROM users WHERE status = 'active' AND role = ").arg(Role::Admin.code()).push(" LIMIT 1");
    let first: Option<Id> = query.optional_scalar(tx).await?;
    Ok(first.is_some())
}

/// Notes a sign-in or a failed one.
pub async fn log_sign_in(
    tx: &mut Tx,
    at: Millis,
    username: &str,
    user: Option<Id>,
    origin: &str,
    device: &str,
    outcome: &str,
) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO login_log (id, at, username, user_id, origin, device, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(id)
        .bind(at)
        .bind(username)
        .bind(user)
        .bind(origin)
        .bind(device)
        .bind(outcome)
        .run(tx)
        .await?;
    Ok(id)
}

/// A page of staff within the scope, by name.
pub async fn list(db: &Db, scope: &Scope, q: Option<&str>, paging: Paging) -> Result<Listing<User>, DbError> {
    let mut query = scope.restrict(sql(COLUMNS), "u.id");
    if let Some(q) = q {
        let like = format!("%{}%", q.to_lowercase().replace(['%', '_', '\\'], ""));
        query = query.push(" AND (lower(u.name) LIKE ").arg(&like).push(" OR lower(u.username) LIKE ").arg(&like);
        query = query.push(" OR u.mobile LIKE ").arg(&like).push(")");
    }
    let rows = query
        .push(" ORDER BY d.path, u.name, u.id LIMIT ")
        .arg(paging.limit())
        .push(" OFFSET ")
        .arg(paging.offset())
        .all(db)
        .await?;
    Ok(paging.cut(rows))
}

/// One member of staff within the scope.
pub async fn find(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<User>, DbError> {
    scope.restrict(sql(COLUMNS).push(" AND u.id = ").arg(id), "u.id").optional(on).await
}

/// A person for a picker.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Person {
    /// `users.id`.
    pub id: Id,
    /// Their name.
    pub name: String,
}

/// Active people within the scope, for pickers: owner of a customer, receiver of a task.
pub async fn people_in_scope(db: &Db, scope: &Scope) -> Result<Vec<Person>, DbError> {
    scope
        .restrict(sql("SELECT u.id, u.name FROM users u WHERE u.status = 'active'"), "u.id")
        .push(" ORDER BY u.name, u.id LIMIT 500")
        .all(db)
        .await
}

/// Active people of a role, such as the clerks whose desk shows every call.
pub async fn names_with_role(on: impl Into<On<'_>>, role: Role) -> Result<Vec<Person>, DbError> {
    sql("SELECT id, name FROM users WHERE status = 'active' AND role = $1 ORDER BY id").bind(role.code()).all(on).await
}

/// Whether somebody works here now.
pub async fn is_active(db: &Db, user: Id) -> Result<bool, DbError> {
    let row: Option<String> = sql("SELECT status FROM users WHERE id = $1").bind(user).optional_scalar(db).await?;
    Ok(row.is_some_and(|row| row == "active"))
}

/// Whether somebody works here now; held until the commit, so that nobody locks them while something is made that
/// becomes theirs.
pub async fn hold(tx: &mut Tx, user: Id) -> Result<bool, DbError> {
    let lock = tx.hold(Hold::Referred);
    let row: Option<String> =
        sql("SELECT status FROM users WHERE id = $1").bind(user).push(lock).optional_scalar(tx).await?;
    Ok(row.is_some_and(|row| row == "active"))
}

/// Makes somebody an active administrator; returns the role before.
pub async fn make_administrator(tx: &mut Tx, user: Id, at: Millis) -> Result<String, DbError> {
    let before: String = sql("SELECT role FROM users WHERE id = $1").bind(user).scalar(&mut *tx).await?;
    sql("UPDATE users SET role = $2, status = 'active', updated_at = $3 WHERE id = $1")
        .bind(user)
        .bind(Role::Admin.code())
        .bind(at)
        .run(tx)
        .await?;
    Ok(before)
}

/// The department above all others.
pub async fn root_department(tx: &mut Tx) -> Result<Option<Id>, DbError> {
    sql("SELECT id FROM departments WHERE parent_id IS NULL ORDER BY id LIMIT 1").optional_scalar(tx).await
}

/// Who acts for a person: they themselves, or, when they are locked or gone, the nearest active manager up the
/// department tree; where there is none, an administrator. `None` where nobody is left.
pub async fn acting_for(on: impl Into<On<'_>>, user: Id) -> Result<Option<Id>, DbError> {
    sql("SELECT m.id FROM users r JOIN departments home ON home.id = r.department_id \
         JOIN users m ON m.status = 'active' AND (m.id = r.id OR m.role IN ('manager', 'admin')) \
         JOIN departments d ON d.id = m.department_id \
         WHERE r.id = $1 AND (m.id = r.id OR m.role = 'admin' OR home.path LIKE d.path || '%') \
         ORDER BY CASE WHEN m.id = r.id THEN 0 WHEN m.role = 'manager' THEN 1 ELSE 2 END, length(d.path) DESC, m.id LIMIT 1")
    .bind(user)
    .optional_scalar(on)
    .await
}

/// Whether a number, in national digits, is an active member of staff's.
pub async fn is_staff_number(on: impl Into<On<'_>>, digits: &str) -> Result<bool, DbError> {
    let found: Option<Id> =
        sql("SELECT id FROM users WHERE mobile = $1 AND mobile <> '' AND status = 'active' LIMIT 1")
            .bind(digits)
            .optional_scalar(on)
            .await?;
    Ok(found.is_some())
}

/// How many people may sign in, and how many did so since `since`.
#[derive(Clone, Copy, Debug, Default, sqlx_macros::FromRow)]
pub struct Headcount {
    /// Who may sign in.
    pub active: i64,
    /// Who was here.
    pub seen: i64,
}

/// Counts the people who may sign in, and those whose session was in use since `since`.
pub async fn headcount(on: impl Into<On<'_>>, since: Millis) -> Result<Headcount, DbError> {
    sql("SELECT CAST(count(*) AS BIGINT) AS active, CAST(COALESCE(sum(CASE WHEN EXISTS (SELECT 1 FROM sessions s \
         WHERE s.user_id = u.id AND s.seen_at >= $1) THEN 1 ELSE 0 END), 0) AS BIGINT) AS seen FROM users u \
         WHERE u.status = 'active'")
    .bind(since)
    .one(on)
    .await
}

/// Every department, in tree order.
pub async fn departments(db: &Db) -> Result<Vec<Department>, DbError> {
    sql("SELECT id, name, path FROM departments ORDER BY path").all(db).await
}

/// Adds a department below `parent`.
pub async fn insert_department(tx: &mut Tx, name: &str, parent: Option<(Id, &str)>) -> Result<(Id, String), DbError> {
    let id = Id::new();
    let path = format!("{}{id}/", parent.map_or("/", |(_, path)| path));
    sql("INSERT INTO departments (id, parent_id, name, path) VALUES ($1, $2, $3, $4)")
        .bind(id)
        .bind(parent.map(|(parent, _)| parent))
        .bind(name)
        .bind(&path)
        .run(tx)
        .await?;
    Ok((id, path))
}

/// Adds a member of staff.
///
/// # Errors
/// [`DbError::Duplicate`] when the sign-in name is taken.
pub async fn insert_user(tx: &mut Tx, user: &NewUser<'_>, at: Millis) -> Result<Id, DbError> {
    let id = Id::new();
    sql("INSERT INTO users (id, username, name, role, department_id, mobile, password_hash, must_change_password, created_at, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)")
    .bind(id)
    .bind(user.username)
    .bind(user.name)
    .bind(user.role.code())
    .bind(user.department_id)
    .bind(user.mobile)
    .bind(user.password_hash)
    .bind(user.must_change_password)
    .bind(at)
    .run(tx)
    .await?;
    Ok(id)
}

/// The path of somebody's department, with the person held until the commit.
pub async fn department_path(tx: &mut Tx, user: Id) -> Result<String, DbError> {
    let lock = tx.for_update();
    let query = sql("SELECT d.path FROM users u JOIN departments d ON d.id = u.department_id WHERE u.id = ").arg(user);
    let of = if lock.is_empty() { "" } else { " OF u" };
    Ok(query.push(lock).push(of).optional_scalar(tx).await?.unwrap_or_default())
}

/// Changes the record of a member of staff.
pub async fn update(tx: &mut Tx, user: &User, at: Millis) -> Result<(), DbError> {
    sql("UPDATE users SET name = $2, role = $3, department_id = $4, mobile = $5, status = $6, updated_at = $7 WHERE id = $1")
        .bind(user.id)
        .bind(&user.name)
        .bind(&user.role)
        .bind(user.department_id)
        .bind(&user.mobile)
        .bind(&user.status)
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}

/// Sets a password.
pub async fn set_password(tx: &mut Tx, user: Id, hash: &str, must_change: bool, at: Millis) -> Result<(), DbError> {
    sql("UPDATE users SET password_hash = $2, must_change_password = $3, updated_at = $4 WHERE id = $1")
        .bind(user)
        .bind(hash)
        .bind(must_change)
        .bind(at)
        .run(tx)
        .await?;
    Ok(())
}
