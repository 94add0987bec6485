//! The SQL of approvals and their steps.
//!
//! Long because: a decision, its step and what it opens are one transaction, and read as one.

use crate::events::{self, Event, Outcome};
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::{Listing, Paging};
use crate::kernel::db::{Db, DbError, On, Query, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::web::error::{AppError, Result};

use super::rules::{self, State, StepState};
use super::{Ask, DocumentAccess, deciders};

/// An approval.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Approval {
    /// The approval.
    pub id: Id,
    document_kind: Kind,
    document_id: Id,
    /// Who asked.
    pub requester_id: Id,
    /// The name of who asked.
    pub requester: String,
    /// Number and customer.
    pub title: String,
    /// What it is about in money.
    pub amount: Option<Fen>,
    /// Why, in the document module's codes.
    pub reason: String,
    /// What the requester said.
    pub note: String,
    /// Where it stands.
    pub state: State,
    /// When it was asked.
    pub created_at: Millis,
    /// When it ended.
    pub decided_at: Option<Millis>,
}

impl Approval {
    /// The reader of this row may see its document: see [`DocumentAccess`].
    #[must_use]
    pub fn asked(&self) -> DocumentAccess {
        DocumentAccess { kind: self.document_kind, document: self.document_id }
    }

    /// What kind of document it is about.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.document_kind
    }

    #[cfg(test)]
    pub(super) fn for_test(state: State) -> Approval {
        Approval {
            id: Id(1),
            document_kind: Kind::Order,
            document_id: Id(2),
            requester_id: Id(99),
            requester: String::new(),
            title: String::new(),
            amount: None,
            reason: String::new(),
            note: String::new(),
            state,
            created_at: 0,
            decided_at: None,
        }
    }
}

/// One person's turn.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Step {
    /// The step.
    pub id: Id,
    /// Who is asked.
    pub approver_id: Id,
    /// Their name.
    pub approver: String,
    /// Order of asking.
    pub position: i64,
    /// Where it stands.
    pub state: StepState,
    /// What they said.
    pub comment: String,
    /// When their turn came.
    pub opened_at: Option<Millis>,
    /// When they decided.
    pub decided_at: Option<Millis>,
}

const APPROVAL: &str = "SELECT a.id, a.document_kind, a.document_id, a.requester_id, r.name AS requester, a.title, a.amount, a.reason, \
     a.note, a.state, a.created_at, a.decided_at FROM approvals a JOIN users r ON r.id = a.requester_id WHERE ";

/// Lists of approvals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// 待我审批
    Waiting,
    /// 我发起的
    Mine,
    /// 我已处理
    Done,
}

pub(super) async fn list(db: &Db, user: Id, view: View, paging: Paging) -> Result<Listing<Approval>, DbError> {
    let query = sql(APPROVAL);
    let query = match view {
        View::Waiting => waits_for(query, user),
        View::Mine => query.push("a.requester_id = ").arg(user).push(" ORDER BY a.id DESC"),
        View::Done => query
            .push("a.id IN (SELECT s.approval_id FROM approval_steps s WHERE s.state IN ('approved', 'rejected', 'handed_over') AND s.approver_id = ")
            .arg(user)
            .push(") ORDER BY a.id DESC"),
    };
    let rows = query.push(" LIMIT ").arg(paging.limit()).push(" OFFSET ").arg(paging.offset()).all(db).await?;
    Ok(paging.cut(rows))
}

/// The first approvals that wait for a person, the oldest first.
pub async fn waiting(db: &Db, user: Id, most: i64) -> Result<Vec<Approval>, DbError> {
    waits_for(sql(APPROVAL), user).push(" LIMIT ").arg(most).all(db).await
}

fn waits_for(query: Query, user: Id) -> Query {
    query
        .push("a.id IN (SELECT s.approval_id FROM approval_steps s WHERE s.state = 'open' AND s.approver_id = ")
        .arg(user)
        .push(") AND a.state = 'open' ORDER BY a.id")
}

/// An approval that `user` is or was asked about, asked for, or whose requester is in `scope`.
pub async fn find(on: impl Into<On<'_>>, scope: &Scope, user: Id, id: Id) -> Result<Option<Approval>, DbError> {
    let query = sql(APPROVAL)
        .push("a.id = ")
        .arg(id)
        .push(" AND (a.requester_id = ")
        .arg(user)
        .push(" OR EXISTS (SELECT 1 FROM approval_steps s WHERE s.approval_id = a.id AND s.approver_id = ")
        .arg(user)
        .push(") OR (1 = 1");
    scope.restrict(query, "a.requester_id").push("))").optional(on).await
}

/// The steps of an approval, in order.
pub async fn flow(on: impl Into<On<'_>>, approval: Id) -> Result<Vec<Step>, DbError> {
    sql("SELECT s.id, s.approver_id, u.name AS approver, s.position, s.state, s.comment, s.opened_at, s.decided_at \
         FROM approval_steps s JOIN users u ON u.id = s.approver_id WHERE s.approval_id = $1 ORDER BY s.position, s.id")
    .bind(approval)
    .all(on)
    .await
}

/// The approvals of a document that the caller already may see, newest first.
pub async fn of_document(on: impl Into<On<'_>>, kind: Kind, document: Id) -> Result<Vec<Approval>, DbError> {
    sql(APPROVAL)
        .push("a.document_kind = ")
        .arg(kind.code())
        .push(" AND a.document_id = ")
        .arg(document)
        .push(" ORDER BY a.id DESC LIMIT 10")
        .all(on)
        .await
}

/// The approval of a document that is still open.
pub async fn open_of(on: impl Into<On<'_>>, kind: Kind, document: Id) -> Result<Option<Approval>, DbError> {
    Ok(of_document(on, kind, document).await?.into_iter().find(|approval| approval.state == State::Open))
}

/// An approval with one of its steps.
#[derive(sqlx_macros::FromRow)]
struct WithStep {
    #[sqlx(flatten)]
    approval: Approval,
    step_id: Option<Id>,
    approver_id: Option<Id>,
    approver: Option<String>,
    position: Option<i64>,
    step_state: Option<StepState>,
    comment: Option<String>,
    opened_at: Option<Millis>,
    step_decided_at: Option<Millis>,
}

impl WithStep {
    fn step(&self) -> Option<Step> {
        Some(Step {
            id: self.step_id?,
            approver_id: self.approver_id?,
            approver: self.approver.clone()?,
            position: self.position?,
            state: self.step_state?,
            comment: self.comment.clone()?,
            opened_at: self.opened_at,
            decided_at: self.step_decided_at,
        })
    }
}

/// The newest approval of a document that the caller already may see, with its steps.
pub async fn last_of(db: &Db, kind: Kind, document: Id) -> Result<Option<(Approval, Vec<Step>)>, DbError> {
    let rows: Vec<WithStep> = sql(
        "SELECT a.id, a.document_kind, a.document_id, a.requester_id, r.name AS requester, a.title, a.amount, a.reason, a.note, \
         a.state, a.created_at, a.decided_at, s.id AS step_id, s.approver_id, u.name AS approver, s.position, s.state AS step_state, \
         s.comment, s.opened_at, s.decided_at AS step_decided_at FROM approvals a JOIN users r ON r.id = a.requester_id \
         LEFT JOIN approval_steps s ON s.approval_id = a.id LEFT JOIN users u ON u.id = s.approver_id \
         WHERE a.id = (SELECT max(x.id) FROM approvals x WHERE x.document_kind = $1 AND x.document_id = $2) \
         ORDER BY s.position, s.id",
    )
    .bind(kind.code())
    .bind(document)
    .all(db)
    .await?;
    let steps = rows.iter().filter_map(WithStep::step).collect();
    Ok(rows.into_iter().next().map(|row| (row.approval, steps)))
}

/// The next approval that waits for a person, the oldest first.
pub(super) async fn next_waiting(on: impl Into<On<'_>>, user: Id) -> Result<Option<Id>, DbError> {
    sql("SELECT approval_id FROM approval_steps WHERE approver_id = $1 AND state = 'open' ORDER BY approval_id LIMIT 1")
        .bind(user)
        .optional_scalar(on)
        .await
}

/// How many approvals wait for a person: the red number.
pub async fn count_waiting(on: impl Into<On<'_>>, user: Id) -> Result<i64, DbError> {
    sql("SELECT CAST(count(*) AS BIGINT) AS n FROM approval_steps WHERE approver_id = $1 AND state = 'open'")
        .bind(user)
        .scalar(on)
        .await
}

/// Who asked for an approval.
pub(super) async fn requester_of(on: impl Into<On<'_>>, approval: Id) -> Result<Option<Id>, DbError> {
    sql("SELECT requester_id FROM approvals WHERE id = $1").bind(approval).optional_scalar(on).await
}

/// Opens an approval and asks the first approver.
///
/// # Errors
/// [`AppError::Refused`] never; what the database says.
pub async fn open(tx: &mut Tx, now: Millis, ask: &Ask) -> Result<Id> {
    let id = Id::new();
    sql("INSERT INTO approvals (id, document_kind, document_id, requester_id, title, amount, reason, note, state, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9)")
    .bind(id)
    .bind(ask.kind.code())
    .bind(ask.document)
    .bind(ask.requester)
    .bind(&ask.title)
    .bind(ask.amount)
    .bind(&ask.reason)
    .bind(&ask.note)
    .bind(now)
    .run(tx)
    .await?;
    let mut approvers = Vec::new();
    for approver in &ask.approvers {
        approvers.push(deciders::held(tx, ask.requester, *approver, None, &[]).await?.unwrap_or(*approver));
    }
    for (position, approver) in (0i64..).zip(rules::asked(&approvers, ask.requester)) {
        let first = position == 0;
        let state = if first { StepState::Open } else { StepState::Waiting };
        insert_step(tx, id, approver, position, state, first.then_some(now)).await?;
        if first {
            events::raise(tx, now, Event::ApprovalOpened { approval: id, approver }).await?;
        }
    }
    Ok(id)
}

async fn insert_step(
    tx: &mut Tx,
    approval: Id,
    approver: Id,
    position: i64,
    state: StepState,
    opened_at: Option<Millis>,
) -> Result<(), DbError> {
    sql("INSERT INTO approval_steps (id, approval_id, position, approver_id, state, opened_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(Id::new())
        .bind(approval)
        .bind(position)
        .bind(approver)
        .bind(state.code())
        .bind(opened_at)
        .run(tx)
        .await?;
    Ok(())
}

/// Locks an approval, so that two decisions come one after the other, and reads where it stands.
pub(super) async fn lock(tx: &mut Tx, approval: Id) -> Result<Option<State>, DbError> {
    let lock = tx.for_update();
    let row: Option<String> =
        sql("SELECT state FROM approvals WHERE id = $1").bind(approval).push(lock).optional_scalar(tx).await?;
    Ok(row.and_then(|row| State::from_code(&row)))
}

async fn close_step(tx: &mut Tx, step: Id, state: StepState, comment: &str, now: Millis) -> Result<(), DbError> {
    sql("UPDATE approval_steps SET state = $1, comment = $2, decided_at = $3 WHERE id = $4")
        .bind(state.code())
        .bind(comment)
        .bind(now)
        .bind(step)
        .run(tx)
        .await?;
    Ok(())
}

/// Ends an approval and lets its document's module act in the same transaction.
async fn end(tx: &mut Tx, now: Millis, id: Id, document: &DocumentAccess, outcome: Outcome, by: Id) -> Result<()> {
    let state = match outcome {
        Outcome::Approved => State::Approved,
        Outcome::Rejected => State::Rejected,
        Outcome::Withdrawn => State::Withdrawn,
    };
    sql("UPDATE approvals SET state = $1, decided_at = $2 WHERE id = $3")
        .bind(state.code())
        .bind(now)
        .bind(id)
        .run(tx)
        .await?;
    sql("UPDATE approval_steps SET state = 'skipped' WHERE approval_id = $1 AND state IN ('waiting', 'open')")
        .bind(id)
        .run(tx)
        .await?;
    let decided = Event::ApprovalDecided {
        approval: id,
        document_kind: document.kind(),
        document: document.document(),
        outcome,
        by,
    };
    events::raise(tx, now, decided).await
}

/// Notes what the asked person said; the last yes and any no end the approval.
pub(super) async fn decide(
    tx: &mut Tx,
    now: Millis,
    approval: &Approval,
    step: &Step,
    steps: &[Step],
    approved: bool,
    comment: &str,
) -> Result<()> {
    let state = if approved { StepState::Approved } else { StepState::Rejected };
    close_step(tx, step.id, state, comment, now).await?;
    let document = approval.asked();
    match (approved, rules::next_step(steps, step.id)) {
        (false, _) => end(tx, now, approval.id, &document, Outcome::Rejected, step.approver_id).await,
        (true, None) => end(tx, now, approval.id, &document, Outcome::Approved, step.approver_id).await,
        (true, Some(next)) => {
            // Whoever was to be asked may have left since.
            let held = deciders::held(tx, approval.requester_id, next.approver_id, None, &[]).await?;
            let approver = held.unwrap_or(next.approver_id);
            sql("UPDATE approval_steps SET state = 'open', opened_at = $1, approver_id = $3 WHERE id = $2")
                .bind(now)
                .bind(next.id)
                .bind(approver)
                .run(tx)
                .await?;
            let opened = Event::ApprovalOpened { approval: approval.id, approver };
            events::raise(tx, now, opened).await
        }
    }
}

/// Asks another person in place of the one whose turn it is.
pub(super) async fn hand_over(
    tx: &mut Tx,
    now: Millis,
    approval: Id,
    step: &Step,
    to: Id,
    comment: &str,
) -> Result<()> {
    close_step(tx, step.id, StepState::HandedOver, comment, now).await?;
    insert_step(tx, approval, to, step.position, StepState::Open, Some(now)).await?;
    events::raise(tx, now, Event::ApprovalOpened { approval, approver: to }).await
}

/// Takes a document's open approval back.
///
/// # Errors
/// [`AppError::NotFound`] when none is open; what the document's module refuses.
pub async fn withdraw(tx: &mut Tx, now: Millis, kind: Kind, document: Id, by: Id) -> Result<()> {
    let approval = open_of(&mut *tx, kind, document).await?.ok_or(AppError::NotFound)?;
    if lock(tx, approval.id).await? != Some(State::Open) {
        return Err(AppError::NotFound);
    }
    end(tx, now, approval.id, &approval.asked(), Outcome::Withdrawn, by).await
}
