//! The box at work: a task for each modem, one for each caller-ID line, one for the wire, one for upkeep. They
//! meet in the outbox only, so one that hangs holds up nobody else.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use fieldline_protocol::messages::{BoxTrouble, Claim, Info};
use nix::fcntl::{Flock, FlockArg};
use tokio::net::UnixDatagram;
use tokio::sync::mpsc;

use crate::about::About;
use crate::clock::{Jumps, Trust, now};
use crate::config::Run;
use crate::logs::Logs;
use crate::modem::{line, work};
use crate::mqtt;
use crate::outbox::{Outbox, Recover, bell};
use crate::{systemd, update};

/// How often the clock is looked at.
const CLOCK: Duration = Duration::from_secs(5);
/// How often what is old is forgotten.
const UPKEEP: Duration = Duration::from_secs(6 * 3600);

/// Runs until it is stopped.
///
/// # Errors
/// When the queue cannot be opened, or the claim cannot be read.
pub async fn run(options: &Run, logs: Logs) -> anyhow::Result<()> {
    std::fs::create_dir_all(&options.data)
        .with_context(|| format!("{} cannot be the data folder", options.data.display()))?;
    let lock = lock(&options.data)?;
    let trial = update::begin(&options.data)?;
    let outbox = Outbox::open(&options.data).await?;
    let claim = claim(options)?;
    let names: Vec<String> = (0..options.modem.len()).map(|n| format!("m{n}")).collect();
    let orphans = outbox.recover(Recover::AllBut(&names), now()).await?;
    if orphans > 0 {
        tracing::warn!(orphans, "parts were being sent by modems that are here no more; they are unknown now");
    }
    let trust = Arc::new(Trust::new(outbox.latest().await?));
    let about = About::new(Info {
        hardware: std::fs::read_to_string("/sys/firmware/devicetree/base/model")
            .map_or_else(|_| "PC".to_owned(), |model| model.trim_end_matches('\0').to_owned()),
        os: os_name(),
        agent: env!("CARGO_PKG_VERSION").to_owned(),
        modems: Vec::new(),
        lines: (0..options.caller_id.len()).map(|n| format!("line{n}")).collect(),
        settings: outbox.settings().borrow().all(),
        troubles: Vec::new(),
    });
    about.trouble(BoxTrouble::UpdateFailed, trial.failed_before());
    let pins = pins(&options.data)?;
    let mut tasks = tokio::task::JoinSet::new();
    let mut jobs = BTreeMap::new();
    let all = Arc::new(names.iter().cloned().collect());
    for (name, path) in names.into_iter().zip(&options.modem) {
        let (ask, asked) = mpsc::channel(8);
        jobs.insert(name.clone(), ask);
        tasks.spawn(work::serve(work::Seat {
            pin: pins.get(&name).cloned(),
            name,
            all: Arc::clone(&all),
            path: path.clone(),
            outbox: outbox.clone(),
            about: about.clone(),
            trust: Arc::clone(&trust),
            jobs: asked,
        }));
    }
    for (n, path) in options.caller_id.iter().enumerate() {
        tasks.spawn(line::serve(format!("line{n}"), path.clone(), outbox.clone()));
    }
    let connected = mqtt::Connected::default();
    tasks.spawn(keep_up(outbox.clone(), about.clone(), Arc::clone(&trust), claim.is_none()));
    tasks.spawn(hear_bell(options.data.clone(), outbox.clone()));
    tasks.spawn(update::watch(trial, options.data.clone(), about.clone(), connected.clone(), claim.is_some()));
    tasks.spawn(systemd::keep_alive());
    if let Some(claim) = claim {
        let wire = mqtt::Wire { claim, data: options.data.clone(), outbox, about, trust, jobs, logs, connected };
        tasks.spawn(async move {
            if let Err(error) = mqtt::run(wire).await {
                tracing::error!("the wire: {error:#}");
            }
        });
    } else {
        tracing::info!("not claimed: working alone");
    }
    systemd::ready();
    while tasks.join_next().await.is_some() {}
    drop(lock);
    Ok(())
}

/// Only one agent may serve a queue: two would send the same part.
fn lock(data: &Path) -> anyhow::Result<Flock<File>> {
    let file = File::create(data.join("run.lock"))?;
    Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .map_err(|(_, error)| anyhow::anyhow!("another agent serves {}: {error}", data.display()))
}

fn os_name() -> String {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(|| "Linux".to_owned(), |name| name.trim_matches('"').to_owned())
}

/// `claim.json` of the data folder, with `--broker` in place of its broker where given.
fn claim(options: &Run) -> anyhow::Result<Option<Claim>> {
    let path = options.data.join("claim.json");
    if !path.exists() {
        return Ok(None);
    }
    let mut claim: Claim = serde_json::from_slice(&std::fs::read(&path)?)
        .with_context(|| format!("{} cannot be read; claim the box again", path.display()))?;
    if let Some(broker) = &options.broker {
        claim.broker.clone_from(broker);
    }
    Ok(Some(claim))
}

/// PINs of SIMs, from the file `pins` of the data folder: a line `m0 1234` for each. Not an argument, which
/// everybody on the box could read.
fn pins(data: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let path = data.join("pins");
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let mut pins = BTreeMap::new();
    for line in std::fs::read_to_string(&path)?.lines().filter(|line| !line.trim().is_empty()) {
        let (name, pin) = line.trim().split_once(char::is_whitespace).unwrap_or((line, ""));
        let pin = pin.trim();
        let right = (4..=8).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit());
        anyhow::ensure!(right, "{}: each line is a modem and its PIN, such as `m0 1234`", path.display());
        pins.insert(name.to_owned(), pin.to_owned());
    }
    Ok(pins)
}

/// Looks after the clock, the settings shown, and what is old.
async fn keep_up(outbox: Outbox, about: About, trust: Arc<Trust>, alone: bool) {
    let mut jumps = Jumps::new(Instant::now(), now());
    let mut settings = outbox.settings();
    let mut tidied: Option<Instant> = None;
    loop {
        let shows = now();
        let jumped = jumps.look(Instant::now(), shows);
        about.trouble(BoxTrouble::Clock, jumped || !trust.believes(shows));
        trust.saw(shows);
        if settings.has_changed().unwrap_or(false) {
            let all = settings.borrow_and_update().all();
            about.info(|info| info.settings = all);
        }
        if tidied.is_none_or(|tidied| tidied.elapsed() >= UPKEEP) && trust.believes(shows) {
            tidied = Some(Instant::now());
            if let Err(error) = outbox.forget_old(alone, shows).await {
                tracing::warn!(%error, "what is old cannot be removed");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(CLOCK) => {}
            _ = settings.changed() => {
                let all = settings.borrow_and_update().all();
                about.info(|info| info.settings = all);
            }
        }
    }
}

/// Hears when another process has put something into the queue; the modems look by themselves every second too.
async fn hear_bell(data: std::path::PathBuf, outbox: Outbox) {
    let path = bell(&data);
    // One of an earlier run; the lock says that nobody else listens.
    if path.exists()
        && let Err(error) = std::fs::remove_file(&path)
    {
        tracing::warn!(%error, "the bell of an earlier run cannot be removed");
    }
    let socket = match UnixDatagram::bind(&path) {
        Ok(socket) => socket,
        Err(error) => {
            tracing::warn!(%error, "no bell; the queue is looked at every second");
            return;
        }
    };
    let mut nothing = [0u8; 8];
    while socket.recv(&mut nothing).await.is_ok() {
        outbox.ring();
    }
}
