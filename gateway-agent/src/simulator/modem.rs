//! The simulated modem: an AT dialogue with echo, prompt, storage, delays and reports.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::ledger::Entry;
use super::{Fault, Shared, Terminal, pdu, terminal};
use crate::clock::now;

/// Slots on the SIM.
const SLOTS: u32 = 50;

/// How long the network takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub network_ms: u64,
    pub report_ms: u64,
}

/// What happens to the modem from outside.
#[derive(Clone, Debug)]
pub(super) enum Outside {
    /// Bytes of the agent, on the terminal of this time under power: an older one's are lost with it.
    Bytes(u32, Vec<u8>),
    /// A message for this SIM.
    Message { from: String, text: String },
}

/// Answers that come later.
struct Later {
    at: Instant,
    text: String,
}

struct Modem<'a> {
    out: File,
    /// Kept open, so that the agent may come and go.
    slave: OwnedFd,
    /// Tells the reading thread of this terminal to end.
    unplugged: Arc<AtomicBool>,
    reading: Option<std::thread::JoinHandle<()>>,
    /// How often the power has failed.
    power: u32,
    place: PathBuf,
    shared: &'a Shared,
    times: Times,
    line: Vec<u8>,
    echo: bool,
    /// Waiting for a PDU of this length.
    prompt: Option<usize>,
    busy_until: Option<Instant>,
    slots: BTreeMap<u32, (usize, String)>,
    later: Vec<Later>,
    mr: u8,
    reference: u8,
}

/// Serves the terminal, which is found at `place`, until the process ends.
pub(super) fn serve(terminal: Terminal, place: &Path, times: Times, shared: &Shared, outside: &Receiver<Outside>) {
    let Ok((reading, unplugged)) = listen(&terminal, 0, &shared.to_modem) else { return };
    let mut modem = Modem {
        out: File::from(terminal.master),
        slave: terminal.slave,
        unplugged,
        reading: Some(reading),
        power: 0,
        place: place.to_owned(),
        shared,
        times,
        line: Vec::new(),
        echo: true,
        prompt: None,
        busy_until: None,
        slots: BTreeMap::new(),
        later: Vec::new(),
        mr: 0,
        reference: 0,
    };
    loop {
        modem.say_later();
        let next = modem.later.iter().map(|later| later.at).min();
        let wait = next.map_or(Duration::from_secs(1), |at| at.saturating_duration_since(Instant::now()));
        match outside.recv_timeout(wait) {
            Ok(Outside::Bytes(power, bytes)) if power == modem.power => modem.hear(&bytes),
            Ok(Outside::Bytes(..)) => {}
            Ok(Outside::Message { from, text }) => modem.receive(&from, &text),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

type Listening = (std::thread::JoinHandle<()>, Arc<AtomicBool>);

/// Reads the terminal in a thread of its own, until the flag is up and one more byte comes.
fn listen(terminal: &Terminal, power: u32, to: &Sender<Outside>) -> std::io::Result<Listening> {
    let (from, to) = (File::from(terminal.master.try_clone()?), to.clone());
    let unplugged = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&unplugged);
    Ok((std::thread::spawn(move || read(from, power, &to, &ends)), unplugged))
}

fn read(mut from: File, power: u32, to: &Sender<Outside>, ends: &AtomicBool) {
    let mut bytes = [0u8; 512];
    loop {
        let count = from.read(&mut bytes);
        if ends.load(Ordering::SeqCst) {
            return;
        }
        match count {
            Ok(count) if count > 0 => {
                if to.send(Outside::Bytes(power, bytes.get(..count).unwrap_or_default().to_vec())).is_err() {
                    return;
                }
            }
            Ok(_) | Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

impl Modem<'_> {
    /// The power fails and comes back: what the modem was doing is forgotten, what the SIM holds is not, and
    /// whoever had the terminal open has lost it.
    fn cut(&mut self) {
        self.unplugged.store(true, Ordering::SeqCst);
        // Wakes the reading thread, whose handle would keep the old terminal alive.
        let woken = self.slave.try_clone().and_then(|slave| File::from(slave).write_all(b"\n"));
        if let (Ok(()), Some(reading)) = (woken, self.reading.take()) {
            let _ = reading.join();
        }
        (self.line, self.prompt, self.echo, self.busy_until) = (Vec::new(), None, true, None);
        self.later.clear();
        self.power += 1;
        let renewed = terminal(&self.place).and_then(|new| {
            (self.reading, self.unplugged) =
                listen(&new, self.power, &self.shared.to_modem).map(|(reading, flag)| (Some(reading), flag))?;
            (self.out, self.slave) = (File::from(new.master), new.slave);
            Ok(())
        });
        if let Err(error) = renewed {
            tracing::error!("the modem does not come back: {error:#}");
        }
    }

    /// Counts a step; `true` when the modem was cut here.
    fn step(&mut self, name: &str) -> bool {
        let cut = self.shared.steps.step(name);
        if cut {
            self.cut();
        }
        cut
    }

    fn say(&mut self, text: &str) {
        // A terminal that nobody reads loses what is said, as a cable does.
        let _ = self.out.write_all(text.as_bytes());
    }

    fn say_later(&mut self) {
        let now = Instant::now();
        let mut due: Vec<Later> = Vec::new();
        self.later.retain_mut(|later| {
            if later.at <= now {
                due.push(Later { at: later.at, text: std::mem::take(&mut later.text) });
                false
            } else {
                true
            }
        });
        due.sort_by_key(|later| later.at);
        for later in due {
            let name = later.text.split_whitespace().next().unwrap_or_default();
            if self.step(&format!("before {name}")) {
                return;
            }
            self.say(&later.text);
            if self.step(&format!("after {name}")) {
                return;
            }
        }
    }

    fn after(&mut self, ms: u64, text: String) {
        self.later.push(Later { at: Instant::now() + Duration::from_millis(ms), text });
    }

    fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match (byte, self.prompt) {
                (0x1a, Some(length)) => {
                    self.prompt = None;
                    let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned();
                    if self.step("Ctrl-Z heard") {
                        return;
                    }
                    self.submit(&line, length);
                }
                (0x1b, Some(_)) => {
                    self.prompt = None;
                    self.line.clear();
                    self.say("\r\nOK\r\n");
                }
                (b'\r', None) => {
                    let line = String::from_utf8_lossy(&std::mem::take(&mut self.line)).trim().to_owned();
                    if self.echo {
                        self.say(&format!("{line}\r"));
                    }
                    if line.is_empty() {
                        continue;
                    }
                    if self.step(&format!("{line} heard")) {
                        return;
                    }
                    self.obey(&line);
                    if self.step(&format!("{line} answered")) {
                        return;
                    }
                }
                (b'\n', _) | (0x1b, None) => {}
                (other, _) if self.line.len() < 4096 => self.line.push(*other),
                _ => {}
            }
        }
    }

    fn obey(&mut self, line: &str) {
        if self.busy_until.is_some_and(|until| until > Instant::now()) {
            return self.say("\r\n+CMS ERROR: 302\r\n");
        }
        let upper = line.to_ascii_uppercase();
        let ok = |text: &str| format!("\r\n{text}\r\n\r\nOK\r\n");
        let answer = match upper.as_str() {
            "ATE0" => {
                self.echo = false;
                "\r\nOK\r\n".to_owned()
            }
            "ATE1" => {
                self.echo = true;
                "\r\nOK\r\n".to_owned()
            }
            "AT+CGMI" => ok("Fieldline"),
            "AT+CGMM" => ok("SIM-1"),
            "AT+CGMR" => ok("simulator 1"),
            "AT+CGSN" => ok("860000000000017"),
            "AT+CCID" => ok("+CCID: 89860000000000000017"),
            "AT+CSQ" => ok("+CSQ: 21,99"),
            "AT+CREG?" => ok("+CREG: 0,1"),
            "AT+COPS?" => ok("+COPS: 0,0,\"CHINA MOBILE\",7"),
            "AT+CPIN?" => ok("+CPIN: READY"),
            "AT+CPMS?" => {
                ok(&format!("+CPMS: \"SM\",{},{SLOTS},\"SM\",{},{SLOTS}", self.slots.len(), self.slots.len()))
            }
            "AT+CMGL=4" => {
                let list: String = self
                    .slots
                    .iter()
                    .map(|(slot, (length, pdu))| format!("\r\n+CMGL: {slot},1,,{length}\r\n{pdu}"))
                    .collect();
                format!("{list}\r\n\r\nOK\r\n")
            }
            other => match other.split_once('=') {
                Some(("AT+CMGS", length)) => match length.trim().parse() {
                    Ok(length) => {
                        self.prompt = Some(length);
                        "\r\n> ".to_owned()
                    }
                    Err(_) => "\r\n+CMS ERROR: 304\r\n".to_owned(),
                },
                Some(("AT+CMGR", slot)) => match slot.trim().parse().ok().and_then(|slot: u32| self.slots.get(&slot)) {
                    Some((length, pdu)) => ok(&format!("+CMGR: 1,,{length}\r\n{pdu}")),
                    None => "\r\n+CMS ERROR: 321\r\n".to_owned(),
                },
                Some(("AT+CMGD", slot)) => {
                    if let Ok(slot) = slot.split(',').next().unwrap_or_default().trim().parse::<u32>() {
                        self.slots.remove(&slot);
                    }
                    "\r\nOK\r\n".to_owned()
                }
                Some(("AT+CMGF" | "AT+CNMI" | "AT+CPMS" | "AT+CMEE" | "AT+CLIP" | "AT+CSMS" | "AT+CREG", _)) => {
                    "\r\nOK\r\n".to_owned()
                }
                // A prepaid SIM, whatever the code.
                Some(("AT+CUSD", ask)) if ask.starts_with("1,") => {
                    format!("\r\nOK\r\n\r\n+CUSD: 0,\"{}\",72\r\n", ucs2("余额38.20元，有效期至2027年12月31日。"))
                }
                Some(("AT+CUSD", _)) => "\r\nOK\r\n".to_owned(),
                _ if other == "AT" || other == "ATZ" => "\r\nOK\r\n".to_owned(),
                _ => "\r\nERROR\r\n".to_owned(),
            },
        };
        self.say(&answer);
    }

    /// The network takes a message: the ledger is written first, then the modem says so.
    fn submit(&mut self, line: &str, length: usize) {
        let delay = match self.shared.fault() {
            Fault::None => self.times.network_ms,
            Fault::Slow => 65_000,
            Fault::Refuse => return self.after(self.times.network_ms, "\r\n+CMS ERROR: 38\r\n".to_owned()),
            Fault::Deaf => return,
            Fault::Hang => 0,
        };
        let Some(message) = pdu::read_submit(line.trim(), length) else {
            return self.after(20, "\r\n+CMS ERROR: 305\r\n".to_owned());
        };
        let mr = self.mr;
        self.mr = self.mr.wrapping_add(1);
        let at = now();
        let entry = Entry {
            at,
            mr,
            to: message.to.clone(),
            text: message.text.clone(),
            part: message.part,
            pdu: line.trim().to_owned(),
        };
        if let Err(error) = self.shared.ledger.write(&entry) {
            tracing::error!(%error, "the ledger cannot be written");
            return self.after(20, "\r\n+CMS ERROR: 500\r\n".to_owned());
        }
        if self.step("on the air") || self.shared.fault() == Fault::Hang {
            return;
        }
        self.busy_until = Some(Instant::now() + Duration::from_millis(delay));
        self.after(delay, format!("\r\n+CMGS: {mr}\r\n\r\nOK\r\n"));
        if message.wants_report {
            let (length, report) = pdu::report(mr, &message, at, at + 1000);
            self.after(delay + self.times.report_ms, format!("\r\n+CDS: {length}\r\n{report}\r\n"));
        }
    }

    /// A message for this SIM is stored and announced; with no free slot the network keeps it.
    fn receive(&mut self, from: &str, text: &str) {
        self.reference = self.reference.wrapping_add(1);
        for (length, pdu) in pdu::deliver(from, text, now(), self.reference) {
            let Some(slot) = (1..=SLOTS).find(|slot| !self.slots.contains_key(slot)) else {
                tracing::warn!("the SIM is full");
                return;
            };
            self.slots.insert(slot, (length, pdu));
            self.say(&format!("\r\n+CMTI: \"SM\",{slot}\r\n"));
        }
    }
}

/// As hexadecimal of UCS-2.
fn ucs2(text: &str) -> String {
    text.encode_utf16().map(|unit| format!("{unit:04X}")).collect()
}
