//! One person's most pressing tasks as the first page shows them, by the statement that gathers that page.

use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::Query;
use crate::kernel::db::gather::Gathered;
use crate::kernel::id::Id;

/// A task that is open.
#[derive(Clone, Debug)]
pub struct Pressing {
    /// The task.
    pub id: Id,
    /// What to do.
    pub title: String,
    /// Until when.
    pub due_at: Option<Millis>,
}

/// Appends the select of a person's open tasks, the most pressing first.
#[must_use]
pub fn pressing(query: Query, user: Id, limit: i64) -> Query {
    query
        .push(
            "SELECT 'task' AS what, t.id, t.created_at AS at, t.due_at AS ended_at, '' AS person, t.title, '' AS text, t.state, \
             '' AS more FROM tasks t WHERE t.deleted_at IS NULL AND t.state = 'open' AND t.owner_id = ",
        )
        .arg(user)
        .push(" ORDER BY t.due_at NULLS LAST, t.id LIMIT ")
        .arg(limit)
}

/// A task of a colleague that is late.
#[derive(Clone, Debug)]
pub struct Late {
    /// The task.
    pub id: Id,
    /// What was to be done.
    pub title: String,
    /// Who has to do it.
    pub owner: String,
    /// Until when.
    pub due_at: Millis,
}

/// Appends the select of the open tasks in a scope that are late, the latest due first: what is late for months was
/// seen before.
#[must_use]
pub fn late(query: Query, scope: &Scope, now: Millis, limit: i64) -> Query {
    let query = query
        .push(
            "SELECT 'late task' AS what, t.id, t.created_at AS at, t.due_at AS ended_at, u.name AS person, t.title, '' AS text, \
             t.state, '' AS more FROM tasks t JOIN users u ON u.id = t.owner_id WHERE t.deleted_at IS NULL AND t.state = 'open' \
             AND t.due_at < ",
        )
        .arg(now);
    scope.restrict(query, "t.owner_id").push(" ORDER BY t.due_at DESC, t.id DESC LIMIT ").arg(limit)
}

impl Late {
    /// Those among gathered rows.
    #[must_use]
    pub fn among(rows: &[Gathered]) -> Vec<Late> {
        let late = rows.iter().filter(|row| row.what == "late task");
        late.map(|row| Late {
            id: row.id,
            title: row.title.clone(),
            owner: row.person.clone(),
            due_at: row.ended_at.unwrap_or(row.at),
        })
        .collect()
    }
}

impl Pressing {
    /// Those among gathered rows, the most pressing first.
    #[must_use]
    pub fn among(rows: &[Gathered]) -> Vec<Pressing> {
        let tasks = rows.iter().filter(|row| row.what == "task");
        let mut all: Vec<Pressing> =
            tasks.map(|row| Pressing { id: row.id, title: row.title.clone(), due_at: row.ended_at }).collect();
        all.sort_by_key(|task| (task.due_at.unwrap_or(Millis::MAX), task.id));
        all
    }
}
