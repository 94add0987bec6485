//! Who calls: the client's address, and what a configured proxy says about it.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use poem::http::HeaderMap;

/// A network such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let wrong = || format!("{text} is no address and no network such as 10.0.0.0/8");
        let (base, bits) = text.trim().split_once('/').map_or((text.trim(), None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.parse().map_err(|_| wrong())?;
        let most = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), |bits| bits.parse().map_err(|_| wrong()))?;
        if bits > most { Err(wrong()) } else { Ok(Network { base, bits }) }
    }
}

impl Network {
    /// The network that counts as one client: an IPv4 address, or the /64 that an IPv6 customer is given.
    #[must_use]
    pub fn of_client(address: IpAddr) -> Network {
        match address.to_canonical() {
            IpAddr::V4(address) => Network { base: address.into(), bits: 32 },
            IpAddr::V6(address) => {
                Network { base: IpAddr::from((u128::from(address) >> 64 << 64).to_be_bytes()), bits: 64 }
            }
        }
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                same(u32::from(base).into(), u32::from(address).into(), 32, self.bits)
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => same(u128::from(base), u128::from(address), 128, self.bits),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl std::hash::Hash for Network {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.base.hash(state);
        self.bits.hash(state);
    }
}

/// Whether the first `bits` of two addresses of `width` bits are equal.
fn same(one: u128, other: u128, width: u8, bits: u8) -> bool {
    (one ^ other).checked_shr(u32::from(width - bits.min(width))).unwrap_or(0) == 0
}

/// Who a request is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The client's address, without a port.
    pub address: IpAddr,
    /// Whether the client speaks TLS with the proxy in front.
    pub secure: bool,
    /// The host that the client asked the proxy for.
    pub host: Option<String>,
}

impl Caller {
    /// Reads the peer's address, and the forwarding headers when the peer is one of `proxies`. Anybody else may write
    /// there what he likes.
    #[must_use]
    pub fn of(peer: IpAddr, headers: &HeaderMap, proxies: &[Network]) -> Caller {
        let known = |address: IpAddr| proxies.iter().any(|proxy| proxy.contains(address));
        let peer = peer.to_canonical();
        if !known(peer) {
            return Caller { address: peer, secure: false, host: None };
        }
        // Each proxy appends the address that it saw: the first from the right that is no proxy is the client's.
        let mut address = peer;
        for hop in values(headers, "x-forwarded-for").into_iter().rev() {
            let Some(hop) = address_of(hop) else { break };
            address = hop;
            if !known(hop) {
                break;
            }
        }
        let last = |name: &str| values(headers, name).pop().map(str::to_owned);
        Caller {
            address,
            secure: last("x-forwarded-proto").is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")),
            host: last("x-forwarded-host"),
        }
    }
}

/// The items of a list that may stand in several headers.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let lines = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// An address as proxies write it: bare, with a port, or in brackets.
fn address_of(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn networks(text: &str) -> Vec<Network> {
        text.split(',').map(|one| one.parse().unwrap()).collect()
    }

    fn caller(peer: &str, forwarded: &[&str], proxies: &str) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        Caller::of(peer.parse().unwrap(), &headers, &networks(proxies)).address.to_string()
    }

    #[test]
    fn only_a_proxy_is_believed() {
        assert_eq!(caller("203.0.113.7", &["198.51.100.1"], "127.0.0.1"), "203.0.113.7");
        assert_eq!(caller("127.0.0.1", &["198.51.100.1"], "127.0.0.1"), "198.51.100.1");
        assert_eq!(caller("::ffff:127.0.0.1", &["198.51.100.1"], "127.0.0.0/8"), "198.51.100.1");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        assert_eq!(caller("10.1.2.3", &["1.1.1.1, 198.51.100.1"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(caller("10.1.2.3", &["1.1.1.1", "198.51.100.1, 10.9.9.9"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(caller("10.1.2.3", &["1.1.1.1, nonsense"], "10.0.0.0/8"), "10.1.2.3");
    }

    #[test]
    fn ports_and_brackets_are_left_out() {
        for (text, address) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
        ] {
            assert_eq!(caller("127.0.0.1", &[text], "127.0.0.1"), address);
        }
    }

    #[test]
    fn a_network_holds_its_addresses_only() {
        let within =
            |network: &str, address: &str| network.parse::<Network>().unwrap().contains(address.parse().unwrap());
        assert!(within("10.0.0.0/8", "10.255.0.1") && !within("10.0.0.0/8", "11.0.0.1"));
        assert!(within("0.0.0.0/0", "8.8.8.8") && !within("0.0.0.0/0", "::1"));
        assert!(within("2001:db8::/32", "2001:db8:ffff::1") && !within("2001:db8::/32", "2001:db9::1"));
        for wrong in ["", "10.0.0.0/33", "10.0.0.0/x", "proxy.example"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_ipv6_customer_counts_once() {
        let client = |text: &str| Network::of_client(text.parse().unwrap());
        assert_eq!(client("2001:db8::1"), client("2001:db8::ffff:1"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_eq!(client("::ffff:192.0.2.1"), client("192.0.2.1"));
    }
}
