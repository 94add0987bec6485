//! The serial line. Nothing else in the agent touches it.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_serial::{SerialPort, SerialPortBuilderExt, SerialStream};

use super::lines::{Lines, Said};

/// The line is gone: unplugged, or never there.
#[derive(Debug, thiserror::Error)]
#[error("the line is gone: {0}")]
pub struct Gone(pub String);

/// An open line.
#[derive(Debug)]
pub struct Port {
    stream: SerialStream,
    lines: Lines,
    said: std::collections::VecDeque<Said>,
}

const BAUD: u32 = 115_200;

impl Port {
    /// Opens the device at `path`, such as `/dev/serial/by-id/…`.
    ///
    /// # Errors
    /// [`Gone`] when it is not there or not a serial line.
    pub fn open(path: &str) -> Result<Port, Gone> {
        let mut stream = tokio_serial::new(path, BAUD).open_native_async().map_err(|error| Gone(error.to_string()))?;
        // Exclusive use would outlive a killed agent on a line that somebody else holds open too; two agents on
        // one queue are kept apart by the lock in the data folder.
        stream.set_exclusive(false).map_err(|error| Gone(error.to_string()))?;
        Ok(Port { stream, lines: Lines::default(), said: std::collections::VecDeque::new() })
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        self.stream.write_all(bytes).await.map_err(|error| Gone(error.to_string()))
    }

    /// The next thing the modem says. Safe to cancel: nothing read is lost.
    ///
    /// # Errors
    /// [`Gone`]; a line that was unplugged reads as empty for ever, which is taken as the same.
    pub async fn said(&mut self) -> Result<Said, Gone> {
        loop {
            if let Some(said) = self.said.pop_front() {
                return Ok(said);
            }
            let mut bytes = [0u8; 512];
            let count = self.stream.read(&mut bytes).await.map_err(|error| Gone(error.to_string()))?;
            if count == 0 {
                return Err(Gone("end of line".to_owned()));
            }
            self.said.extend(self.lines.feed(bytes.get(..count).unwrap_or_default()));
        }
    }

    /// Reads until nothing that `counts` was said for `quiet`, after an answer that came too late or in pieces; but
    /// not for longer than `most`, since some modems are never quiet.
    ///
    /// # Errors
    /// [`Gone`].
    pub async fn drain(
        &mut self,
        quiet: Duration,
        most: Duration,
        counts: impl Fn(&Said) -> bool,
    ) -> Result<Vec<Said>, Gone> {
        let mut heard = Vec::new();
        let end = Instant::now() + most;
        let mut until = (Instant::now() + quiet).min(end);
        while let Ok(said) = tokio::time::timeout_at(until, self.said()).await {
            let said = said?;
            if counts(&said) {
                until = (Instant::now() + quiet).min(end);
            }
            heard.push(said);
        }
        self.lines.clear();
        Ok(heard)
    }

    /// Lowers DTR for a while, at which a modem leaves a data connection. A line without DTR ignores it.
    pub async fn hang_up(&mut self, low: Duration) {
        if self.stream.write_data_terminal_ready(false).is_ok() {
            tokio::time::sleep(low).await;
            if let Err(error) = self.stream.write_data_terminal_ready(true) {
                tracing::debug!(%error, "DTR stays low");
            }
        }
    }
}
