//! A caller-ID line: an analog modem that says RING and who calls.

use std::time::{Duration, Instant};

use fieldline_protocol::messages::CallEvent;
use fieldline_protocol::settings::Setting;
use fieldline_protocol::topics::Topic;

use super::call::{Calls, Told};
use super::caller;
use super::lines::Said;
use super::port::Port;
use crate::clock::now;
use crate::outbox::Outbox;
use crate::supervisor::Pulse;

/// Between attempts to open a line that is gone, milliseconds; the last one goes on.
pub const REOPEN: [u64; 6] = [200, 500, 1_000, 2_000, 5_000, 10_000];
/// How often a ringing line is looked at, and one that has something to tell.
const TICK: Duration = Duration::from_millis(250);
const SOON: Duration = Duration::from_millis(50);
/// How often an idle modem is told anew to show who calls: one that resets by itself forgets it without a word.
const SHOW_AGAIN: Duration = Duration::from_secs(15);
/// How long a modem has for an answer.
const ANSWER: Duration = Duration::from_secs(1);
/// Questions in a row without an answer after which the line is opened anew.
const SILENT: u32 = 8;
/// The longest that this task does without coming by.
const LONGEST: Duration = Duration::from_secs(60);
/// How modems are told to show who calls: V.253, Rockwell and Conexant, Cirrus, IBM, Diamond.
const SHOW: [&str; 6] = ["AT+VCID=1", "AT#CID=1", "AT%CCID=1", "AT*ID1", "AT#CC1", "AT#CLS=8#CID=1"];

/// Serves one caller-ID line for ever.
pub async fn serve(name: String, path: String, outbox: Outbox, pulse: Pulse) {
    let mut failed = 0usize;
    loop {
        pulse.beat(LONGEST);
        let begun = Instant::now();
        let ended = match Port::open(&path) {
            Ok(port) => {
                let line = Line { name: &name, port, outbox: &outbox, calls: Calls::default(), origin: Instant::now() };
                line.listen(&pulse).await
            }
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

/// A line at work.
struct Line<'a> {
    name: &'a str,
    port: Port,
    outbox: &'a Outbox,
    calls: Calls,
    origin: Instant,
}

/// What a command was answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    Nothing,
}

impl Line<'_> {
    async fn listen(mut self, pulse: &Pulse) -> anyhow::Result<()> {
        let heard = self.hear_all(pulse).await;
        if let Err(error) = heard {
            for one in self.calls.end() {
                happened(self.outbox, self.name, one).await?;
            }
            return Err(error);
        }
        Ok(())
    }

    async fn hear_all(&mut self, pulse: &Pulse) -> anyhow::Result<()> {
        self.ask("ATZ").await?;
        let (mut shows, mut asked) = (self.show_callers(None).await?, Instant::now());
        let mut silent = 0;
        loop {
            pulse.beat(LONGEST);
            let wait = if self.calls.waits() { SOON } else { TICK };
            let strange = match tokio::time::timeout(wait, self.port.said()).await {
                Ok(said) => self.take(&said?).await?,
                Err(_) => {
                    self.tick().await?;
                    false
                }
            };
            if self.calls.under_way() || (!strange && asked.elapsed() < SHOW_AGAIN) {
                continue;
            }
            // A line that tells nothing of a call may be the greeting of a modem that has just started.
            if strange && asked.elapsed() < ANSWER {
                continue;
            }
            shows = self.show_callers(shows).await?;
            asked = Instant::now();
            silent = if shows.is_some() { 0 } else { silent + 1 };
            if silent >= SILENT {
                anyhow::bail!("the modem answers nothing");
            }
        }
    }

    /// Tells the modem to show who calls, in the way that it took before, or in the first that it takes.
    async fn show_callers(&mut self, before: Option<&'static str>) -> anyhow::Result<Option<&'static str>> {
        for command in before.into_iter().chain(SHOW) {
            match self.ask(command).await? {
                Answer::Yes => return Ok(Some(command)),
                Answer::No => {}
                // It is busy with a call, or gone; other ways are not heard either.
                Answer::Nothing => return Ok(None),
            }
        }
        if before.is_none() {
            tracing::warn!(name = self.name, "this modem knows no way to show who calls");
        }
        Ok(SHOW.first().copied())
    }

    /// A command; reports of calls that come meanwhile are processed.
    async fn ask(&mut self, command: &str) -> anyhow::Result<Answer> {
        self.port.write(format!("{command}\r").as_bytes()).await?;
        let until = tokio::time::Instant::now() + ANSWER;
        while let Ok(said) = tokio::time::timeout_at(until, self.port.said()).await {
            let said = said?;
            match &said {
                Said::Line(line) if line == "OK" || line == "0" => return Ok(Answer::Yes),
                Said::Line(line) if line == "ERROR" || line == "4" => return Ok(Answer::No),
                Said::Line(_) | Said::Prompt => {
                    self.take(&said).await?;
                }
            }
        }
        Ok(Answer::Nothing)
    }

    fn rose(&self) -> i64 {
        i64::try_from(self.origin.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    async fn tick(&mut self) -> anyhow::Result<()> {
        let patience = self.outbox.settings().borrow().number(Setting::RingEnd);
        self.calls.patience(patience);
        for one in self.calls.tick(self.rose()) {
            happened(self.outbox, self.name, one).await?;
        }
        Ok(())
    }

    /// Takes in what was said; whether it is no answer and about no call.
    async fn take(&mut self, said: &Said) -> anyhow::Result<bool> {
        let Said::Line(line) = said else { return Ok(false) };
        let patience = self.outbox.settings().borrow().number(Setting::RingEnd);
        self.calls.patience(patience);
        for one in self.calls.line(line, self.rose()) {
            happened(self.outbox, self.name, one).await?;
        }
        let answer = matches!(line.as_str(), "OK" | "ERROR") || line.starts_with("AT");
        Ok(!answer && caller::read(line).is_none())
    }
}

/// Records what happened to a call.
pub async fn happened(outbox: &Outbox, line: &str, told: Told) -> Result<(), sqlx::Error> {
    let Told { call, phase, number, name, withheld, raw } = told;
    let line = line.to_owned();
    outbox
        .happened(&Topic::CallEvent, now(), |head| CallEvent { head, line, call, phase, number, name, withheld, raw })
        .await
}
