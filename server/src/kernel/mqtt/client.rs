//! The server's end of the wire. A task polls and does nothing else; each box has a worker that takes its messages
//! in, in order, and acknowledges after the commit. What cannot wait comes over a connection of its own, to workers
//! of its own: a broker hands out few messages at once and no more before those are acknowledged.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::FutureExt;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, Publish, QoS, SubscribeFilter, Transport};
use tokio::sync::mpsc;

use super::{Handler, Incoming, ROOT, dynsec};
use crate::kernel::Office;
use crate::kernel::access::CompanyKey;
use crate::kernel::db::DbError;
use crate::kernel::quiet;

/// What we listen to of every box; not `cmd/` and `evt/ack`, which are our own words.
const TOPICS: [(&str, QoS); 10] = [
    ("status", QoS::AtLeastOnce),
    ("info", QoS::AtLeastOnce),
    ("modem/+/state", QoS::AtLeastOnce),
    ("ack/+", QoS::AtLeastOnce),
    ("evt/sms", QoS::AtLeastOnce),
    ("evt/inbox", QoS::AtLeastOnce),
    ("evt/ussd", QoS::AtLeastOnce),
    ("evt/optout", QoS::AtLeastOnce),
    ("metrics", QoS::AtMostOnce),
    ("log", QoS::AtMostOnce),
];
/// What somebody waits for at this moment.
const URGENT: [(&str, QoS); 1] = [("evt/call", QoS::AtLeastOnce)];
/// Messages of one box that wait for its worker. The broker sends no more than its window of
/// unacknowledged ones, so only QoS 0 can fill this, and that may be lost.
const WAITING: usize = 1024;
/// Requests that wait for the polling task.
const REQUESTS: usize = 512;
const LARGEST: usize = 256 << 10;
/// Between two attempts to connect.
const AGAIN: Duration = Duration::from_millis(500);
const AGAIN_MOST: Duration = Duration::from_secs(10);

fn finish(mut options: MqttOptions) -> MqttOptions {
    options.set_keep_alive(Duration::from_secs(20));
    options.set_manual_acks(true);
    options.set_max_packet_size(LARGEST, LARGEST);
    // What boxes said while we were away waits in the broker, if it keeps it.
    options.set_clean_session(false);
    options
}

/// How to reach the embedded broker.
pub(super) fn local(client: &str, user: &str, address: SocketAddr, password: &str) -> MqttOptions {
    let host = if address.ip().is_unspecified() {
        match address {
            SocketAddr::V4(_) => "127.0.0.1".to_owned(),
            SocketAddr::V6(_) => "::1".to_owned(),
        }
    } else {
        address.ip().to_string()
    };
    let mut options = MqttOptions::new(client, host, address.port());
    options.set_credentials(user, password);
    finish(options)
}

/// How to reach the broker of an address such as `mqtt://user:password@host:1883` or `mqtts://…`.
pub(super) fn options(name: &str, url: &str) -> anyhow::Result<MqttOptions> {
    let url: reqwest::Url = url.parse().context("--broker is no address such as mqtt://user:password@host:1883")?;
    let host = url.host_str().context("--broker names no host")?;
    let (transport, port) = match url.scheme() {
        "mqtt" | "tcp" => (Transport::tcp(), 1883),
        "mqtts" | "ssl" => (tls(), 8883),
        other => anyhow::bail!("--broker: {other}:// is neither mqtt:// nor mqtts://"),
    };
    let mut options = MqttOptions::new(name, host, url.port().unwrap_or(port));
    options.set_transport(transport);
    if !url.username().is_empty() {
        options.set_credentials(plain(url.username()), plain(url.password().unwrap_or_default()));
    }
    Ok(finish(options))
}

/// TLS with the system's roots.
fn tls() -> Transport {
    Transport::tls_with_default_config()
}

/// Undoes percent-encoding, as in a password with an `@`.
fn plain(text: &str) -> String {
    let pair: Vec<(String, String)> =
        serde_urlencoded::from_str(&format!("x={}", text.replace('+', "%2B"))).unwrap_or_default();
    pair.into_iter().next().map_or_else(|| text.to_owned(), |(_, value)| value)
}

/// The workers of a connection, by box.
type Workers = HashMap<String, mpsc::Sender<Letter>>;

/// Which connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Speaks to boxes, and hears what can wait.
    Usual,
    /// Hears what cannot.
    Urgent,
}

impl Line {
    /// Both.
    pub(super) const ALL: [Line; 2] = [Line::Usual, Line::Urgent];

    /// Its client id, for a server of this name.
    pub(super) fn client(self, name: &str) -> String {
        match self {
            Line::Usual => name.to_owned(),
            Line::Urgent => format!("{name}-urgent"),
        }
    }

    /// Its name as a long-lived task.
    pub(super) fn task(self) -> &'static str {
        match self {
            Line::Usual => "mqtt client",
            Line::Urgent => "urgent mqtt client",
        }
    }

    fn filters(self) -> impl Iterator<Item = SubscribeFilter> {
        let topics: &[(&str, QoS)] = match self {
            Line::Usual => &TOPICS,
            Line::Urgent => &URGENT,
        };
        topics.iter().map(|(topic, qos)| SubscribeFilter::new(format!("{ROOT}+/{topic}"), *qos))
    }
}

struct Letter {
    publish: Publish,
    incoming: Incoming,
    client: AsyncClient,
}

/// Connects, listens, connects again; for ever.
pub(super) async fn run(office: Office, line: Line, options: MqttOptions, handle: Handler) {
    let key = Arc::new(CompanyKey::new());
    let mut workers = Workers::new();
    let mut wait = AGAIN;
    let mut told = false;
    loop {
        // A new client each time: one that outlives its session can hang on a packet id that the broker forgot.
        let (client, mut events) = AsyncClient::new(options.clone(), REQUESTS);
        let ended = loop {
            match events.poll().await {
                Ok(Event::Incoming(Packet::ConnAck(_))) => {
                    wait = AGAIN;
                    told = false;
                    tracing::info!(?line, "connected to the MQTT broker");
                    if let Err(error) = client.try_subscribe_many(line.filters()) {
                        break error.to_string();
                    }
                    if line == Line::Urgent {
                        continue;
                    }
                    office.wire.connected(Some(client.clone()));
                    if let Some(own) = options.credentials().filter(|_| office.config.broker_dynsec) {
                        if let Err(error) = client.try_subscribe(dynsec::ANSWERS, QoS::AtMostOnce) {
                            break error.to_string();
                        }
                        office.wire.tell_plugin(dynsec::greet(&own.username));
                    }
                }
                Ok(Event::Incoming(Packet::Publish(publish))) if publish.topic == dynsec::ANSWERS => {
                    heed(&office, &publish.payload);
                }
                Ok(Event::Incoming(Packet::Publish(publish))) => {
                    sort(&office, &key, handle, &mut workers, &client, publish);
                }
                Ok(Event::Incoming(_) | Event::Outgoing(_)) => {}
                Err(error) => break error.to_string(),
            }
        };
        if line == Line::Usual {
            office.wire.connected(None);
        }
        if !told {
            tracing::warn!(why = ended, "the MQTT broker is out of reach; trying again");
            told = true;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(AGAIN_MOST);
    }
}

/// Takes an answer of the broker's plugin: whoever it still lets in and we do not is shut out there too.
fn heed(office: &Office, payload: &[u8]) {
    let answer = dynsec::answer(payload);
    for refused in &answer.refused {
        tracing::error!(refused = quiet::name(refused), "the broker's dynamic-security plugin refused a command");
    }
    for name in answer.boxes.iter().filter(|name| !office.wire.knows(name)) {
        tracing::info!(name, "a box that was revoked is taken out of the broker");
        office.wire.dismiss(name);
    }
}

/// Gives a message to the worker of its box.
fn sort(
    office: &Office,
    key: &Arc<CompanyKey>,
    handle: Handler,
    workers: &mut Workers,
    client: &AsyncClient,
    publish: Publish,
) {
    let named = publish.topic.strip_prefix(ROOT).and_then(|rest| rest.split_once('/'));
    let known = named.filter(|(name, _)| office.wire.knows(name));
    let Some((name, topic)) = known else {
        tracing::warn!(topic = quiet::name(&publish.topic), "MQTT: refused: a message of an unknown box");
        // Acknowledged, or it would come for ever.
        if client.try_ack(&publish).is_err() {
            tracing::debug!("not acknowledged");
        }
        return;
    };
    let incoming = Incoming { sender: name.to_owned(), topic: topic.to_owned(), payload: publish.payload.to_vec() };
    // A worker that ended, by a fault in one message, is replaced: its box is heard again.
    if workers.get(name).is_some_and(mpsc::Sender::is_closed) {
        workers.remove(name);
    }
    let worker = workers.entry(name.to_owned()).or_insert_with(|| {
        let (letters, queue) = mpsc::channel(WAITING);
        tokio::spawn(work(Arc::clone(office), Arc::clone(key), handle, queue));
        letters
    });
    let sender = incoming.sender.clone();
    if worker.try_send(Letter { publish, incoming, client: client.clone() }).is_err() {
        tracing::warn!(sender, "a box speaks faster than it can be heard; a message was left");
    }
}

/// Takes the messages of one box in, in order.
async fn work(office: Office, key: Arc<CompanyKey>, handle: Handler, mut queue: mpsc::Receiver<Letter>) {
    while let Some(letter) = queue.recv().await {
        let (sender, topic) = (&letter.incoming.sender, &letter.incoming.topic);
        loop {
            let heard = AssertUnwindSafe(async { handle(&office, &key, &letter.incoming).await }).catch_unwind().await;
            let Ok(heard) = heard else {
                // The box keeps its event; the others of this box go on.
                tracing::error!(sender, topic = quiet::name(topic), "taking in a box's message panicked");
                break;
            };
            match heard {
                Ok(()) => break,
                Err(DbError::Unavailable(why) | DbError::Undone(why)) => {
                    tracing::warn!(sender, topic, why, "a box's message waits for the database");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Err(error) => {
                    // Ours to mend. The box keeps it, since it gets no acknowledgement of its event.
                    tracing::error!(sender, topic, %error, "a box's message could not be processed");
                    break;
                }
            }
        }
        // Fails when the connection is gone; then the broker brings it again and it is known by its id.
        if letter.client.ack(&letter.publish).await.is_err() {
            tracing::debug!(sender, "the connection ended before the acknowledgement");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::options;

    #[test]
    fn broker_addresses_are_read() {
        let read = options("s", "mqtt://crm:p%40ss+word@broker.example.com").unwrap();
        assert_eq!(read.broker_address(), ("broker.example.com".to_owned(), 1883));
        assert_eq!(read.credentials().unwrap().password, "p@ss+word");
        assert_eq!(options("s", "mqtts://broker.example.com").unwrap().broker_address().1, 8883);
        for bad in ["broker:1883", "http://broker", "", "mqtt://"] {
            assert!(options("s", bad).is_err(), "{bad}");
        }
    }
}
