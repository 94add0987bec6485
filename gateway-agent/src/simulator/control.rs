//! Making things happen at the simulator: JSON lines over a Unix socket in its folder.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::steps::At;
use super::{Fault, Shared, line, modem};
use crate::config::{Play, PlayArgs};

/// A wish; one a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wish {
    Call {
        number: String,
        rings: u32,
    },
    Sms {
        from: String,
        text: String,
    },
    Fault {
        kind: String,
    },
    Ledger,
    /// Count the dialogue's steps from now; at step `at` kill the process `kill`, or cut the modem where that is missing.
    Steps {
        at: Option<usize>,
        kill: Option<i32>,
    },
    /// Wait until that step is reached.
    Reached {
        within_ms: u64,
    },
    /// The names of the steps so far.
    Named,
}

fn socket(dir: &Path) -> PathBuf {
    dir.join("control.sock")
}

/// Listens for wishes until the process ends.
pub(super) fn serve(dir: &Path, shared: &Arc<Shared>) -> anyhow::Result<()> {
    let path = socket(dir);
    if path.exists() {
        std::fs::remove_file(&path)?;
    }
    let listener = UnixListener::bind(&path).with_context(|| format!("{} cannot be listened on", path.display()))?;
    for connection in listener.incoming() {
        let shared = Arc::clone(shared);
        let connection = connection?;
        std::thread::spawn(move || {
            if let Err(error) = converse(&connection, &shared) {
                tracing::warn!("control: {error:#}");
            }
        });
    }
    Ok(())
}

fn converse(connection: &UnixStream, shared: &Shared) -> anyhow::Result<()> {
    let mut out = connection.try_clone()?;
    for text in BufReader::new(connection).lines() {
        let answer = match serde_json::from_str(&text?) {
            Ok(wish) => grant(wish, shared).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}")),
            Err(error) => serde_json::json!({ "error": error.to_string() }).to_string(),
        };
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn grant(wish: Wish, shared: &Shared) -> anyhow::Result<String> {
    let done = || Ok("{\"ok\":true}".to_owned());
    match wish {
        Wish::Call { number, rings } => {
            shared.to_line.send(line::Outside::Call { number, rings })?;
            done()
        }
        Wish::Sms { from, text } => {
            shared.to_modem.send(modem::Outside::Message { from, text })?;
            done()
        }
        Wish::Fault { kind } => {
            let fault = match kind.as_str() {
                "none" => Fault::None,
                "hang" => Fault::Hang,
                "deaf" => Fault::Deaf,
                "refuse" => Fault::Refuse,
                "slow" => Fault::Slow,
                other => anyhow::bail!("no fault is called {other}"),
            };
            *shared.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
            done()
        }
        Wish::Steps { at, kill } => {
            shared.steps.begin(at.map(|at| (at, kill.map_or(At::Cut, At::Kill))));
            done()
        }
        Wish::Reached { within_ms } => {
            let reached = shared.steps.wait(Duration::from_millis(within_ms));
            Ok(serde_json::json!({ "reached": reached }).to_string())
        }
        Wish::Named => Ok(serde_json::to_string(&shared.steps.names())?),
        Wish::Ledger => Ok(format!("[{}]", shared.ledger.read()?.lines().collect::<Vec<_>>().join(","))),
    }
}

/// `gateway-agent play`.
///
/// # Errors
/// When no simulator runs in that folder.
pub fn play(arguments: &PlayArgs) -> anyhow::Result<()> {
    let wish = match arguments.what.clone() {
        Play::Call { number, rings } => Wish::Call { number, rings },
        Play::Sms { from, text } => Wish::Sms { from, text },
        Play::Fault { kind } => Wish::Fault { kind },
        Play::Ledger => Wish::Ledger,
    };
    let mut connection = UnixStream::connect(socket(&arguments.dir))
        .with_context(|| format!("no simulator runs in {}", arguments.dir.display()))?;
    writeln!(connection, "{}", serde_json::to_string(&wish)?)?;
    let mut answer = String::new();
    BufReader::new(connection).read_line(&mut answer)?;
    print!("{answer}");
    anyhow::ensure!(!answer.contains("\"error\""), "refused");
    Ok(())
}
