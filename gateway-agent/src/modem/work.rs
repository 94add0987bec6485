//! A modem's task: opens it, gets it ready, sends what is due, takes in what comes, and begins again when it is
//! gone. Modems meet in the outbox only, so one that hangs holds up nobody else.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fieldline_protocol::messages::{BoxTrouble, ModemHealth, ModemTrouble};
use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

use super::call::Calls;
use super::driver::{Fault, Modem, SHORT};
use super::health;
use super::incoming::Damages;
use super::limits::Limits;
use super::line::{self, REOPEN};
use super::port::Port;
use super::recovery::{Lost, Silence};
use super::said::Heard;
use super::setup::{self, Modes, Unusable};
use super::sim::{self, Pins};
use super::storages::Storages;
use super::urc::Urc;
use super::ussd::Asked;
use super::vendors::Vendor;
use crate::about::{About, troubled};
use crate::clock::Clock;
use crate::outbox::{Due, Outbox, Outcome};
use crate::supervisor::Pulse;

/// How often an idle modem looks into the queue though nobody rang: a time may have come.
const LOOK: Duration = Duration::from_secs(1);
/// How often an idle modem is asked for signal and registration.
const ASK: Duration = Duration::from_secs(30);
/// How often one that sends is: what it sends says that it has a network.
const ASK_AT_WORK: Duration = Duration::from_secs(300);
/// How often an idle modem is asked whether it still is as it was set up.
const CHECK: Duration = Duration::from_secs(60);
/// How often a module that starts anew by itself is set up again before its cause is shown.
const RESTARTS: usize = 3;
/// How often a ringing modem is asked for its list of calls.
const RINGING: Duration = Duration::from_secs(1);
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
#[derive(Clone, Debug)]
pub struct Seat {
    /// Its name in topics and commands.
    pub name: String,
    /// All modems of this box.
    pub all: Arc<BTreeSet<String>>,
    /// Its serial line.
    pub path: String,
    /// The queue.
    pub outbox: Outbox,
    /// Where it says how it is.
    pub about: About,
    /// The time to judge by.
    pub clock: Arc<Clock>,
    /// The SIM's PIN, where one is configured.
    pub pin: Option<String>,
    /// What others ask; shared with the task that follows this one where it fails.
    pub jobs: Arc<Mutex<mpsc::Receiver<Job>>>,
    /// By which the supervisor sees that this task goes on.
    pub pulse: Pulse,
    /// How long a modem may be without a network, or silent, before it is switched off and on.
    pub patience: Duration,
}

/// The longest that a modem's task does without coming by: a part that is not answered, and the wait behind it.
const LONGEST: Duration = Duration::from_secs(500);

/// A modem at work.
pub(super) struct Shift<'a> {
    pub(super) seat: &'a Seat,
    pub(super) jobs: &'a mut mpsc::Receiver<Job>,
    pub(super) modem: Modem,
    pub(super) vendor: Vendor,
    pub(super) modes: Modes,
    pub(super) limits: Limits,
    pub(super) calls: Calls,
    pub(super) origin: Instant,
    /// Nothing is sent before.
    pub(super) resting: Option<Instant>,
    /// Recipients that were refused one behind the other, as for a modem that cannot send.
    pub(super) refused: BTreeSet<String>,
    pub(super) refused_in_a_row: u32,
    pub(super) keeps_link: bool,
    /// A part whose answer may still come.
    pub(super) late: Option<Due>,
    pub(super) balance_asked: Option<Instant>,
    /// The last code that the network was asked.
    pub(super) asked: Option<Asked>,
    pub(super) listed: Instant,
    /// When the network last took a part.
    pub(super) sent: Option<Instant>,
    pub(super) storages: Storages,
    pub(super) damages: Damages,
    /// Messages in a row that came damaged and were refused.
    pub(super) refused_damaged: u32,
    /// Since when there is no network.
    pub(super) lost: &'a mut Lost,
}

/// Serves one modem for ever.
///
/// # Errors
/// When its jobs are gone, which ends the agent.
pub async fn serve(seat: Seat) -> anyhow::Result<()> {
    let jobs = Arc::clone(&seat.jobs);
    let mut jobs = jobs.lock().await;
    let (mut failed, mut lost, mut silence) = (0usize, Lost::new(seat.patience), Silence::new(seat.patience));
    let mut restarts: Vec<Instant> = Vec::new();
    loop {
        seat.pulse.beat(LONGEST);
        let begun = Instant::now();
        let ended = match Port::open(&seat.path) {
            Ok(port) => one_shift(&seat, &mut jobs, &mut lost, Modem::new(port)).await,
            Err(gone) => Err(Fault::from(gone).into()),
        };
        if begun.elapsed() > Duration::from_secs(60) {
            failed = 0;
        }
        let fault = ended.as_ref().err().and_then(|error| match error.downcast_ref::<Unusable>() {
            Some(Unusable::Fault(fault)) => Some(fault),
            Some(Unusable::Trouble(..)) => None,
            None => error.downcast_ref::<Fault>(),
        });
        let silent = matches!(fault, Some(Fault::Silent(_)));
        if matches!(fault, Some(Fault::Restarted)) {
            restarts.retain(|at| at.elapsed() < Duration::from_secs(600));
            restarts.push(Instant::now());
            if restarts.len() <= RESTARTS {
                tracing::warn!(name = seat.name, "the modem has started anew; it is set up again");
                seat.about.modem(&seat.name, |state| state.health = ModemHealth::Starting);
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        }
        show(&seat, &ended, failed == 0);
        if silence.is_over(silent) {
            seat.pulse.beat(LONGEST);
            if let Ok(port) = Port::open(&seat.path)
                && let Err(fault) = Modem::new(port).reset().await
            {
                tracing::debug!(name = seat.name, %fault, "the reset was not heard");
            }
        }
        let wait = REOPEN.get(failed).or(REOPEN.last()).copied().unwrap_or(10_000);
        failed += 1;
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

/// Shows why a modem cannot be used.
fn show(seat: &Seat, ended: &anyhow::Result<()>, first: bool) {
    let there = Path::new(&seat.path).exists();
    let (trouble, words) = match ended {
        Ok(()) => (ModemTrouble::Other, "ended".to_owned()),
        Err(error) => match error.downcast_ref::<Unusable>() {
            Some(Unusable::Trouble(trouble, words)) => (*trouble, words.clone()),
            Some(Unusable::Fault(_)) | None if !there => (ModemTrouble::Unplugged, format!("{error:#}")),
            Some(Unusable::Fault(Fault::Refused(_))) => (ModemTrouble::Refusing, format!("{error:#}")),
            Some(Unusable::Fault(Fault::Silent(_) | Fault::Restarted | Fault::Gone(_))) | None => {
                (ModemTrouble::Silent, format!("{error:#}"))
            }
        },
    };
    seat.about.modem(&seat.name, |state| troubled(state, trouble, &words));
    if first {
        tracing::warn!(name = seat.name, path = seat.path, ?trouble, words, "the modem cannot be used; trying again");
    }
}

/// Sets a modem up and works with it until it is gone.
async fn one_shift(
    seat: &Seat,
    jobs: &mut mpsc::Receiver<Job>,
    lost: &mut Lost,
    mut modem: Modem,
) -> anyhow::Result<()> {
    let (mut info, vendor) = setup::identify(&seat.name, &mut modem).await.map_err(Unusable::from)?;
    setup::power(&mut modem).await.map_err(Unusable::from)?;
    sim::unlock(&mut modem, &SimPin(seat)).await?;
    let mut modes = setup::prepare(&mut modem, &vendor).await?;
    // A module that is still starting forgets what it is told; each of its parts says when it is up.
    for _ in 0..RESTARTS {
        if !modem.has_started() {
            break;
        }
        modem.command("ATE0", SHORT).await.map_err(Unusable::from)?;
        modes = setup::prepare(&mut modem, &vendor).await?;
    }
    info.iccid = setup::iccid(&mut modem).await?;
    modem.guard();
    tracing::info!(name = seat.name, model = info.model, vendor = vendor.name, "a modem is ready");
    seat.about.identified(info);
    let limits = Limits::new(seat.outbox.sent_since(&seat.name, seat.clock.judged() - 86_400_000).await?);
    let mut shift = Shift {
        keeps_link: false,
        seat,
        jobs,
        modem,
        vendor,
        modes,
        limits,
        calls: Calls::default(),
        origin: Instant::now(),
        resting: None,
        refused: BTreeSet::new(),
        refused_in_a_row: 0,
        late: None,
        balance_asked: None,
        asked: None,
        listed: Instant::now(),
        sent: None,
        storages: Storages::new(),
        damages: Damages::new(),
        refused_damaged: 0,
        lost,
    };
    shift.recover().await?;
    shift.ask().await?;
    shift.look(false).await?;
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
        let (mut asked, mut checked) = (Instant::now(), Instant::now());
        loop {
            self.seat.pulse.beat(LONGEST);
            bell.mark_unchanged();
            while let Some(heard) = self.modem.waiting() {
                self.act(heard).await?;
            }
            self.look_at_calls().await?;
            let at_work = self.sent.is_some_and(|sent| sent.elapsed() < ASK);
            if asked.elapsed() >= if at_work { ASK_AT_WORK } else { ASK } {
                asked = Instant::now();
                self.ask().await?;
                self.seat.outbox.give_up_waiting(&self.seat.name, self.seat.clock.judged()).await?;
            }
            if !at_work && checked.elapsed() >= CHECK {
                checked = Instant::now();
                if !setup::still_set(&mut self.modem, &self.modes).await? {
                    return Err(Fault::Restarted.into());
                }
            }
            self.look(at_work).await?;
            self.ask_balance().await?;
            if let Ok(job) = self.jobs.try_recv() {
                self.job(job).await?;
            }
            if let Some(due) = self.due().await? {
                self.send(&due).await?;
                continue;
            }
            self.close_link().await?;
            let wait = if self.calls.under_way() { RINGING / 4 } else { LOOK };
            tokio::select! {
                heard = self.modem.listen() => { let heard = heard?; self.act(heard).await?; }
                _ = bell.changed() => {}
                Some(job) = self.jobs.recv() => self.job(job).await?,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// A disk that is full or broken: nothing is sent until it can be written, and a person is told.
    pub(super) async fn disk(&self, error: &sqlx::Error) {
        tracing::error!(%error, "the queue cannot be written");
        self.seat.about.trouble(BoxTrouble::DiskFull, true);
        self.seat.pulse.beat(LONGEST);
        tokio::time::sleep(FULL_DISK).await;
    }

    async fn ask(&mut self) -> anyhow::Result<()> {
        self.go_home().await?;
        let health = health::ask(&mut self.modem).await.map_err(Unusable::from)?;
        if let Some(used) = health.used() {
            self.storages.counted(&self.modes.receives_in, used);
        }
        self.find_network(health.has_network()).await?;
        let (resting, refused) = (self.resting.is_some_and(|until| until > Instant::now()), self.refused_in_a_row);
        let last_hour = self.limits.last_hour(self.seat.clock.judged());
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

    /// Acts upon what the modem said by itself.
    pub(super) async fn act(&mut self, heard: Heard) -> anyhow::Result<()> {
        match heard.urc {
            Urc::Stored(slot) => self.take(&slot, false).await,
            Urc::ReportStored(slot) => self.take(&slot, true).await,
            Urc::ReportFollows(length) | Urc::DeliverFollows(length) => self.handed_over(heard, length).await,
            Urc::TextFollows => {
                self.handed_over_as_text(heard).await;
                Err(Fault::Restarted.into())
            }
            Urc::Look => {
                self.storages.look_everywhere();
                Ok(())
            }
            // The driver ends with a fault what is waited for then.
            Urc::Started | Urc::PartUp => Ok(()),
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
                    self.limits.sent(self.seat.clock.judged());
                    self.note(&due, &Outcome::Sent(Some(mr))).await;
                }
                Ok(())
            }
            Urc::Ussd => self.unasked(&heard.line).await,
        }
    }

    fn rose(&self) -> i64 {
        i64::try_from(self.origin.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// A ringing modem knows more than it says: whether somebody answered.
    async fn look_at_calls(&mut self) -> anyhow::Result<()> {
        let mut told = self.calls.tick(self.rose());
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
}
