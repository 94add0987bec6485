//! Taking messages back 收回: at once while no box has them, by `cmd/cancel` while a box has them in its queue,
//! and not at all once they left. A message that was taken back never goes out under the same id on the wire:
//! the box remembers it as taken back.

use fieldline_protocol::messages::{Ack, CancelCommand};
use fieldline_protocol::topics::CommandKind;

use crate::events::{self, Event};
use crate::gateways;
use crate::kernel::Office;
use crate::kernel::access::Scope;
use crate::kernel::clock::Millis;
use crate::kernel::db::{Db, DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::kernel::words::words;
use crate::sms::rules::State;
use crate::sms::store::{self, Message};
use crate::web::error::Result;

/// A box that has not answered is asked again after this.
const AGAIN: Millis = 30_000;
/// Asked again in one go.
const MOST: i64 = 100;
/// The error of a message that was taken back.
const TAKEN_BACK: &str = "taken_back";
/// The error of one whose receiver opted out; boxes say the same word.
const OPTED_OUT: &str = "optout";

words! {
    /// Who wants a message back.
    pub enum For {
        /// Somebody who wrote it: it is dropped.
        Person = "person",
        /// A campaign that was paused or cancelled: its recipient waits as before.
        Campaign = "campaign",
        /// Its receiver, who opted out: it is dropped.
        OptOut = "optout",
    }
}

/// Why a message did not go that somebody wanted back, by the stored word of who did.
#[must_use]
pub fn reason(recall: &str) -> &'static str {
    match For::from_code(recall) {
        Some(For::OptOut) => OPTED_OUT,
        Some(For::Person | For::Campaign) | None => TAKEN_BACK,
    }
}

/// What became of the wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recalled {
    /// No box had it: it is back.
    Back,
    /// A box is asked.
    Asked,
    /// It left, or is leaving.
    Late,
}

/// Wants a message back that this transaction has locked.
pub async fn recall(tx: &mut Tx, message: &Message, by: For, now: Millis) -> Result<Recalled> {
    match message.state {
        State::Waiting => {
            want(tx, message.id, by, None, now).await?;
            store::set_state(tx, message.id, State::Dropped, reason(by.code()), now).await?;
            events::raise(tx, now, Event::SmsMoved { sms: message.id }).await?;
            Ok(Recalled::Back)
        }
        State::Offered | State::Queued if message.recall_id.is_some() => {
            want(tx, message.id, by, message.recall_id.clone(), now).await?;
            Ok(Recalled::Asked)
        }
        State::Offered | State::Queued => {
            want(tx, message.id, by, Some(uuid::Uuid::now_v7().to_string()), now).await?;
            events::raise(tx, now, Event::SmsRecalled { sms: message.id }).await?;
            Ok(Recalled::Asked)
        }
        State::Sending
        | State::Sent
        | State::Delivered
        | State::Undelivered
        | State::Expired
        | State::Failed
        | State::Unknown
        | State::Refused
        | State::Dropped => Ok(Recalled::Late),
    }
}

/// Wants the messages of a campaign back. They are locked before anything else is, in the order of their ids:
/// what a box reports locks a message first and its campaign after it.
pub async fn recall_all(tx: &mut Tx, ids: &[Id], now: Millis) -> Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    for message in store::several_to_change(tx, ids).await? {
        recall(tx, &message, For::Campaign, now).await?;
    }
    Ok(())
}

async fn want(tx: &mut Tx, id: Id, by: For, command: Option<String>, now: Millis) -> Result<(), DbError> {
    sql("UPDATE sms_messages SET recall = $2, recall_id = $3, recalled_at = $4, recall_late = FALSE WHERE id = $1")
        .bind(id)
        .bind(by.code())
        .bind(command)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}

/// After [`Event::SmsRecalled`], and again until the box answers: asks it for the message.
pub async fn ask_back(office: &Office, scope: &Scope, id: Id) -> Result<()> {
    let now = office.clock.now();
    let mut tx = office.db.begin().await?;
    gateways::hold(&mut tx).await?;
    let Some(message) = store::message_to_change(&mut tx, scope, id).await? else { return Ok(()) };
    let (Some(gateway), Some(command)) = (message.gateway_id, &message.recall_id) else { return Ok(()) };
    if !matches!(message.state, State::Offered | State::Queued) {
        return Ok(());
    }
    let (Ok(id), Ok(sms)) = (command.parse(), message.wire_id.parse()) else { return Ok(()) };
    let body = serde_json::to_string(&CancelCommand { id, sms }).map_err(anyhow::Error::from)?;
    let sent = gateways::command(office, &mut tx, gateway, CommandKind::Cancel, body, now).await?;
    sql("UPDATE sms_messages SET recalled_at = $2 WHERE id = $1").bind(message.id).bind(now).run(&mut tx).await?;
    tx.commit().await?;
    if let Some(outgoing) = sent
        && !outgoing.publish(office)
    {
        tracing::debug!(sms = %message.id, "no way to the broker; the box will be asked again");
    }
    Ok(())
}

/// Messages that a box was asked for and has not answered about.
pub async fn unanswered(db: &Db, now: Millis) -> Result<Vec<Id>, DbError> {
    sql("SELECT m.id FROM sms_messages m WHERE m.recall_id IS NOT NULL AND m.recalled_at < $1 \
         AND m.state IN ('offered', 'queued') ORDER BY m.id LIMIT $2")
    .bind(now - AGAIN)
    .bind(MOST)
    .all_scalars(db)
    .await
}

/// The box's answer to a `cmd/cancel`.
pub async fn acknowledged(tx: &mut Tx, gateway: Id, now: Millis, ack: &Ack) -> Result<()> {
    let Some(message) = store::by_recall_id(tx, gateway, &ack.id.to_string()).await? else { return Ok(()) };
    sql("UPDATE sms_messages SET recall_id = NULL, recall_late = $2 WHERE id = $1")
        .bind(message.id)
        .bind(!ack.ok)
        .run(&mut *tx)
        .await?;
    let next = match (ack.ok, message.state) {
        (true, _) => Some((State::Dropped, reason(&message.recall))),
        // It has no such message in its queue and never said that it took it in: it may have sent it all the
        // same, and its report is still to come.
        (false, State::Offered) => Some((State::Unknown, "recall")),
        (false, _) => None,
    };
    if let Some((state, error)) = next.filter(|(state, _)| message.state.moves_to(*state)) {
        store::set_state(tx, message.id, state, error, now).await?;
    }
    events::raise(tx, now, Event::SmsMoved { sms: message.id }).await
}

#[derive(sqlx_macros::FromRow)]
struct Stands {
    state: State,
    error: String,
    recall: String,
}

/// Whether a message came back for its campaign, so that its recipient waits again.
pub async fn came_back(tx: &mut Tx, id: Id) -> Result<bool, DbError> {
    let row: Option<Stands> =
        sql("SELECT state, error, recall FROM sms_messages WHERE id = $1").bind(id).optional(tx).await?;
    Ok(row.is_some_and(|row| {
        row.state == State::Dropped && row.error == TAKEN_BACK && row.recall == For::Campaign.code()
    }))
}
