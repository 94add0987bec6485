//! Who can approve what somebody submits: the superiors up the tree of departments, and the people who decide for
//! others. Submission, hand-over and reassignment all use this rule.

use crate::kernel::access::{Gate, Role};
use crate::kernel::db::{DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::modules::{self, Module};
use crate::users;

/// Somebody who can be asked.
#[derive(Debug, sqlx_macros::FromRow)]
pub(super) struct Decider {
    pub id: Id,
    pub name: String,
    pub role: String,
    pub department: String,
}

/// The roles of superiors: they decide for the people of their department and of those below it.
fn superiors() -> Vec<&'static str> {
    let may = modules::roles_with(Gate::approve(Module::Approvals));
    may.filter(|role| role.leads()).map(Role::code).collect()
}

/// The roles that decide for people of any department: those that may edit approvals.
fn for_others() -> Vec<&'static str> {
    let may = modules::roles_with(Gate::approve(Module::Approvals));
    may.filter(|role| Gate::edit(Module::Approvals).admits(&modules::rights(*role))).map(Role::code).collect()
}

/// Appends the rule: an active person `m` of the department `d` can be asked by `r` of the department `home`.
fn can_be_asked(query: Query) -> Query {
    query
        .push("m.status = 'active' AND m.id <> r.id AND (m.role IN ")
        .args(for_others())
        .push(" OR (m.role IN ")
        .args(superiors())
        .push(" AND substr(home.path, 1, length(d.path)) = d.path))")
}

fn deciders(requester: Id, except: &[Id]) -> Query {
    let query = sql("SELECT m.id, m.name, m.role, d.name AS department FROM users r \
         JOIN departments home ON home.id = r.department_id CROSS JOIN users m \
         JOIN departments d ON d.id = m.department_id WHERE r.id = ")
    .arg(requester)
    .push(" AND ");
    let query = can_be_asked(query);
    if except.is_empty() { query } else { query.push(" AND m.id NOT IN ").args(except.iter().copied()) }
}

/// Those who can be asked by `requester`, the nearest superior first, without `except`.
pub(super) async fn all(on: impl Into<On<'_>>, requester: Id, except: &[Id]) -> Result<Vec<Decider>, DbError> {
    deciders(requester, except)
        .push(" ORDER BY CASE WHEN m.role IN ")
        .args(superiors())
        .push(" THEN 0 ELSE 1 END, length(d.path) DESC, m.name, m.id LIMIT 100")
        .all(on)
        .await
}

/// Whether `requester` can ask `approver`.
pub(super) async fn can_ask(on: impl Into<On<'_>>, requester: Id, approver: Id) -> Result<bool, DbError> {
    let found: Option<Decider> = deciders(requester, &[]).push(" AND m.id = ").arg(approver).optional(on).await?;
    Ok(found.is_some())
}

/// The path of somebody's department.
async fn path_of(on: impl Into<On<'_>>, user: Id) -> Result<String, DbError> {
    let path: Option<String> =
        sql("SELECT d.path FROM users u JOIN departments d ON d.id = u.department_id WHERE u.id = $1")
            .bind(user)
            .optional_scalar(on)
            .await?;
    Ok(path.unwrap_or_default())
}

/// Who is asked by `requester`: the nearest superior above the department at `from`, where that is the requester's or
/// one above it, else above the requester's own; where there is none, whoever decides for others. `None` where nobody
/// is left.
pub(super) async fn nearest(
    on: impl Into<On<'_>>,
    requester: Id,
    from: Option<&str>,
    except: &[Id],
) -> Result<Option<Id>, DbError> {
    let mut on = on.into();
    let home = path_of(&mut on, requester).await?;
    let from = from.filter(|from| !from.is_empty() && home.starts_with(*from)).unwrap_or(&home);
    let length = i64::try_from(from.chars().count()).unwrap_or(i64::MAX);
    let found: Option<Decider> = deciders(requester, except)
        .push(" ORDER BY CASE WHEN m.role IN ")
        .args(superiors())
        .push(" AND length(d.path) <= CAST(")
        .arg(length)
        .push(" AS INTEGER) THEN 0 WHEN m.role IN ")
        .args(for_others())
        .push(" THEN 1 ELSE 2 END, length(d.path) DESC, m.id LIMIT 1")
        .optional(on)
        .await?;
    Ok(found.map(|found| found.id))
}

/// Who approves for a person, as [`nearest`] says.
pub async fn manager_of(on: impl Into<On<'_>>, requester: Id) -> Result<Option<Id>, DbError> {
    nearest(on, requester, None, &[]).await
}

/// The one to be asked: `approver`, or whoever decides in their place. Held until the commit, so that nobody locks them
/// while a step becomes theirs. `None` where nobody is left.
pub(super) async fn held(
    tx: &mut Tx,
    requester: Id,
    approver: Id,
    from: Option<&str>,
    except: &[Id],
) -> Result<Option<Id>, DbError> {
    let mut except = except.to_vec();
    let mut next = Some(approver);
    while let Some(person) = next {
        let free = !except.contains(&person) && can_ask(&mut *tx, requester, person).await?;
        // They may have left while their row was waited for.
        if free && users::hold(tx, person).await? && can_ask(&mut *tx, requester, person).await? {
            return Ok(Some(person));
        }
        except.push(person);
        let own = path_of(&mut *tx, person).await?;
        next = nearest(&mut *tx, requester, from.or(Some(&own)), &except).await?;
    }
    Ok(None)
}

/// The open approvals with a step for somebody who cannot be asked, the oldest first.
pub(super) async fn stuck(on: impl Into<On<'_>>, most: i64) -> Result<Vec<Id>, DbError> {
    let query = sql("SELECT DISTINCT a.id FROM approval_steps s JOIN approvals a ON a.id = s.approval_id \
         JOIN users r ON r.id = a.requester_id JOIN departments home ON home.id = r.department_id \
         JOIN users m ON m.id = s.approver_id JOIN departments d ON d.id = m.department_id \
         WHERE s.state IN ('open', 'waiting') AND a.state = 'open' AND NOT (");
    can_be_asked(query).push(") ORDER BY a.id LIMIT ").arg(most).all_scalars(on).await
}
