//! Hearing what a box says: how it is, what it acknowledges, and its events ([`super::events`]).

use std::sync::Arc;
use std::time::Duration;

use fieldline_protocol::messages::{Ack, BoxTrouble, Info, LogLines, ModemState, Presence, Status, TimeCommand};
use fieldline_protocol::topics::{CommandKind, Topic};
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::store::{self, Gateway, State};
use super::{commands, events, health, logs};
use crate::kernel::access::CompanyKey;
use crate::kernel::db::{DbError, Tx};
use crate::kernel::id::Id;
use crate::kernel::live::sse::Live;
use crate::kernel::mqtt::Incoming;
use crate::kernel::quiet;
use crate::kernel::{HookFuture, Office};
use crate::reactions;
use crate::web::error::AppError;

/// Handles a message from a box; the wire's [`Handler`](crate::kernel::mqtt::Handler).
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
        Topic::SmsEvent | Topic::InboxEvent | Topic::CallEvent | Topic::UssdEvent | Topic::OptoutEvent => {
            events::take_in(office, incoming, &topic).await
        }
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
pub(super) async fn lock(tx: &mut Tx, incoming: &Incoming) -> Result<Option<Gateway>, DbError> {
    let found = store::by_wire_name_to_change(tx, &incoming.sender).await?;
    Ok(found.filter(|gateway| gateway.state == State::Active))
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
    let now = office.clock.now();
    store::set_status(&mut tx, gateway.id, online, &boot, now).await?;
    if online && gateway.boot != boot {
        reactions::box_started(&mut tx, gateway.id, now, &boot).await?;
    }
    tx.commit().await?;
    office.alarm.ring();
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
        logs::keep(&office.memory, gateway.id, now, lines.lines);
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

pub(super) async fn reload_by_name(office: &Office, wire_name: &str) -> Result<(), DbError> {
    let found = store::by_wire_name(&office.db, wire_name).await?;
    if let Some(gateway) = found {
        reload(office, gateway.id);
    }
    Ok(())
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
