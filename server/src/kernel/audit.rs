//! The operation log 数据操作日志: who changed what, field by field, in the same transaction as the change.

use serde_json::{Map, Value, json};

use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::words::words;

words! {
    /// What was done to a record.
    pub enum Action {
        /// Made.
        Create = "create",
        /// Changed.
        Edit = "edit",
        /// Moved to the recycle bin.
        Delete = "delete",
        /// Decided upon.
        Decide = "decide",
        /// Signed in, signed out, sent, exported: an act without a field change.
        Act = "act",
    }
}

/// Who acts, from where: a person at a page, or the system itself.
#[derive(Clone, Debug)]
pub struct Author {
    /// `None` for jobs and reactions.
    pub user: Option<Id>,
    /// Network address, or the name of the job.
    pub origin: String,
    /// When.
    pub at: Millis,
}

/// Field-level differences, for [`record`].
#[derive(Clone, Debug, Default)]
pub struct Changes(Map<String, Value>);

impl Changes {
    /// No field yet.
    #[must_use]
    pub fn new() -> Changes {
        Changes::default()
    }

    /// Notes a field of a new record.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Into<Value>) -> Changes {
        self.0.insert(field.to_owned(), json!([null, value.into()]));
        self
    }

    /// Notes a field that went from one value to another; equal values leave no note.
    #[must_use]
    pub fn moved(mut self, field: &str, before: impl Into<Value>, after: impl Into<Value>) -> Changes {
        let (before, after) = (before.into(), after.into());
        if before != after {
            self.0.insert(field.to_owned(), json!([before, after]));
        }
        self
    }
}

/// Writes one entry. `kind` is the record's noun, as in its address.
pub async fn record(
    tx: &mut Tx,
    author: &Author,
    action: Action,
    kind: &'static str,
    id: Id,
    changes: Changes,
) -> Result<(), DbError> {
    sql("INSERT INTO audit_log (id, at, user_id, origin, action, kind, record_id, changes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(Id::new())
    .bind(author.at)
    .bind(author.user)
    .bind(&author.origin)
    .bind(action.code())
    .bind(kind)
    .bind(id)
    .bind(Value::Object(changes.0).to_string())
    .later(tx);
    Ok(())
}
