//! Who the modem is and how it stands with the network: identity, echo and modes, registration, operator, signal.

use super::faults::FaultKind;
use super::modem::{Event, Modem};
use super::modes::Charset;
use super::reply::{Command, Form, Refusal, Reply};
use super::sim::Lock;

/// Location area and cell.
const CELL: &str = "\"5A1B\",\"0D2E\"";

impl Modem<'_> {
    pub(super) fn basic_command(&mut self, command: &Command) -> Option<Reply> {
        let personality = self.make.personality;
        Some(match (command.name.as_str(), &command.form) {
            ("E", Form::Bare(number)) => {
                self.modes.echo = number == "1";
                Reply::ok()
            }
            ("Z" | "&F", _) => {
                let (echo, places) = (self.modes.echo, self.modes.places);
                self.modes = super::modes::Modes::new(personality);
                (self.modes.echo, self.modes.places) = (echo, places);
                Reply::ok()
            }
            ("V" | "Q" | "X" | "L" | "M" | "&D" | "&C" | "&S" | "&K" | "&W" | "+IPR" | "+IFC" | "+ICF", _) => {
                Reply::ok()
            }
            ("I", _) => Reply::Lines(vec![
                personality.maker.to_owned(),
                personality.model.to_owned(),
                format!("Revision: {}", personality.firmware),
            ]),
            ("+CGMI" | "+GMI", Form::Bare(_)) => Reply::one(personality.maker),
            ("+CGMM" | "+GMM", Form::Bare(_)) => Reply::one(personality.model),
            ("+CGMR" | "+GMR", Form::Bare(_)) => Reply::one(personality.firmware),
            ("+CGSN" | "+GSN", Form::Bare(_)) => Reply::one(format!("8600000000000{:02}", 17 + self.make.number % 80)),
            ("+CGMI" | "+CGMM" | "+CGMR" | "+CGSN", Form::Test) => Reply::ok(),
            ("+CMEE", Form::Set(_)) => match command.form.number(0) {
                Some(level @ 0..=2) => {
                    self.modes.verbose = u8::try_from(level).unwrap_or(1);
                    Reply::ok()
                }
                Some(_) | None => Reply::Refused(Refusal::Cme(50)),
            },
            ("+CMEE", Form::Ask) => Reply::one(format!("+CMEE: {}", self.modes.verbose)),
            ("+CMEE", Form::Test) => Reply::one("+CMEE: (0-2)"),
            ("+CSCS", Form::Set(_)) => {
                let word = command.form.fields().first().cloned().unwrap_or_default();
                match Charset::named(&word) {
                    Some(charset) => {
                        self.modes.charset = charset;
                        Reply::ok()
                    }
                    None => Reply::Refused(Refusal::Cme(4)),
                }
            }
            ("+CSCS", Form::Ask) => Reply::one(format!("+CSCS: \"{}\"", self.modes.charset.word())),
            ("+CSCS", Form::Test) => Reply::one("+CSCS: (\"IRA\",\"GSM\",\"UCS2\",\"HEX\")"),
            ("+CFUN", Form::Ask) => Reply::one(format!("+CFUN: {}", self.radio)),
            ("+CFUN", Form::Set(_)) => {
                if command.form.number(1) == Some(1) {
                    self.say("\r\nOK\r\n");
                    self.cut();
                    return Some(Reply::Later);
                }
                let level = command.form.number(0).and_then(|level| u8::try_from(level).ok()).unwrap_or(1);
                if self.radio != 1 && level == 1 && self.fault.is(FaultKind::LostNetwork) {
                    self.fault = super::faults::Fault::default();
                }
                self.radio = level;
                Reply::ok()
            }
            ("+CPAS", Form::Bare(_)) => {
                Reply::one(format!("+CPAS: {}", self.call.as_ref().map_or(0, |call| if call.active { 4 } else { 3 })))
            }
            ("+CBC", Form::Bare(_)) => Reply::one("+CBC: 0,100,4012"),
            ("+GCAP", Form::Bare(_)) => Reply::one("+GCAP: +CGSM"),
            ("S0" | "S3" | "S4" | "S5" | "S7", Form::Set(_) | Form::Ask) => Reply::ok(),
            _ => return None,
        })
    }

    pub(super) fn has_network(&self) -> bool {
        !self.fault.is(FaultKind::NoNetwork) && !self.fault.is(FaultKind::LostNetwork) && self.radio == 1
    }

    /// What +CREG and its like say: searching without a network, home with it, nothing while the SIM is closed.
    fn registration(&self) -> u8 {
        match (self.lock, self.has_network()) {
            (Lock::Pin(_) | Lock::Puk, _) => 0,
            (Lock::Open, true) => 1,
            (Lock::Open, false) => 2,
        }
    }

    pub(super) fn tell_registration(&mut self) {
        let status = self.registration();
        let told: Vec<String> = ["+CREG", "+CGREG", "+CEREG"]
            .into_iter()
            .zip(self.modes.registration)
            .filter(|(_, how)| *how > 0)
            .map(|(name, how)| if how == 2 { format!("{name}: {status},{CELL}") } else { format!("{name}: {status}") })
            .collect();
        for line in told {
            self.after(0, Event::Urc(format!("\r\n{line}\r\n")));
        }
    }

    pub(super) fn network_command(&mut self, command: &Command) -> Option<Reply> {
        let place = ["+CREG", "+CGREG", "+CEREG"].into_iter().zip(0..).find(|(name, _)| *name == command.name);
        if let Some((name, place)) = place {
            return Some(self.registration_command(name, place, command));
        }
        Some(match (command.name.as_str(), &command.form) {
            ("+CSQ", Form::Bare(_)) => Reply::one(if self.has_network() { "+CSQ: 21,99" } else { "+CSQ: 99,99" }),
            ("+CSQ", Form::Test) => Reply::one("+CSQ: (0-31,99),(0-7,99)"),
            ("+COPS", Form::Ask) => Reply::one(match (self.has_network(), self.modes.operator_format) {
                (false, _) => "+COPS: 0",
                (true, 2) => "+COPS: 0,2,\"46000\",7",
                (true, _) => "+COPS: 0,0,\"CHINA MOBILE\",7",
            }),
            ("+COPS", Form::Set(_)) => {
                if let Some(format) = command.form.number(1) {
                    self.modes.operator_format = u8::try_from(format).unwrap_or(0);
                }
                Reply::ok()
            }
            ("+COPS", Form::Test) => {
                Reply::one("+COPS: (2,\"CHINA MOBILE\",\"CMCC\",\"46000\",7),(3,\"CHN-UNICOM\",\"UNICOM\",\"46001\",7)")
            }
            ("+CGATT", Form::Ask) => Reply::one(format!("+CGATT: {}", u8::from(self.has_network()))),
            _ => return None,
        })
    }

    fn registration_command(&mut self, name: &str, place: usize, command: &Command) -> Reply {
        let status = self.registration();
        match &command.form {
            Form::Ask => {
                let how = self.modes.registration.get(place).copied().unwrap_or(0);
                let cell = if how == 2 && status == 1 { format!(",{CELL}") } else { String::new() };
                Reply::one(format!("{name}: {how},{status}{cell}"))
            }
            Form::Set(_) => match (command.form.number(0), self.modes.registration.get_mut(place)) {
                (Some(how @ 0..=2), Some(set)) => {
                    *set = u8::try_from(how).unwrap_or(0);
                    Reply::ok()
                }
                (Some(_) | None, _) => Reply::Refused(Refusal::Cme(50)),
            },
            Form::Test => Reply::one(format!("{name}: (0-2)")),
            Form::Bare(_) => Reply::ok(),
        }
    }
}
