//! The one transaction of a POST.

use poem::Response;
use serde_json::Value;

use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, see_other};
use crate::web::form::Form;

/// A POST's transaction: the rows, the audit entries, the events and the form's `op_id`, all or none.
#[derive(Debug)]
pub struct Write<'a> {
    /// The transaction, for stores.
    pub tx: Tx,
    /// Who writes, for the audit and for calls into other features.
    pub author: Author,
    cx: &'a Cx,
    form: Form,
}

impl<'a> Write<'a> {
    pub(in crate::web) fn new(tx: Tx, author: Author, cx: &'a Cx, form: &Form) -> Write<'a> {
        Write { tx, author, cx, form: form.clone_head() }
    }

    /// Notes a change in the operation log.
    pub async fn audit(&mut self, action: Action, kind: &'static str, id: Id, changes: Changes) -> Result<()> {
        Ok(audit::record(&mut self.tx, &self.author, action, kind, id, changes).await?)
    }

    /// Notes an act without field changes.
    pub async fn act(&mut self, kind: &'static str, id: Id, what: &str) -> Result<()> {
        self.audit(Action::Act, kind, id, Changes::new().set("act", Value::from(what))).await
    }

    /// Commits and answers 303 to `location`. When this returns, everything is on disk.
    ///
    /// # Errors
    /// What the database says; a twin of the same form that won the race makes this [`AppError::Repeated`].
    pub async fn finish(mut self, location: &str) -> Result<Response> {
        let user = self.cx.actor().id;
        sql("INSERT INTO ops (user_id, op_id, body_hash, location, at) VALUES ($1, $2, $3, $4, $5)")
            .bind(user)
            .bind(self.form.op())
            .bind(self.form.hash())
            .bind(location)
            .bind(self.author.at)
            .later(&mut self.tx);
        let stirred = self.tx.stirred();
        match self.tx.commit().await {
            Ok(()) => {}
            Err(DbError::Duplicate) => {
                // The winner may share a commit that is still to come; an empty write is answered after it.
                self.cx.office.db.begin().await?.commit().await?;
                let first = self.cx.first_answer(&self.form).await?;
                return Err(first.unwrap_or_else(|| AppError::Unavailable("a twin form was undone".to_owned())));
            }
            Err(error) => return Err(error.into()),
        }
        if stirred {
            self.cx.office.alarm.ring();
        }
        self.cx.office.badges_changed(user);
        Ok(see_other(location))
    }
}
