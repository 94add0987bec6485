//! What a modem's task does about a message: choosing, sending, and judging what the modem says to it.

use std::time::{Duration, Instant};

use fieldline_protocol::messages::{BoxTrouble, ModemHealth, ModemTrouble};
use fieldline_protocol::settings::Setting;

use super::driver::{Fault, SHORT, Unsent};
use super::refusal::{Refusal, pause, refusal};
use super::work::Shift;
use crate::about::{About, troubled};
use crate::outbox::{self, Due, NotMine, Outcome, Recover};

/// 等待网络 is shown when a message has been under way for this long.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a modem that fell silent while sending is waited for.
const SILENCE: Duration = Duration::from_secs(180);
/// Between attempts of a modem that cannot send at all, seconds: each refusal doubles it.
const PAUSE: (u64, u64) = (5, 300);

impl Shift<'_> {
    /// The next part, unless this modem rests or its SIM has sent as much as it may.
    pub(super) async fn due(&mut self) -> anyhow::Result<Option<Due>> {
        if self.resting.is_some_and(|until| until > Instant::now()) {
            return Ok(None);
        }
        let (now, settings) = (self.seat.clock.judged(), self.seat.outbox.settings());
        if self.limits.until(&settings.borrow(), now).is_some() {
            self.seat.about.modem(&self.seat.name, |state| {
                if state.health == ModemHealth::Ready {
                    troubled(state, ModemTrouble::Limit, "the limit of this SIM is reached");
                }
            });
            return Ok(None);
        }
        let at_work = self.seat.about.at_work();
        let modem = outbox::Modem {
            name: &self.seat.name,
            all: &self.seat.all,
            at_work: &at_work,
            clock: self.seat.clock.is_set(),
        };
        match self.seat.outbox.next(modem, now).await {
            Ok(due) => Ok(due),
            Err(error) => {
                self.disk(&error).await;
                Ok(None)
            }
        }
    }

    /// What was cut off: a slot's status decides where this kind of modem was proven to tell the truth,
    /// everything else is unknown now.
    pub(super) async fn recover(&mut self) -> anyhow::Result<()> {
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
                self.seat.outbox.ended(&unfinished.due, &outcome, self.seat.clock.judged()).await?;
                self.modem.optional(&format!("AT+CMGD={}", unfinished.slot)).await?;
            }
        }
        let unknown = self.seat.outbox.recover(Recover::Modem(&self.seat.name), self.seat.clock.judged()).await?;
        if unknown > 0 {
            tracing::warn!(name = self.seat.name, unknown, "parts were being sent when this modem was last used");
        }
        Ok(())
    }

    /// Sends one part. An unknown outcome is noted and never tried again by itself.
    pub(super) async fn send(&mut self, due: &Due) -> anyhow::Result<()> {
        self.late = None;
        self.open_link().await?;
        let slots = self.vendor.slots_proven && self.seat.outbox.settings().borrow().number(Setting::StoreFirst) == 1;
        let begun = Instant::now();
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
            self.limits.sent(self.seat.clock.judged());
            self.sent = Some(Instant::now());
            self.refused_in_a_row = 0;
            self.refused.clear();
            self.resting = None;
        }
        self.note(due, &outcome).await;
        let (waiting, hour) =
            (self.seat.outbox.waiting().await.unwrap_or_default(), self.limits.last_hour(self.seat.clock.judged()));
        let sent = matches!(outcome, Outcome::Sent(_));
        self.seat.about.modem(&self.seat.name, |state| {
            (state.queue, state.sent_hour) = (waiting, hour);
            if sent {
                (state.health, state.trouble, state.error) = (ModemHealth::Ready, None, None);
            }
        });
        tracing::debug!(name = self.seat.name, message = due.message, part = due.n, took = ?begun.elapsed(), "ended");
        match then {
            Then::GoOn => Ok(()),
            Then::Begin(fault) => Err(fault.into()),
            Then::Listen => self.listen_for_late(due).await,
        }
    }

    /// Commits how a part ended, however long the disk takes: what was sent must not be forgotten while this
    /// agent lives, and nothing else may be sent meanwhile.
    pub(super) async fn note(&self, due: &Due, outcome: &Outcome) {
        while let Err(error) = self.seat.outbox.ended(due, outcome, self.seat.clock.judged()).await {
            self.disk(&error).await;
        }
        self.seat.about.trouble(BoxTrouble::DiskFull, false);
    }

    /// The usual way: the commit stands between the prompt and Ctrl-Z.
    async fn send_at_once(&mut self, due: &Due) -> Result<Option<u8>, Unsent<NotMine>> {
        let (outbox, name, about) = (&self.seat.outbox, &self.seat.name, &self.seat.about);
        let sending = self.modem.send(&due.pdu, outbox.sending(due, name, None, self.seat.clock.judged()));
        waiting_shown(sending, about, name).await
    }

    /// Where slots tell the truth: stored, committed, sent from the slot, which is freed behind.
    async fn send_from_slot(&mut self, due: &Due) -> Result<Option<u8>, Unsent<NotMine>> {
        let slot = self.modem.store(&due.pdu).await.map_err(Unsent::Before)?;
        if let Err(error) = self.seat.outbox.sending(due, &self.seat.name, Some(slot), self.seat.clock.judged()).await {
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
        let outcome = match refusal(line, after) {
            Refusal::Message => Outcome::Failed(why),
            Refusal::Unclear => Outcome::Unknown(why),
            Refusal::Later => self.later(due, why).await?,
            Refusal::NumberOrSim(trouble) => {
                if self.others_refused(due).await? {
                    let until = self.rest(trouble, &why);
                    Outcome::Held { why, until, tried: false }
                } else {
                    self.later(due, why).await?
                }
            }
            Refusal::Sim(trouble) => {
                let others = self.others_refused(due).await?;
                let until = self.rest(trouble, &why);
                if others { Outcome::Held { why, until, tried: false } } else { self.later(due, why).await? }
            }
            Refusal::Modem(trouble) => {
                // The modem is at fault, not the message.
                self.rest(trouble, &why);
                Outcome::Held { why, until: 0, tried: false }
            }
        };
        Ok((outcome, Then::GoOn))
    }

    /// The message waits, and others go first; after many tries it has failed with what was said last.
    async fn later(&self, due: &Due, why: String) -> anyhow::Result<Outcome> {
        Ok(match pause(self.seat.outbox.tries(&due.message).await?) {
            Some(pause) => Outcome::Held { why, until: self.seat.clock.judged() + pause, tried: true },
            None => Outcome::Failed(why),
        })
    }

    /// Whether another recipient was refused before this one and nothing went out since: then it is not the number.
    async fn others_refused(&mut self, due: &Due) -> anyhow::Result<bool> {
        let to = self.seat.outbox.recipient(&due.message).await?;
        let others = self.refused.iter().any(|other| *other != to);
        self.refused.insert(to);
        Ok(others)
    }

    /// This modem sends nothing until then.
    fn rest(&mut self, trouble: ModemTrouble, why: &str) -> i64 {
        let doubled = PAUSE.0.saturating_mul(1u64 << self.refused_in_a_row.min(6)).min(PAUSE.1);
        self.resting = Some(Instant::now() + Duration::from_secs(doubled));
        self.refused_in_a_row += 1;
        self.seat.about.modem(&self.seat.name, |state| troubled(state, trouble, why));
        tracing::warn!(name = self.seat.name, why, seconds = doubled, "this modem cannot send now; it rests");
        self.seat.clock.judged() + i64::try_from(doubled).unwrap_or_default() * 1_000
    }

    /// After the time-out: the message is unknown, and the modem is waited for, since it may say after all what
    /// became of it.
    async fn listen_for_late(&mut self, due: &Due) -> anyhow::Result<()> {
        self.seat
            .about
            .modem(&self.seat.name, |state| troubled(state, ModemTrouble::Silent, "no answer while sending"));
        self.late = Some(due.clone());
        let refused = self.modem.resume(SILENCE).await?;
        // What came while it was silent may have come without a word.
        self.storages.look_everywhere();
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

    pub(super) async fn close_link(&mut self) -> anyhow::Result<()> {
        if self.keeps_link {
            self.keeps_link = false;
            self.modem.optional("AT+CMMS=0").await?;
        }
        Ok(())
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
