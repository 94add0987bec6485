//! Telling systemd that the service is ready and alive (sd_notify(3)): a datagram on the socket it names.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// Where systemd did not start this, nothing is said.
fn say(what: &str) {
    let Ok(path) = std::env::var("NOTIFY_SOCKET") else { return };
    let said = UnixDatagram::unbound().and_then(|socket| match path.strip_prefix('@') {
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
            socket.send_to_addr(what.as_bytes(), &address)
        }
        None => socket.send_to(what.as_bytes(), &path),
    });
    if let Err(error) = said {
        tracing::debug!(%error, what, "systemd does not listen");
    }
}

/// The service does its work now.
pub fn ready() {
    say("READY=1");
}

/// Says that it is alive, twice as often as systemd wants to hear it. Every task shares one thread with this one:
/// if one hangs it, nothing is said, and systemd starts the agent anew.
pub async fn keep_alive() {
    let Some(within) = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse::<u64>().ok()) else { return };
    loop {
        say("WATCHDOG=1");
        tokio::time::sleep(Duration::from_micros(within / 2)).await;
    }
}
