//! What a box says about messages, each inside the transaction that notes the box's event.

use fieldline_protocol::messages::{Ack, InboxEvent, SmsEvent, SmsState};

use crate::customers;
use crate::events::{self, Event};
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::Millis;
use crate::kernel::db::Tx;
use crate::kernel::id::Id;
use crate::sms::rules::State;
use crate::sms::store::{self, NewReply};
use crate::sms::{optouts, recall};
use crate::users;
use crate::web::error::Result;

/// The longest raw part that is kept: 180 octets and more.
const RAW: usize = 600;
/// The most raw parts that are kept.
const PARTS: usize = 40;
/// The longest text that is kept of a reply; forty parts are more than any phone sends.
const LONGEST: usize = 4000;

/// The box has a message in its own queue, or will not have it.
pub async fn acknowledged(tx: &mut Tx, gateway: Id, now: Millis, ack: &Ack) -> Result<()> {
    let Some(message) = store::by_wire_id(tx, gateway, &ack.id.to_string()).await? else {
        // Of a command that takes a message back, of another, or of a message that was tried anew.
        optouts::acknowledged(tx, gateway, ack).await?;
        return recall::acknowledged(tx, gateway, now, ack).await;
    };
    let (state, error) = match ack.ok {
        true => (State::Queued, String::new()),
        false => (State::Refused, ack.err.clone().unwrap_or_default().chars().take(200).collect()),
    };
    advance(tx, &message, state, &error, now).await
}

async fn advance(tx: &mut Tx, message: &store::Message, state: State, error: &str, now: Millis) -> Result<()> {
    if !message.state.moves_to(state) {
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
pub async fn moved(tx: &mut Tx, gateway: Id, now: Millis, event: &SmsEvent) -> Result<()> {
    let Some(message) = store::by_wire_id(tx, gateway, &event.id.to_string()).await? else {
        tracing::warn!(%gateway, sms = %event.id, "a box reports on a message that is not here");
        return Ok(());
    };
    let taken_back = event.state == SmsState::Cancelled && !message.recall.is_empty();
    let said = event.error.as_deref().filter(|_| !taken_back);
    let ours = if taken_back { recall::reason(&message.recall) } else { "" };
    let error: String = said.unwrap_or(ours).chars().take(200).collect();
    // The box's clock tells when it happened; a clock that is wrong by more than a day does not.
    let at = if (now - event.head.ts).abs() < crate::kernel::clock::DAY { event.head.ts } else { now };
    advance(tx, &message, state_of(event.state), &error, at).await
}

/// `evt/inbox`: a message came in.
pub async fn received(tx: &mut Tx, gateway: Id, now: Millis, event: &InboxEvent) -> Result<()> {
    // Alphanumeric senders have no national form; they are kept as they are.
    let from: String = event.from.chars().filter(|c| !c.is_control()).take(20).collect();
    let digits = Phone::parse(&from).map_or(from, |phone| phone.digits().to_owned());
    let text: String =
        event.text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(LONGEST).collect();
    let callers = customers::by_phone(&mut *tx, &digits).await?;
    let caller = callers.first();
    // Of a number that is no customer's the reply is whose conversation it is; nobody's is the clerks'.
    let owner = match caller {
        Some(caller) => Some(caller.owner_id),
        None => store::owner_of_thread(tx, &digits).await?,
    };
    let owner = match owner {
        Some(owner) => users::acting_for(&mut *tx, owner).await?,
        None => None,
    };
    let unreadable: Option<String> =
        event.unreadable.as_deref().map(|why| why.chars().filter(|c| !c.is_control()).take(200).collect());
    let raw = if unreadable.is_some() { raw(&event.pdus) } else { String::new() };
    let new = NewReply {
        gateway,
        owner,
        customer: caller.map(|caller| caller.customer_id),
        digits: &digits,
        text: &text,
        incomplete: event.incomplete,
        unreadable: unreadable.as_deref().unwrap_or_default(),
        raw: &raw,
    };
    let id = store::insert_reply(tx, &new, now).await?;
    customers::heard_from(tx, new.customer, now).await?;
    // A word cut out of what could not be read whole is no word of a person.
    if unreadable.is_none() {
        optouts::heard(tx, id, &digits, &text, optouts::happened_at(event.head.ts, now), now).await?;
    }
    events::raise(tx, now, Event::SmsReceived { inbox: id }).await
}

/// The octets of a message that could not be decoded, a line for each part.
fn raw(pdus: &[String]) -> String {
    let lines = pdus.iter().map(|pdu| pdu.chars().filter(|c| !c.is_control()).take(RAW).collect::<String>());
    lines.take(PARTS).collect::<Vec<_>>().join("\n")
}

/// A box was revoked: what it had and never reported on is unknown.
pub async fn box_lost(tx: &mut Tx, gateway: Id, now: Millis) -> Result<()> {
    for sms in store::lose_box(tx, gateway, "revoked").await? {
        events::raise(tx, now, Event::SmsMoved { sms }).await?;
    }
    Ok(())
}
