//! What is printed at the start for whoever wants the pages on a phone: the address that a phone can reach, as a QR
//! code, or what is missing for that.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::config::Config;

/// The lines to print for a server that listens at `address`.
#[must_use]
pub fn lines(config: &Config, address: SocketAddr) -> String {
    let Some(url) = reachable(config, address, lan_address()) else {
        return format!(
            "On a phone in the same network 手机访问: start with --listen 0.0.0.0:{}\n{NEEDS_HTTPS}",
            address.port()
        );
    };
    let code = qr(&url).unwrap_or_default();
    let note = if url.starts_with("https:") { "" } else { NEEDS_HTTPS };
    format!("On a phone 手机访问  {url}\n{code}\n{note}")
}

const NEEDS_HTTPS: &str =
    "Phones give their location only over HTTPS (--tls-cert, --tls-key, or a proxy). 手机定位需要 HTTPS。";

/// The address by which another machine opens the pages; `lan` is this machine's own in its network.
fn reachable(config: &Config, address: SocketAddr, lan: Option<IpAddr>) -> Option<String> {
    if let Some(url) = &config.public_url {
        return Some(url.clone());
    }
    let ip = match address.ip() {
        ip if ip.is_loopback() => return None,
        ip if ip.is_unspecified() => lan.filter(|lan| !lan.is_loopback())?,
        ip => ip,
    };
    let scheme = if config.tls() { "https" } else { "http" };
    Some(format!("{scheme}://{}", SocketAddr::new(ip, address.port())))
}

/// The address from which this machine would send to another network. Nothing is sent: connecting a datagram socket
/// only looks up the route.
fn lan_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.1:9").ok()?;
    socket.local_addr().ok().map(|address| address.ip())
}

/// A QR code of half blocks, dark on light as scanners expect on a dark terminal too.
fn qr(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{qr, reachable};
    use crate::config::Config;

    #[test]
    fn a_phone_is_sent_to_an_address_that_it_can_reach() {
        let lan = Some("192.168.1.20".parse().unwrap());
        let at = |listen: &str| reachable(&Config::default(), listen.parse().unwrap(), lan);
        assert_eq!(at("0.0.0.0:8080").unwrap(), "http://192.168.1.20:8080");
        assert_eq!(at("10.0.0.5:80").unwrap(), "http://10.0.0.5:80");
        assert_eq!(at("127.0.0.1:8080"), None);
        let named = Config { public_url: Some("https://crm.example.com".to_owned()), ..Config::default() };
        assert_eq!(reachable(&named, "127.0.0.1:8080".parse().unwrap(), lan).unwrap(), "https://crm.example.com");
    }

    #[test]
    fn the_code_is_small_enough_for_a_terminal() {
        let code = qr("https://crm.example.com:8443").unwrap();
        assert!(code.lines().count() <= 24 && code.lines().all(|line| line.chars().count() <= 48), "{code}");
    }
}
