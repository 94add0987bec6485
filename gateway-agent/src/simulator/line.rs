//! The simulated caller-ID line: an analog modem that shows what the exchange sends between the rings.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::calls::Call;
use super::terminal::Plug;

/// Between two rings; China rings one second and pauses four.
const BETWEEN: Duration = Duration::from_secs(5);
/// From the first ring to the number (FSK).
const TO_NUMBER: Duration = Duration::from_millis(400);

/// What happens to the line from outside.
#[derive(Clone, Debug)]
pub(super) enum Outside {
    /// Bytes of a program.
    Bytes(Vec<u8>),
    /// Somebody calls.
    Calls(Call),
    /// The modem is pulled out, or put in.
    Plugged(bool),
    /// It says this, as it is.
    Says(String),
    /// It starts anew, without a word.
    Restarts,
}

/// What comes next of a call.
#[derive(Clone, Debug)]
enum Next {
    Ring,
    Number,
}

struct Line<'a> {
    place: &'a Path,
    hears: Sender<Outside>,
    plug: Option<Plug>,
    /// +VCID: forgotten at ATZ, as on the real thing.
    shows: bool,
    heard: Vec<u8>,
    call: Option<(Call, Next, Instant)>,
}

/// Serves the terminal until the process ends.
pub(super) fn serve(place: &Path, hears: Sender<Outside>, outside: &Receiver<Outside>) {
    let mut line = Line { place, hears, plug: None, shows: false, heard: Vec::new(), call: None };
    line.plug_in();
    loop {
        let next = line.call.as_ref().map(|(_, _, at)| *at);
        let wait = next.map_or(Duration::from_secs(3600), |at| at.saturating_duration_since(Instant::now()));
        match outside.recv_timeout(wait) {
            Ok(Outside::Bytes(bytes)) => line.hear(&bytes),
            Ok(Outside::Calls(call)) => line.call = Some((call, Next::Ring, Instant::now())),
            Ok(Outside::Plugged(true)) => line.plug_in(),
            Ok(Outside::Plugged(false)) => (line.plug, line.shows) = (None, false),
            Ok(Outside::Says(text)) => line.say(&text),
            Ok(Outside::Restarts) => line.shows = false,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        line.go_on();
    }
}

impl Line<'_> {
    fn plug_in(&mut self) {
        if self.plug.is_some() {
            return;
        }
        let to = self.hears.clone();
        match Plug::put(self.place, move |bytes| drop(to.send(Outside::Bytes(bytes)))) {
            Ok(plug) => self.plug = Some(plug),
            Err(error) => tracing::error!("the line does not come back: {error:#}"),
        }
    }

    fn say(&mut self, text: &str) {
        if let Some(plug) = &mut self.plug {
            plug.say(text.as_bytes());
        }
    }

    /// The call's next ring or number, when its time has come.
    fn go_on(&mut self) {
        let Some((mut call, next, at)) = self.call.take() else { return };
        let now = Instant::now();
        if at > now {
            self.call = Some((call, next, at));
            return;
        }
        match next {
            Next::Ring => {
                self.say("\r\nRING\r\n");
                let first = !call.active;
                call.active = true;
                call.rings = call.rings.saturating_sub(1);
                if first {
                    self.call = Some((call, Next::Number, now + TO_NUMBER));
                } else if call.rings > 0 {
                    self.call = Some((call, Next::Ring, now + BETWEEN));
                }
            }
            Next::Number => {
                if self.shows {
                    self.say(&format!("\r\nDATE = 0101\r\n\r\nTIME = 0000\r\n\r\nNMBR = {}\r\n", call.number));
                }
                if call.rings > 0 {
                    self.call = Some((call, Next::Ring, now + BETWEEN - TO_NUMBER));
                }
            }
        }
    }

    /// Answers every command.
    fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if *byte != b'\r' {
                self.heard.push(*byte);
                continue;
            }
            let command = String::from_utf8_lossy(&std::mem::take(&mut self.heard)).trim().to_ascii_uppercase();
            match command.as_str() {
                "ATZ" | "AT+VCID=0" => self.shows = false,
                "AT+VCID=1" => self.shows = true,
                _ => {}
            }
            let known = command.starts_with("AT");
            self.say(if known { "\r\nOK\r\n" } else { "\r\nERROR\r\n" });
        }
    }
}
