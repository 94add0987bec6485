//! Everything that happens and that somebody else may have to hear of: one enum.
//! Who hears what is in `reactions.rs`.

use serde::{Deserialize, Serialize};

use crate::kernel::background::outbox;
use crate::kernel::clock::Millis;
use crate::kernel::db::Tx;
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::reactions;
use crate::web::error::Result;

/// How an approval ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// 同意
    Approved,
    /// 驳回
    Rejected,
    /// 撤回 by the requester.
    Withdrawn,
}

/// Numbers of a customer were entered; calls and messages of these numbers are linked to the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumbersKnown {
    /// The customer.
    pub customer: Id,
    /// Who entered them.
    pub by: Id,
    /// The call during which they were entered.
    pub call: Option<Id>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A company has its first administrator.
    CompanyFounded {
        /// The language that it was founded in, as its tag.
        lang: String,
    },
    /// Somebody was locked, or changed role or department.
    PersonChanged {
        /// Who.
        user: Id,
        /// The path of their department before.
        department_path: String,
    },
    /// Numbers of a customer were entered.
    NumbersKnown(NumbersKnown),
    /// A step of an approval waits for `approver`.
    ApprovalOpened {
        /// The approval.
        approval: Id,
        /// Who is asked.
        approver: Id,
    },
    /// An approval ended. Its document hears of it inside the same transaction.
    ApprovalDecided {
        /// The approval.
        approval: Id,
        /// The document's kind.
        document_kind: Kind,
        /// The document.
        document: Id,
        /// How.
        outcome: Outcome,
        /// Who decided.
        by: Id,
    },
    /// An order came into force and its stock is reserved.
    OrderApproved {
        /// The order.
        order: Id,
    },
    /// Somebody has a new task.
    TaskGiven {
        /// The task.
        task: Id,
        /// Whose it is.
        owner: Id,
    },
    /// A message waits to be offered to a box.
    SmsQueued {
        /// The message.
        sms: Id,
    },
    /// A message's state changed at the box.
    SmsMoved {
        /// The message.
        sms: Id,
    },
    /// A message is wanted back from the box that has it.
    SmsRecalled {
        /// The message.
        sms: Id,
    },
    /// A number opted out of marketing, or in again.
    OptOutChanged {
        /// Its row among the blocked numbers.
        block: Id,
    },
    /// A message came in.
    SmsReceived {
        /// The inbox row.
        inbox: Id,
    },
    /// The telephone rings.
    CallRinging {
        /// The call.
        call: Id,
    },
    /// A timer: a call whose end nobody told has ended.
    CallRangOut {
        /// The call.
        call: Id,
    },
    /// The ringing stopped.
    CallEnded {
        /// The call.
        call: Id,
    },
    /// The task of a missed call was done: somebody called back.
    CallReturned {
        /// The call.
        call: Id,
        /// Who.
        by: Id,
    },
    /// A timer: a call that nobody said they took becomes missed.
    CallUnanswered {
        /// The call.
        call: Id,
    },
}

impl outbox::Event for Event {
    const URGENT: &'static [&'static str] = &["call_ringing", "call_ended", "opt_out_changed"];

    fn kind(&self) -> &'static str {
        match self {
            Event::CompanyFounded { .. } => "company_founded",
            Event::PersonChanged { .. } => "person_changed",
            Event::NumbersKnown(_) => "numbers_known",
            Event::ApprovalOpened { .. } => "approval_opened",
            Event::ApprovalDecided { .. } => "approval_decided",
            Event::OrderApproved { .. } => "order_approved",
            Event::TaskGiven { .. } => "task_given",
            Event::SmsQueued { .. } => "sms_queued",
            Event::SmsMoved { .. } => "sms_moved",
            Event::SmsRecalled { .. } => "sms_recalled",
            Event::OptOutChanged { .. } => "opt_out_changed",
            Event::SmsReceived { .. } => "sms_received",
            Event::CallRinging { .. } => "call_ringing",
            Event::CallRangOut { .. } => "call_rang_out",
            Event::CallEnded { .. } => "call_ended",
            Event::CallReturned { .. } => "call_returned",
            Event::CallUnanswered { .. } => "call_unanswered",
        }
    }
}

/// Raises an event in the transaction that makes it true: those who must act within it act now, the others
/// after the commit.
///
/// # Errors
/// What a reaction within the transaction refuses; then nothing of the transaction may be committed.
pub async fn raise(tx: &mut Tx, at: Millis, event: Event) -> Result<()> {
    // Boxed, since a reaction may raise further events.
    Box::pin(reactions::inside(tx, at, &event)).await?;
    outbox::record(tx, &event, at, at).await?;
    Ok(())
}

/// Sets a timer: the event's reactions run at `due_at`.
pub async fn raise_later(tx: &mut Tx, at: Millis, due_at: Millis, event: Event) -> Result<()> {
    outbox::record(tx, &event, at, due_at).await?;
    Ok(())
}
