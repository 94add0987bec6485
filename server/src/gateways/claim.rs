//! How a box comes to belong to this server: a one-time code shown once, exchanged for a credential.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fieldline_protocol::messages::Claim;
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{keys, store};
use crate::kernel::Kernel;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::{MINUTE, Millis};
use crate::kernel::crypto::hex::hex;
use crate::kernel::db::Tx;
use crate::kernel::id::Id;
use crate::kernel::memory::Memory;
use crate::kernel::mqtt::PasswordHash;
use crate::web::cx::Guest;
use crate::web::error::{AppError, Result};

/// How long a code can be used.
pub const CODE_LIFE: Millis = 10 * MINUTE;
/// Letters of a code: no `0 O 1 I L`, since it is read from a screen and typed on another.
const LETTERS: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// 31^10 codes: at ten tries a minute none is found in its ten minutes.
const LENGTH: usize = 10;
/// Tries in a minute, of everybody together; claiming is rare.
const TRIES: usize = 10;

/// A new code, in two groups of five.
pub fn new_code() -> String {
    let mut code = String::with_capacity(LENGTH + 1);
    while code.len() < LENGTH + 1 {
        if code.len() == LENGTH / 2 {
            code.push('-');
        }
        // Bytes past the last whole multiple are drawn again, so that every letter is as likely.
        let byte = rand::random::<u8>();
        if usize::from(byte) < LETTERS.len() * 8
            && let Some(letter) = LETTERS.get(usize::from(byte) % LETTERS.len())
        {
            code.push(char::from(*letter));
        }
    }
    code
}

/// What a code is stored as; dashes, spaces and small letters do not matter.
pub fn code_hash(code: &str) -> String {
    let code: String = code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    hex(&Sha256::digest(code.as_bytes()))
}

/// Gives a box its credential, and the code its end. The wire must admit it after the commit: [`welcome`].
pub(super) async fn hand_over(
    office: &Kernel,
    tx: &mut Tx,
    id: Id,
    wire_name: &str,
    (broker, ca): (String, Option<String>),
) -> Result<Claim> {
    let password = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    store::activate(tx, id, &PasswordHash::of(password.as_bytes()).to_string()).await?;
    Ok(Claim {
        name: wire_name.to_owned(),
        broker,
        ca,
        username: wire_name.to_owned(),
        password,
        server_key: keys::signer(office)?.public_key(),
    })
}

/// Lets a box in once its credential is on disk.
pub fn welcome(office: &Kernel, claim: &Claim) {
    office.wire.welcome(&claim.name, &claim.password);
}

/// Where a box finds the broker: the configured one without our own credential, or ours, under the name by which the
/// box reached the server when it listens on every address. Beside it the authority by which the box knows ours.
fn broker_address(office: &Kernel, host: Option<&str>) -> (String, Option<String>) {
    if let Some(broker) = &office.config.broker {
        return (configured(broker), None);
    }
    let address = office.wire.address().unwrap_or(office.config.mqtt_listen);
    let name = match host.map(without_port) {
        Some(host) if address.ip().is_unspecified() && !host.is_empty() => host.to_owned(),
        Some(_) | None => in_address(address.ip()),
    };
    let ca = office.wire.ca().map(str::to_owned);
    let scheme = if ca.is_some() { "mqtts" } else { "mqtt" };
    (format!("{scheme}://{name}:{}", address.port()), ca)
}

/// A configured broker without the credential.
fn configured(broker: &str) -> String {
    let bare: Option<String> = broker.parse::<reqwest::Url>().ok().and_then(|url| {
        let host = url.host_str()?;
        let port = url.port().unwrap_or(if url.scheme() == "mqtts" { 8883 } else { 1883 });
        Some(format!("{}://{host}:{port}", url.scheme()))
    });
    bare.unwrap_or_default()
}

fn in_address(ip: std::net::IpAddr) -> String {
    match ip {
        std::net::IpAddr::V6(v6) => format!("[{v6}]"),
        std::net::IpAddr::V4(v4) => v4.to_string(),
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

#[derive(Deserialize)]
struct ClaimBody {
    code: String,
}

/// The moments of the last tries in steady time. Of everybody: a stranger has many addresses.
#[derive(Default)]
struct Tried(VecDeque<Millis>);

fn may_try(memory: &Memory, now: Millis) -> bool {
    memory.with(|Tried(tried)| {
        tried.retain(|at| now - at < MINUTE && *at <= now);
        if tried.len() >= TRIES {
            return false;
        }
        tried.push_back(now);
        true
    })
}

fn refusal(status: StatusCode, why: &str) -> Response {
    poem::web::Json(serde_json::json!({ "error": why })).with_status(status).into_response()
}

/// `POST /gateways/claim`: the box brings the code and gets its credential.
pub(super) async fn claim(guest: Guest) -> Result<Response> {
    let now = guest.now;
    if !may_try(&guest.office.memory, guest.office.clock.steady()) {
        tracing::warn!(from = %guest.from, "too many attempts to claim a box");
        let mut response = refusal(StatusCode::TOO_MANY_REQUESTS, "too many attempts; try again in a minute");
        response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("60"));
        return Ok(response);
    }
    let bytes = guest.bytes(1024).await?;
    let Ok(asked) = serde_json::from_slice::<ClaimBody>(&bytes) else {
        return Ok(refusal(StatusCode::BAD_REQUEST, "the body must be {\"code\": \"…\"}"));
    };
    let office = &guest.office;
    let mut tx = office.db.begin().await?;
    let waiting = store::by_code(&mut tx, &code_hash(&asked.code)).await?;
    let (good, expired) = match waiting {
        Some(gateway) if gateway.claim_until.is_some_and(|until| !office.clock.is_due(until)) => (Some(gateway), None),
        other => (None, other),
    };
    let Some(gateway) = good else {
        tracing::warn!(from = %guest.from, "a wrong or expired claim code");
        if let Some(gateway) = expired {
            // A clock that is set back later does not make it good again.
            store::forget_code(&mut tx, gateway.id).await?;
            tx.commit().await?;
        }
        return Ok(refusal(
            StatusCode::NOT_FOUND,
            "the code is wrong, used or expired; issue a new one on the gateways page",
        ));
    };
    let host = guest.header("host").map(str::to_owned);
    let broker = broker_address(office, host.as_deref());
    let claim = hand_over(office, &mut tx, gateway.id, &gateway.wire_name, broker).await?;
    let author = Author { user: None, origin: guest.from.clone(), at: now };
    let changes = Changes::new().moved("state", store::State::New.code(), store::State::Active.code());
    audit::record(&mut tx, &author, Action::Edit, "gateway", gateway.id, changes).await?;
    tx.commit().await?;
    welcome(office, &claim);
    let mut response = poem::web::Json(&claim).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Claims a box without a code, for one that this program starts itself (`server demo`). Call [`welcome`]
/// with the result after the commit.
pub async fn claim_directly(office: &Kernel, tx: &mut Tx, name: &str, now: Millis) -> Result<Claim, AppError> {
    let (id, wire_name) = store::insert(tx, name, None, None, now).await?;
    let author = Author { user: None, origin: "server".to_owned(), at: now };
    audit::record(tx, &author, Action::Create, "gateway", id, Changes::new().set("name", name)).await?;
    hand_over(office, tx, id, &wire_name, (broker_now(office), None)).await
}

/// Where a box that this program starts itself finds the broker now; it may listen elsewhere than when the box
/// was claimed.
#[must_use]
pub fn broker_now(office: &Kernel) -> String {
    match (&office.config.broker, office.wire.local_address()) {
        (Some(broker), _) => configured(broker),
        // On this machine it is reached without TLS, wherever else it listens.
        (None, Some(local)) => format!("mqtt://{}:{}", in_address(reachable(local.ip())), local.port()),
        (None, None) => broker_address(office, None).0,
    }
}

/// An address that listens everywhere is reached on the loopback.
fn reachable(ip: std::net::IpAddr) -> std::net::IpAddr {
    use std::net::IpAddr;
    match ip {
        IpAddr::V4(v4) if v4.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(v6) if v6.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        IpAddr::V4(_) | IpAddr::V6(_) => ip,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::{Memory, code_hash, may_try, new_code, without_port};

    #[test]
    fn codes_are_typed_in_any_way() {
        let code = new_code();
        assert_eq!(code.len(), 11);
        assert_ne!(code, new_code());
        let sloppy = format!(" {} ", code.replace('-', " ").to_lowercase());
        assert_eq!(code_hash(&code), code_hash(&sloppy));
        assert_ne!(code_hash("23456-789AB"), code_hash("23456-789AC"));
    }

    #[test]
    fn tries_are_few_and_come_back() {
        let (now, office) = (1_000_000_000_000, Memory::default());
        assert!((0..10).all(|_| may_try(&office, now)));
        assert!(!may_try(&office, now));
        assert!(may_try(&Memory::default(), now), "another office counts its own");
        assert!(may_try(&office, now + 60_001));
    }

    #[test]
    fn hosts_lose_their_port() {
        assert_eq!(without_port("crm.example.com:8080"), "crm.example.com");
        assert_eq!(without_port("[::1]:8080"), "[::1]");
        assert_eq!(without_port("crm"), "crm");
    }
}
