//! The dialogue with one modem: commands and their answers, the prompt, and what is said in between.
//!
//! Long because: command, prompt and notice are read from one port, whose state they share.

use std::collections::VecDeque;
use std::time::Duration;

use super::lines::Said;
use super::port::{Gone, Port};
use super::said::{Heard, Hearing};
use super::urc::Urc;

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// `ERROR`, `+CME ERROR: 10`, `+CMS ERROR: 38`: the modem refused.
    #[error("{0}")]
    Refused(String),
    /// No final answer in time.
    #[error("no answer to {0}")]
    Silent(String),
    /// The module has started anew on the open port: its settings are gone, and it will not answer what was asked.
    #[error("the modem has started anew")]
    Restarted,
    /// The line is gone.
    #[error(transparent)]
    Gone(#[from] Gone),
}

/// Why a part was not sent, or is not known to be.
#[derive(Debug)]
pub enum Unsent<E> {
    /// Before Ctrl-Z: nothing was sent.
    Before(Fault),
    /// The commit before Ctrl-Z failed: nothing was sent.
    NotCommitted(E),
    /// After Ctrl-Z: refused means not sent, anything else is unknown.
    After(Fault),
}

/// A modem on an open port.
#[derive(Debug)]
pub struct Modem {
    port: Port,
    hearing: Hearing,
    heard: VecDeque<Heard>,
    /// It is set up: a sign that it has started anew ends whatever is waited for.
    guarded: bool,
    /// It repeats commands though it was told not to.
    echoes: bool,
    /// It has begun anew since this was last asked.
    started: bool,
    /// A part of it has come up since.
    part_up: bool,
    /// It repeated the last command.
    echoed: bool,
}

/// For answers that need no network.
pub const SHORT: Duration = Duration::from_secs(5);
/// `+CMGS` may take this long (27.005 leaves it open; modules name 60 to 180 s).
pub const SENDING: Duration = Duration::from_secs(180);
/// For `OK` behind `+CMGS: 17`, which is all that counts.
const BEHIND: Duration = Duration::from_secs(3);
/// For an answer behind a sign that the module may have started anew.
const UP: Duration = Duration::from_secs(10);
const QUIET: Duration = Duration::from_millis(300);
/// A modem that is never quiet is spoken to all the same.
const NEVER_QUIET: Duration = Duration::from_secs(2);
/// Between questions to a modem that is busy with something nobody waits for any more.
const BUSY: Duration = Duration::from_secs(5);
const CTRL_Z: u8 = 0x1a;
const ESC: u8 = 0x1b;

/// What is waited for.
#[derive(Clone, Copy, Debug)]
struct Waiting<'a> {
    /// For the fault.
    name: &'a str,
    /// What a modem with echo repeats first.
    echo: &'a str,
    within: Duration,
    /// Behind a line that begins so the final answer tells nothing more.
    enough: Option<&'a str>,
}

impl Modem {
    /// Takes a port over.
    #[must_use]
    pub fn new(port: Port) -> Modem {
        Modem {
            port,
            hearing: Hearing::default(),
            heard: VecDeque::new(),
            guarded: false,
            echoes: false,
            started: false,
            part_up: false,
            echoed: false,
        }
    }

    /// A command and the lines of its answer, without `OK`.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn command(&mut self, command: &str, within: Duration) -> Result<Vec<String>, Fault> {
        self.write_line(command).await?;
        self.answer(Waiting { name: command, echo: command, within, enough: None }).await
    }

    /// A command that a modem may refuse; then its answer has no lines.
    ///
    /// # Errors
    /// All but [`Fault::Refused`].
    pub async fn optional(&mut self, command: &str) -> Result<Vec<String>, Fault> {
        Ok(self.asked(command).await?.unwrap_or_default())
    }

    /// A command that a modem may refuse, and whether it did: `None`.
    ///
    /// # Errors
    /// All but [`Fault::Refused`].
    pub async fn asked(&mut self, command: &str) -> Result<Option<Vec<String>>, Fault> {
        match self.command(command, SHORT).await {
            Ok(lines) => Ok(Some(lines)),
            Err(Fault::Refused(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// From here on a sign that the module has started anew is a fault.
    pub fn guard(&mut self) {
        self.guarded = true;
        (self.started, self.part_up) = (false, false);
    }

    /// Whether the module has begun anew, or a part of it has come up, since this was last asked.
    pub fn has_started(&mut self) -> bool {
        std::mem::take(&mut self.started) | std::mem::take(&mut self.part_up)
    }

    /// Notes whether the modem repeats commands, which it was told not to by the one before.
    pub(super) fn note_echo(&mut self) {
        self.echoes = self.echoed;
    }

    async fn write_line(&mut self, text: &str) -> Result<(), Fault> {
        self.idle_check()?;
        self.echoed = false;
        Ok(self.port.write(format!("{text}\r").as_bytes()).await?)
    }

    /// A module that starts says so, and it repeats commands again, as it does from the factory on.
    fn check(&self) -> Result<(), Fault> {
        if self.guarded && (self.started || (self.echoed && !self.echoes)) { Err(Fault::Restarted) } else { Ok(()) }
    }

    /// While nothing is under way, a part that has come up is sign enough.
    fn idle_check(&self) -> Result<(), Fault> {
        if self.guarded && self.part_up { Err(Fault::Restarted) } else { self.check() }
    }

    async fn answer(&mut self, waiting: Waiting<'_>) -> Result<Vec<String>, Fault> {
        let Waiting { name, echo, within, enough } = waiting;
        let mut until = tokio::time::Instant::now() + within;
        let own = name.strip_prefix("AT").unwrap_or_default();
        let mut lines: Vec<String> = Vec::new();
        let mut has_enough = false;
        loop {
            let said = tokio::time::timeout_at(until, self.port.said()).await;
            let Ok(said) = said else {
                self.resynchronise().await?;
                return match has_enough {
                    true => Ok(lines),
                    false if self.guarded && self.part_up => Err(Fault::Restarted),
                    false => Err(Fault::Silent(bare(name))),
                };
            };
            let Said::Line(line) = said? else { continue };
            if line == "OK" {
                return Ok(lines);
            }
            if is_refusal(&line) {
                return if has_enough { Ok(lines) } else { Err(Fault::Refused(line)) };
            }
            if line == echo {
                self.echoed |= name == echo;
            } else if belongs(own, &line) || !self.keep(&line) {
                if !has_enough && enough.is_some_and(|enough| line.starts_with(enough)) {
                    has_enough = true;
                    until = until.min(tokio::time::Instant::now() + BEHIND);
                }
                lines.push(line);
            }
            match self.check() {
                Err(_) if has_enough => return Ok(lines),
                other => other?,
            }
            if self.guarded && self.part_up {
                // It may still answer: parts come up for some time behind a start that was heard before.
                until = until.min(tokio::time::Instant::now() + UP);
            }
        }
    }

    /// Waits for the prompt of a command that takes a PDU.
    async fn prompted(&mut self, command: &str) -> Result<(), Fault> {
        self.write_line(command).await?;
        let until = tokio::time::Instant::now() + SHORT;
        loop {
            match tokio::time::timeout_at(until, self.port.said()).await {
                Ok(Ok(Said::Prompt)) => return Ok(()),
                Ok(Ok(Said::Line(line))) if is_refusal(&line) => return Err(Fault::Refused(line)),
                Ok(Ok(Said::Line(line))) => {
                    if line == command {
                        self.echoed = true;
                    } else {
                        self.keep(&line);
                    }
                    if let Err(fault) = self.check() {
                        // In text mode it would send the PDU as a text to the length as a number.
                        self.abort().await?;
                        return Err(fault);
                    }
                }
                Ok(Err(gone)) => return Err(gone.into()),
                Err(_) => {
                    self.abort().await?;
                    return Err(Fault::Silent(bare(command)));
                }
            }
        }
    }

    async fn hand_over(&mut self, hex: &str) -> Result<(), Gone> {
        let mut bytes = hex.as_bytes().to_vec();
        bytes.push(CTRL_Z);
        self.port.write(&bytes).await
    }

    /// Hands a PDU to the network (27.005, 3.5.1). `before` runs between the prompt and Ctrl-Z: what it
    /// commits is on disk before the modem can send anything. Returns TP-MR, where the modem gives one: `OK` alone
    /// says that it was sent too, and a report finds it by its number.
    ///
    /// # Errors
    /// [`Unsent`], which says on which side of Ctrl-Z.
    pub async fn send<E>(
        &mut self,
        hex: &str,
        before: impl Future<Output = Result<(), E>>,
    ) -> Result<Option<u8>, Unsent<E>> {
        self.prompted(&format!("AT+CMGS={}", length(hex))).await.map_err(Unsent::Before)?;
        if let Err(error) = before.await {
            self.abort().await.map_err(Unsent::Before)?;
            return Err(Unsent::NotCommitted(error));
        }
        self.hand_over(hex).await.map_err(|gone| Unsent::After(gone.into()))?;
        let waiting = Waiting { name: "AT+CMGS", echo: hex, within: SENDING, enough: Some("+CMGS:") };
        let lines = self.answer(waiting).await.map_err(Unsent::After)?;
        Ok(first_number(&lines, "+CMGS:"))
    }

    /// Stores a PDU without sending it (27.005, 3.5.3), and returns its slot.
    ///
    /// # Errors
    /// [`Fault`]; nothing was sent.
    pub async fn store(&mut self, hex: &str) -> Result<u32, Fault> {
        self.prompted(&format!("AT+CMGW={}", length(hex))).await?;
        self.hand_over(hex).await?;
        let waiting = Waiting { name: "AT+CMGW", echo: hex, within: SHORT, enough: None };
        let lines = self.answer(waiting).await?;
        first_number(&lines, "+CMGW:").ok_or_else(|| Fault::Silent("AT+CMGW".to_owned()))
    }

    /// Sends a stored message (27.005, 3.5.2). Returns TP-MR.
    ///
    /// # Errors
    /// [`Fault`]; only [`Fault::Refused`] says that nothing was sent.
    pub async fn send_stored(&mut self, slot: u32) -> Result<Option<u8>, Fault> {
        let command = format!("AT+CMSS={slot}");
        self.write_line(&command).await?;
        let waiting = Waiting { name: &command, echo: &command, within: SENDING, enough: Some("+CMSS:") };
        let lines = self.answer(waiting).await?;
        Ok(first_number(&lines, "+CMSS:"))
    }

    /// Leaves a prompt without sending, and waits for silence. A modem that was just opened may be at one: an
    /// agent that is killed there leaves it waiting for a PDU, and it would take every command for a piece of it.
    ///
    /// # Errors
    /// [`Fault::Gone`].
    pub async fn abort(&mut self) -> Result<(), Fault> {
        self.port.write(&[ESC]).await?;
        self.resynchronise().await
    }

    /// Waits until a modem answers again that fell silent while sending: it takes one command after the other,
    /// so once it answers, the message's fate was decided. What it says of it meanwhile is among the URCs, or
    /// the refusal that is returned.
    ///
    /// # Errors
    /// [`Fault::Silent`] when it does not in `within`, [`Fault::Restarted`] and [`Fault::Gone`].
    pub async fn resume(&mut self, within: Duration) -> Result<Option<String>, Fault> {
        self.abort().await?;
        let until = tokio::time::Instant::now() + within;
        let mut late = None;
        while tokio::time::Instant::now() < until {
            match self.command("AT", BUSY).await {
                Ok(_) => return Ok(late),
                Err(Fault::Refused(line)) => late = line.starts_with("+CMS ERROR").then_some(line),
                Err(Fault::Silent(_)) => {}
                Err(fault @ (Fault::Restarted | Fault::Gone(_))) => return Err(fault),
            }
        }
        Err(Fault::Silent("AT".to_owned()))
    }

    /// The last means for a modem that answers nothing: out of a data connection, and a reset that it may hear
    /// though it does not answer. The port must be opened anew behind it.
    ///
    /// # Errors
    /// [`Fault::Gone`].
    pub async fn reset(&mut self) -> Result<(), Fault> {
        tracing::warn!("a silent modem is reset");
        self.port.hang_up(Duration::from_millis(500)).await;
        self.port.write(&[ESC]).await?;
        // Hayes: a second of silence on both sides of the escape.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        self.port.write(b"+++").await?;
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        self.write_line("").await?;
        self.write_line("AT+CFUN=1,1").await?;
        self.port.drain(QUIET, SHORT, |_| true).await?;
        Ok(())
    }

    async fn resynchronise(&mut self) -> Result<(), Fault> {
        // Lines that some modems say all the time are no late answer: they do not count as noise.
        let heard = self.port.drain(QUIET, NEVER_QUIET, |said| !is_chatter(said)).await?;
        for said in heard {
            if let Said::Line(line) = said {
                self.keep(&line);
            }
        }
        Ok(())
    }

    /// Keeps a URC for its turn; `false` when the line is none.
    fn keep(&mut self, line: &str) -> bool {
        let (kept, heard) = self.hearing.take(line);
        for one in heard {
            if one.urc == Urc::Started {
                self.started = true;
            } else if one.urc == Urc::PartUp {
                self.part_up = true;
            } else {
                self.heard.push_back(one);
            }
        }
        kept
    }

    /// A URC that came while a command ran.
    pub fn waiting(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// What there is of an answer to a code whose end does not come.
    pub fn unfinished(&mut self) -> Option<Heard> {
        self.hearing.give_up()
    }

    /// Waits for the next URC. Safe to cancel.
    ///
    /// # Errors
    /// [`Fault::Restarted`] and [`Fault::Gone`].
    pub async fn listen(&mut self) -> Result<Heard, Fault> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(heard);
            }
            self.idle_check()?;
            if let Said::Line(line) = self.port.said().await? {
                self.keep(&line);
            }
        }
    }
}

/// A command without its values, which may be a PIN: a fault is logged and shown.
fn bare(command: &str) -> String {
    command.split('=').next().unwrap_or_default().to_owned()
}

/// `+CMGS: 17` answers the command of that name, and is a URC behind any other. An answer of the network to a code
/// may have several lines, whether the command waits for it or not.
fn belongs(own: &str, line: &str) -> bool {
    let (word, rest) = line.split_once(':').unwrap_or((line, ""));
    let asked_for = !own.is_empty() && own.starts_with(word);
    asked_for && (word != "+CUSD" || rest.trim().starts_with('('))
}

/// `^RSSI:20`, `^HCSQ:…`, `+CREG: 1`: said for no reason, and never the answer to `AT`.
fn is_chatter(said: &Said) -> bool {
    match said {
        Said::Line(line) => line.starts_with(['^', '+', '*', '#', '$', '%']) && !is_refusal(line),
        Said::Prompt => false,
    }
}

/// What stands behind `AT+CMGS=`: octets without the service centre's address, which is empty here.
fn length(hex: &str) -> usize {
    (hex.len() / 2).saturating_sub(1)
}

fn is_refusal(line: &str) -> bool {
    line == "ERROR" || line.starts_with("+CME ERROR") || line.starts_with("+CMS ERROR")
}

/// The first number behind a prefix, such as 17 of `+CMGS: 17,"…"`.
fn first_number<T: std::str::FromStr>(lines: &[String], prefix: &str) -> Option<T> {
    lines.iter().find_map(|line| line.strip_prefix(prefix)?.split(',').next()?.trim().parse().ok())
}
