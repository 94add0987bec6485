//! Who hears what. Inside the transaction: what must be true together. After the commit: what may lag.

use std::sync::Arc;
use std::time::Duration;

use fieldline_protocol::messages::Ack;

use crate::events::Event;
use crate::gateways::{self, FromBox};
use crate::kernel::Office;
use crate::kernel::access::{CompanyKey, Scope};
use crate::kernel::background::outbox::Pending;
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::web::error::{AppError, Result};
use crate::{approvals, calls, campaigns, customers, decisions, dispatch, popup, products, sms, stock};

/// Reactions that share the event's transaction.
///
/// # Errors
/// A refusal undoes the whole transaction.
pub async fn inside(tx: &mut Tx, at: Millis, event: &Event) -> Result<()> {
    match event {
        Event::ApprovalDecided { document_kind, document, outcome, by, .. } => {
            dispatch::decided(tx, at, *document_kind, *document, *outcome, *by).await
        }
        Event::CompanyFounded { lang } => {
            let lang = Lang::from_code(lang).unwrap_or(Lang::Zh);
            products::begin(tx, lang).await?;
            Ok(stock::begin(tx, lang).await?)
        }
        Event::PersonChanged { user, department_path } => {
            approvals::person_changed(tx, at, *user, department_path).await
        }
        Event::NumbersKnown(known) => {
            let callers = customers::callers(tx, known.customer).await?;
            calls::numbers_known(tx, at, known, &callers).await?;
            Ok(sms::numbers_known(tx, &callers).await?)
        }
        Event::SmsQueued { sms } | Event::SmsMoved { sms } => campaigns::moved(tx, *sms).await,
        Event::CallReturned { call, by } => Ok(calls::task_done(tx, at, *call, *by).await?),
        Event::ApprovalOpened { .. }
        | Event::OrderApproved { .. }
        | Event::TaskGiven { .. }
        | Event::SmsRecalled { .. }
        | Event::OptOutChanged { .. }
        | Event::SmsReceived { .. }
        | Event::CallRinging { .. }
        | Event::CallRangOut { .. }
        | Event::CallEnded { .. }
        | Event::CallUnanswered { .. } => Ok(()),
    }
}

/// How often a reaction runs again at once that the database could not write.
const AGAIN: usize = 3;

/// Reactions after the commit; each is safe to run twice.
///
/// # Errors
/// The event is tried again later.
pub async fn after(office: Office, key: Arc<CompanyKey>, pending: Pending<Event>) -> anyhow::Result<()> {
    for _ in 0..AGAIN {
        let done = react(&office, &key, pending.event.clone()).await;
        let Some(Passing { why, rest }) = done.as_ref().err().and_then(passing) else { return done };
        tracing::info!(event = %pending.id, why, "the reaction is made again");
        tokio::time::sleep(rest).await;
    }
    react(&office, &key, pending.event).await
}

/// A failure of the database that passes by itself, and how long that takes.
struct Passing<'a> {
    why: &'a str,
    rest: Duration,
}

fn passing(error: &anyhow::Error) -> Option<Passing<'_>> {
    match (error.downcast_ref(), error.downcast_ref()) {
        (Some(AppError::Undone(why)), _) | (_, Some(DbError::Undone(why))) => {
            Some(Passing { why, rest: Duration::ZERO })
        }
        (Some(AppError::Unavailable(why)), _) | (_, Some(DbError::Unavailable(why))) => {
            Some(Passing { why, rest: Duration::from_secs(1) })
        }
        (_, _) => None,
    }
}

async fn react(office: &Office, key: &Arc<CompanyKey>, event: Event) -> anyhow::Result<()> {
    let scope = Scope::company(key);
    match event {
        Event::TaskGiven { task, owner } => {
            office.badges_changed(owner);
            Ok(decisions::tell_task(office, key, task, owner).await?)
        }
        Event::PersonChanged { user, .. } => {
            office.badges_changed(user);
            Ok(())
        }
        Event::ApprovalOpened { approval, approver } => {
            approvals::tell::opened(office, key, approval, approver).await?;
            Ok(decisions::ask(office, key, approval, approver).await?)
        }
        Event::ApprovalDecided { approval, by, .. } => approvals::tell::decided(office, key, approval, by).await,
        Event::OrderApproved { order } => Ok(sms::order_approved(office, key, order).await?),
        Event::SmsQueued { sms } => Ok(sms::offer(office, &scope, sms).await?),
        Event::SmsMoved { sms } => Ok(sms::tell_moved(office, &scope, sms).await?),
        Event::SmsRecalled { sms } => Ok(sms::ask_back(office, &scope, sms).await?),
        Event::OptOutChanged { block } => Ok(sms::opt_out_changed(office, &scope, block).await?),
        Event::SmsReceived { inbox } => {
            sms::tell_received(office, &scope, inbox).await?;
            Ok(decisions::heard(office, key, inbox).await?)
        }
        Event::CallRinging { call } => Ok(popup::ring(office, &scope, call).await?),
        Event::CallRangOut { call } => Ok(calls::rang_out(office, &scope, call).await?),
        Event::CallEnded { call } => Ok(popup::hang_up(office, &scope, call).await?),
        Event::CallUnanswered { call } => Ok(calls::unanswered(office, &scope, call).await?),
        Event::CallReturned { by, .. } => {
            office.badges_changed(by);
            Ok(())
        }
        Event::NumbersKnown(known) => {
            office.badges_changed(known.by);
            Ok(())
        }
        Event::CompanyFounded { .. } => Ok(()),
    }
}

/// What happened at a box, inside the transaction that notes it.
///
/// # Errors
/// Nothing of the transaction may be committed; the box offers the event again.
pub async fn from_box(tx: &mut Tx, gateway: Id, at: Millis, event: &FromBox) -> Result<()> {
    match event {
        FromBox::Sms(event) => sms::moved(tx, gateway, at, event).await,
        FromBox::Inbox(event) => sms::received(tx, gateway, at, event).await,
        FromBox::Call(event) => calls::heard(tx, gateway, at, event).await,
        FromBox::Ussd(event) => Ok(gateways::answered(tx, gateway, at, event).await?),
        FromBox::Optout(event) => sms::opted_out(tx, at, event).await,
    }
}

/// A box has committed a command, or refuses it.
pub async fn box_acknowledged(tx: &mut Tx, gateway: Id, at: Millis, ack: &Ack) -> Result<()> {
    sms::acknowledged(tx, gateway, at, ack).await
}

/// A box began a new run, inside the transaction that notes it.
pub async fn box_started(tx: &mut Tx, gateway: Id, at: Millis, boot: &str) -> Result<()> {
    calls::box_started(tx, gateway, boot, at).await
}

/// A box has come online.
pub async fn box_online(office: &Office, key: &Arc<CompanyKey>, gateway: Id) -> Result<()> {
    sms::box_came_online(office, &Scope::company(key), gateway).await
}

/// A box was revoked.
pub async fn box_lost(tx: &mut Tx, gateway: Id, at: Millis) -> Result<()> {
    sms::box_lost(tx, gateway, at).await
}
