//! Who hears what. Inside the transaction: what must be true together. After the commit: what may lag.

use std::sync::Arc;

use crate::events::Event;
use crate::kernel::Office;
use crate::kernel::access::CompanyKey;
use crate::kernel::clock::Millis;
use crate::kernel::db::Tx;
use crate::kernel::error::Result;
use crate::kernel::outbox::Pending;
use crate::{approvals, orders};

/// Reactions that share the event's transaction.
///
/// # Errors
/// A refusal undoes the whole transaction.
pub async fn inside(tx: &mut Tx, at: Millis, event: &Event) -> Result<()> {
    match event {
        Event::ApprovalDecided { document_kind, document, outcome, by, .. } => match document_kind.as_str() {
            orders::KIND => orders::approval::decided(tx, at, *document, *outcome, *by).await,
            _ => Ok(()),
        },
        Event::ApprovalOpened { .. }
        | Event::OrderApproved { .. }
        | Event::OrderRefused { .. }
        | Event::VisitEnded { .. }
        | Event::TaskGiven { .. }
        | Event::SmsQueued { .. }
        | Event::SmsMoved { .. }
        | Event::SmsReceived { .. }
        | Event::CallRinging { .. }
        | Event::CallEnded { .. }
        | Event::CallUnanswered { .. } => Ok(()),
    }
}

/// Reactions after the commit; each is safe to run twice.
///
/// # Errors
/// The event is tried again later.
pub async fn after(office: Office, key: Arc<CompanyKey>, pending: Pending<Event>) -> anyhow::Result<()> {
    match pending.event {
        Event::TaskGiven { owner, .. } => {
            office.badges_changed(owner);
            Ok(())
        }
        Event::ApprovalOpened { approval, approver } => {
            approvals::tell::opened(&office, &key, approval, approver).await
        }
        Event::ApprovalDecided { approval, by, .. } => approvals::tell::decided(&office, &key, approval, by).await,
        Event::OrderApproved { .. }
        | Event::OrderRefused { .. }
        | Event::VisitEnded { .. }
        | Event::SmsQueued { .. }
        | Event::SmsMoved { .. }
        | Event::SmsReceived { .. }
        | Event::CallRinging { .. }
        | Event::CallEnded { .. }
        | Event::CallUnanswered { .. } => Ok(()),
    }
}
