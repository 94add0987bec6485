//! Taking in a box's events. An event and its effect are one transaction; the box hears `evt/ack` after it, and keeps
//! the event until then, so nothing is lost and a repeat is known by its id.

use fieldline_protocol::messages::{CallEvent, EventAck, EventHead, InboxEvent, OptoutEvent, SmsEvent, UssdEvent};
use fieldline_protocol::topics::Topic;
use serde::de::DeserializeOwned;

use super::ahead::{self, Ahead};
use super::hear::{lock, reload_by_name};
use super::{failures, store};
use crate::kernel::Office;
use crate::kernel::mqtt::Incoming;
use crate::reactions;
use crate::web::error::AppError;

/// Something that happened at a box and must be processed exactly once.
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
    /// Reads an event by its topic; `None` where it is none, or cannot be read.
    pub(super) fn read(topic: &Topic, payload: &[u8]) -> Option<FromBox> {
        fn of<T: DeserializeOwned>(payload: &[u8]) -> Option<T> {
            serde_json::from_slice(payload).ok()
        }
        match topic {
            Topic::SmsEvent => of(payload).map(FromBox::Sms),
            Topic::InboxEvent => of(payload).map(FromBox::Inbox),
            Topic::CallEvent => of(payload).map(FromBox::Call),
            Topic::UssdEvent => of(payload).map(FromBox::Ussd),
            Topic::OptoutEvent => of(payload).map(FromBox::Optout),
            Topic::Status
            | Topic::Info
            | Topic::ModemState(_)
            | Topic::Command(_)
            | Topic::Ack(_)
            | Topic::EventAck
            | Topic::Metrics
            | Topic::Log => None,
        }
    }

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

/// What is needed of an event to count it, read with more patience than the event itself.
#[derive(Debug, serde::Deserialize)]
struct Counted {
    eid: String,
    seq: u64,
    #[serde(default)]
    floor: u64,
}

pub(super) async fn take_in(office: &Office, incoming: &Incoming, topic: &Topic) -> Result<(), AppError> {
    let event = FromBox::read(topic, &incoming.payload);
    // An event of which only the count can be read is noted too, or the box would offer it for ever.
    let head = match &event {
        Some(event) => Head::of(event.head()),
        None => {
            let (sender, topic) = (&incoming.sender, &incoming.topic);
            tracing::warn!(sender, topic, bytes = incoming.payload.len(), "MQTT: refused: a broken payload");
            match serde_json::from_slice::<Counted>(&incoming.payload) {
                Ok(counted) if counted.eid.len() <= 64 => {
                    Head { eid: counted.eid, boot: None, seq: counted.seq, floor: counted.floor }
                }
                Ok(_) | Err(_) => return Ok(()),
            }
        }
    };
    let Ok(seq) = i64::try_from(head.seq) else { return Ok(()) };
    let taken = match &event {
        Some(event) => commit(office, incoming, &head, seq, Some(event)).await,
        None => failures::note(office, incoming, &head, "unreadable", true).await.map(|_| ()),
    };
    match taken {
        Ok(()) if event.is_some() => {
            if matches!(event, Some(FromBox::Ussd(_))) {
                reload_by_name(office, &incoming.sender).await?;
            }
            Ok(())
        }
        Ok(()) => commit(office, incoming, &head, seq, None).await,
        Err(error @ (AppError::Unavailable(_) | AppError::Undone(_))) => Err(error),
        Err(error) => {
            tracing::error!(sender = incoming.sender, topic = incoming.topic, eid = head.eid, "{error:#}");
            // What failed often enough is set aside, so that it holds up none behind it.
            if failures::note(office, incoming, &head, &format!("{error:#}"), false).await? {
                commit(office, incoming, &head, seq, None).await?;
            }
            Ok(())
        }
    }
}

/// What counts an event.
#[derive(Debug)]
pub(super) struct Head {
    /// By which a repeat is known.
    pub(super) eid: String,
    /// The run that told it, where that can be read.
    boot: Option<uuid::Uuid>,
    seq: u64,
    floor: u64,
}

impl Head {
    fn of(head: &EventHead) -> Head {
        Head { eid: head.eid.to_string(), boot: Some(head.boot), seq: head.seq, floor: head.floor }
    }
}

/// Notes an event and what it does, in one transaction, and acknowledges it; without `event` only that it came.
async fn commit(
    office: &Office,
    incoming: &Incoming,
    head: &Head,
    seq: i64,
    event: Option<&FromBox>,
) -> Result<(), AppError> {
    let now = office.clock.now();
    let mut tx = office.db.begin().await?;
    let Some(gateway) = lock(&mut tx, incoming).await? else { return Ok(()) };
    let new = store::note_event(&mut tx, gateway.id, &head.eid, now).await?;
    if let (true, Some(event)) = (new, event) {
        reactions::from_box(&mut tx, gateway.id, now, event).await?;
    }
    let upto = office.memory.with(|early: &mut Ahead| {
        ahead::reach(early, gateway.id, head.boot, reached(gateway.event_seq, head.floor, seq, new))
    });
    if upto != gateway.event_seq {
        store::set_event_seq(&mut tx, gateway.id, upto, now).await?;
    }
    tx.commit().await?;
    office.memory.with(|early: &mut Ahead| ahead::note(early, gateway.id, head.boot, seq, upto));
    office.alarm.ring();
    acknowledge(office, &gateway.wire_name, upto);
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

/// The sequence number below which everything from the box is processed, after an event was.
///
/// Below the queue's floor nothing can be missing: the box forgets only what was acknowledged, so a server
/// restored from an older backup goes on from there. An event that is new though its number was passed belongs
/// to a queue begun afresh. Guessing at a gap instead, by how often what lies above it came, loses an event that
/// a broker lost.
fn reached(before: i64, floor: u64, seq: i64, new: bool) -> i64 {
    let below = i64::try_from(floor.saturating_sub(1)).unwrap_or(i64::MAX);
    let all = if new && seq <= before { below } else { before.max(below) };
    if seq == all.saturating_add(1) { seq } else { all }
}

#[cfg(test)]
mod tests {
    use super::reached as after;

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
