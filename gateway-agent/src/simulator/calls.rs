//! Calls to the modem: RING or +CRING, +CLIP, +CLCC, NO CARRIER (27.007, 6.11, 7.6 and 7.18).

use super::modem::{Event, Modem};
use super::reply::{Command, Form, Refusal, Reply};

/// Between two rings, as a modem says them.
const BETWEEN_MS: u64 = 3_000;
/// How long a call lasts that somebody answers on another telephone.
const TALK_MS: u64 = 4_000;

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// `P` withholds it.
    pub number: String,
    /// Rings still to come.
    pub rings: u32,
    /// Somebody answers after the last ring.
    pub answers: bool,
    /// Somebody has answered.
    pub active: bool,
}

impl Modem<'_> {
    pub(super) fn call_command(&mut self, command: &Command) -> Option<Reply> {
        Some(match (command.name.as_str(), &command.form) {
            ("+CLIP", Form::Set(_)) => {
                self.modes.clip = command.form.number(0) == Some(1);
                Reply::ok()
            }
            ("+CLIP", Form::Ask) => Reply::one(format!("+CLIP: {},1", u8::from(self.modes.clip))),
            ("+CRC", Form::Set(_)) => {
                self.modes.cring = command.form.number(0) == Some(1);
                Reply::ok()
            }
            ("+CRC", Form::Ask) => Reply::one(format!("+CRC: {}", u8::from(self.modes.cring))),
            ("+CLCC", Form::Bare(_)) => Reply::Lines(self.call.iter().map(listed).collect()),
            ("+CLIP" | "+CLCC" | "+CRC", Form::Test) => Reply::ok(),
            ("A", _) => match &mut self.call {
                Some(call) => {
                    call.active = true;
                    Reply::ok()
                }
                None => Reply::Refused(Refusal::Plain),
            },
            ("H" | "+CHUP", _) => {
                self.call = None;
                Reply::ok()
            }
            // Nobody is called from here.
            ("D", _) => Reply::Refused(Refusal::Cme(3)),
            _ => return None,
        })
    }

    /// Somebody calls.
    pub(super) fn rings(&mut self, call: Call) {
        if self.is_plugged() && self.has_network() && self.call.is_none() {
            self.call = Some(call);
            self.ring();
        }
    }

    /// Rings once more, or the call is answered, or over.
    pub(super) fn ring(&mut self) {
        let Some(call) = &mut self.call else { return };
        if call.rings == 0 {
            if call.answers && !call.active {
                call.active = true;
                return self.after(TALK_MS, Event::Ring);
            }
            self.call = None;
            if let Some(words) = self.make.personality.call_over {
                self.urc(&format!("\r\n{words}\r\n"));
            }
            return self.urc("\r\nNO CARRIER\r\n");
        }
        call.rings -= 1;
        let (number, active) = (call.number.clone(), call.active);
        if !active {
            self.urc(if self.modes.cring { "\r\n+CRING: VOICE\r\n" } else { "\r\nRING\r\n" });
            if self.modes.clip {
                let line = if number == "P" {
                    "+CLIP: \"\",128,,,,1".to_owned()
                } else {
                    format!("+CLIP: \"{number}\",{},,,,0", kind(&number))
                };
                self.urc(&format!("\r\n{line}\r\n"));
            }
        }
        self.after(BETWEEN_MS, Event::Ring);
    }
}

fn kind(number: &str) -> u8 {
    if number.starts_with('+') { 145 } else { 129 }
}

fn listed(call: &Call) -> String {
    let state = if call.active { 0 } else { 4 };
    if call.number == "P" {
        return format!("+CLCC: 1,1,{state},0,0");
    }
    format!("+CLCC: 1,1,{state},0,0,\"{}\",{}", call.number, kind(&call.number))
}
