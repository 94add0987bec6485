//! Telling systemd that the service is ready and alive (sd_notify(3)): a datagram on the socket it names.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::supervisor::{Pulse, Pulses};

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

/// Says that it is alive, twice as often as systemd wants to hear it, as long as every task shows that it goes on.
/// All tasks share one thread with this one: if one hangs it, nothing is said either, and systemd starts the agent
/// anew.
pub async fn keep_alive(pulses: Pulses, pulse: Pulse) {
    let within = std::env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse::<u64>().ok());
    let every = within.map_or(Duration::from_secs(10), |within| Duration::from_micros(within / 2));
    let mut was_late = None;
    loop {
        pulse.beat(every * 4);
        let late = pulses.late();
        match &late {
            None => say("WATCHDOG=1"),
            Some(task) if was_late.is_none() => {
                tracing::error!(task, "a task is not heard; systemd is not told that all is well")
            }
            Some(_) => {}
        }
        was_late = late;
        tokio::time::sleep(every).await;
    }
}
