//! One command at a time over one port; what the modem says in between is kept for its turn.

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
    Silent(&'static str),
    /// The line is gone.
    #[error(transparent)]
    Gone(#[from] Gone),
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
    pub async fn command(&mut self, command: &'static str, within: Duration) -> Result<Vec<String>, Fault> {
        self.write_line(command).await?;
        self.answer(command, command, within).await
    }

    /// As [`Modem::command`], for a command with an argument.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn command_with(
        &mut self,
        name: &'static str,
        argument: u32,
        within: Duration,
    ) -> Result<Vec<String>, Fault> {
        let text = format!("{name}{argument}");
        self.write_line(&text).await?;
        self.answer(name, &text, within).await
    }

    async fn write_line(&mut self, text: &str) -> Result<(), Fault> {
        Ok(self.port.write(format!("{text}\r").as_bytes()).await?)
    }

    async fn answer(&mut self, name: &'static str, echo: &str, within: Duration) -> Result<Vec<String>, Fault> {
        let until = tokio::time::Instant::now() + within;
        let mut lines = Vec::new();
        loop {
            let said = tokio::time::timeout_at(until, self.port.said()).await;
            let Ok(said) = said else {
                self.resynchronise().await?;
                return Err(Fault::Silent(name));
            };
            let Said::Line(line) = said? else { continue };
            if line == "OK" {
                return Ok(lines);
            }
            if line == "ERROR" || line.starts_with("+CME ERROR") || line.starts_with("+CMS ERROR") {
                return Err(Fault::Refused(line));
            }
            if line != echo && !self.keep(&line) {
                lines.push(line);
            }
        }
    }

    /// Hands a PDU to the network (27.005, 3.5.1). `before` runs between the prompt and Ctrl-Z: what it
    /// commits is on disk before the modem can send anything. Returns TP-MR.
    ///
    /// # Errors
    /// `Err(Ok(fault))` before Ctrl-Z, so nothing was sent; `Err(Err(fault))` after it, where only
    /// [`Fault::Refused`] says that nothing was.
    pub async fn send<E>(
        &mut self,
        length: usize,
        hex: &str,
        before: impl Future<Output = Result<(), E>>,
    ) -> Result<u8, Unsent<E>> {
        let begin = async {
            self.write_line(&format!("AT+CMGS={length}")).await?;
            let until = tokio::time::Instant::now() + SHORT;
            loop {
                match tokio::time::timeout_at(until, self.port.said()).await {
                    Ok(Ok(Said::Prompt)) => return Ok(()),
                    Ok(Ok(Said::Line(line))) if line.contains("ERROR") => return Err(Fault::Refused(line)),
                    Ok(Ok(Said::Line(line))) => {
                        self.keep(&line);
                    }
                    Ok(Err(gone)) => return Err(gone.into()),
                    Err(_) => return Err(Fault::Silent("AT+CMGS")),
                }
            }
        };
        if let Err(fault) = begin.await {
            if matches!(fault, Fault::Silent(_)) {
                self.abort().await.map_err(Unsent::Before)?;
            }
            return Err(Unsent::Before(fault));
        }
        if let Err(error) = before.await {
            self.abort().await.map_err(Unsent::Before)?;
            return Err(Unsent::NotCommitted(error));
        }
        let mut bytes = hex.as_bytes().to_vec();
        bytes.push(CTRL_Z);
        self.port.write(&bytes).await.map_err(|gone| Unsent::After(gone.into()))?;
        let lines = self.answer("+CMGS", hex, SENDING).await.map_err(Unsent::After)?;
        let mr = lines.iter().find_map(|line| line.strip_prefix("+CMGS:")?.split(',').next()?.trim().parse().ok());
        mr.ok_or(Unsent::After(Fault::Silent("+CMGS")))
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
