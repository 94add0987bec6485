//! Rows of several features' tables by one statement, for pages that gather: each statement is a way to another thread
//! or server and back. Each feature appends the select of its own rows and reads them; whoever gathers joins the selects.

use crate::kernel::clock::Millis;
use crate::kernel::db::{Query, sql};
use crate::kernel::id::Id;

/// A row of some feature. What a column holds beside `id` and `at` is that feature's business.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Gathered {
    /// The kind of the row; each feature has words of its own.
    pub what: String,
    /// The record.
    pub id: Id,
    /// When it happened.
    pub at: Millis,
    /// When it ended, or is due.
    pub ended_at: Option<Millis>,
    /// Who did it.
    pub person: String,
    /// What it is called, or a number.
    pub title: String,
    /// What it says.
    pub text: String,
    /// As stored.
    pub state: String,
    /// A further word.
    pub more: String,
}

/// Selects of [`Gathered`] rows joined into one statement; `None` where there are none.
#[must_use]
pub fn joined(selects: impl IntoIterator<Item = impl FnOnce(Query) -> Query>) -> Option<Query> {
    let mut all: Option<Query> = None;
    for select in selects {
        let query = match all {
            Some(query) => query.push(" UNION ALL "),
            None => sql(""),
        };
        // An inner select, since each has an order and a limit of its own.
        all = Some(
            select(query.push("SELECT what, id, at, ended_at, person, title, text, state, more FROM ("))
                .push(") AS gathered"),
        );
    }
    all
}
