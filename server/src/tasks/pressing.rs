//! One person's most pressing tasks as the first page shows them, by the statement that gathers that page.

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
