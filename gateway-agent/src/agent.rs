//! The box at work: a task for each modem, one for each caller-ID line, one for the wire, one for upkeep. They
//! meet in the outbox only, so one that hangs holds up nobody else.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use fieldline_protocol::messages::{BoxTrouble, Claim, Info};
use nix::fcntl::{Flock, FlockArg};
use tokio::net::UnixDatagram;
use tokio::sync::{Mutex, mpsc};

use crate::about::About;
use crate::clock::{Belief, Clock, now};
use crate::config::Run;
use crate::logs::Logs;
use crate::modem::{line, work};
use crate::mqtt;
use crate::outbox::{Outbox, Recover, bell};
use crate::supervisor::{Lasts, Pulse, Pulses, log_panics, supervise};
use crate::{systemd, update};

/// How often the clock is looked at.
const CLOCK: Duration = Duration::from_secs(5);
/// How often the time to judge by is kept, for a start after a loss of power.
const KEPT: Duration = Duration::from_secs(600);
/// How often what is old is forgotten.
const UPKEEP: Duration = Duration::from_secs(6 * 3600);
/// The longest that a task of the box itself does without coming by.
const LONGEST: Duration = Duration::from_secs(60);

/// Runs until it is stopped.
///
/// # Errors
/// When the queue cannot be opened, or the claim cannot be read.
pub async fn run(options: &Run, logs: Logs) -> anyhow::Result<()> {
    log_panics();
    std::fs::create_dir_all(&options.data)
        .with_context(|| format!("{} cannot be the data folder", options.data.display()))?;
    let lock = lock(&options.data)?;
    close_doors(&options.data)?;
    let trial = update::begin(&options.data)?;
    let outbox = Outbox::open(&options.data).await?;
    let claim = claim(options)?;
    let names: Vec<String> = (0..options.modem.len()).map(|n| format!("m{n}")).collect();
    let kept = outbox.note(Clock::NOTE).await?.and_then(|kept| serde_json::from_str(&kept).ok());
    let clock = Arc::new(Clock::new(outbox.latest().await?, kept));
    let orphans = outbox.recover(Recover::AllBut(&names), clock.judged()).await?;
    if orphans > 0 {
        tracing::warn!(orphans, "parts were being sent by modems that are here no more; they are unknown now");
    }
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
    let (pulses, mut tasks) = (Pulses::default(), tokio::task::JoinSet::new());
    let mut jobs = BTreeMap::new();
    let all = Arc::new(names.iter().cloned().collect());
    for (name, path) in names.into_iter().zip(&options.modem) {
        let (ask, asked) = mpsc::channel(8);
        jobs.insert(name.clone(), ask);
        let pulse = pulses.of(&name);
        let seat = work::Seat {
            pin: pins.get(&name).cloned(),
            name: name.clone(),
            all: Arc::clone(&all),
            path: path.clone(),
            outbox: outbox.clone(),
            about: about.clone(),
            clock: Arc::clone(&clock),
            jobs: Arc::new(Mutex::new(asked)),
            pulse: pulse.clone(),
            patience: Duration::from_secs(options.patience),
        };
        tasks.spawn(supervise(name, pulse, Lasts::Always, move || work::serve(seat.clone())));
    }
    for (n, path) in options.caller_id.iter().enumerate() {
        let (name, path, outbox) = (format!("line{n}"), path.clone(), outbox.clone());
        let pulse = pulses.of(&name);
        let beats = pulse.clone();
        tasks.spawn(supervise(name.clone(), pulse, Lasts::Always, move || {
            lasting(line::serve(name.clone(), path.clone(), outbox.clone(), beats.clone()))
        }));
    }
    let connected = mqtt::Connected::default();
    let alone = claim.is_none();
    let upkeep = Upkeep { outbox: outbox.clone(), about: about.clone(), clock: Arc::clone(&clock), alone };
    let pulse = pulses.of("upkeep");
    let beats = pulse.clone();
    tasks.spawn(supervise("upkeep".to_owned(), pulse, Lasts::Always, move || keep_up(upkeep.clone(), beats.clone())));
    let (data, rung, pulse) = (options.data.clone(), outbox.clone(), pulses.of("bell"));
    let beats = pulse.clone();
    tasks.spawn(supervise("bell".to_owned(), pulse, Lasts::Always, move || {
        lasting(hear_bell(data.clone(), rung.clone(), beats.clone()))
    }));
    let (data, shown, wired, pulse) = (options.data.clone(), about.clone(), connected.clone(), pulses.of("update"));
    let beats = pulse.clone();
    tasks.spawn(supervise("update".to_owned(), pulse, Lasts::UntilDone, move || {
        lasting(update::watch(trial.clone(), data.clone(), shown.clone(), wired.clone(), (!alone, beats.clone())))
    }));
    let (watched, pulse) = (pulses.clone(), pulses.of("watchdog"));
    let beats = pulse.clone();
    tasks.spawn(supervise("watchdog".to_owned(), pulse, Lasts::Always, move || {
        lasting(systemd::keep_alive(watched.clone(), beats.clone()))
    }));
    if let Some(claim) = claim {
        let (pulse, orders, telling) = (pulses.of("wire"), pulses.of("orders"), pulses.of("telling"));
        let beats = mqtt::Beats { wire: pulse.clone(), orders, telling };
        let data = options.data.clone();
        let wire = mqtt::Wire { claim, data, outbox, about, clock, jobs, logs, connected, beats };
        tasks.spawn(supervise("wire".to_owned(), pulse, Lasts::Always, move || mqtt::run(wire.clone())));
    } else {
        tracing::info!("not claimed: working alone");
    }
    systemd::ready();
    while let Some(ended) = tasks.join_next().await {
        // One that cannot be kept running ends the process: systemd starts it with nothing in memory.
        ended.context("the supervision of a task failed")??;
    }
    drop(lock);
    Ok(())
}

/// A task without an end of its own.
async fn lasting(task: impl Future<Output = ()>) -> anyhow::Result<()> {
    task.await;
    Ok(())
}

/// What lies in the data folder is nobody else's: credential, PINs, numbers and texts. Files of an earlier version, or
/// of a person's copy, are brought in order.
fn close_doors(folder: &Path) -> std::io::Result<()> {
    set_mode(folder, 0o700);
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            close_doors(&path)?;
        } else if kind.is_file() {
            let runs = std::fs::metadata(&path)?.permissions().mode() & 0o100 != 0;
            set_mode(&path, if runs { 0o700 } else { 0o600 });
        }
    }
    Ok(())
}

/// Where the file is somebody else's, a person has to look into it; the box goes on.
fn set_mode(path: &Path, mode: u32) {
    let is_so = std::fs::metadata(path).is_ok_and(|now| now.permissions().mode() & 0o7777 == mode);
    if !is_so && let Err(error) = std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)) {
        tracing::warn!(path = %path.display(), %error, "others may read this");
    }
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

/// What the task of upkeep looks after.
#[derive(Clone)]
struct Upkeep {
    outbox: Outbox,
    about: About,
    clock: Arc<Clock>,
    alone: bool,
}

/// A person's word that the clock is right, in `notes`: the time that it showed then.
pub const CLOCK_IS_RIGHT: &str = "clock_is_right";
/// How old that word may be.
const HEARD_WITHIN: i64 = 600_000;

/// Looks after the clock, the settings shown, and what is old.
async fn keep_up(upkeep: Upkeep, pulse: Pulse) -> anyhow::Result<()> {
    let Upkeep { outbox, about, clock, alone } = upkeep;
    let mut settings = outbox.settings();
    let mut rung = outbox.work();
    let (mut tidied, mut kept): (Option<Instant>, Option<(Instant, Belief)>) = (None, None);
    loop {
        pulse.beat(LONGEST);
        let belief = clock.belief();
        if belief != Belief::Sure && is_confirmed(&outbox).await? {
            clock.confirm();
            outbox.ring();
            continue;
        }
        about.trouble(BoxTrouble::Clock, belief != Belief::Sure);
        if kept.is_none_or(|(at, before)| at.elapsed() >= KEPT || before != belief) {
            kept = Some((Instant::now(), belief));
            if belief != Belief::Unset {
                let note = serde_json::to_string(&clock.keep())?;
                if let Err(error) = outbox.set_note(Clock::NOTE, &note).await {
                    tracing::warn!(%error, "the time cannot be kept");
                }
            }
        }
        if settings.has_changed().unwrap_or(false) {
            let all = settings.borrow_and_update().all();
            about.info(|info| info.settings = all);
        }
        if tidied.is_none_or(|tidied| tidied.elapsed() >= UPKEEP) && belief == Belief::Sure {
            tidied = Some(Instant::now());
            if let Err(error) = outbox.forget_old(alone, clock.judged()).await {
                tracing::warn!(%error, "what is old cannot be removed");
            }
        }
        rung.mark_unchanged();
        tokio::select! {
            () = tokio::time::sleep(CLOCK) => {}
            // A person's word about the clock rings too.
            _ = rung.changed(), if belief != Belief::Sure => tokio::time::sleep(Duration::from_millis(100)).await,
            _ = settings.changed() => {
                let all = settings.borrow_and_update().all();
                about.info(|info| info.settings = all);
            }
        }
    }
}

/// Whether a person has said just now that the clock is right; the word is used up.
async fn is_confirmed(outbox: &Outbox) -> anyhow::Result<bool> {
    let said = outbox.note(CLOCK_IS_RIGHT).await?.and_then(|said| said.parse::<i64>().ok());
    let Some(said) = said else { return Ok(false) };
    outbox.set_note(CLOCK_IS_RIGHT, "").await?;
    Ok((now() - said).abs() <= HEARD_WITHIN)
}

/// Hears when another process has put something into the queue; the modems look by themselves every second too.
async fn hear_bell(data: std::path::PathBuf, outbox: Outbox, pulse: Pulse) {
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
            pulse.rest();
            return std::future::pending().await;
        }
    };
    let mut nothing = [0u8; 8];
    loop {
        pulse.beat(LONGEST * 2);
        match tokio::time::timeout(LONGEST, socket.recv(&mut nothing)).await {
            Ok(Ok(_)) => outbox.ring(),
            Ok(Err(error)) => return tracing::warn!(%error, "the bell cannot be heard"),
            Err(_) => {}
        }
    }
}
