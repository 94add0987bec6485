//! Taking in what a box says. An event and its effect are one transaction; the box hears `evt/ack` after it,
//! and keeps the event until then, so nothing is lost and a repeat is known by its id.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fieldline_protocol::messages::{
    Ack, CallEvent, EventAck, EventHead, InboxEvent, Info, LogLines, ModemState, OptoutEvent, Presence, SmsEvent,
    Status, UssdEvent,
};
use fieldline_protocol::topics::Topic;
use serde::de::DeserializeOwned;

use super::store::{self, Gateway};
use super::{commands, health, logs};
use crate::kernel::access::CompanyKey;
use crate::kernel::db::{DbError, Tx};
use crate::kernel::error::AppError;
use crate::kernel::id::Id;
use crate::kernel::mqtt::Incoming;
use crate::kernel::sse::Live;
use crate::kernel::{HookFuture, Office};
use crate::reactions;

/// Something that happened at a box and must be taken in exactly once.
#[derive(Clone, Debug)]
pub enum FromBox {
    /// A message's state changed.
    Sms(SmsEvent),
    /// A message came in.
    Inbox(InboxEvent),
    /// The telephone.
    Call(CallEvent),
    /// The network answered a code.
    Ussd(UssdEvent),
    /// Somebody wrote that nothing more shall come, or that it may again.
    Optout(OptoutEvent),
}

impl FromBox {
    fn head(&self) -> &EventHead {
        match self {
            FromBox::Sms(event) => &event.head,
            FromBox::Inbox(event) => &event.head,
            FromBox::Call(event) => &event.head,
            FromBox::Ussd(event) => &event.head,
            FromBox::Optout(event) => &event.head,
        }
    }
}

/// The product's ear.
pub fn hear<'a>(
    office: &'a Office,
    key: &'a Arc<CompanyKey>,
    incoming: &'a Incoming,
) -> HookFuture<'a, Result<(), DbError>> {
    Box::pin(async move {
        match listen(office, key, incoming).await {
            Ok(()) => Ok(()),
            Err(AppError::Unavailable(why)) => Err(DbError::Unavailable(why)),
            Err(error) => {
                // Ours to mend; the box keeps what it was not acknowledged.
                tracing::error!(sender = incoming.sender, topic = incoming.topic, "{error:#}");
                Ok(())
            }
        }
    })
}

/// A payload, or a logged refusal.
fn read<T: DeserializeOwned>(incoming: &Incoming) -> Option<T> {
    match serde_json::from_slice(&incoming.payload) {
        Ok(message) => Some(message),
        Err(error) => {
            let (sender, topic) = (&incoming.sender, &incoming.topic);
            tracing::warn!(sender, topic, %error, bytes = incoming.payload.len(), "MQTT: refused: a broken payload");
            None
        }
    }
}

async fn listen(office: &Office, key: &Arc<CompanyKey>, incoming: &Incoming) -> Result<(), AppError> {
    let Some(topic) = Topic::parse(&incoming.topic) else {
        tracing::warn!(sender = incoming.sender, topic = incoming.topic, "MQTT: refused: no topic of a box");
        return Ok(());
    };
    match topic {
        Topic::Status => match read::<Status>(incoming) {
            Some(status) => note_status(office, key, incoming, &status).await,
            None => Ok(()),
        },
        Topic::Info => match read::<Info>(incoming) {
            Some(info) => note_info(office, incoming, &info).await,
            None => Ok(()),
        },
        Topic::ModemState(modem) => match read::<ModemState>(incoming) {
            Some(state) => note_modem(office, incoming, &modem, state).await,
            None => Ok(()),
        },
        Topic::Ack(_) => match read::<Ack>(incoming) {
            Some(ack) => note_ack(office, incoming, &ack).await,
            None => Ok(()),
        },
        Topic::SmsEvent => take_in(office, incoming, read(incoming).map(FromBox::Sms)).await,
        Topic::InboxEvent => take_in(office, incoming, read(incoming).map(FromBox::Inbox)).await,
        Topic::CallEvent => take_in(office, incoming, read(incoming).map(FromBox::Call)).await,
        Topic::UssdEvent => take_in(office, incoming, read(incoming).map(FromBox::Ussd)).await,
        Topic::OptoutEvent => take_in(office, incoming, read(incoming).map(FromBox::Optout)).await,
        Topic::Log => match read::<LogLines>(incoming) {
            Some(lines) => note_logs(office, incoming, lines).await,
            None => Ok(()),
        },
        Topic::Metrics => {
            tracing::debug!(
                sender = incoming.sender,
                topic = incoming.topic,
                bytes = incoming.payload.len(),
                "reported"
            );
            Ok(())
        }
        Topic::Command(_) | Topic::EventAck => {
            tracing::warn!(
                sender = incoming.sender,
                topic = incoming.topic,
                "MQTT: refused: a box speaks as the server"
            );
            Ok(())
        }
    }
}

/// The box, locked for a change; `None` when it was revoked meanwhile.
async fn lock(tx: &mut Tx, incoming: &Incoming) -> Result<Option<Gateway>, DbError> {
    let found = store::by_wire_name_to_change(tx, &incoming.sender).await?;
    Ok(found.filter(|gateway| gateway.state == "active"))
}

async fn note_status(
    office: &Office,
    key: &Arc<CompanyKey>,
    incoming: &Incoming,
    status: &Status,
) -> Result<(), AppError> {
    let mut tx = office.db.begin().await?;
    let Some(gateway) = lock(&mut tx, incoming).await? else { return Ok(()) };
    let boot = status.boot.to_string();
    let online = status.state == Presence::Online;
    // The will of an earlier run can come after the greeting of this one.
    if !online && gateway.online && gateway.boot != boot {
        return Ok(());
    }
    store::set_status(&mut tx, gateway.id, online, &boot, office.clock.now()).await?;
    tx.commit().await?;
    tracing::info!(sender = incoming.sender, online, "a box's status");
    if online {
        acknowledge(office, &gateway.wire_name, gateway.event_seq);
        reactions::box_online(office, key, gateway.id).await?;
    }
    Ok(())
}

async fn note_info(office: &Office, incoming: &Incoming, info: &Info) -> Result<(), AppError> {
    let stored = serde_json::to_string(info).map_err(anyhow::Error::from)?;
    let mut tx = office.db.begin().await?;
    let Some(gateway) = lock(&mut tx, incoming).await? else { return Ok(()) };
    store::set_info(&mut tx, gateway.id, &stored, office.clock.now()).await?;
    tx.commit().await?;
    if stored != gateway.info {
        reload_twice(office, gateway.id);
    }
    Ok(())
}

async fn note_modem(office: &Office, incoming: &Incoming, modem: &str, state: ModemState) -> Result<(), AppError> {
    let mut tx = office.db.begin().await?;
    let Some(gateway) = lock(&mut tx, incoming).await? else { return Ok(()) };
    // Signal and queue move all the time; a page loads anew for what somebody has to act upon.
    let before = health::modems(&gateway.modems).remove(modem);
    let news = before.is_none_or(|before| {
        (before.health, before.registration, before.trouble, before.balance)
            != (state.health, state.registration, state.trouble, state.balance.clone())
    });
    let stored = health::with_modem(&gateway.modems, modem, state);
    store::set_modems(&mut tx, gateway.id, &stored, office.clock.now()).await?;
    tx.commit().await?;
    if news {
        reload(office, gateway.id);
    }
    Ok(())
}

async fn note_ack(office: &Office, incoming: &Incoming, ack: &Ack) -> Result<(), AppError> {
    let mut tx = office.db.begin().await?;
    let Some(gateway) = lock(&mut tx, incoming).await? else { return Ok(()) };
    let of_ours = commands::acknowledged(&mut tx, gateway.id, office.clock.now(), ack).await?;
    reactions::box_acknowledged(&mut tx, gateway.id, office.clock.now(), ack).await?;
    tx.commit().await?;
    office.alarm.ring();
    if of_ours {
        reload(office, gateway.id);
    }
    Ok(())
}

/// Log lines that somebody asked for; others are thrown away.
async fn note_logs(office: &Office, incoming: &Incoming, lines: LogLines) -> Result<(), AppError> {
    let mut tx = office.db.begin().await?;
    let Some(gateway) = lock(&mut tx, incoming).await? else { return Ok(()) };
    let now = office.clock.now();
    if commands::brought_logs(&mut tx, gateway.id, lines.id, now).await? {
        tx.commit().await?;
        logs::keep(gateway.id, now, lines.lines);
        reload(office, gateway.id);
    }
    Ok(())
}

/// A page that is just being loaded hears nothing yet; after this it does.
const LOADED: Duration = Duration::from_secs(2);

/// Open pages about a box load anew.
fn reload(office: &Office, gateway: Id) {
    let data = serde_json::json!({ "path": format!("/gateways/{gateway}") }).to_string();
    for person in office.hub.present() {
        office.hub.tell(person, Live { name: "reload", data: data.clone() });
    }
}

/// The same, and once more for the page of whoever caused the change a moment ago.
fn reload_twice(office: &Office, gateway: Id) {
    reload(office, gateway);
    let office = Arc::clone(office);
    tokio::spawn(async move {
        tokio::time::sleep(LOADED).await;
        reload(&office, gateway);
    });
}

async fn take_in(office: &Office, incoming: &Incoming, event: Option<FromBox>) -> Result<(), AppError> {
    // An event of which only the head can be read is noted too, or the box would offer it for ever.
    let head = match &event {
        Some(event) => event.head().clone(),
        None => match serde_json::from_slice::<EventHead>(&incoming.payload) {
            Ok(head) => head,
            Err(_) => return Ok(()),
        },
    };
    let Ok(seq) = i64::try_from(head.seq) else { return Ok(()) };
    let now = office.clock.now();
    let mut tx = office.db.begin().await?;
    let Some(gateway) = lock(&mut tx, incoming).await? else { return Ok(()) };
    let new = store::note_event(&mut tx, gateway.id, &head.eid.to_string(), now).await?;
    if let (true, Some(event)) = (new, &event) {
        reactions::from_box(&mut tx, gateway.id, now, event).await?;
    }
    let upto = reached(gateway.id, gateway.event_seq, seq);
    if upto != gateway.event_seq {
        store::set_event_seq(&mut tx, gateway.id, upto, now).await?;
    }
    tx.commit().await?;
    office.alarm.ring();
    acknowledge(office, &gateway.wire_name, upto);
    if matches!(event, Some(FromBox::Ussd(_))) {
        reload(office, gateway.id);
    }
    Ok(())
}

/// Tells the box up to where it may forget.
fn acknowledge(office: &Office, wire_name: &str, upto: i64) {
    let Ok(upto) = u64::try_from(upto) else { return };
    let payload = serde_json::to_vec(&EventAck { upto }).unwrap_or_default();
    if upto > 0 && !office.wire.publish(wire_name, &Topic::EventAck.to_string(), payload) {
        tracing::debug!(wire_name, "the acknowledgement waits for the box's next word");
    }
}

/// How often the lowest event above a gap must come before the gap is believed: the box has what lies in it
/// no more, since this server was restored from an older backup and had acknowledged it.
const BELIEVED: u32 = 4;

/// The lowest event seen above each box's gap, and how often.
static GAPS: Mutex<BTreeMap<Id, (i64, u32)>> = Mutex::new(BTreeMap::new());

/// The highest sequence without a gap below it, after `seq` was taken in.
fn reached(gateway: Id, before: i64, seq: i64) -> i64 {
    let mut gaps = GAPS.lock().unwrap_or_else(PoisonError::into_inner);
    // The first word of a box begins the count.
    if before == 0 || seq == before + 1 {
        gaps.remove(&gateway);
        return seq;
    }
    if seq <= before {
        return before;
    }
    let (lowest, times) = gaps.get(&gateway).copied().unwrap_or((seq, 0));
    let seen = match seq.cmp(&lowest) {
        std::cmp::Ordering::Less => (seq, 1),
        std::cmp::Ordering::Equal => (seq, times + 1),
        std::cmp::Ordering::Greater => (lowest, times),
    };
    if seen.1 >= BELIEVED {
        gaps.remove(&gateway);
        return seq;
    }
    gaps.insert(gateway, seen);
    before
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::reached;
    use crate::kernel::id::Id;

    #[test]
    fn a_gap_is_not_acknowledged_until_it_is_believed() {
        let gateway = Id::new();
        assert_eq!(reached(gateway, 0, 7), 7);
        assert_eq!(reached(gateway, 7, 8), 8);
        assert_eq!(reached(gateway, 8, 5), 8);
        assert_eq!(reached(gateway, 8, 10), 8);
        assert_eq!(reached(gateway, 8, 11), 8);
        assert_eq!(reached(gateway, 8, 9), 9);
        for _ in 0..3 {
            assert_eq!(reached(gateway, 9, 50), 9);
            assert_eq!(reached(gateway, 9, 51), 9);
        }
        assert_eq!(reached(gateway, 9, 50), 50);
    }
}
