//! Killed at random moments and started again: what was lost, and what was sent twice.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::client::Client;
use super::simulator::Simulator;

/// What became of the messages.
#[derive(Debug)]
pub struct Killed {
    /// Different messages on the air.
    pub sent: usize,
    /// On the air more than once.
    pub twice: usize,
    /// Neither on the air nor shown as unknown.
    pub lost: usize,
    /// Shown as unknown.
    pub unknown: usize,
}

/// A client that is killed so many times.
pub fn killed(client: &Client, folder: &Path, messages: usize, kills: usize, seed: u64) -> Result<Killed> {
    let folder = tempfile::Builder::new().prefix("kills-").tempdir_in(folder)?;
    let simulator = Simulator::start(client.agent(), folder.path(), 1_000)?;
    client.prepare(folder.path(), &simulator.modem())?;
    client.queue(folder.path(), messages, true)?;
    let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed);
    for _ in 0..kills {
        let running = client.start(folder.path())?;
        // Long enough that something goes out between two kills.
        let before = simulator.on_air()?.values().sum::<usize>();
        let begun = Instant::now();
        while simulator.on_air()?.values().sum::<usize>() == before && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(20));
        }
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        std::thread::sleep(Duration::from_millis(state % 1_500));
        running.kill();
    }
    let running = client.start(folder.path())?;
    let (mut seen, mut last) = (0, Instant::now());
    while last.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(100));
        let now = simulator.uses()?.busy.len();
        if now != seen {
            (seen, last) = (now, Instant::now());
        }
        if client.is_done(folder.path())? {
            break;
        }
    }
    drop(running);
    let on_air = simulator.on_air()?;
    let unknown = client.unknown(folder.path())?;
    let lost = (0..messages)
        .map(super::client::recipient)
        .filter(|to| !on_air.contains_key(to) && !unknown.contains(to))
        .count();
    Ok(Killed {
        sent: on_air.len(),
        twice: on_air.values().filter(|times| **times > 1).count(),
        lost,
        unknown: unknown.len(),
    })
}
