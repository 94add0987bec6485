//! The simulated modem as a process, and what it says of how it was used.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::until;

/// A running simulator; it ends with the value.
pub struct Simulator {
    child: Child,
    place: PathBuf,
}

/// How the modem was used so far.
#[derive(Debug, Default)]
pub struct Uses {
    /// Command lines, without the acknowledgements of what comes by itself.
    pub commands: u64,
    /// From handing a message over to its answer, seconds since the simulator began.
    pub busy: Vec<(f64, f64)>,
}

impl Simulator {
    /// One modem whose network takes so long.
    pub fn start(agent: &Path, folder: &Path, network_ms: u64) -> Result<Simulator> {
        let place = folder.join("simulator");
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(agent)
            .args(["simulate", "--lines", "0", "--dir"])
            .arg(&place)
            .args(["--network-ms", &network_ms.to_string(), "--report-ms", "500"])
            .env("FIELDLINE_LOG", "warn")
            .stdin(Stdio::null())
            .spawn()
            .context("the simulator cannot be started")?;
        let simulator = Simulator { child, place };
        until("the simulator listens", Duration::from_secs(20), || simulator.wish(&json!("uses")).ok())?;
        until("the modem is there", Duration::from_secs(5), || simulator.modem().exists().then_some(()))?;
        Ok(simulator)
    }

    /// The modem's path.
    pub fn modem(&self) -> PathBuf {
        self.place.join("modem0")
    }

    fn wish(&self, wish: &Value) -> Result<Value> {
        let mut connection = UnixStream::connect(self.place.join("control.sock"))?;
        writeln!(connection, "{wish}")?;
        let mut answer = String::new();
        BufReader::new(connection).read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    }

    /// How often each recipient was sent to.
    pub fn on_air(&self) -> Result<BTreeMap<String, usize>> {
        let mut all = BTreeMap::new();
        for entry in self.wish(&json!("ledger"))?.as_array().context("no ledger")? {
            let to = entry["to"].as_str().unwrap_or_default().trim_start_matches('+').to_owned();
            *all.entry(to).or_default() += 1;
        }
        Ok(all)
    }

    /// How the modem was used.
    pub fn uses(&self) -> Result<Uses> {
        let uses = self.wish(&json!("uses"))?["modem0"].take();
        let commands = uses["commands"].as_object().context("no commands")?;
        let commands =
            commands.iter().filter(|(name, _)| *name != "+CNMA").filter_map(|(_, count)| count.as_u64()).sum();
        let second = |value: &Value| value.as_f64().unwrap_or(0.0) / 1e6;
        let busy = uses["busy"].as_array().context("no intervals")?;
        Ok(Uses { commands, busy: busy.iter().map(|pair| (second(&pair[0]), second(&pair[1]))).collect() })
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
