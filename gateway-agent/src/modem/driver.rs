//! The dialogue with one modem: commands and their answers, the prompt, and what is said in between.

use std::collections::VecDeque;
use std::time::Duration;

use super::lines::Said;
use super::port::{Gone, Port};
use super::urc::{self, Urc};

/// A URC with the line that came behind it, where one does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// What it is.
    pub urc: Urc,
    /// The line itself.
    pub line: String,
    /// The PDU of `+CDS` and `+CMT`.
    pub pdu: Option<String>,
}

/// Why a command has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// `ERROR`, `+CME ERROR: 10`, `+CMS ERROR: 38`: the modem refused.
    #[error("{0}")]
    Refused(String),
    /// No final answer in time.
    #[error("no answer to {0}")]
    Silent(String),
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
    heard: VecDeque<Heard>,
    expects: Option<(Urc, String)>,
}

/// For answers that need no network.
pub const SHORT: Duration = Duration::from_secs(5);
/// `+CMGS` may take this long (27.005 leaves it open; modules name 60 to 180 s).
pub const SENDING: Duration = Duration::from_secs(180);
const QUIET: Duration = Duration::from_millis(300);
/// Between questions to a modem that is busy with something nobody waits for any more.
const BUSY: Duration = Duration::from_secs(5);
const CTRL_Z: u8 = 0x1a;
const ESC: u8 = 0x1b;

impl Modem {
    /// Takes a port over.
    #[must_use]
    pub fn new(port: Port) -> Modem {
        Modem { port, heard: VecDeque::new(), expects: None }
    }

    /// A command and the lines of its answer, without `OK`.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn command(&mut self, command: &str, within: Duration) -> Result<Vec<String>, Fault> {
        self.write_line(command).await?;
        self.answer(command, command, within).await
    }

    /// A command that a modem may refuse; then its answer has no lines.
    ///
    /// # Errors
    /// [`Fault::Silent`] and [`Fault::Gone`].
    pub async fn optional(&mut self, command: &str) -> Result<Vec<String>, Fault> {
        match self.command(command, SHORT).await {
            Err(Fault::Refused(_)) => Ok(Vec::new()),
            other => other,
        }
    }

    async fn write_line(&mut self, text: &str) -> Result<(), Fault> {
        Ok(self.port.write(format!("{text}\r").as_bytes()).await?)
    }

    async fn answer(&mut self, name: &str, echo: &str, within: Duration) -> Result<Vec<String>, Fault> {
        let until = tokio::time::Instant::now() + within;
        let own = name.strip_prefix("AT").unwrap_or_default();
        let mut lines = Vec::new();
        loop {
            let said = tokio::time::timeout_at(until, self.port.said()).await;
            let Ok(said) = said else {
                self.resynchronise().await?;
                return Err(Fault::Silent(name.to_owned()));
            };
            let Said::Line(line) = said? else { continue };
            if line == "OK" {
                return Ok(lines);
            }
            if is_refusal(&line) {
                return Err(Fault::Refused(line));
            }
            // `+CMGS: 17` answers the command of that name, and is a URC behind any other.
            let asked_for = !own.is_empty() && line.split(':').next().is_some_and(|word| own.starts_with(word));
            if line != echo && (asked_for || !self.keep(&line)) {
                lines.push(line);
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
                    self.keep(&line);
                }
                Ok(Err(gone)) => return Err(gone.into()),
                Err(_) => {
                    self.abort().await?;
                    return Err(Fault::Silent(command.to_owned()));
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
    /// commits is on disk before the modem can send anything. Returns TP-MR.
    ///
    /// # Errors
    /// [`Unsent`], which says on which side of Ctrl-Z.
    pub async fn send<E>(&mut self, hex: &str, before: impl Future<Output = Result<(), E>>) -> Result<u8, Unsent<E>> {
        self.prompted(&format!("AT+CMGS={}", length(hex))).await.map_err(Unsent::Before)?;
        if let Err(error) = before.await {
            self.abort().await.map_err(Unsent::Before)?;
            return Err(Unsent::NotCommitted(error));
        }
        self.hand_over(hex).await.map_err(|gone| Unsent::After(gone.into()))?;
        let lines = self.answer("AT+CMGS", hex, SENDING).await.map_err(Unsent::After)?;
        // Without TP-MR it was sent all the same, and a report will find it by its number.
        first_number(&lines, "+CMGS:").ok_or(Unsent::After(Fault::Silent("AT+CMGS".to_owned())))
    }

    /// Stores a PDU without sending it (27.005, 3.5.3), and returns its slot.
    ///
    /// # Errors
    /// [`Fault`]; nothing was sent.
    pub async fn store(&mut self, hex: &str) -> Result<u32, Fault> {
        self.prompted(&format!("AT+CMGW={}", length(hex))).await?;
        self.hand_over(hex).await?;
        let lines = self.answer("AT+CMGW", hex, SHORT).await?;
        first_number(&lines, "+CMGW:").ok_or_else(|| Fault::Silent("AT+CMGW".to_owned()))
    }

    /// Sends a stored message (27.005, 3.5.2). Returns TP-MR.
    ///
    /// # Errors
    /// [`Fault`]; only [`Fault::Refused`] says that nothing was sent.
    pub async fn send_stored(&mut self, slot: u32) -> Result<Option<u8>, Fault> {
        let command = format!("AT+CMSS={slot}");
        self.write_line(&command).await?;
        let lines = self.answer(&command, &command, SENDING).await?;
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
    /// [`Fault::Silent`] when it does not in `within`, and [`Fault::Gone`].
    pub async fn resume(&mut self, within: Duration) -> Result<Option<String>, Fault> {
        self.abort().await?;
        let until = tokio::time::Instant::now() + within;
        let mut late = None;
        while tokio::time::Instant::now() < until {
            match self.command("AT", BUSY).await {
                Ok(_) => return Ok(late),
                Err(Fault::Refused(line)) => late = line.starts_with("+CMS ERROR").then_some(line),
                Err(Fault::Silent(_)) => {}
                Err(Fault::Gone(gone)) => return Err(gone.into()),
            }
        }
        Err(Fault::Silent("AT".to_owned()))
    }

    async fn resynchronise(&mut self) -> Result<(), Fault> {
        for said in self.port.drain(QUIET).await? {
            if let Said::Line(line) = said {
                self.keep(&line);
            }
        }
        Ok(())
    }

    /// Keeps a URC for its turn; `false` when the line is none.
    fn keep(&mut self, line: &str) -> bool {
        if let Some((urc, first)) = self.expects.take() {
            self.heard.push_back(Heard { urc, line: first, pdu: Some(line.to_owned()) });
            return true;
        }
        match urc::parse(line) {
            Some(urc @ (Urc::ReportFollows | Urc::DeliverFollows)) => self.expects = Some((urc, line.to_owned())),
            Some(urc) => self.heard.push_back(Heard { urc, line: line.to_owned(), pdu: None }),
            None => return false,
        }
        true
    }

    /// A URC that came while a command ran.
    pub fn waiting(&mut self) -> Option<Heard> {
        self.heard.pop_front()
    }

    /// Waits for the next URC. Safe to cancel.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn listen(&mut self) -> Result<Heard, Gone> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(heard);
            }
            if let Said::Line(line) = self.port.said().await? {
                self.keep(&line);
            }
        }
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
