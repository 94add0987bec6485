//! The wire to the boxes: an MQTT client, and by default the broker too. Nothing that matters rests here:
//! both ends keep their own outbox and acknowledge each other after their commits, so a broker may lose
//! everything. What comes in goes to the product's [`Handler`]; the kernel knows topics only as far as the rule
//! that a box speaks and hears below its own name.

mod broker;
mod client;
mod dynsec;
mod tls;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use anyhow::Context;
use rumqttc::AsyncClient;
use sha2::{Digest, Sha256};

use crate::kernel::access::CompanyKey;
use crate::kernel::background::supervise::Supervisor;
use crate::kernel::db::DbError;
use crate::kernel::{HookFuture, Office};
use broker::Guests;
use client::Line;

/// What every topic begins with; the box's name follows.
pub const ROOT: &str = "gw/v1/";

/// A message from a box.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The box, which the broker proved to be the sender.
    pub sender: String,
    /// The topic below the box's name, such as `evt/sms`.
    pub topic: String,
    /// As it came; nothing about it is known yet.
    pub payload: Vec<u8>,
}

/// What the product does with a message. It returns when its commit is on disk, and only then is the
/// message acknowledged; [`DbError::Unavailable`] makes it come again.
pub type Handler = for<'a> fn(&'a Office, &'a Arc<CompanyKey>, &'a Incoming) -> HookFuture<'a, Result<(), DbError>>;

/// SHA-256 of a box's password. The passwords are 256 random bits, so no slow hash is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordHash([u8; 32]);

impl PasswordHash {
    /// The hash of a password.
    #[must_use]
    pub fn of(password: &[u8]) -> PasswordHash {
        PasswordHash(Sha256::digest(password).into())
    }

    /// A hash as stored, 64 hex digits.
    #[must_use]
    pub fn parse(hex: &str) -> Option<PasswordHash> {
        let digits: Vec<u8> = hex.bytes().map(|b| char::from(b).to_digit(16)).map(|d| d.map_or(255, low)).collect();
        let mut hash = [0u8; 32];
        if digits.len() != 64 || digits.contains(&255) {
            return None;
        }
        for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
            *byte = pair.iter().fold(0, |sum, digit| sum << 4 | digit);
        }
        Some(PasswordHash(hash))
    }
}

fn low(digit: u32) -> u8 {
    u8::try_from(digit).unwrap_or(255)
}

/// `64 hex digits`, as stored.
impl std::fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The boxes that may speak, by name. Changed at once when one is claimed or revoked.
type Boxes = Arc<RwLock<HashMap<String, PasswordHash>>>;

/// Where the embedded broker listens.
#[derive(Clone, Debug)]
struct Listens {
    /// For boxes.
    address: SocketAddr,
    /// For this machine, without TLS.
    local: SocketAddr,
    /// The authority (PEM) by which boxes know it, where it speaks TLS.
    ca: Option<String>,
}

/// The handle by which the office speaks to boxes and says who is one.
#[derive(Clone, Default)]
pub struct Wire {
    boxes: Boxes,
    client: Arc<Mutex<Option<AsyncClient>>>,
    guests: Arc<OnceLock<Guests>>,
    listens: Arc<OnceLock<Listens>>,
    /// What the broker's dynamic-security plugin is still to be told; `None` where there is none.
    untold: Arc<Mutex<Option<Vec<serde_json::Value>>>>,
}

impl std::fmt::Debug for Wire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wire").field("listens", &self.listens.get()).finish_non_exhaustive()
    }
}

impl Wire {
    /// Lets a box in.
    pub fn admit(&self, name: &str, password: PasswordHash) {
        self.boxes.write().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), password);
    }

    /// Lets a box in that got a new password, and tells a broker that keeps users of its own.
    pub fn welcome(&self, name: &str, password: &str) {
        self.admit(name, PasswordHash::of(password.as_bytes()));
        self.tell_plugin(dynsec::admit(name, password));
    }

    /// Shuts a box out and drops its connections, now.
    pub fn dismiss(&self, name: &str) {
        self.boxes.write().unwrap_or_else(PoisonError::into_inner).remove(name);
        if let Some(guests) = self.guests.get() {
            guests.show_out(name);
        }
        self.tell_plugin(dynsec::dismiss(name));
    }

    /// Tells the broker's plugin, now or when it is back.
    fn tell_plugin(&self, commands: Vec<serde_json::Value>) {
        let mut untold = self.untold.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(waiting) = untold.as_mut() else { return };
        waiting.extend(commands);
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let told = client.is_some_and(|client| {
            client.try_publish(dynsec::CONTROL, rumqttc::QoS::AtLeastOnce, false, dynsec::together(waiting)).is_ok()
        });
        if told {
            waiting.clear();
        }
    }

    /// Whether this is a box.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.boxes.read().unwrap_or_else(PoisonError::into_inner).contains_key(name)
    }

    /// Hands a message for a box to the broker, at QoS 1. `false` when there is no connection or no room:
    /// the caller's outbox offers it again. It never waits, so it may be called anywhere.
    #[must_use]
    pub fn publish(&self, name: &str, topic: &str, payload: Vec<u8>) -> bool {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        client.is_some_and(|client| {
            let topic = format!("{ROOT}{name}/{topic}");
            client.try_publish(topic, rumqttc::QoS::AtLeastOnce, false, payload).is_ok()
        })
    }

    /// Where the embedded broker listens; `None` with an external one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.listens.get().map(|listens| listens.address)
    }

    /// Where it listens for this machine's own programs, without TLS.
    #[must_use]
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.listens.get().map(|listens| listens.local)
    }

    /// The authority (PEM) by which boxes know the embedded broker; `None` where it speaks no TLS.
    #[must_use]
    pub fn ca(&self) -> Option<&str> {
        self.listens.get().and_then(|listens| listens.ca.as_deref())
    }

    fn connected(&self, client: Option<AsyncClient>) {
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }
}

/// Starts the broker, unless configuration names another, and the client, both under `supervisor`.
///
/// # Errors
/// When the broker's address cannot be listened on, or the other broker's address cannot be read.
pub async fn start(office: &Office, handle: Handler, supervisor: &mut Supervisor) -> anyhow::Result<()> {
    let name = format!("server-{}", office.seal.mac(&[b"mqtt client"]));
    let options = match &office.config.broker {
        Some(url) => {
            let mut options = Vec::new();
            for line in Line::ALL {
                options.push((line, client::options(&line.client(&name), url)?));
            }
            if office.config.broker_dynsec {
                anyhow::ensure!(
                    options.iter().all(|(_, options)| options.credentials().is_some()),
                    "--broker-dynsec needs the plugin's administrator in --broker: mqtt://user:password@host"
                );
                *office.wire.untold.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
            }
            options
        }
        None => {
            let password = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
            let (wire, listen) = (&office.wire, office.config.mqtt_listen);
            let identity = identity(office)?;
            let (guests, address, running) =
                broker::start(listen, identity.as_ref(), Arc::clone(&wire.boxes), &name, &password)
                    .await
                    .with_context(|| format!("{listen} cannot be listened on; choose another with --mqtt-listen"))?;
            // A second start on one office cannot happen; were it to, the first broker stays the known one.
            let _ = wire.guests.set(guests);
            let (address, local) = (address.boxes, address.local);
            let _ = wire.listens.set(Listens { address, local, ca: identity.map(|identity| identity.ca) });
            supervisor.watch("mqtt broker", running);
            Line::ALL.map(|line| (line, client::local(&line.client(&name), &name, local, &password))).into()
        }
    };
    for (line, options) in options {
        let office = Arc::clone(office);
        supervisor.keep(line.task(), move || client::run(Arc::clone(&office), line, options.clone(), handle));
    }
    Ok(())
}

/// What the embedded broker speaks TLS by: nothing where only this machine can reach it, or where it was asked to do
/// without.
fn identity(office: &Office) -> anyhow::Result<Option<tls::Identity>> {
    let listen = office.config.mqtt_listen.ip();
    if listen.is_loopback() {
        return Ok(None);
    }
    if office.config.mqtt_plain {
        tracing::warn!("--mqtt-plain: messages to and from boxes travel unencrypted; for a closed network only");
        return Ok(None);
    }
    tls::open(&office.config.data, listen).map(Some).context("the broker's certificate cannot be read or made")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::PasswordHash;

    #[test]
    fn a_stored_hash_reads_back() {
        let hash = PasswordHash::of(b"secret");
        assert_eq!(PasswordHash::parse(&hash.to_string()), Some(hash));
        for bad in ["", "00", &"g".repeat(64), &"0".repeat(65)] {
            assert_eq!(PasswordHash::parse(bad), None, "{bad}");
        }
    }
}
