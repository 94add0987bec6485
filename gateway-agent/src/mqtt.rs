//! The wire to the server. It carries; nothing rests here: commands are acknowledged after their commit,
//! events stay in the outbox until the server has committed them.
//!
//! Long because: connecting, subscribing, offering and acknowledging share one connection and its outbox.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fieldline_protocol::messages::{
    Ack, BoxTrouble, CancelCommand, Claim, ConfigCommand, EventAck, LogLines, LogsCommand, OptoutCommand, Presence,
    SmsCommand, Status, TimeCommand, UpdateCommand, UssdCommand,
};
use fieldline_protocol::signing::{CommandVerifier, Refusal};
use fieldline_protocol::topics::{CommandKind, Topic};
use rumqttc::{AsyncClient, Event, LastWill, MqttOptions, Packet, QoS, TlsConfiguration, Transport};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::about::{About, Standing};
use crate::clock::{Belief, Clock, now};
use crate::logs::Logs;
use crate::modem::work::Job;
use crate::outbox::{Cancel, NotQueued, NotSet, Outbox};
use crate::supervisor::Pulse;
use crate::update;

/// Events offered at once.
const BATCH: i64 = 32;
/// How long the outbox is left alone when nobody rings.
const LOOK: Duration = Duration::from_secs(2);
/// Events are offered again from the start where the server is silent.
const OFFER_AGAIN: Duration = Duration::from_secs(10);
/// How often a command that is held is looked at: it waits for a clock that is believed.
const HELD: Duration = Duration::from_secs(2);
/// The most log lines of one answer.
const LOG_LINES: u32 = 200;

/// Whether the broker is there.
#[derive(Clone, Debug, Default)]
pub struct Connected(Arc<AtomicBool>);

impl Connected {
    /// Whether it is.
    #[must_use]
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, there: bool) {
        self.0.store(there, Ordering::Relaxed);
    }
}

/// What the wire carries between.
#[derive(Clone, Debug)]
pub struct Wire {
    /// Who this box is, and whose commands it obeys.
    pub claim: Claim,
    /// The data folder.
    pub data: PathBuf,
    /// The queue.
    pub outbox: Outbox,
    /// What the box says of itself.
    pub about: About,
    /// The time to judge by.
    pub clock: Arc<Clock>,
    /// To each modem.
    pub jobs: BTreeMap<String, mpsc::Sender<Job>>,
    /// The last lines of the log.
    pub logs: Logs,
    /// Told when the broker comes and goes.
    pub connected: Connected,
    /// By which the supervisor sees that these tasks go on.
    pub beats: Beats,
}

/// The pulses of the wire's three tasks.
#[derive(Clone, Debug, Default)]
pub struct Beats {
    /// Polls the connection.
    pub wire: Pulse,
    /// Obeys.
    pub orders: Pulse,
    /// Tells.
    pub telling: Pulse,
}

/// The longest that one of them does without coming by.
const LONGEST: Duration = Duration::from_secs(150);
/// How often a box whose clock is in doubt says so again: the server then tells it the time.
const DOUBT_AGAIN: Duration = Duration::from_secs(60);

/// Runs for ever: connects, obeys, tells.
///
/// # Errors
/// When the connection cannot be prepared.
pub async fn run(wire: Wire) -> anyhow::Result<()> {
    let claim = wire.claim.clone();
    let verifier = CommandVerifier::new(&claim.server_key, &claim.name);
    let (Some(verifier), Ok(_)) = (verifier, options(&claim, &wire.outbox)) else {
        // No further attempt mends it, and the modems need no server.
        tracing::error!("claim.json holds no usable server key or broker; claim the box again");
        [&wire.beats.wire, &wire.beats.orders, &wire.beats.telling].into_iter().for_each(Pulse::rest);
        return std::future::pending().await;
    };
    let mut wait = Duration::from_millis(500);
    wire.beats.telling.rest();
    loop {
        wire.beats.wire.beat(LONGEST);
        // A new client each time: one that outlives its session can hang on a packet id that the broker forgot.
        let (client, mut events) = AsyncClient::new(options(&claim, &wire.outbox)?, 256);
        let mut telling = None;
        // One task obeys, in order: a message may be followed by the command that takes it back. It is not
        // the polling one, which must go on while a commit is awaited.
        let (orders, obeying) = mpsc::unbounded_channel();
        let obeys = tokio::spawn(obey_all(wire.clone(), client.clone(), verifier.clone(), obeying));
        let ended = loop {
            wire.beats.wire.beat(LONGEST);
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    wait = Duration::from_millis(500);
                    wire.connected.set(true);
                    tracing::info!("connected to the broker");
                    telling = Some(telling_task(&wire, &client));
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    if orders.send(publish).is_err() {
                        break "the task that obeys has ended".to_owned();
                    }
                }
                Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
                Err(error) => break error.to_string(),
            }
            if obeys.is_finished() {
                break "the task that obeys has ended".to_owned();
            }
        };
        wire.connected.set(false);
        if let Some(telling) = telling {
            telling.abort();
        }
        wire.beats.telling.rest();
        tracing::warn!(why = ended, "the broker is out of reach; working on alone");
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(30));
    }
}

/// Tells the server, in a task of its own; where that ends, by a fault or a panic, the connection is ended too: a box
/// that is connected but mute would look well.
fn telling_task(wire: &Wire, client: &AsyncClient) -> AbortHandle {
    let telling = tokio::spawn(tell(wire.clone(), client.clone()));
    let (abort, hang_up) = (telling.abort_handle(), client.clone());
    tokio::spawn(async move {
        match telling.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("telling the server ended: {error:#}"),
            Err(error) if error.is_cancelled() => return,
            Err(_) => tracing::error!("telling the server panicked"),
        }
        if hang_up.disconnect().await.is_err() {
            tracing::debug!("the connection has ended already");
        }
    });
    abort
}

fn options(claim: &Claim, outbox: &Outbox) -> anyhow::Result<MqttOptions> {
    let (scheme, rest) = claim.broker.split_once("://").unwrap_or(("mqtt", &claim.broker));
    let (host, port) = rest.trim_end_matches('/').rsplit_once(':').unwrap_or((rest, "1883"));
    let mut options = MqttOptions::new(&claim.name, host, port.parse()?);
    if scheme == "mqtts" {
        options.set_transport(match &claim.ca {
            Some(ca) => Transport::tls_with_config(TlsConfiguration::Rustls(crate::trust_ca::config(ca)?)),
            None => Transport::tls_with_default_config(),
        });
    }
    options.set_credentials(&claim.username, &claim.password);
    options.set_keep_alive(Duration::from_secs(20));
    options.set_manual_acks(true);
    options.set_clean_session(false);
    options.set_max_packet_size(256 << 10, 256 << 10);
    let will = serde_json::to_vec(&status(outbox, Presence::Offline))?;
    options.set_last_will(LastWill::new(Topic::Status.of(&claim.name), will, QoS::AtLeastOnce, true));
    Ok(options)
}

fn status(outbox: &Outbox, state: Presence) -> Status {
    Status { state, boot: outbox.boot(), ver: env!("CARGO_PKG_VERSION").to_owned(), ts: now() }
}

/// Subscribes, says who is here, then offers events in order as they appear.
async fn tell(wire: Wire, client: AsyncClient) -> anyhow::Result<()> {
    let (name, outbox, mut about) = (wire.claim.name.clone(), wire.outbox.clone(), wire.about.watch());
    let pulse = wire.beats.telling.clone();
    pulse.beat(LONGEST);
    for kind in CommandKind::ALL {
        client.subscribe(Topic::Command(kind).of(&name), QoS::AtLeastOnce).await?;
    }
    client.subscribe(Topic::EventAck.of(&name), QoS::AtLeastOnce).await?;
    let retained = |topic: Topic, payload: Vec<u8>| client.publish(topic.of(&name), QoS::AtLeastOnce, true, payload);
    retained(Topic::Status, serde_json::to_vec(&status(&outbox, Presence::Online))?).await?;
    about.mark_changed();
    let mut said = Standing::default();
    let mut news = outbox.news();
    let (mut offered, mut offered_at) = (0, tokio::time::Instant::now());
    let mut doubted = tokio::time::Instant::now();
    loop {
        pulse.beat(LONGEST);
        news.mark_unchanged();
        if doubted.elapsed() >= DOUBT_AGAIN && said.info.troubles.contains(&BoxTrouble::Clock) {
            about.mark_changed();
        }
        if about.has_changed()? {
            let standing = about.borrow_and_update().clone();
            let doubts = standing.info.troubles.contains(&BoxTrouble::Clock) && doubted.elapsed() >= DOUBT_AGAIN;
            if standing.info != said.info || doubts {
                doubted = tokio::time::Instant::now();
                retained(Topic::Info, serde_json::to_vec(&standing.info)?).await?;
            }
            for (modem, state) in &standing.modems {
                if !said.modems.iter().any(|(known, before)| known == modem && before == state) {
                    retained(Topic::ModemState(modem.clone()), serde_json::to_vec(state)?).await?;
                }
            }
            said = standing;
        }
        if offered_at.elapsed() >= OFFER_AGAIN {
            // What the server did not commit yet is offered again; it knows a repeat by its id.
            (offered, offered_at) = (0, tokio::time::Instant::now());
        }
        let events = outbox.events_after(offered, BATCH).await?;
        let more = !events.is_empty();
        for event in events {
            let topic = format!("{}/{name}/{}", fieldline_protocol::topics::ROOT, event.topic);
            client.publish(topic, QoS::AtLeastOnce, false, event.offer()?).await?;
            (offered, offered_at) = (event.seq, tokio::time::Instant::now());
        }
        if !more {
            tokio::select! {
                _ = news.changed() => {}
                _ = about.changed() => about.mark_changed(),
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}

async fn obey_all(
    wire: Wire,
    client: AsyncClient,
    verifier: CommandVerifier,
    mut orders: mpsc::UnboundedReceiver<rumqttc::Publish>,
) {
    let pulse = wire.beats.orders.clone();
    loop {
        pulse.beat(LONGEST);
        let publish = match tokio::time::timeout(LONGEST / 2, orders.recv()).await {
            Ok(Some(publish)) => publish,
            Ok(None) => return pulse.rest(),
            Err(_) => continue,
        };
        // A command's own expiry means nothing to a clock that was never set, so it is held; the broker keeps it too.
        while wire.clock.belief() == Belief::Unset && !is_time(&publish) {
            pulse.beat(LONGEST);
            tokio::time::sleep(HELD).await;
        }
        if obey(&wire, &client, &verifier, &publish).await && client.ack(&publish).await.is_err() {
            tracing::debug!("not acknowledged; it will come again");
        }
    }
}

/// The one command that a box obeys whose clock was never set.
fn is_time(publish: &rumqttc::Publish) -> bool {
    matches!(Topic::split(&publish.topic), Some((_, Topic::Command(CommandKind::Time))))
}

/// Does what a message asks; `true` when it may be acknowledged to the broker.
async fn obey(wire: &Wire, client: &AsyncClient, verifier: &CommandVerifier, publish: &rumqttc::Publish) -> bool {
    let Some((_, topic)) = Topic::split(&publish.topic) else { return true };
    match topic {
        Topic::EventAck => match serde_json::from_slice::<EventAck>(&publish.payload) {
            Ok(ack) => wire.outbox.committed(ack.upto).await.is_ok(),
            Err(error) => {
                broken("acknowledgement", &error);
                true
            }
        },
        Topic::Command(kind) => {
            // The server's time is obeyed whatever the clock shows: it decides nothing but whether both agree.
            let by = if kind == CommandKind::Time { 0 } else { wire.clock.judged() };
            let ack = match verifier.verify(&topic.to_string(), &publish.payload, by) {
                Ok(signed) => command(wire, client, kind, &signed.body).await,
                Err(refusal) => Ok(refused(&publish.payload, refusal)),
            };
            let ack = match ack {
                Ok(Some(ack)) => ack,
                Ok(None) => return true,
                Err(error) => {
                    // Not acknowledged, so the server offers it again.
                    tracing::error!(%error, "the queue cannot be written");
                    return false;
                }
            };
            let Ok(payload) = serde_json::to_vec(&ack) else { return true };
            let topic = Topic::Ack(ack.id.to_string()).of(&wire.claim.name);
            client.publish(topic, QoS::AtLeastOnce, false, payload).await.is_ok()
        }
        Topic::Status
        | Topic::Info
        | Topic::ModemState(_)
        | Topic::Ack(_)
        | Topic::SmsEvent
        | Topic::InboxEvent
        | Topic::CallEvent
        | Topic::UssdEvent
        | Topic::OptoutEvent
        | Topic::Metrics
        | Topic::Log => true,
    }
}

/// A command that is not obeyed is answered where it names an id, and logged.
fn refused(payload: &[u8], refusal: Refusal) -> Option<Ack> {
    tracing::warn!(%refusal, "a command is not obeyed");
    let signed: fieldline_protocol::signing::Signed = serde_json::from_slice(payload).ok()?;
    let body: serde_json::Value = serde_json::from_str(&signed.body).ok()?;
    let id = body.get("id")?.as_str()?.parse().ok()?;
    Some(Ack { id, ok: false, err: Some(refusal.to_string()) })
}

/// Obeys a signed command; `None` where it cannot be read.
async fn command(wire: &Wire, client: &AsyncClient, kind: CommandKind, body: &str) -> Result<Option<Ack>, sqlx::Error> {
    match kind {
        CommandKind::Sms => {
            let Some(sms) = read::<SmsCommand>(body) else { return Ok(None) };
            match wire.outbox.queue(&sms, wire.clock.judged()).await {
                Ok(()) => yes(sms.id),
                Err(NotQueued::Unsendable(why)) => no(sms.id, &why.to_string()),
                Err(NotQueued::Sqlx(error)) => Err(error),
            }
        }
        CommandKind::Cancel => {
            let Some(cancel) = read::<CancelCommand>(body) else { return Ok(None) };
            let sms = cancel.sms.to_string();
            match wire.outbox.cancel(&sms, wire.clock.judged()).await? {
                Cancel::Done => yes(cancel.id),
                Cancel::TooLate => no(cancel.id, "too late"),
                Cancel::NotHere => {
                    wire.outbox.forestall(&sms, wire.clock.judged()).await?;
                    yes(cancel.id)
                }
            }
        }
        CommandKind::Ussd => {
            let Some(ask) = read::<UssdCommand>(body) else { return Ok(None) };
            if !crate::modem::ussd::is_code(&ask.code) {
                return no(ask.id, "code");
            }
            let Some(modem) = wire.jobs.get(&ask.modem) else { return no(ask.id, "modem") };
            match modem.try_send(Job::Ussd { command: Some(ask.id), code: ask.code }) {
                Ok(()) => yes(ask.id),
                Err(_) => no(ask.id, "busy"),
            }
        }
        CommandKind::Config => {
            let Some(config) = read::<ConfigCommand>(body) else { return Ok(None) };
            match wire.outbox.set(&config.settings).await {
                Ok(()) => yes(config.id),
                Err(NotSet::Bad(why)) => no(config.id, &why.to_string()),
                Err(NotSet::Sqlx(error)) => Err(error),
            }
        }
        CommandKind::Optout => {
            let Some(optout) = read::<OptoutCommand>(body) else { return Ok(None) };
            wire.outbox.set_optouts(&optout, wire.clock.judged()).await?;
            yes(optout.id)
        }
        CommandKind::Time => {
            let Some(time) = read::<TimeCommand>(body) else { return Ok(None) };
            if wire.clock.confirmed_by(time.now) {
                wire.outbox.ring();
                yes(time.id)
            } else {
                no(time.id, "clock")
            }
        }
        CommandKind::Logs => {
            let Some(logs) = read::<LogsCommand>(body) else { return Ok(None) };
            let count = usize::try_from(logs.lines.min(LOG_LINES)).unwrap_or_default();
            let lines = LogLines { id: logs.id, lines: wire.logs.last(count) };
            let payload = serde_json::to_vec(&lines).unwrap_or_default();
            match client.publish(Topic::Log.of(&wire.claim.name), QoS::AtMostOnce, false, payload).await {
                Ok(()) => yes(logs.id),
                Err(_) => Ok(None),
            }
        }
        CommandKind::Update => {
            let Some(new) = read::<UpdateCommand>(body) else { return Ok(None) };
            if let Err(why) = update::check(&new) {
                return no(new.id, why);
            }
            let id = new.id;
            wire.about.trouble(BoxTrouble::UpdateFailed, false);
            let wire = wire.clone();
            tokio::spawn(async move {
                if let Err(error) = update::apply(&wire.data, &wire.outbox, &new).await {
                    update::failed(&wire.about, &error);
                }
            });
            yes(id)
        }
    }
}

#[allow(clippy::unnecessary_wraps)] // The answer of every command.
fn yes(id: Uuid) -> Result<Option<Ack>, sqlx::Error> {
    Ok(Some(Ack { id, ok: true, err: None }))
}

#[allow(clippy::unnecessary_wraps)] // The answer of every command.
fn no(id: Uuid, why: &str) -> Result<Option<Ack>, sqlx::Error> {
    Ok(Some(Ack { id, ok: false, err: Some(why.to_owned()) }))
}

fn read<T: serde::de::DeserializeOwned>(body: &str) -> Option<T> {
    serde_json::from_str(body).map_err(|error| broken("command", &error)).ok()
}

/// Says what is wrong by its kind and place: the words of the error repeat values, which may be a number or a text.
fn broken(what: &str, error: &serde_json::Error) {
    tracing::warn!(what, kind = ?error.classify(), column = error.column(), "refused: it is broken");
}
