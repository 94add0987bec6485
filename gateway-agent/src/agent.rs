//! The box at work: a task for each modem, one for each caller-ID line, one for the wire. They meet in the
//! outbox only, so one that hangs holds up nobody else.
//!
//! Long because: everything that a modem is asked, in the order it is asked.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};

use fieldline_protocol::messages::{CallEvent, Claim, Info, ModemHealth, ModemInfo, ModemState, Registration};
use fieldline_protocol::topics::Topic;
use tokio::sync::watch;

use crate::clock::now;
use crate::config::Run;
use crate::modem::call::{Calls, Told};
use crate::modem::driver::{Fault, Heard, Modem, SHORT, Unsent};
use crate::modem::lines::Said;
use crate::modem::port::Port;
use crate::modem::urc::Urc;
use crate::mqtt::{self, About};
use crate::outbox::{Due, NotMine, Outbox, Outcome};
use crate::pdu::deliver::{Incoming, decode};
use crate::pdu::from_hex;

/// How often an idle modem looks into the queue: another process may have put something in.
const LOOK: Duration = Duration::from_millis(50);
/// How often signal and registration are asked.
const ASK: Duration = Duration::from_secs(30);
/// Between attempts to open a line that is gone.
const REOPEN: [u64; 6] = [200, 500, 1_000, 2_000, 5_000, 10_000];

/// What the tasks say about themselves, for the server's page of this box.
type Told2Server = watch::Sender<About>;

/// Runs until it is stopped.
///
/// # Errors
/// When the queue cannot be opened, or the claim cannot be read.
pub async fn run(options: &Run) -> anyhow::Result<()> {
    let outbox = Outbox::open(&options.data).await?;
    let _lock = lock(&options.data)?;
    let lines = (0..options.caller_id.len()).map(|n| format!("line{n}")).collect();
    let info = Info {
        hardware: std::fs::read_to_string("/sys/firmware/devicetree/base/model").unwrap_or_else(|_| "PC".to_owned()),
        os: os_name(),
        agent: env!("CARGO_PKG_VERSION").to_owned(),
        modems: Vec::new(),
        lines,
        ..Info::default()
    };
    let (about, watching) = watch::channel(About { info, modems: Vec::new() });
    let mut tasks = tokio::task::JoinSet::new();
    for (n, path) in options.modem.iter().enumerate() {
        tasks.spawn(modem(format!("m{n}"), path.clone(), outbox.clone(), about.clone()));
    }
    for (n, path) in options.caller_id.iter().enumerate() {
        tasks.spawn(line(format!("line{n}"), path.clone(), outbox.clone()));
    }
    if let Some(claim) = claim(options)? {
        tasks.spawn(async move {
            if let Err(error) = mqtt::run(claim, outbox, watching).await {
                tracing::error!("the wire: {error:#}");
            }
        });
    } else {
        tracing::info!("not claimed: working alone");
    }
    while tasks.join_next().await.is_some() {}
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
    let mut claim: Claim = serde_json::from_slice(&std::fs::read(path)?)?;
    if let Some(broker) = &options.broker {
        claim.broker.clone_from(broker);
    }
    Ok(Some(claim))
}

/// Says how a modem is; only a change is told.
fn say(about: &Told2Server, name: &str, change: impl FnOnce(&mut ModemState)) {
    about.send_if_modified(|about| {
        if !about.modems.iter().any(|(known, _)| known == name) {
            about.modems.push((name.to_owned(), unknown_state()));
        }
        let Some((_, state)) = about.modems.iter_mut().find(|(known, _)| known == name) else { return false };
        let before = state.clone();
        change(state);
        if *state == before {
            return false;
        }
        state.ts = now();
        true
    });
}

fn unknown_state() -> ModemState {
    ModemState {
        health: ModemHealth::Starting,
        registration: Registration::Unknown,
        operator: String::new(),
        signal_dbm: None,
        sim_used: None,
        sim_capacity: None,
        queue: 0,
        sent_hour: 0,
        trouble: None,
        error: None,
        balance: None,
        ts: now(),
    }
}

/// Serves one modem for ever: opens, sets up, works, and opens again when it is gone.
async fn modem(name: String, path: String, outbox: Outbox, about: Told2Server) {
    let mut failed = 0usize;
    loop {
        let begun = Instant::now();
        let ended = match Port::open(&path) {
            Ok(port) => serve(&name, Modem::new(port), &outbox, &about).await,
            Err(gone) => Err(gone.into()),
        };
        let why = ended.map_or_else(|error| format!("{error:#}"), |()| "ended".to_owned());
        let there = Path::new(&path).exists();
        say(&about, &name, |state| {
            state.health = if there { ModemHealth::Degraded } else { ModemHealth::Absent };
            state.error = Some(why.clone());
        });
        if begun.elapsed() > Duration::from_secs(60) {
            failed = 0;
        }
        if failed == 0 {
            tracing::warn!(name, path, why, "the modem is gone; trying again");
        }
        let wait = REOPEN.get(failed).or(REOPEN.last()).copied().unwrap_or(10_000);
        failed += 1;
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

/// Sets a modem up and works with it until it is gone.
async fn serve(name: &str, mut modem: Modem, outbox: &Outbox, about: &Told2Server) -> anyhow::Result<()> {
    say(about, name, |state| {
        state.health = ModemHealth::Starting;
        state.error = None;
    });
    let interrupted = outbox.recover(name, now()).await?;
    if interrupted > 0 {
        tracing::warn!(name, interrupted, "parts were being sent when this modem was last used; they are unknown now");
    }
    let info = set_up(name, &mut modem).await?;
    about.send_modify(|about| {
        about.info.modems.retain(|known| known.id != info.id);
        about.info.modems.push(info);
    });
    ask(name, &mut modem, about).await?;
    empty_slots(name, &mut modem, outbox).await?;
    let mut calls = Calls::default();
    let origin = Instant::now();
    let mut asked = Instant::now();
    loop {
        while let Some(heard) = modem.waiting() {
            act(name, &mut modem, outbox, &mut calls, origin, heard).await?;
        }
        let rose = i64::try_from(origin.elapsed().as_millis()).unwrap_or(i64::MAX);
        if let Some(told) = calls.tick(rose) {
            call_happened(outbox, name, told).await?;
        }
        if asked.elapsed() >= ASK {
            asked = Instant::now();
            ask(name, &mut modem, about).await?;
            outbox.give_up_waiting(name, now()).await?;
        }
        if let Some(due) = outbox.next(now()).await? {
            send(name, &mut modem, outbox, &due).await?;
            let waiting = outbox.waiting().await?;
            say(about, name, |state| state.queue = waiting);
        } else if let Ok(heard) = tokio::time::timeout(LOOK, modem.listen()).await {
            act(name, &mut modem, outbox, &mut calls, origin, heard?).await?;
        }
    }
}

/// What every module understands; a refusal of an optional command is no fault.
async fn set_up(name: &str, modem: &mut Modem) -> anyhow::Result<ModemInfo> {
    modem.abort().await?;
    // The first answers after opening may be echoes of somebody else's session.
    for _ in 0..3 {
        if modem.command("AT", Duration::from_secs(2)).await.is_ok() {
            break;
        }
    }
    modem.command("ATE0", SHORT).await?;
    optional(modem, "AT+CMEE=1").await?;
    let first = |lines: Vec<String>| lines.into_iter().next().unwrap_or_default();
    let maker = first(modem.command("AT+CGMI", SHORT).await.unwrap_or_default());
    let model = first(modem.command("AT+CGMM", SHORT).await.unwrap_or_default());
    let firmware = first(modem.command("AT+CGMR", SHORT).await.unwrap_or_default());
    let imei = first(modem.command("AT+CGSN", SHORT).await.unwrap_or_default());
    let iccid = first(optional(modem, "AT+CCID").await?);
    // PDU mode; messages are stored and announced (so that none is lost while nobody listens), reports come at once.
    modem.command("AT+CMGF=0", SHORT).await?;
    optional(modem, "AT+CPMS=\"SM\",\"SM\",\"SM\"").await?;
    modem.command("AT+CNMI=2,1,0,1,0", SHORT).await?;
    optional(modem, "AT+CLIP=1").await?;
    tracing::info!(name, maker, model, firmware, "a modem is ready");
    Ok(ModemInfo {
        id: name.to_owned(),
        imei,
        iccid: iccid.trim_start_matches("+CCID:").trim().to_owned(),
        model: format!("{maker} {model}").trim().to_owned(),
        firmware,
    })
}

/// A command that a module may refuse.
async fn optional(modem: &mut Modem, command: &'static str) -> Result<Vec<String>, Fault> {
    match modem.command(command, SHORT).await {
        Err(Fault::Refused(_)) => Ok(Vec::new()),
        other => other,
    }
}

/// Asks for signal, registration and operator.
async fn ask(name: &str, modem: &mut Modem, about: &Told2Server) -> anyhow::Result<()> {
    let number = |lines: &[String], prefix: &str, field: usize| -> Option<i64> {
        lines.iter().find_map(|line| line.strip_prefix(prefix)?.split(',').nth(field)?.trim().parse().ok())
    };
    let signal =
        number(&optional(modem, "AT+CSQ").await?, "+CSQ:", 0).filter(|rssi| *rssi != 99).map(|rssi| rssi * 2 - 113);
    let registration = match number(&optional(modem, "AT+CREG?").await?, "+CREG:", 1) {
        Some(1) => Registration::Home,
        Some(2) => Registration::Searching,
        Some(3) => Registration::Denied,
        Some(5) => Registration::Roaming,
        Some(0) => Registration::NotRegistered,
        Some(_) | None => Registration::Unknown,
    };
    let operator = optional(modem, "AT+COPS?").await?;
    let operator = operator.iter().find_map(|line| line.split('"').nth(1)).unwrap_or_default().to_owned();
    let health = match registration {
        Registration::Home | Registration::Roaming | Registration::Unknown => ModemHealth::Ready,
        Registration::NotRegistered | Registration::Searching | Registration::Denied => ModemHealth::Waiting,
    };
    say(about, name, |state| {
        (state.health, state.registration, state.signal_dbm) = (health, registration, signal);
        state.operator = operator;
        state.error = None;
    });
    Ok(())
}

/// Sends one part. An unknown outcome is noted and never tried again.
async fn send(name: &str, modem: &mut Modem, outbox: &Outbox, due: &Due) -> anyhow::Result<()> {
    let length = due.pdu.len() / 2 - 1;
    let sent = modem.send(length, &due.pdu, outbox.sending(due, name, now())).await;
    let (outcome, gone) = match sent {
        Ok(mr) => (Outcome::Sent(mr), None),
        Err(Unsent::After(Fault::Refused(why))) if is_ambiguous(&why) => (Outcome::Unknown(why), None),
        Err(Unsent::After(Fault::Refused(why))) => (Outcome::Failed(why), None),
        // Nothing was sent and it is queued still: no SIM, no network, busy. The modem is set up again.
        Err(Unsent::Before(fault)) => return Err(fault.into()),
        Err(Unsent::NotCommitted(NotMine::Taken)) => return Ok(()),
        Err(Unsent::NotCommitted(NotMine::Sqlx(error))) => return Err(error.into()),
        Err(Unsent::After(fault)) => (Outcome::Unknown(fault.to_string()), Some(fault)),
    };
    outbox.ended(due, &outcome, now()).await?;
    match gone {
        Some(fault) => Err(fault.into()),
        None => Ok(()),
    }
}

/// +CMS ERROR 332 (network time-out) and 500 (unknown error): the message may be on the air (27.005, 3.2.5).
fn is_ambiguous(answer: &str) -> bool {
    answer.rsplit(':').next().is_some_and(|code| matches!(code.trim(), "332" | "500"))
}

/// Acts upon what the modem said by itself.
async fn act(
    name: &str,
    modem: &mut Modem,
    outbox: &Outbox,
    calls: &mut Calls,
    origin: Instant,
    heard: Heard,
) -> anyhow::Result<()> {
    match heard.urc {
        Urc::Stored(slot) => take(name, modem, outbox, slot).await,
        Urc::ReportFollows | Urc::DeliverFollows => {
            if let Some(pdu) = heard.pdu {
                take_in(name, outbox, &pdu).await?;
            }
            Ok(())
        }
        Urc::Ring | Urc::Clip { .. } | Urc::CallEnded => {
            let rose = i64::try_from(origin.elapsed().as_millis()).unwrap_or(i64::MAX);
            for told in calls.line(&heard.line, rose) {
                call_happened(outbox, name, told).await?;
            }
            Ok(())
        }
    }
}

/// Reads a slot, commits, and only then frees it.
async fn take(name: &str, modem: &mut Modem, outbox: &Outbox, slot: u32) -> anyhow::Result<()> {
    let lines = match modem.command_with("AT+CMGR=", slot, SHORT).await {
        Ok(lines) => lines,
        Err(Fault::Refused(why)) => {
            tracing::warn!(name, slot, why, "an announced slot cannot be read");
            return Ok(());
        }
        Err(fault) => return Err(fault.into()),
    };
    for line in lines.iter().filter(|line| !line.starts_with("+CMGR")) {
        take_in(name, outbox, line).await?;
    }
    modem.command_with("AT+CMGD=", slot, SHORT).await?;
    Ok(())
}

/// What lies on the SIM already: it came while nobody listened.
async fn empty_slots(name: &str, modem: &mut Modem, outbox: &Outbox) -> anyhow::Result<()> {
    let lines = modem.command("AT+CMGL=4", Duration::from_secs(20)).await.unwrap_or_default();
    let slots: Vec<u32> =
        lines.iter().filter_map(|line| line.strip_prefix("+CMGL:")?.split(',').next()?.trim().parse().ok()).collect();
    for slot in slots {
        take(name, modem, outbox, slot).await?;
    }
    Ok(())
}

/// Takes a PDU in, durably. One that cannot be read is logged and let go, or it would block the slot for ever.
async fn take_in(name: &str, outbox: &Outbox, hex: &str) -> anyhow::Result<()> {
    let octets = from_hex(hex).unwrap_or_default();
    match decode(&octets) {
        Ok(Incoming::Deliver(deliver)) => outbox.received(&deliver, hex, name, now()).await?,
        Ok(Incoming::Report(report)) => {
            if !outbox.reported(&report, now()).await? {
                tracing::info!(name, mr = report.mr, "a delivery report fits no message");
            }
        }
        Err(bad) => {
            tracing::warn!(name, %bad, octets = octets.len(), "a PDU cannot be read; it is kept");
            outbox.unreadable(hex, now()).await?;
        }
    }
    Ok(())
}

async fn call_happened(outbox: &Outbox, line: &str, told: Told) -> anyhow::Result<()> {
    let Told { call, phase, number, name, withheld, raw } = told;
    let line = line.to_owned();
    Ok(outbox
        .happened(&Topic::CallEvent, now(), |head| CallEvent { head, line, call, phase, number, name, withheld, raw })
        .await?)
}

/// Serves one caller-ID line for ever.
async fn line(name: String, path: String, outbox: Outbox) {
    let mut failed = 0usize;
    loop {
        let begun = Instant::now();
        let ended = match Port::open(&path) {
            Ok(port) => listen(&name, port, &outbox).await,
            Err(gone) => Err(gone.into()),
        };
        if begun.elapsed() > Duration::from_secs(60) {
            failed = 0;
        }
        if failed == 0
            && let Err(error) = &ended
        {
            tracing::warn!(name, path, "the caller-ID line is gone; trying again: {error:#}");
        }
        let wait = REOPEN.get(failed).or(REOPEN.last()).copied().unwrap_or(10_000);
        failed += 1;
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

async fn listen(name: &str, mut port: Port, outbox: &Outbox) -> anyhow::Result<()> {
    // +VCID is forgotten at every reset, so it is set at every opening.
    port.write(b"ATZ\r").await?;
    port.drain(Duration::from_millis(500)).await?;
    port.write(b"AT+VCID=1\r").await?;
    let origin = Instant::now();
    let mut calls = Calls::default();
    loop {
        let said = tokio::time::timeout(Duration::from_millis(250), port.said()).await;
        let rose = i64::try_from(origin.elapsed().as_millis()).unwrap_or(i64::MAX);
        let told = match said {
            Ok(Ok(Said::Line(text))) => calls.line(&text, rose),
            Ok(Ok(Said::Prompt)) => Vec::new(),
            Ok(Err(gone)) => {
                if let Some(told) = calls.end() {
                    call_happened(outbox, name, told).await?;
                }
                return Err(gone.into());
            }
            Err(_) => calls.tick(rose).into_iter().collect(),
        };
        for one in told {
            call_happened(outbox, name, one).await?;
        }
    }
}
