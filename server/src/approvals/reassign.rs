//! Reassignment: a step of an approver who can no longer be asked moves to their superior, who is notified. This happens
//! when a person is locked or changes role or department, and in a round for steps that are stuck.

use std::sync::Arc;
use std::time::Duration;

use crate::kernel::access::CompanyKey;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::Millis;
use crate::kernel::db::{Tx, sql};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::{HookFuture, Office};
use crate::web::error::Result;

use super::rules::{State, StepState};
use super::{deciders, store};

/// How often stuck approvals are looked for.
pub const LOOK: Duration = Duration::from_secs(600);
/// Approvals that are looked at in one round.
const BATCH: i64 = 100;

/// A person who was locked, or changed role or department.
#[derive(Clone, Copy, Debug)]
struct Left<'a> {
    user: Id,
    /// The department in which they decided.
    path: &'a str,
}

/// After somebody was locked, or changed role or department: moves the steps of theirs, and of what they submitted, whose
/// approvers cannot be asked any more. `path` is the path of their department before. Call it after the change, in the
/// same transaction.
pub async fn person_changed(tx: &mut Tx, at: Millis, user: Id, path: &str) -> Result<()> {
    let open: Vec<Id> = sql("SELECT a.id FROM approvals a JOIN approval_steps s ON s.approval_id = a.id \
         WHERE s.approver_id = $1 AND s.state IN ('open', 'waiting') AND a.state = 'open' \
         UNION SELECT id FROM approvals WHERE requester_id = $2 AND state = 'open' ORDER BY id")
    .bind(user)
    .bind(user)
    .all_scalars(&mut *tx)
    .await?;
    for approval in open {
        settle(tx, at, approval, Some(Left { user, path })).await?;
    }
    Ok(())
}

/// Moves the steps of an approval that are for somebody who cannot be asked; returns how many it moved.
async fn settle(tx: &mut Tx, at: Millis, id: Id, left: Option<Left<'_>>) -> Result<usize> {
    if store::lock(tx, id).await? != Some(State::Open) {
        return Ok(0);
    }
    let Some(requester) = store::requester_of(&mut *tx, id).await? else { return Ok(0) };
    let mut moved = 0;
    let steps = store::flow(&mut *tx, id).await?;
    for step in &steps {
        let asked = match step.state {
            StepState::Open | StepState::Waiting => step.approver_id,
            StepState::Approved | StepState::Rejected | StepState::HandedOver | StepState::Skipped => continue,
        };
        if deciders::can_ask(&mut *tx, requester, asked).await? {
            continue;
        }
        // Each is asked once; a step that was moved in this round is seen as it is now.
        let others: Vec<Id> = store::flow(&mut *tx, id)
            .await?
            .iter()
            .filter(|other| other.id != step.id && !matches!(other.state, StepState::HandedOver | StepState::Skipped))
            .map(|other| other.approver_id)
            .collect();
        let from = left.filter(|left| left.user == asked).map(|left| left.path);
        let Some(to) = deciders::held(tx, requester, asked, from, &others).await? else {
            tracing::warn!(approval = %id, "nobody is left who could decide");
            continue;
        };
        let comment = t!(Lang::default(), "approvals.moved_on");
        if step.state == StepState::Open {
            store::hand_over(tx, at, id, step, to, &comment).await?;
        } else {
            sql("UPDATE approval_steps SET approver_id = $1 WHERE id = $2").bind(to).bind(step.id).run(tx).await?;
        }
        let author = Author { user: None, origin: "reassignment".to_owned(), at };
        let changes = Changes::new().moved("approver_id", asked.to_string(), to.to_string()).set("comment", comment);
        audit::record(tx, &author, Action::Act, "approval", id, changes).await?;
        moved += 1;
    }
    Ok(moved)
}

/// Moves stuck steps: those of approvers who can no longer be asked and who were not replaced when that happened.
///
/// # Errors
/// What the database says; the next round goes on.
pub async fn settle_stuck(office: &Office) -> Result<usize> {
    let mut moved = 0;
    for approval in deciders::stuck(&office.db, BATCH).await? {
        let mut tx = office.db.begin().await?;
        moved += settle(&mut tx, office.clock.now(), approval, None).await?;
        tx.commit().await?;
    }
    if moved > 0 {
        office.alarm.ring();
    }
    Ok(moved)
}

/// The round of [`settle_stuck`].
#[must_use]
pub fn look<'a>(office: &'a Office, _: &'a Arc<CompanyKey>) -> HookFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let moved = settle_stuck(office).await?;
        if moved > 0 {
            tracing::info!(moved, "approvals of people who left were moved to their superiors");
        }
        Ok(())
    })
}
