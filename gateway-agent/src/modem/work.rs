//! A modem's task: opens it, gets it ready, sends what is due, takes in what comes, and begins again when it is
//! gone. Modems meet in the outbox only, so one that hangs holds up nobody else.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fieldline_protocol::messages::{BoxTrouble, ModemHealth, ModemTrouble, UssdEvent};
use fieldline_protocol::settings::Setting;
use fieldline_protocol::topics::Topic;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::call::Calls;
use super::driver::{Fault, Heard, Modem, SHORT, Unsent};
use super::limits::Limits;
use super::line::{self, REOPEN};
use super::port::Port;
use super::refusal::{Refusal, pause, refusal};
use super::setup::{self, Pins, Unusable};
use super::urc::{Slot, Urc};
use super::vendors::Vendor;
use super::{health, ussd};
use crate::about::{About, troubled};
use crate::clock::{Trust, now};
use crate::outbox::{self, Due, NotMine, Outbox, Outcome, Recover};
use crate::pdu::deliver::{Incoming, decode};
use crate::pdu::from_hex;

/// How often an idle modem looks into the queue though nobody rang: a time may have come.
const LOOK: Duration = Duration::from_secs(1);
/// How often signal and registration are asked.
const ASK: Duration = Duration::from_secs(30);
/// How often a ringing modem is asked for its list of calls.
const RINGING: Duration = Duration::from_secs(1);
/// 等待网络 is shown when a message has been under way for this long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a modem that fell silent while sending is waited for.
const SILENCE: Duration = Duration::from_secs(180);
/// Between attempts of a modem that cannot send at all, seconds: each refusal doubles it.
const PAUSE: (u64, u64) = (10, 300);
/// Between attempts to write to a full disk.
const FULL_DISK: Duration = Duration::from_secs(2);

/// What others ask of a modem.
#[derive(Clone, Debug)]
pub enum Job {
    /// Ask the network.
    Ussd {
        /// The command that asked; none when the box asks by itself.
        command: Option<Uuid>,
        /// Such as `*100#`.
        code: String,
    },
}

/// What a modem's task knows besides the modem.
#[derive(Debug)]
pub struct Seat {
    /// Its name in topics and commands.
    pub name: String,
    /// Its serial line.
    pub path: String,
    /// The queue.
    pub outbox: Outbox,
    /// Where it says how it is.
    pub about: About,
    /// Whether the clock is believed.
    pub trust: Arc<Trust>,
    /// The SIM's PIN, where one is configured.
    pub pin: Option<String>,
    /// What others ask.
    pub jobs: mpsc::Receiver<Job>,
}

/// A modem at work.
struct Shift<'a> {
    seat: &'a mut Seat,
    modem: Modem,
    vendor: Vendor,
    limits: Limits,
    calls: Calls,
    origin: Instant,
    /// Nothing is sent before.
    resting: Option<Instant>,
    refused_in_a_row: u32,
    keeps_link: bool,
    /// A part whose answer may still come.
    late: Option<Due>,
    balance_asked: Option<Instant>,
    listed: Instant,
}

/// Serves one modem for ever.
pub async fn serve(mut seat: Seat) {
    let mut failed = 0usize;
    loop {
        let begun = Instant::now();
        let ended = match Port::open(&seat.path) {
            Ok(port) => one_shift(&mut seat, Modem::new(port)).await,
            Err(gone) => Err(Fault::from(gone).into()),
        };
        let there = Path::new(&seat.path).exists();
        let (trouble, words) = match ended {
            Ok(()) => (ModemTrouble::Other, "ended".to_owned()),
            Err(error) => match error.downcast_ref::<Unusable>() {
                Some(Unusable::Trouble(trouble, words)) => (*trouble, words.clone()),
                Some(Unusable::Fault(_)) | None if !there => (ModemTrouble::Unplugged, format!("{error:#}")),
                Some(Unusable::Fault(Fault::Refused(_))) => (ModemTrouble::Refusing, format!("{error:#}")),
                Some(Unusable::Fault(Fault::Silent(_) | Fault::Gone(_))) | None => {
                    (ModemTrouble::Silent, format!("{error:#}"))
                }
            },
        };
        seat.about.modem(&seat.name, |state| troubled(state, trouble, &words));
        if begun.elapsed() > Duration::from_secs(60) {
            failed = 0;
        }
        if failed == 0 {
            tracing::warn!(
                name = seat.name,
                path = seat.path,
                ?trouble,
                words,
                "the modem cannot be used; trying again"
            );
        }
        let wait = REOPEN.get(failed).or(REOPEN.last()).copied().unwrap_or(10_000);
        failed += 1;
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

/// Sets a modem up and works with it until it is gone.
async fn one_shift(seat: &mut Seat, mut modem: Modem) -> anyhow::Result<()> {
    let (mut info, vendor) = setup::identify(&seat.name, &mut modem).await.map_err(Unusable::from)?;
    setup::unlock(&mut modem, &SimPin(seat)).await?;
    setup::prepare(&mut modem, &vendor).await?;
    let iccid = modem.optional("AT+CCID").await?.into_iter().next().unwrap_or_default();
    info.iccid = iccid.trim_start_matches("+CCID:").trim().to_owned();
    tracing::info!(name = seat.name, model = info.model, vendor = vendor.name, "a modem is ready");
    seat.about.identified(info);
    let limits = Limits::new(seat.outbox.sent_since(&seat.name, now() - 86_400_000).await?);
    let mut shift = Shift {
        keeps_link: false,
        seat,
        modem,
        vendor,
        limits,
        calls: Calls::default(),
        origin: Instant::now(),
        resting: None,
        refused_in_a_row: 0,
        late: None,
        balance_asked: None,
        listed: Instant::now(),
    };
    shift.recover().await?;
    shift.ask().await?;
    shift.empty_slots().await?;
    shift.work().await
}

/// The PIN of one modem's SIM, tried once: what was refused is noted, and not tried again until it is changed.
struct SimPin<'a>(&'a Seat);

impl Pins for SimPin<'_> {
    async fn pin(&self) -> Option<String> {
        let pin = self.0.pin.clone()?;
        // Where it cannot be read whether it was refused, it is not tried.
        let refused = self.0.outbox.note(&self.note()).await.ok()?;
        (refused.as_deref() != Some(&pin)).then_some(pin)
    }

    async fn refused(&self) {
        let pin = self.0.pin.clone().unwrap_or_default();
        if let Err(error) = self.0.outbox.set_note(&self.note(), &pin).await {
            tracing::error!(%error, "a refused PIN cannot be noted");
        }
    }
}

impl SimPin<'_> {
    fn note(&self) -> String {
        format!("refused_pin_{}", self.0.name)
    }
}

impl Shift<'_> {
    async fn work(&mut self) -> anyhow::Result<()> {
        let mut bell = self.seat.outbox.work();
        let mut asked = Instant::now();
        loop {
            bell.mark_unchanged();
            while let Some(heard) = self.modem.waiting() {
                self.act(heard).await?;
            }
            self.look_at_calls().await?;
            if asked.elapsed() >= ASK {
                asked = Instant::now();
                self.ask().await?;
                self.seat.outbox.give_up_waiting(&self.seat.name, now()).await?;
            }
            self.ask_balance().await?;
            if let Ok(job) = self.seat.jobs.try_recv() {
                self.job(job).await?;
            }
            if let Some(due) = self.due().await? {
                self.send(&due).await?;
                continue;
            }
            self.close_link().await?;
            let wait = if self.calls.under_way() { RINGING / 4 } else { LOOK };
            tokio::select! {
                heard = self.modem.listen() => { let heard = heard.map_err(Fault::from)?; self.act(heard).await?; }
                _ = bell.changed() => {}
                Some(job) = self.seat.jobs.recv() => self.job(job).await?,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// The next part, unless this modem rests or its SIM has sent as much as it may.
    async fn due(&mut self) -> anyhow::Result<Option<Due>> {
        if self.resting.is_some_and(|until| until > Instant::now()) {
            return Ok(None);
        }
        let (now, settings) = (now(), self.seat.outbox.settings());
        if self.limits.until(&settings.borrow(), now).is_some() {
            self.seat.about.modem(&self.seat.name, |state| {
                if state.health == ModemHealth::Ready {
                    troubled(state, ModemTrouble::Limit, "the limit of this SIM is reached");
                }
            });
            return Ok(None);
        }
        let at_work = self.seat.about.at_work();
        let modem = outbox::Modem { name: &self.seat.name, at_work: &at_work, clock: self.seat.trust.believes(now) };
        match self.seat.outbox.next(modem, now).await {
            Ok(due) => Ok(due),
            Err(error) => {
                self.disk(&error).await;
                Ok(None)
            }
        }
    }

    /// A disk that is full or broken: nothing is sent until it can be written, and a person is told.
    async fn disk(&self, error: &sqlx::Error) {
        tracing::error!(%error, "the queue cannot be written");
        self.seat.about.trouble(BoxTrouble::DiskFull, true);
        tokio::time::sleep(FULL_DISK).await;
    }

    /// What was cut off: a slot's status decides where this kind of modem was proven to tell the truth,
    /// everything else is unknown now.
    async fn recover(&mut self) -> anyhow::Result<()> {
        if self.vendor.slots_proven {
            for unfinished in self.seat.outbox.unfinished(&self.seat.name).await? {
                let lines = match self.modem.command(&format!("AT+CMGR={}", unfinished.slot), SHORT).await {
                    Ok(lines) => lines,
                    Err(Fault::Refused(_)) => continue,
                    Err(fault) => return Err(fault.into()),
                };
                // Behind the service centre's address, which the modem may have filled in, stands our message.
                let ours = unfinished.due.pdu.get(2..).unwrap_or_default();
                let header = lines.iter().position(|line| line.starts_with("+CMGR:"));
                let stored = header.and_then(|at| lines.get(at + 1));
                if ours.is_empty() || stored.is_none_or(|pdu| !pdu.to_uppercase().ends_with(ours)) {
                    continue;
                }
                // 27.005, 3.1: 2 stored and not sent, 3 stored and sent.
                let status =
                    header.and_then(|at| lines.get(at)?.strip_prefix("+CMGR:")?.split(',').next()?.trim().parse().ok());
                let outcome = match status {
                    Some(2u8) => {
                        Outcome::Held { why: "not sent before it was cut off".to_owned(), until: 0, tried: false }
                    }
                    Some(3) => Outcome::Sent(None),
                    Some(_) | None => continue,
                };
                self.seat.outbox.ended(&unfinished.due, &outcome, now()).await?;
                self.modem.optional(&format!("AT+CMGD={}", unfinished.slot)).await?;
            }
        }
        let unknown = self.seat.outbox.recover(Recover::Modem(&self.seat.name), now()).await?;
        if unknown > 0 {
            tracing::warn!(name = self.seat.name, unknown, "parts were being sent when this modem was last used");
        }
        Ok(())
    }

    async fn ask(&mut self) -> anyhow::Result<()> {
        let health = health::ask(&mut self.modem).await.map_err(Unusable::from)?;
        let (resting, refused) = (self.resting.is_some_and(|until| until > Instant::now()), self.refused_in_a_row);
        let last_hour = self.limits.last_hour(now());
        self.seat.about.modem(&self.seat.name, |state| {
            let before = (state.health, state.trouble, state.error.clone());
            health.write(state);
            state.sent_hour = last_hour;
            // What the network refused is not forgotten because the modem is registered.
            if (resting || refused > 0) && state.trouble.is_none() {
                (state.health, state.trouble, state.error) = before;
            }
        });
        Ok(())
    }

    /// Sends one part. An unknown outcome is noted and never tried again by itself.
    async fn send(&mut self, due: &Due) -> anyhow::Result<()> {
        self.late = None;
        self.open_link().await?;
        let slots = self.vendor.slots_proven && self.seat.outbox.settings().borrow().number(Setting::StoreFirst) == 1;
        let begun = now();
        let sent = if slots { self.send_from_slot(due).await } else { self.send_at_once(due).await };
        let (outcome, then) = match sent {
            Ok(mr) => (Outcome::Sent(mr), Then::GoOn),
            Err(Unsent::NotCommitted(NotMine::Taken)) => return Ok(()),
            Err(Unsent::NotCommitted(NotMine::Sqlx(error))) => {
                self.disk(&error).await;
                return Ok(());
            }
            Err(Unsent::Before(Fault::Refused(line))) => self.refused(due, &line, false).await?,
            Err(Unsent::After(Fault::Refused(line))) => self.refused(due, &line, true).await?,
            Err(Unsent::Before(fault)) => {
                let held = Outcome::Held { why: fault.to_string(), until: 0, tried: false };
                (held, Then::Begin(fault))
            }
            Err(Unsent::After(Fault::Silent(what))) => (Outcome::Unknown(format!("no answer to {what}")), Then::Listen),
            Err(Unsent::After(fault)) => (Outcome::Unknown(fault.to_string()), Then::Begin(fault)),
        };
        if matches!(outcome, Outcome::Sent(_)) {
            self.limits.sent(now());
            self.refused_in_a_row = 0;
            self.resting = None;
        }
        self.note(due, &outcome).await;
        let (waiting, hour) = (self.seat.outbox.waiting().await.unwrap_or_default(), self.limits.last_hour(now()));
        let sent = matches!(outcome, Outcome::Sent(_));
        self.seat.about.modem(&self.seat.name, |state| {
            (state.queue, state.sent_hour) = (waiting, hour);
            if sent {
                (state.health, state.trouble, state.error) = (ModemHealth::Ready, None, None);
            }
        });
        tracing::debug!(name = self.seat.name, message = due.message, part = due.n, took = now() - begun, "ended");
        match then {
            Then::GoOn => Ok(()),
            Then::Begin(fault) => Err(fault.into()),
            Then::Listen => self.listen_for_late(due).await,
        }
    }

    /// Commits how a part ended, however long the disk takes: what was sent must not be forgotten while this
    /// agent lives, and nothing else may be sent meanwhile.
    async fn note(&self, due: &Due, outcome: &Outcome) {
        while let Err(error) = self.seat.outbox.ended(due, outcome, now()).await {
            self.disk(&error).await;
        }
        self.seat.about.trouble(BoxTrouble::DiskFull, false);
    }

    /// The usual way: the commit stands between the prompt and Ctrl-Z.
    async fn send_at_once(&mut self, due: &Due) -> Result<Option<u8>, Unsent<NotMine>> {
        let (outbox, name, about) = (&self.seat.outbox, &self.seat.name, &self.seat.about);
        let sending = self.modem.send(&due.pdu, outbox.sending(due, name, None, now()));
        waiting_shown(sending, about, name).await.map(Some)
    }

    /// Where slots tell the truth: stored, committed, sent from the slot, which is freed behind.
    async fn send_from_slot(&mut self, due: &Due) -> Result<Option<u8>, Unsent<NotMine>> {
        let slot = self.modem.store(&due.pdu).await.map_err(Unsent::Before)?;
        if let Err(error) = self.seat.outbox.sending(due, &self.seat.name, Some(slot), now()).await {
            self.modem.optional(&format!("AT+CMGD={slot}")).await.map_err(Unsent::Before)?;
            return Err(Unsent::NotCommitted(error));
        }
        let sending = self.modem.send_stored(slot);
        let mr = waiting_shown(sending, &self.seat.about, &self.seat.name).await.map_err(Unsent::After)?;
        self.note(due, &Outcome::Sent(mr)).await;
        self.modem.optional(&format!("AT+CMGD={slot}")).await.map_err(Unsent::After)?;
        Ok(mr)
    }

    /// What a refusal means for the part and for this modem.
    async fn refused(&mut self, due: &Due, line: &str, after: bool) -> anyhow::Result<(Outcome, Then)> {
        let why = line.to_owned();
        Ok(match refusal(line, after) {
            Refusal::Message => (Outcome::Failed(why), Then::GoOn),
            Refusal::Unclear => (Outcome::Unknown(why), Then::GoOn),
            Refusal::Later => match pause(self.seat.outbox.tries(&due.message).await?) {
                Some(pause) => (Outcome::Held { why, until: now() + pause, tried: true }, Then::GoOn),
                None => (Outcome::Failed(why), Then::GoOn),
            },
            Refusal::Modem(trouble) => {
                let doubled = PAUSE.0.saturating_mul(1u64 << self.refused_in_a_row.min(5)).min(PAUSE.1);
                self.resting = Some(Instant::now() + Duration::from_secs(doubled));
                self.refused_in_a_row += 1;
                self.seat.about.modem(&self.seat.name, |state| troubled(state, trouble, line));
                tracing::warn!(name = self.seat.name, line, seconds = doubled, "this modem cannot send now; it rests");
                (Outcome::Held { why, until: 0, tried: false }, Then::GoOn)
            }
        })
    }

    /// After the time-out: the message is unknown, and the modem is waited for, since it may say after all what
    /// became of it.
    async fn listen_for_late(&mut self, due: &Due) -> anyhow::Result<()> {
        self.seat
            .about
            .modem(&self.seat.name, |state| troubled(state, ModemTrouble::Silent, "no answer while sending"));
        self.late = Some(due.clone());
        let refused = self.modem.resume(SILENCE).await?;
        while let Some(heard) = self.modem.waiting() {
            self.act(heard).await?;
        }
        if let Some(line) = refused
            && self.late.take().is_some()
        {
            let (outcome, _) = self.refused(due, &line, true).await?;
            self.note(due, &outcome).await;
        }
        Ok(())
    }

    /// While more than one part waits, the link to the network stays open between them (27.005, 3.5.6).
    async fn open_link(&mut self) -> anyhow::Result<()> {
        if self.vendor.keeps_link && !self.keeps_link && self.seat.outbox.waiting().await.unwrap_or_default() > 1 {
            match self.modem.command("AT+CMMS=2", SHORT).await {
                Ok(_) => self.keeps_link = true,
                Err(Fault::Refused(_)) => self.vendor.keeps_link = false,
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    async fn close_link(&mut self) -> anyhow::Result<()> {
        if self.keeps_link {
            self.keeps_link = false;
            self.modem.optional("AT+CMMS=0").await?;
        }
        Ok(())
    }

    /// Acts upon what the modem said by itself.
    async fn act(&mut self, heard: Heard) -> anyhow::Result<()> {
        match heard.urc {
            Urc::Stored(slot) => self.take(&slot).await,
            Urc::ReportStored(slot) => self.take(&slot).await,
            Urc::ReportFollows | Urc::DeliverFollows => {
                if let Some(pdu) = heard.pdu {
                    self.take_in(&pdu).await;
                    if self.vendor.acknowledges {
                        self.modem.optional("AT+CNMA").await?;
                    }
                }
                Ok(())
            }
            Urc::Ring | Urc::Clip { .. } | Urc::CallEnded => {
                let rose = self.rose();
                for told in self.calls.line(&heard.line, rose) {
                    line::happened(&self.seat.outbox, &self.seat.name, told).await?;
                }
                Ok(())
            }
            Urc::SentLate(mr) => {
                if let Some(due) = self.late.take() {
                    tracing::info!(name = self.seat.name, message = due.message, "the answer came late");
                    self.limits.sent(now());
                    self.note(&due, &Outcome::Sent(Some(mr))).await;
                }
                Ok(())
            }
            // An answer to nothing that was asked.
            Urc::Ussd => Ok(()),
        }
    }

    fn rose(&self) -> i64 {
        i64::try_from(self.origin.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// A ringing modem knows more than it says: whether somebody answered.
    async fn look_at_calls(&mut self) -> anyhow::Result<()> {
        let mut told: Vec<_> = self.calls.tick(self.rose()).into_iter().collect();
        if self.calls.under_way() && self.listed.elapsed() >= RINGING {
            self.listed = Instant::now();
            match self.modem.command("AT+CLCC", SHORT).await {
                Ok(lines) => told.extend(self.calls.listed(&lines, self.rose())),
                // One that has no list ends its calls by silence.
                Err(Fault::Refused(_)) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        for one in told {
            line::happened(&self.seat.outbox, &self.seat.name, one).await?;
        }
        Ok(())
    }

    /// Reads a slot, commits, and only then frees it. Where the commit fails the slot is kept for later.
    async fn take(&mut self, slot: &Slot) -> anyhow::Result<()> {
        let elsewhere = slot.storage != "SM" && !self.vendor.storages.contains(&format!("\"{}\"", slot.storage));
        if elsewhere {
            self.modem.optional(&format!("AT+CPMS=\"{}\"", slot.storage)).await?;
        }
        let read = self.modem.command(&format!("AT+CMGR={}", slot.index), SHORT).await;
        match read {
            Ok(lines) => {
                // Only the line behind the header: others may stand between, such as ^RSSI.
                let header = lines.iter().position(|line| line.starts_with("+CMGR:"));
                let pdu = header.and_then(|at| lines.get(at + 1..)?.iter().find(|line| from_hex(line).is_some()));
                let kept = match pdu {
                    Some(pdu) => self.take_in(pdu).await,
                    None => true,
                };
                if kept {
                    self.modem.optional(&format!("AT+CMGD={}", slot.index)).await?;
                }
            }
            Err(Fault::Refused(why)) => tracing::warn!(name = self.seat.name, ?slot, why, "a slot cannot be read"),
            Err(fault) => return Err(fault.into()),
        }
        if elsewhere {
            self.modem.optional(self.vendor.storages).await?;
        }
        Ok(())
    }

    /// What lies on the SIM already: it came while nobody listened, or while nothing could be written.
    async fn empty_slots(&mut self) -> anyhow::Result<()> {
        let lines = match self.modem.command("AT+CMGL=4", Duration::from_secs(20)).await {
            Ok(lines) => lines,
            Err(Fault::Refused(_)) => Vec::new(),
            Err(fault) => return Err(fault.into()),
        };
        // What was stored for sending is not ours to free, but for what `recover` knows.
        let slots: Vec<u32> = lines
            .iter()
            .filter_map(|line| {
                let mut fields = line.strip_prefix("+CMGL:")?.split(',');
                let (slot, status) = (fields.next()?.trim().parse().ok()?, fields.next()?.trim());
                matches!(status, "0" | "1").then_some(slot)
            })
            .collect();
        for index in slots {
            self.take(&Slot { storage: "SM".to_owned(), index }).await?;
        }
        Ok(())
    }

    /// Takes a PDU in, durably; `false` where the disk refused. One that cannot be read is kept as it is, or
    /// it would block its slot for ever.
    async fn take_in(&self, hex: &str) -> bool {
        let octets = from_hex(hex).unwrap_or_default();
        let outbox = &self.seat.outbox;
        let done = match decode(&octets) {
            Ok(Incoming::Deliver(deliver)) => outbox.received(&deliver, hex, &self.seat.name, now()).await,
            Ok(Incoming::Report(report)) => match outbox.reported(&report, &self.seat.name, now()).await {
                Ok(true) => Ok(()),
                Ok(false) => {
                    tracing::info!(name = self.seat.name, mr = report.mr, "a delivery report fits no message");
                    Ok(())
                }
                Err(error) => Err(error),
            },
            Err(bad) => {
                tracing::warn!(name = self.seat.name, %bad, octets = octets.len(), "a PDU cannot be read; it is kept");
                outbox.unreadable(hex, now()).await
            }
        };
        if let Err(error) = &done {
            self.disk(error).await;
        }
        done.is_ok()
    }

    async fn job(&mut self, job: Job) -> anyhow::Result<()> {
        match job {
            Job::Ussd { command, code } => self.ask_network(command, &code).await,
        }
    }

    /// The balance, as often as was set.
    async fn ask_balance(&mut self) -> anyhow::Result<()> {
        let settings = self.seat.outbox.settings();
        let (code, hours) = {
            let settings = settings.borrow();
            (settings.text(Setting::BalanceCode).to_owned(), settings.number(Setting::BalanceHours))
        };
        let every = Duration::from_secs(u64::try_from(hours).unwrap_or(24) * 3600);
        if code.is_empty() || self.balance_asked.is_some_and(|asked| asked.elapsed() < every) {
            return Ok(());
        }
        self.balance_asked = Some(Instant::now());
        self.ask_network(None, &code).await
    }

    async fn ask_network(&mut self, command: Option<Uuid>, code: &str) -> anyhow::Result<()> {
        let answer = match ussd::command(code, self.vendor.packed_ussd) {
            None => Err("not a code".to_owned()),
            Some(line) => match self.modem.command(&line, SHORT).await {
                Err(Fault::Refused(line)) => Err(line),
                Err(fault) => return Err(fault.into()),
                Ok(lines) => self.ussd_answer(lines).await?,
            },
        };
        if let (Ok(text), settings) = (&answer, self.seat.outbox.settings())
            && settings.borrow().text(Setting::BalanceCode) == code
        {
            self.seat.about.modem(&self.seat.name, |state| state.balance = Some(text.clone()));
        }
        let (answer, error) = match answer {
            Ok(text) => (Some(text), None),
            Err(why) => (None, Some(why)),
        };
        let (modem, code) = (self.seat.name.clone(), code.to_owned());
        let event = |head| UssdEvent { head, command, modem, code, answer, error };
        Ok(self.seat.outbox.happened(&Topic::UssdEvent, now(), event).await?)
    }

    /// The `+CUSD:` line comes before OK or up to half a minute later; what else is heard meanwhile is acted upon.
    async fn ussd_answer(&mut self, lines: Vec<String>) -> anyhow::Result<Result<String, String>> {
        if let Some(line) = lines.iter().find(|line| line.starts_with("+CUSD:")) {
            return Ok(ussd::answer(line));
        }
        let until = tokio::time::Instant::now() + Duration::from_secs(30);
        while let Ok(heard) = tokio::time::timeout_at(until, self.modem.listen()).await {
            let heard = heard.map_err(Fault::from)?;
            if heard.urc == Urc::Ussd {
                return Ok(ussd::answer(&heard.line));
            }
            self.act(heard).await?;
        }
        self.modem.optional("AT+CUSD=2").await?;
        Ok(Err("no answer from the network".to_owned()))
    }
}

/// What follows an attempt.
enum Then {
    /// The next one.
    GoOn,
    /// The modem may still say what became of it.
    Listen,
    /// The modem is set up again.
    Begin(Fault),
}

/// Waits for the network, and says so when it takes long.
async fn waiting_shown<T>(sending: impl Future<Output = T>, about: &About, name: &str) -> T {
    let mut sending = std::pin::pin!(sending);
    tokio::select! {
        sent = &mut sending => return sent,
        () = tokio::time::sleep(PATIENCE) => {}
    }
    about.modem(name, |state| troubled(state, ModemTrouble::NoNetwork, "waiting for the network"));
    sending.await
}
