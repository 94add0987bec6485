//! Taking in what a box says. An event and its effect are one transaction; the box hears `evt/ack` after it,
//! and keeps the event until then, so nothing is lost and a repeat is known by its id.

use std::sync::Arc;
use std::time::Duration;

use fieldline_protocol::messages::{
    Ack, BoxTrouble, CallEvent, EventAck, EventHead, InboxEvent, Info, LogLines, ModemState, OptoutEvent, Presence,
    SmsEvent, Status, TimeCommand, UssdEvent,
};
use fieldline_protocol::topics::{CommandKind, Topic};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::store::{self, Gateway};
use super::{commands, health, logs};
use crate::kernel::access::CompanyKey;
use crate::kernel::db::{DbError, Tx};
use crate::kernel::error::AppError;
use crate::kernel::id::Id;
use crate::kernel::mqtt::Incoming;
use crate::kernel::quiet;
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
            Err(AppError::Unavailable(why) | AppError::Undone(why)) => Err(DbError::Unavailable(why)),
            Err(error) => {
                // Ours to mend; the box keeps what it was not acknowledged.
                tracing::error!(sender = incoming.sender, topic = quiet::name(&incoming.topic), "{error:#}");
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
            let (sender, topic, why) = (&incoming.sender, quiet::name(&incoming.topic), quiet::json(&error));
            tracing::warn!(sender, topic, why, bytes = incoming.payload.len(), "MQTT: refused: a broken payload");
            None
        }
    }
}

async fn listen(office: &Office, key: &Arc<CompanyKey>, incoming: &Incoming) -> Result<(), AppError> {
    let Some(topic) = Topic::parse(&incoming.topic) else {
        tracing::warn!(
            sender = incoming.sender,
            topic = quiet::name(&incoming.topic),
            "MQTT: refused: no topic of a box"
        );
        return Ok(());
    };
    match topic {
        Topic::Status => match read::<Status>(incoming) {
            Some(status) => note_status(office, key, incoming, &status).await,
            None => Ok(()),
        },
        Topic::Info => match read::<Info>(incoming) {
            Some(info) => note_info(office, incoming, &health::bounded(info)).await,
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
                topic = quiet::name(&incoming.topic),
                bytes = incoming.payload.len(),
                "reported"
            );
            Ok(())
        }
        Topic::Command(_) | Topic::EventAck => {
            tracing::warn!(
                sender = incoming.sender,
                topic = quiet::name(&incoming.topic),
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
        reactions::box_online(office, key, gateway.id).await?;
    }
    Ok(())
}

async fn note_info(office: &Office, incoming: &Incoming, info: &Info) -> Result<(), AppError> {
    let stored = serde_json::to_string(info).map_err(anyhow::Error::from)?;
    let mut tx = office.db.begin().await?;
    let Some(gateway) = lock(&mut tx, incoming).await? else { return Ok(()) };
    let now = office.clock.now();
    store::set_info(&mut tx, gateway.id, &stored, now).await?;
    // A box that doubts its clock holds messages back until somebody whom it believes tells it the time.
    let told = if info.troubles.contains(&BoxTrouble::Clock) {
        let time = TimeCommand { id: Uuid::now_v7(), now };
        let body = serde_json::to_string(&time).map_err(anyhow::Error::from)?;
        super::command(office, &mut tx, gateway.id, CommandKind::Time, body, now).await?
    } else {
        None
    };
    tx.commit().await?;
    if told.is_some_and(|told| !told.publish(office)) {
        tracing::debug!(sender = incoming.sender, "the time was not told; the box will say again that it doubts it");
    }
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
    let Some(stored) = health::with_modem(&gateway.modems, modem, state) else {
        tracing::warn!(sender = incoming.sender, "a box tells of more modems than it can have");
        return Ok(());
    };
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
    let upto = reached(gateway.event_seq, &head, seq, new);
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

/// Up to where the server has all that the box told, after an event was taken in.
///
/// Below the queue's floor nothing can be missing: the box forgets only what was acknowledged, so a server
/// restored from an older backup goes on from there. An event that is new though its number was passed belongs
/// to a queue begun afresh. Guessing at a gap instead, by how often what lies above it came, loses an event that
/// a broker lost.
fn reached(before: i64, head: &EventHead, seq: i64, new: bool) -> i64 {
    let below = i64::try_from(head.floor.saturating_sub(1)).unwrap_or(i64::MAX);
    let all = if new && seq <= before { below } else { before.max(below) };
    if seq == all.saturating_add(1) { seq } else { all }
}

#[cfg(test)]
mod tests {
    use fieldline_protocol::messages::EventHead;
    use uuid::Uuid;

    use super::reached;

    fn after(before: i64, floor: u64, seq: u64, new: bool) -> i64 {
        let head = EventHead { eid: Uuid::now_v7(), seq, floor, boot: Uuid::now_v7(), ts: 0 };
        reached(before, &head, i64::try_from(seq).unwrap_or_default(), new)
    }

    #[test]
    fn what_a_broker_lost_is_not_acknowledged_however_often_the_next_comes() {
        assert_eq!(after(0, 1, 1, true), 1);
        assert_eq!(after(0, 1, 2, true), 0);
        for _ in 0..10 {
            assert_eq!(after(8, 9, 10, false), 8);
        }
        assert_eq!(after(8, 9, 9, true), 9);
        assert_eq!(after(9, 9, 10, false), 10);
        assert_eq!(after(8, 5, 5, false), 8);
    }

    #[test]
    fn a_restored_server_goes_on_at_the_boxs_floor() {
        assert_eq!(after(5, 50, 50, true), 50);
        assert_eq!(after(5, 50, 52, true), 49);
    }

    #[test]
    fn a_queue_begun_afresh_is_counted_from_its_own_floor() {
        assert_eq!(after(100, 1, 1, true), 1);
        assert_eq!(after(100, 1, 2, true), 0);
        assert_eq!(after(100, 0, 2, true), 0);
    }
}
