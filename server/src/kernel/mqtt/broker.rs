//! The embedded broker: in memory, with our own answer to "who are you" and "may you".

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use mqtt5::broker::MqttBroker;
use mqtt5::broker::auth::{AuthProvider, AuthResult};
use mqtt5::broker::config::{BrokerConfig, StorageBackend, StorageConfig, TlsConfig};
use mqtt5::broker::events::{BrokerEventHandler, ClientConnectEvent};
use mqtt5::broker::router::{DeliveryLanes, MessageRouter};
use mqtt5::packet::connect::ConnectPacket;
use mqtt5::protocol::v5::reason_codes::ReasonCode;
use tokio::task::JoinHandle;

use super::tls::Identity;
use super::{Boxes, PasswordHash, ROOT};
use crate::kernel::quiet;

/// What a box may publish below its own name: these, and anything below those that end in a slash.
const SPEAKS: [&str; 7] = ["status", "info", "modem/", "ack/", "evt/", "metrics", "log"];
/// The largest packet: an info or a long log, never a file.
const LARGEST: usize = 256 << 10;
/// Modems of one box; it has that many sockets at most.
const MODEMS: usize = 16;
/// Client ids remembered; past it those of boxes that are gone are forgotten.
const CLIENTS: usize = 10_000;

/// Whether a box may publish this topic.
fn may_speak(name: &str, topic: &str) -> bool {
    let own = topic.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix(name)).and_then(|rest| rest.strip_prefix('/'));
    own.is_some_and(|own| {
        // What the server says to the box is not the box's to say.
        own != "evt/ack"
            && !own.contains(['+', '#'])
            && SPEAKS.iter().any(|allowed| match allowed.strip_suffix('/') {
                Some(_) => own.strip_prefix(allowed).is_some_and(is_short),
                None => own == *allowed,
            })
    })
}

/// Whether the rest of a topic is one or two names, as of a modem and its state.
fn is_short(rest: &str) -> bool {
    let name = |level: &str| {
        (1..=64).contains(&level.len()) && level.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    rest.split('/').count() <= 2 && rest.split('/').all(name)
}

/// Whether a box may subscribe to this filter: its commands and its acknowledgements, nothing wider.
fn may_hear(name: &str, filter: &str) -> bool {
    let own =
        filter.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix(name)).and_then(|rest| rest.strip_prefix('/'));
    own.is_some_and(|own| own == "evt/ack" || own.starts_with("cmd/"))
}

/// Which user each client id belongs to. A client id names a session and what waits in it, so one box must
/// not connect with the id of another.
type Owners = Arc<Mutex<HashMap<String, String>>>;

/// Who is connected, and how to end that.
pub(super) struct Guests {
    router: Arc<MessageRouter>,
    owners: Owners,
}

impl Guests {
    /// Ends every connection and session of a user.
    pub(super) fn show_out(&self, user: &str) {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        let clients: Vec<String> =
            owners.iter().filter(|(_, owner)| *owner == user).map(|(client, _)| client.clone()).collect();
        owners.retain(|_, owner| owner != user);
        drop(owners);
        let router = Arc::clone(&self.router);
        tokio::spawn(async move {
            for client in clients {
                displace(&router, client).await;
            }
        });
    }
}

/// The broker has no call for "drop this connection", but the protocol has one: a newer connection with the
/// same client id. So we take the id over, with a clean start, and leave again.
async fn displace(router: &MessageRouter, client: String) {
    let (lanes, _receivers) = DeliveryLanes::channel(1);
    let queue = router.queue_handle(&client);
    let (notice, _never) = tokio::sync::oneshot::channel();
    let registration = router.register_session(client.clone(), lanes, queue, notice, true).await;
    if let Some(released) = registration.released {
        // The old handler answers when its connection is closed; it has no reason to take long.
        let _ = tokio::time::timeout(Duration::from_secs(5), released).await;
    }
    router.unregister_client(&client).await;
    tracing::info!(client = quiet::name(&client), "a connection was ended");
}

/// The answers to the broker's questions.
struct Porter {
    boxes: Boxes,
    owners: Owners,
    /// The modems that each box has spoken of: their states are retained, so there must be an end to them.
    modems: Mutex<HashMap<String, BTreeSet<String>>>,
    server: String,
    server_password: PasswordHash,
}

impl Porter {
    fn admits(&self, user: &str, password: &[u8]) -> bool {
        let hash = PasswordHash::of(password);
        if user == self.server {
            return hash == self.server_password;
        }
        self.boxes.read().unwrap_or_else(PoisonError::into_inner).get(user) == Some(&hash)
    }

    fn is_box(&self, user: &str) -> bool {
        self.boxes.read().unwrap_or_else(PoisonError::into_inner).contains_key(user)
    }

    /// Whether a box may speak of one more modem, where this topic is of one.
    fn has_room(&self, user: &str, topic: &str) -> bool {
        let below = topic.strip_prefix(ROOT).and_then(|rest| rest.split_once('/')).map_or("", |(_, below)| below);
        let Some((modem, _)) = below.strip_prefix("modem/").and_then(|rest| rest.split_once('/')) else { return true };
        let mut modems = self.modems.lock().unwrap_or_else(PoisonError::into_inner);
        let known = modems.entry(user.to_owned()).or_default();
        known.contains(modem) || (known.len() < MODEMS && known.insert(modem.to_owned()))
    }

    /// Notes whose client id this is; `false` when it is somebody else's.
    fn claims(&self, client: &str, user: &str) -> bool {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if owners.len() >= CLIENTS {
            let boxes = self.boxes.read().unwrap_or_else(PoisonError::into_inner);
            owners.retain(|_, owner| boxes.contains_key(owner) || *owner == self.server);
            if owners.len() >= CLIENTS {
                return false;
            }
        }
        match owners.get(client) {
            Some(owner) => owner == user,
            None => {
                owners.insert(client.to_owned(), user.to_owned());
                true
            }
        }
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl AuthProvider for Porter {
    fn authenticate<'a>(
        &'a self,
        connect: &'a ConnectPacket,
        from: SocketAddr,
    ) -> Answer<'a, mqtt5::Result<AuthResult>> {
        let user = connect.username.as_deref().unwrap_or_default();
        let password = connect.password.as_deref().unwrap_or_default();
        let client = connect.client_id.as_str();
        let result = if !self.admits(user, password) {
            // Log what can be told apart, and cut what a stranger may have made long.
            tracing::warn!(user = quiet::name(user), known = self.is_box(user), %from, "MQTT: refused: wrong name or password");
            AuthResult::fail(ReasonCode::BadUsernameOrPassword)
        } else if client.is_empty() || self.claims(client, user) {
            AuthResult::success_with_user(user)
        } else {
            tracing::warn!(user, client = quiet::name(client), %from, "MQTT: refused: the client id belongs to another");
            AuthResult::fail(ReasonCode::ClientIdentifierNotValid)
        };
        Box::pin(std::future::ready(Ok(result)))
    }

    fn authorize_publish<'a>(&'a self, _client: &str, user: Option<&'a str>, topic: &'a str) -> Answer<'a, bool> {
        let user = user.unwrap_or_default();
        let allowed =
            user == self.server || (self.is_box(user) && may_speak(user, topic) && self.has_room(user, topic));
        if !allowed {
            tracing::warn!(user, topic = quiet::name(topic), "MQTT: refused: publishing outside its own topics");
        }
        Box::pin(std::future::ready(allowed))
    }

    fn authorize_subscribe<'a>(&'a self, _client: &str, user: Option<&'a str>, filter: &'a str) -> Answer<'a, bool> {
        let user = user.unwrap_or_default();
        let allowed = user == self.server || (self.is_box(user) && may_hear(user, filter));
        if !allowed {
            tracing::warn!(user, filter = quiet::name(filter), "MQTT: refused: subscribing outside its own topics");
        }
        Box::pin(std::future::ready(allowed))
    }
}

/// Learns the client ids that the broker itself made up for those who brought none.
struct Doorbook(Arc<Porter>);

impl BrokerEventHandler for Doorbook {
    fn on_client_connect<'a>(&'a self, event: ClientConnectEvent) -> Answer<'a, ()> {
        if let Some(user) = &event.user_id {
            self.0.claims(&event.client_id, user);
        }
        Box::pin(std::future::ready(()))
    }
}

/// Where it really listens: one address for both where it speaks no TLS.
pub(super) struct Addresses {
    pub boxes: SocketAddr,
    pub local: SocketAddr,
}

/// Starts the broker on `listen` and returns where it really listens. With an identity it speaks TLS there, and
/// without it on a port of the loopback that only this machine can reach.
pub(super) async fn start(
    listen: SocketAddr,
    identity: Option<&Identity>,
    boxes: Boxes,
    server: &str,
    password: &str,
) -> anyhow::Result<(Guests, Addresses, JoinHandle<()>)> {
    let owners = Owners::default();
    let porter = Arc::new(Porter {
        boxes,
        owners: Arc::clone(&owners),
        modems: Mutex::default(),
        server: server.to_owned(),
        server_password: PasswordHash::of(password.as_bytes()),
    });
    let config = BrokerConfig {
        // Half a day: whoever comes back later starts again from its own outbox.
        session_expiry_interval: Duration::from_secs(12 * 3600),
        max_packet_size: LARGEST,
        maximum_qos: 1,
        shared_subscription_available: false,
        max_subscriptions_per_client: 32,
        max_retained_messages: 2_000,
        max_retained_message_size: 16 << 10,
        client_channel_capacity: 1_000,
        sys_topics_enabled: false,
        storage_config: StorageConfig::new().with_backend(StorageBackend::Memory).with_persistence(false),
        event_handler: Some(Arc::new(Doorbook(Arc::clone(&porter)))),
        ..BrokerConfig::default().with_bind_address(match identity {
            Some(_) => SocketAddr::from(([127, 0, 0, 1], 0)),
            None => listen,
        })
    };
    let config = match identity {
        Some(identity) => {
            config.with_tls(TlsConfig::new(identity.cert.clone(), identity.key.clone()).with_bind_address(listen))
        }
        None => config,
    };
    let mut broker = MqttBroker::with_config(config).await?.with_auth_provider(porter);
    let local = broker.local_addr().context("the broker has no address")?;
    let boxes = match identity {
        Some(_) => broker.tls_local_addr().context("the broker has no address")?,
        None => local,
    };
    let address = Addresses { boxes, local };
    let guests = Guests { router: broker.router(), owners };
    let running = tokio::spawn(async move {
        if let Err(error) = broker.run().await {
            tracing::error!(%error, "the MQTT broker ended");
        }
    });
    Ok((guests, address, running))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{may_hear, may_speak};

    #[test]
    fn a_box_speaks_below_its_own_name_only() {
        for own in ["status", "info", "modem/m1/state", "ack/0192", "evt/sms", "evt/call", "metrics", "log"] {
            assert!(may_speak("b1", &format!("gw/v1/b1/{own}")), "{own}");
            assert!(!may_speak("b1", &format!("gw/v1/b2/{own}")), "{own}");
            assert!(!may_speak("b1", &format!("gw/v1/b11/{own}")), "{own}");
        }
        for foreign in ["cmd/sms", "evt/ack", "evt/", "modem/", "statusx", "", "evt/#", "../b2/status"] {
            assert!(!may_speak("b1", &format!("gw/v1/b1/{foreign}")), "{foreign}");
        }
        assert!(!may_speak("b1", "$SYS/x"));
        for long in ["modem/a/b/c", "modem/m 1/state", &format!("ack/{}", "x".repeat(65)), "evt//sms"] {
            assert!(!may_speak("b1", &format!("gw/v1/b1/{long}")), "{long}");
        }
    }

    #[test]
    fn a_box_hears_its_commands_only() {
        for own in ["cmd/#", "cmd/sms", "cmd/+", "evt/ack"] {
            assert!(may_hear("b1", &format!("gw/v1/b1/{own}")), "{own}");
            assert!(!may_hear("b1", &format!("gw/v1/b2/{own}")), "{own}");
        }
        for wide in
            ["#", "+/#", "gw/#", "gw/v1/#", "gw/v1/+/cmd/#", "gw/v1/b1/#", "gw/v1/b1/+", "$share/g/gw/v1/b1/cmd/#"]
        {
            assert!(!may_hear("b1", wide), "{wide}");
        }
    }
}
