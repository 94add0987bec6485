//! Web push 推送: the key that names this server to push services, the subscriptions of people's devices,
//! and sending. An endpoint is an address that a browser gave us, so it is checked like any address a
//! stranger can choose: https, a known push service, a public network address, and that address is the one
//! connected to.
//!
//! Long because: subscription, address check and sending share one device's life.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{StatusCode, Url};
use web_push::{ContentEncoding, SubscriptionInfo, Urgency, VapidSignatureBuilder, WebPushMessageBuilder};

use crate::kernel::address::local;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::{HOUR, Millis};
use crate::kernel::db::{Db, DbError, sql};
use crate::kernel::durable;
use crate::kernel::id::Id;
use crate::kernel::{Kernel, Office};

/// The push services of the browsers; a host is one of these or ends in a dot and one of these.
const SERVICES: [&str; 6] = [
    "fcm.googleapis.com",
    "jmt17.google.com",
    "push.services.mozilla.com",
    "notify.windows.com",
    "push.apple.com",
    "push.huaweicloud.com",
];
/// Devices a person can have at once; the oldest goes when another comes.
const DEVICES: i64 = 10;
/// A push that is older than this tells nobody anything.
const TTL_SECONDS: u32 = 12 * 3600;
/// The longest title and body, so that the payload stays within what services accept.
const LONGEST: (usize, usize) = (120, 600);

/// The server's VAPID key and the hosts that configuration adds.
#[derive(Clone)]
pub struct Push {
    private: String,
    public: String,
    hosts: Vec<String>,
}

impl std::fmt::Debug for Push {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Push").field("public", &self.public).field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

impl Push {
    /// Whether an endpoint that a browser gave may be sent to.
    pub fn accepts(&self, endpoint: &str) -> Result<(), Refused> {
        target(endpoint, &self.hosts).map(|_| ())
    }

    /// Reads the key file, or makes it with mode 0600.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds no key.
    pub fn open(path: &Path, hosts: &[String]) -> std::io::Result<Push> {
        // Nearly every 256-bit number is a key of the curve; the check below would tell the rest.
        let stored = durable::read_or_new(path, || URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>()).into_bytes())?;
        let private = String::from_utf8_lossy(&stored).trim().to_owned();
        let key = VapidSignatureBuilder::from_base64_no_sub(&private)
            .map_err(|_| durable::broken(path, "no number of the curve P-256"))?;
        Ok(Push { public: URL_SAFE_NO_PAD.encode(key.get_public_key()), private, hosts: hosts.to_vec() })
    }

    /// The key that pages hand to the browser (`applicationServerKey`).
    #[must_use]
    pub fn public_key(&self) -> &str {
        &self.public
    }
}

/// Why an endpoint is not sent to.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// It is no https address without a user name.
    #[error("the address is not a plain https address")]
    Address,
    /// The host is not a known push service.
    #[error("the host is not a known push service")]
    Host,
    /// The name leads to an address inside a network.
    #[error("the host is not at a public address")]
    NotPublic,
    /// The name leads nowhere.
    #[error("the host cannot be resolved")]
    Unresolved,
}

/// An endpoint whose form and host were accepted.
#[derive(Debug)]
struct Target {
    url: Url,
    host: String,
    port: u16,
    listed: bool,
}

fn target(endpoint: &str, listed_hosts: &[String]) -> Result<Target, Refused> {
    let url: Url = endpoint.parse().map_err(|_| Refused::Address)?;
    let host = url.host_str().ok_or(Refused::Address)?.trim_matches(['[', ']']).to_ascii_lowercase();
    let port = url.port_or_known_default().ok_or(Refused::Address)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refused::Address);
    }
    let known = |name: &str| host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    let with_port = format!("{host}:{port}");
    let listed =
        listed_hosts.iter().map(|name| name.trim().to_ascii_lowercase()).any(|name| known(&name) || name == with_port);
    if url.scheme() != "https" && !(listed && url.scheme() == "http" && is_loopback_name(&host)) {
        return Err(Refused::Address);
    }
    if !listed && (!SERVICES.iter().any(|name| known(name)) || port != 443) {
        return Err(Refused::Host);
    }
    Ok(Target { url, host, port, listed })
}

/// Plain http is for a push service on this very machine, which only configuration can name.
fn is_loopback_name(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Resolves the host and refuses it when any of its addresses is not public.
async fn resolve(target: &Target) -> Result<Vec<SocketAddr>, Refused> {
    let looked =
        tokio::time::timeout(Duration::from_secs(5), tokio::net::lookup_host((target.host.as_str(), target.port)));
    let addresses: Vec<SocketAddr> =
        looked.await.map_err(|_| Refused::Unresolved)?.map_err(|_| Refused::Unresolved)?.collect();
    let fit = |address: &SocketAddr| is_public(address.ip()) || (target.listed && address.ip().is_loopback());
    match addresses.is_empty() {
        true => Err(Refused::Unresolved),
        false if addresses.iter().all(fit) => Ok(addresses),
        false => Err(Refused::NotPublic),
    }
}

/// Whether an address is on the public internet.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    !(v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    if let Some(v4) = v6.to_ipv4_mapped() {
        return is_public_v4(v4);
    }
    let [a, b, ..] = v6.segments();
    // Only 2000::/3 is given out; within it 6to4, Teredo and documentation lead elsewhere.
    (a & 0xe000) == 0x2000 && a != 0x2002 && !(a == 0x2001 && (b < 0x0200 || b == 0x0db8)) && a != 0x3fff
}

#[derive(sqlx_macros::FromRow)]
struct Subscription {
    id: Id,
    endpoint: String,
    p256dh: String,
    auth: String,
}

/// Tells a person's devices. Returns at once: sending runs beside, since a push service may take its time;
/// what must not be lost is in the list that the badge counts.
pub fn notify(office: &Office, user: Id, title: &str, body: &str, href: &str) {
    let payload = payload(title, body, href, None);
    let office = Arc::clone(office);
    tokio::spawn(async move {
        match subscriptions(&office.db, user).await {
            Ok(devices) => {
                for device in devices {
                    send(&office, &device, payload.as_bytes()).await;
                }
            }
            Err(error) => tracing::warn!(%user, %error, "push subscriptions cannot be read"),
        }
    });
}

fn payload(title: &str, body: &str, href: &str, confirm: Option<&str>) -> String {
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    serde_json::json!({
        "title": cut(title, LONGEST.0),
        "body": cut(body, LONGEST.1),
        "href": local(href).unwrap_or_else(|| "/".to_owned()),
        "confirm": confirm,
    })
    .to_string()
}

async fn subscriptions(db: &Db, user: Id) -> Result<Vec<Subscription>, DbError> {
    sql("SELECT id, endpoint, p256dh, auth FROM push_subscriptions WHERE user_id = $1 ORDER BY id DESC LIMIT $2")
        .bind(user)
        .bind(DEVICES)
        .all(db)
        .await
}

/// Sends one push; a device that the service no longer knows is forgotten.
async fn send(office: &Office, device: &Subscription, payload: &[u8]) {
    match post(office, device, payload).await {
        Ok(answer) if answer.is_success() => {}
        Ok(StatusCode::NOT_FOUND | StatusCode::GONE) => {
            if let Err(error) = forget(&office.db, device.id).await {
                tracing::warn!(subscription = %device.id, %error, "a dead push subscription stays for now");
            }
        }
        Ok(answer) => tracing::warn!(subscription = %device.id, %answer, "the push service refused"),
        Err(error) => tracing::warn!(subscription = %device.id, "push was not sent: {error:#}"),
    }
}

async fn post(office: &Office, device: &Subscription, payload: &[u8]) -> anyhow::Result<StatusCode> {
    let push = &office.push;
    let target = target(&device.endpoint, &push.hosts)?;
    let addresses = resolve(&target).await?;
    let info = SubscriptionInfo::new(&device.endpoint, &device.p256dh, &device.auth);
    let mut vapid = VapidSignatureBuilder::from_base64(&push.private, &info)?;
    // The library would leave the port out of the audience.
    vapid.add_claim("aud", target.url.origin().ascii_serialization());
    vapid.add_claim("sub", office.config.public_url.as_deref().unwrap_or("mailto:admin@localhost"));
    let mut message = WebPushMessageBuilder::new(&info);
    message.set_ttl(TTL_SECONDS);
    message.set_urgency(Urgency::High);
    message.set_payload(ContentEncoding::Aes128Gcm, payload);
    message.set_vapid_signature(vapid.build()?);
    let message = message.build()?;
    let body = message.payload.ok_or_else(|| anyhow::anyhow!("an empty push"))?;
    // The name resolves, for this client, to the addresses that were just checked and to nothing else.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_secs(10))
        .resolve_to_addrs(&target.host, &addresses)
        .build()?;
    let mut request = client
        .post(target.url)
        .header("TTL", TTL_SECONDS)
        .header("Urgency", "high")
        .header("Content-Encoding", body.content_encoding.to_str())
        .header("Content-Type", "application/octet-stream");
    for (name, value) in body.crypto_headers {
        request = request.header(name, value);
    }
    // The address is the device's secret: whoever knows it can write to it.
    let answer = request.body(body.content).send().await.map_err(reqwest::Error::without_url)?;
    Ok(answer.status())
}

async fn forget(db: &Db, id: Id) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    sql("DELETE FROM push_subscriptions WHERE id = $1").bind(id).run(&mut tx).await?;
    tx.commit().await
}

/// Forgets every device of a person who left.
pub async fn forget_all(tx: &mut crate::kernel::db::Tx, user: Id) -> Result<(), DbError> {
    sql("DELETE FROM push_subscriptions WHERE user_id = $1").bind(user).run(tx).await.map(|_| ())
}

/// Stores what the browser's push manager gave, and sends a test push that the device confirms. `keys` are the
/// device's public key and its shared secret, in base64.
pub async fn subscribe(
    office: &Office,
    user: Id,
    endpoint: String,
    keys: (String, String),
    from: &str,
    now: Millis,
) -> Result<(), DbError> {
    let (p256dh, auth) = keys;
    let device = Subscription { id: Id::new(), endpoint, p256dh, auth };
    let id = store(office, user, &device, from, now).await?;
    let device = Subscription { id, ..device };
    let test = payload("Fieldline", "外勤通", "/me", Some(&confirmation(office, id)));
    let office = Arc::clone(office);
    tokio::spawn(async move { send(&office, &device, test.as_bytes()).await });
    Ok(())
}

/// A device shows that the test push reached it. False when `mac` belongs to another subscription.
pub async fn confirm(office: &Kernel, user: Id, id: Id, mac: &str, now: Millis) -> Result<bool, DbError> {
    if !office.seal.is_mac(&[b"push", &id.0.to_be_bytes()], mac) {
        return Ok(false);
    }
    let mut tx = office.db.begin().await?;
    // A later look at the same notification changes nothing.
    let fresh = now - HOUR;
    sql("UPDATE push_subscriptions SET confirmed_at = $3 WHERE id = $1 AND user_id = $2 AND COALESCE(confirmed_at, 0) < $4")
        .bind(id)
        .bind(user)
        .bind(now)
        .bind(fresh)
        .run(&mut tx)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// What a device must bring back to show that a push reached it.
fn confirmation(office: &Kernel, id: Id) -> String {
    format!("{id}.{}", office.seal.mac(&[b"push", &id.0.to_be_bytes()]))
}

async fn store(office: &Kernel, user: Id, device: &Subscription, from: &str, now: Millis) -> Result<Id, DbError> {
    let mut tx = office.db.begin().await?;
    let known: Option<Id> = sql("SELECT id FROM push_subscriptions WHERE endpoint = $1")
        .bind(&device.endpoint)
        .push(tx.for_update())
        .optional_scalar(&mut tx)
        .await?;
    let id = match known {
        // The same browser again, perhaps with another person before it.
        Some(known) => {
            sql("UPDATE push_subscriptions SET user_id = $2, p256dh = $3, auth = $4 WHERE id = $1")
                .bind(known)
                .bind(user)
                .bind(&device.p256dh)
                .bind(&device.auth)
                .run(&mut tx)
                .await?;
            known
        }
        None => {
            sql("INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
                .bind(device.id)
                .bind(user)
                .bind(&device.endpoint)
                .bind(&device.p256dh)
                .bind(&device.auth)
                .bind(now)
                .run(&mut tx)
                .await?;
            device.id
        }
    };
    sql("DELETE FROM push_subscriptions WHERE user_id = $1 AND id NOT IN \
         (SELECT id FROM push_subscriptions WHERE user_id = $2 ORDER BY id DESC LIMIT $3)")
    .bind(user)
    .bind(user)
    .bind(DEVICES)
    .run(&mut tx)
    .await?;
    let author = Author { user: Some(user), origin: from.to_owned(), at: now };
    audit::record(&mut tx, &author, Action::Create, "push_subscription", id, Changes::new()).await?;
    tx.commit().await?;
    Ok(id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Push, Refused, is_public, payload, resolve, target};

    #[test]
    fn only_known_push_services_are_sent_to() {
        let listed = vec!["127.0.0.1:9".to_owned(), "push.example.cn".to_owned()];
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc",
            "https://updates.push.services.mozilla.com/wpush/v2/x",
            "https://web.push.apple.com/Q",
            "https://a.push.example.cn:8443/x",
            "http://127.0.0.1:9/x",
        ] {
            assert!(target(good, &listed).is_ok(), "{good}");
        }
        for bad in [
            "http://fcm.googleapis.com/x",
            "https://evilfcm.googleapis.com.example/x",
            "https://xfcm.googleapis.com/x",
            "https://fcm.googleapis.com@10.0.0.1/x",
            "https://user:pw@fcm.googleapis.com/x",
            "https://fcm.googleapis.com:22/x",
            "https://10.0.0.1/x",
            "https://[::1]/x",
            "http://127.0.0.1:10/x",
            "http://push.example.cn/x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "",
        ] {
            assert!(target(bad, &listed).is_err(), "{bad}");
        }
        assert!(target("https://localhost/x", &[]).is_err());
    }

    #[test]
    fn inner_addresses_are_not_public() {
        for inner in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.0.8",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(!is_public(inner.parse().unwrap()), "{inner}");
        }
        for outer in ["8.8.8.8", "142.250.0.1", "2607:f8b0:4004::5f", "::ffff:8.8.8.8"] {
            assert!(is_public(outer.parse().unwrap()), "{outer}");
        }
    }

    #[tokio::test]
    async fn a_listed_host_may_be_loopback_but_not_inside_the_network() {
        let listed = vec!["127.0.0.1".to_owned(), "10.0.0.1".to_owned()];
        assert!(resolve(&target("https://127.0.0.1:8443/x", &listed).unwrap()).await.is_ok());
        let inner = resolve(&target("https://10.0.0.1/x", &listed).unwrap()).await;
        assert!(matches!(inner, Err(Refused::NotPublic)));
    }

    #[test]
    fn the_key_is_made_once_and_for_the_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("push.key");
        let first = Push::open(&path, &[]).unwrap();
        assert_eq!(first.public_key(), Push::open(&path, &[]).unwrap().public_key());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!format!("{first:?}").contains(&first.private));
    }

    #[test]
    fn a_push_stays_within_what_services_accept() {
        let long = "客".repeat(10_000);
        assert!(payload(&long, &long, "/", None).len() < 3800);
    }
}
