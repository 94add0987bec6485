//! A steady run: the client stands ready, then gets its messages all at once.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::client::Client;
use super::simulator::Simulator;
use super::usage::{cpu, memory, share};

/// What was measured.
#[derive(Debug)]
pub struct Run {
    /// Different messages on the air.
    pub sent: usize,
    /// From handing the first message over to the last answer, seconds.
    pub wall: f64,
    /// The network's time for these messages, as a share of that.
    pub useful: f64,
    /// The modem's time, as a share of that.
    pub busy: f64,
    /// Command lines a message.
    pub commands: f64,
    pub cpu: f64,
    pub rss: f64,
    pub peak: f64,
    /// Between an answer and handing the next message over, milliseconds.
    gaps: Vec<f64>,
}

impl Run {
    /// The value that such a share of the gaps is not above.
    pub fn added(&self, of: f64) -> f64 {
        share(&mut self.gaps.clone(), of)
    }
}

/// Runs a client until all its messages are on the air, or none has been for a while.
pub fn steady(client: &Client, folder: &Path, network_ms: u64, messages: usize, report: bool) -> Result<Run> {
    let folder = tempfile::Builder::new().prefix("run-").tempdir_in(folder)?;
    let simulator = Simulator::start(client.agent(), folder.path(), network_ms)?;
    client.prepare(folder.path(), &simulator.modem())?;
    let running = client.start(folder.path())?;
    // It gets its modem ready first.
    std::thread::sleep(Duration::from_secs(4));
    let (commands, used) = (simulator.uses()?.commands, cpu(running.id()));
    client.queue(folder.path(), messages, report)?;
    let patience = Duration::from_millis(30_000 + 2 * network_ms);
    let (mut seen, mut last) = (0, Instant::now());
    let uses = loop {
        std::thread::sleep(Duration::from_millis(20));
        let uses = simulator.uses()?;
        if uses.busy.len() != seen {
            (seen, last) = (uses.busy.len(), Instant::now());
        }
        if seen >= messages || last.elapsed() > patience {
            break uses;
        }
    };
    let ((rss, peak), used) = (memory(running.id()), cpu(running.id()) - used);
    drop(running);
    let sent = simulator.on_air()?.len();
    let first = uses.busy.first().map_or(0.0, |(from, _)| *from);
    let wall = uses.busy.last().map_or(0.0, |(_, to)| to - first).max(1e-6);
    let mut gaps = Vec::new();
    for pair in uses.busy.windows(2) {
        if let [(_, answered), (next, _)] = pair {
            gaps.push((next - answered) * 1e3);
        }
    }
    Ok(Run {
        sent,
        wall,
        useful: sent as f64 * network_ms as f64 / 1e3 / wall,
        busy: uses.busy.iter().map(|(from, to)| to - from).sum::<f64>() / wall,
        commands: (uses.commands - commands) as f64 / sent.max(1) as f64,
        cpu: used,
        rss,
        peak,
        gaps,
    })
}
