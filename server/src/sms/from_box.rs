//! What a box says about messages, each inside the transaction that notes the box's event.

use fieldline_protocol::messages::{Ack, InboxEvent, SmsEvent, SmsState};

use crate::customers;
use crate::events::{self, Event};
use crate::kernel::clock::Millis;
use crate::kernel::db::Tx;
use crate::kernel::error::Result;
use crate::kernel::id::Id;
use crate::kernel::phone::Phone;
use crate::sms::rules::State;
use crate::sms::store::{self, NewReply};
use crate::sms::{blocks, recall};

/// The longest text that is kept of a reply; forty parts are more than any phone sends.
const LONGEST: usize = 4000;

/// The box has a message in its own queue, or will not have it.
///
/// # Errors
/// What the database says.
pub async fn acknowledged(tx: &mut Tx, gateway: Id, now: Millis, ack: &Ack) -> Result<()> {
    let Some(message) = store::by_wire_id(tx, gateway, &ack.id.to_string()).await? else {
        // Of a command that takes a message back, of another, or of a message that was tried anew.
        return recall::acknowledged(tx, gateway, now, ack).await;
    };
    let (state, error) = match ack.ok {
        true => (State::Queued, String::new()),
        false => (State::Refused, ack.err.clone().unwrap_or_default().chars().take(200).collect()),
    };
    advance(tx, &message, state, &error, now).await
}

async fn advance(tx: &mut Tx, message: &store::Message, state: State, error: &str, now: Millis) -> Result<()> {
    if !message.state().moves_to(state) {
        return Ok(());
    }
    store::set_state(tx, message.id, state, error, now).await?;
    events::raise(tx, now, Event::SmsMoved { sms: message.id }).await
}

fn state_of(state: SmsState) -> State {
    match state {
        SmsState::Queued => State::Queued,
        SmsState::Sending => State::Sending,
        SmsState::Sent => State::Sent,
        SmsState::Failed => State::Failed,
        SmsState::Unknown => State::Unknown,
        SmsState::Delivered => State::Delivered,
        SmsState::Undelivered => State::Undelivered,
        SmsState::Expired => State::Expired,
        SmsState::Cancelled => State::Dropped,
    }
}

/// `evt/sms`: a message's state changed.
///
/// # Errors
/// What the database says.
pub async fn moved(tx: &mut Tx, gateway: Id, now: Millis, event: &SmsEvent) -> Result<()> {
    let Some(message) = store::by_wire_id(tx, gateway, &event.id.to_string()).await? else {
        tracing::warn!(%gateway, sms = %event.id, "a box reports on a message that is not here");
        return Ok(());
    };
    let taken_back = event.state == SmsState::Cancelled && !message.recall.is_empty();
    let said = event.error.as_deref().filter(|_| !taken_back);
    let error: String = said.unwrap_or(if taken_back { recall::TAKEN_BACK } else { "" }).chars().take(200).collect();
    // The box's clock tells when it happened; a clock that is wrong by more than a day does not.
    let at = if (now - event.head.ts).abs() < crate::kernel::clock::DAY { event.head.ts } else { now };
    advance(tx, &message, state_of(event.state), &error, at).await
}

/// `evt/inbox`: a message came in.
///
/// # Errors
/// What the database says.
pub async fn received(tx: &mut Tx, gateway: Id, now: Millis, event: &InboxEvent) -> Result<()> {
    // Alphanumeric senders have no national form; they are kept as they are.
    let from: String = event.from.chars().filter(|c| !c.is_control()).take(20).collect();
    let digits = Phone::parse(&from).map_or(from, |phone| phone.digits().to_owned());
    let text: String =
        event.text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(LONGEST).collect();
    let callers = customers::by_phone(&mut *tx, &digits).await?;
    let caller = callers.first();
    let new = NewReply {
        gateway,
        owner: caller.map(|caller| caller.owner_id),
        customer: caller.map(|caller| caller.customer_id),
        digits: &digits,
        text: &text,
        incomplete: event.incomplete,
    };
    let id = store::insert_reply(tx, &new, now).await?;
    customers::heard_from(tx, new.customer, now).await?;
    blocks::heard(tx, id, &digits, &text, now).await?;
    events::raise(tx, now, Event::SmsReceived { inbox: id }).await
}

/// A box was revoked: what it had and never reported on is unknown.
///
/// # Errors
/// What the database says.
pub async fn box_lost(tx: &mut Tx, gateway: Id, now: Millis) -> Result<()> {
    for sms in store::lose_box(tx, gateway, "revoked").await? {
        events::raise(tx, now, Event::SmsMoved { sms }).await?;
    }
    Ok(())
}
