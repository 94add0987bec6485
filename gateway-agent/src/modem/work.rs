//! A modem's task: opens it, gets it ready, sends what is due, takes in what comes, and begins again when it is
//! gone. Modems meet in the outbox only, so one that hangs holds up nobody else.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fieldline_protocol::messages::{BoxTrouble, ModemTrouble};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::call::Calls;
use super::driver::{Fault, Heard, Modem, SHORT};
use super::health;
use super::limits::Limits;
use super::line::{self, REOPEN};
use super::port::Port;
use super::setup::{self, Pins, Unusable};
use super::urc::Urc;
use super::vendors::Vendor;
use crate::about::{About, troubled};
use crate::clock::{Trust, now};
use crate::outbox::{Due, Outbox, Outcome};

/// How often an idle modem looks into the queue though nobody rang: a time may have come.
const LOOK: Duration = Duration::from_secs(1);
/// How often an idle modem is asked for signal and registration.
const ASK: Duration = Duration::from_secs(30);
/// How often one that sends is: what it sends says that it has a network.
const ASK_AT_WORK: Duration = Duration::from_secs(300);
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
#[derive(Debug)]
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
    /// Whether the clock is believed.
    pub trust: Arc<Trust>,
    /// The SIM's PIN, where one is configured.
    pub pin: Option<String>,
    /// What others ask.
    pub jobs: mpsc::Receiver<Job>,
}

/// A modem at work.
pub(super) struct Shift<'a> {
    pub(super) seat: &'a mut Seat,
    pub(super) modem: Modem,
    pub(super) vendor: Vendor,
    pub(super) limits: Limits,
    pub(super) calls: Calls,
    pub(super) origin: Instant,
    /// Nothing is sent before.
    pub(super) resting: Option<Instant>,
    pub(super) refused_in_a_row: u32,
    pub(super) keeps_link: bool,
    /// A part whose answer may still come.
    pub(super) late: Option<Due>,
    pub(super) balance_asked: Option<Instant>,
    pub(super) listed: Instant,
    /// When the network last took a part.
    pub(super) sent: Option<Instant>,
    /// A slot could not be read, or what is in the storage could not be listed.
    pub(super) unread: bool,
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
    info.iccid = setup::iccid(&mut modem).await?;
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
        sent: None,
        unread: false,
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
            let at_work = self.sent.is_some_and(|sent| sent.elapsed() < ASK);
            if asked.elapsed() >= if at_work { ASK_AT_WORK } else { ASK } {
                asked = Instant::now();
                self.ask().await?;
                self.seat.outbox.give_up_waiting(&self.seat.name, now()).await?;
                if self.unread {
                    self.empty_slots().await?;
                }
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

    /// A disk that is full or broken: nothing is sent until it can be written, and a person is told.
    pub(super) async fn disk(&self, error: &sqlx::Error) {
        tracing::error!(%error, "the queue cannot be written");
        self.seat.about.trouble(BoxTrouble::DiskFull, true);
        tokio::time::sleep(FULL_DISK).await;
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

    /// Acts upon what the modem said by itself.
    pub(super) async fn act(&mut self, heard: Heard) -> anyhow::Result<()> {
        match heard.urc {
            Urc::Stored(slot) => self.take(&slot).await,
            Urc::ReportStored(slot) => self.take(&slot).await,
            Urc::ReportFollows | Urc::DeliverFollows => {
                if let Some(pdu) = heard.pdu {
                    let taken = self.take_in(&pdu).await;
                    match (self.vendor.acknowledges, taken) {
                        (true, true) => {
                            self.modem.optional("AT+CNMA").await?;
                        }
                        // The network shall bring it again; a modem that waited in vain hands over nothing more
                        // until it is asked anew (27.005, 3.4.4).
                        (true, false) => {
                            self.modem.optional("AT+CNMA=2").await?;
                            self.modem.optional(self.vendor.announce).await?;
                        }
                        (false, _) => {}
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
}
