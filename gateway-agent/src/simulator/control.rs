//! Making things happen at the simulator: JSON lines over a Unix socket in its folder.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::arriving::Arrival;
use super::calls::Call;
use super::faults::{Fault, FaultKind};
use super::pdu::{Wanted, deliver};
use super::script::Happening;
use super::steps::At;
use super::stores::Content;
use super::{Shared, line, modem};
use crate::clock::now;
use crate::config::{Play, PlayArgs};

/// A wish; one a line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wish {
    Call {
        number: String,
        rings: u32,
        /// `line0`, `modem1`; the first line where it is missing.
        #[serde(default)]
        on: Option<String>,
        #[serde(default)]
        answered: bool,
    },
    Sms {
        from: String,
        text: String,
        #[serde(default)]
        on: Option<String>,
        /// Only these parts of a long one, in this order.
        #[serde(default)]
        parts: Vec<u8>,
        /// What the parts have in common; the next number where it is missing.
        #[serde(default)]
        reference: Option<u16>,
        /// The service centre's time, UTC milliseconds; now where it is missing.
        #[serde(default)]
        at: Option<i64>,
    },
    Fault {
        kind: FaultKind,
        /// All modems where it is missing.
        #[serde(default)]
        on: Option<String>,
        #[serde(default)]
        ms: Option<u64>,
        #[serde(default)]
        code: Option<u16>,
        #[serde(default)]
        times: Option<u32>,
    },
    /// Something happens to a modem or a line; to the first modem where it is missing.
    Happens {
        what: Happening,
        #[serde(default)]
        on: Option<String>,
    },
    Ledger,
    /// How each modem was used.
    Uses,
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
        let granted = serde_json::from_str(&text?).map_err(anyhow::Error::from).and_then(|wish| grant(wish, shared));
        let answer = granted.unwrap_or_else(|error| serde_json::json!({ "error": format!("{error:#}") }).to_string());
        writeln!(out, "{answer}")?;
    }
    Ok(())
}

fn done() -> anyhow::Result<String> {
    Ok("{\"ok\":true}".to_owned())
}

fn grant(wish: Wish, shared: &Shared) -> anyhow::Result<String> {
    match wish {
        Wish::Call { number, rings, on, answered } => {
            let call = Call { number, rings, answers: answered, active: false };
            let on = on.unwrap_or_else(|| "line0".to_owned());
            if on.starts_with("line") {
                shared.line(&on, line::Outside::Calls(call))?;
            } else {
                shared.modem(&on, modem::Outside::Calls(call))?;
            }
            done()
        }
        Wish::Sms { from, text, on, parts, reference, at } => {
            let reference = reference.unwrap_or_else(|| {
                let mut next = shared.reference.lock().unwrap_or_else(PoisonError::into_inner);
                *next = (*next + 1) % 256;
                *next
            });
            let wanted = Wanted { from, text, at: at.unwrap_or_else(now), reference };
            let arrivals = arrivals(&wanted, &parts)?;
            shared.modem(on.as_deref().unwrap_or("modem0"), modem::Outside::Arrives(arrivals))?;
            done()
        }
        Wish::Fault { kind, on, ms, code, times } => {
            let fault = Fault { kind, ms, code, times };
            match on {
                None => {
                    for door in &shared.modems {
                        shared.modem(&door.name, modem::Outside::Fault(fault))?;
                    }
                }
                Some(on) if on.starts_with("line") => {
                    let plugged = [(FaultKind::Replug, true), (FaultKind::Unplug, false)].into_iter();
                    let plugged = plugged.filter(|(word, _)| *word == kind).map(|(_, plugged)| plugged).next();
                    let plugged = plugged.context("a line can only be unplugged and replugged")?;
                    shared.line(&on, line::Outside::Plugged(plugged))?;
                }
                Some(on) => shared.modem(&on, modem::Outside::Fault(fault))?,
            }
            done()
        }
        Wish::Happens { what, on } => {
            let on = on.unwrap_or_else(|| "modem0".to_owned());
            match what {
                Happening::Say { text } if on.starts_with("line") => shared.line(&on, line::Outside::Says(text))?,
                Happening::Restarts { .. } if on.starts_with("line") => shared.line(&on, line::Outside::Restarts)?,
                what @ (Happening::Say { .. }
                | Happening::Script { .. }
                | Happening::Stores { .. }
                | Happening::Restarts { .. }
                | Happening::Radio { .. }
                | Happening::Chatters { .. }) => shared.modem(&on, modem::Outside::Happens(what))?,
            }
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
        Wish::Uses => {
            let uses =
                shared.modems.iter().map(|door| Ok((door.name.clone(), serde_json::to_value(door.watch.read())?)));
            Ok(serde_json::Value::Object(uses.collect::<serde_json::Result<_>>()?).to_string())
        }
    }
}

/// The parts of a message that are to come, in their order.
fn arrivals(wanted: &Wanted, parts: &[u8]) -> anyhow::Result<Vec<Arrival>> {
    let all: Vec<Arrival> = deliver(wanted)
        .into_iter()
        .map(|piece| {
            let content = Content::Message { from: wanted.from.clone(), text: piece.text, at: wanted.at };
            Arrival { length: piece.length, pdu: piece.pdu, content }
        })
        .collect();
    if parts.is_empty() {
        return Ok(all);
    }
    let part = |n: &u8| {
        let place = usize::from(*n).checked_sub(1);
        place.and_then(|place| all.get(place)).cloned().with_context(|| format!("there is no part {n}"))
    };
    parts.iter().map(part).collect()
}

impl Shared {
    fn modem(&self, name: &str, outside: modem::Outside) -> anyhow::Result<()> {
        let door = self.modems.iter().find(|door| door.name == name).with_context(|| format!("there is no {name}"))?;
        Ok(door.to.lock().unwrap_or_else(PoisonError::into_inner).send(outside)?)
    }

    fn line(&self, name: &str, outside: line::Outside) -> anyhow::Result<()> {
        let door = self.lines.iter().find(|door| door.name == name).with_context(|| format!("there is no {name}"))?;
        Ok(door.to.lock().unwrap_or_else(PoisonError::into_inner).send(outside)?)
    }
}

/// `gateway-agent play`.
///
/// # Errors
/// When no simulator runs in that folder, or it cannot do what is wanted.
pub fn play(arguments: &PlayArgs) -> anyhow::Result<()> {
    let wish = match arguments.what.clone() {
        Play::Call { number, rings, on, answered } => Wish::Call { number, rings, on, answered },
        Play::Sms { from, text, on, parts, reference } => Wish::Sms { from, text, on, parts, reference, at: None },
        Play::Fault { kind, on, ms, code, times } => Wish::Fault { kind, on, ms, code, times },
        Play::Ledger => Wish::Ledger,
        Play::Uses => Wish::Uses,
    };
    let mut connection = UnixStream::connect(socket(&arguments.dir))
        .with_context(|| format!("no simulator runs in {}", arguments.dir.display()))?;
    writeln!(connection, "{}", serde_json::to_string(&wish)?)?;
    let mut answer = String::new();
    BufReader::new(connection).read_line(&mut answer)?;
    let value: serde_json::Value = serde_json::from_str(&answer).context("the simulator ended")?;
    if let Some(error) = value.get("error").and_then(serde_json::Value::as_str) {
        anyhow::bail!("{error}");
    }
    // Each message on the air on a line of its own, as the file has them.
    match value.as_array() {
        Some(rows) => rows.iter().for_each(|row| println!("{row}")),
        None => println!("{value}"),
    }
    Ok(())
}
