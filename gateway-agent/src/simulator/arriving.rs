//! Messages in: what the network has for the SIM is handed over as +CNMI says, stored and announced or directly;
//! the network keeps what cannot be handed over (27.005, 3.4.1 to 3.4.4).

use std::time::{Duration, Instant};

use super::faults::FaultKind;
use super::modem::Modem;
use super::modes::Announce;
use super::reply::{Command, Form, Refusal, Reply};
use super::sim::Lock;
use super::stores::{Content, Slot, Status};
use super::text;

/// How long +CNMA may take.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(10);

/// A message or report for this SIM.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub length: usize,
    pub pdu: String,
    pub content: Content,
}

impl Arrival {
    fn is_report(&self) -> bool {
        matches!(self.content, Content::Report { .. })
    }
}

impl Modem<'_> {
    pub(super) fn arriving_command(&mut self, command: &Command) -> Option<Reply> {
        Some(match (command.name.as_str(), &command.form) {
            ("+CNMI", Form::Set(_)) => {
                let Announce { mode, mt, bm, ds, bfr } = self.modes.announce;
                let value = |n: usize, before: u8| match command.form.fields().get(n).map(String::as_str) {
                    None | Some("") => Some(before),
                    Some(word) => word.parse::<u8>().ok(),
                };
                let new = (value(0, mode), value(1, mt), value(2, bm), value(3, ds), value(4, bfr));
                match new {
                    (_, _, _, Some(1), _) if !self.make.personality.direct_reports => Reply::Refused(Refusal::Cms(303)),
                    (Some(mode @ 0..=3), Some(mt @ 0..=3), Some(bm @ 0..=3), Some(ds @ 0..=2), Some(bfr @ 0..=1)) => {
                        self.modes.announce = Announce { mode, mt, bm, ds, bfr };
                        Reply::ok()
                    }
                    _ => Reply::Refused(Refusal::Cms(303)),
                }
            }
            ("+CNMI", Form::Ask) => {
                let Announce { mode, mt, bm, ds, bfr } = self.modes.announce;
                Reply::one(format!("+CNMI: {mode},{mt},{bm},{ds},{bfr}"))
            }
            ("+CNMI", Form::Test) => Reply::one(if self.make.personality.direct_reports {
                "+CNMI: (0-3),(0-3),(0,2),(0-2),(0,1)"
            } else {
                "+CNMI: (0-2),(0-3),(0,2),(0,2),(0,1)"
            }),
            ("+CSMS", Form::Set(_)) => match command.form.number(0) {
                Some(service @ 0..=1) if service == 0 || self.make.personality.acknowledges => {
                    self.modes.acknowledged = service == 1;
                    Reply::one("+CSMS: 1,1,1")
                }
                Some(_) | None => Reply::Refused(Refusal::Cms(302)),
            },
            ("+CSMS", Form::Ask) => Reply::one(format!("+CSMS: {},1,1,1", u8::from(self.modes.acknowledged))),
            ("+CSMS", Form::Test) => {
                Reply::one(if self.make.personality.acknowledges { "+CSMS: (0,1)" } else { "+CSMS: (0)" })
            }
            ("+CNMA", Form::Bare(_) | Form::Set(_)) => {
                let negative = command.form.number(0) == Some(2);
                match self.unacknowledged.take() {
                    Some((arrival, _)) if negative => self.kept.push_front(arrival),
                    Some(_) => {}
                    // 340: no acknowledgement expected.
                    None => return Some(Reply::Refused(Refusal::Cms(340))),
                }
                Reply::ok()
            }
            ("+CNMA", Form::Test) => Reply::one("+CNMA: (0-2)"),
            ("+CSCB", _) => Reply::ok(),
            _ => return None,
        })
    }

    /// The network has something for this SIM.
    pub(super) fn comes(&mut self, arrival: Arrival) {
        if self.fault.is(FaultKind::Duplicate) {
            self.kept.push_back(arrival.clone());
        }
        self.kept.push_back(arrival);
    }

    /// Hands over what the network keeps, as far as there is room and somebody to take it.
    pub(super) fn arrive(&mut self) {
        if let Some((arrival, until)) = self.unacknowledged.take() {
            if until > Instant::now() {
                self.unacknowledged = Some((arrival, until));
            } else {
                // 27.005, 3.4.4: nothing is handed over directly any more, and the network tries again.
                (self.modes.announce.mt, self.modes.announce.ds) = (0, 0);
                self.kept.push_front(arrival);
            }
        }
        loop {
            // At the prompt nothing is said.
            let open = self.lock == Lock::Open && self.prompt.is_none() && self.unacknowledged.is_none();
            if !open || !self.is_plugged() || !self.has_network() {
                break;
            }
            let Some(arrival) = self.kept.pop_front() else { break };
            let Announce { mode, mt, ds, .. } = self.modes.announce;
            let handed = match (arrival.is_report(), mt, ds) {
                // Nobody wants reports.
                (true, _, 0) => true,
                (true, _, 1) if mode > 0 => self.hand_over(&arrival, "+CDS"),
                (false, 2, _) if mode > 0 => self.hand_over(&arrival, "+CMT"),
                (is_report, ..) => self.store(&arrival, is_report),
            };
            if !handed {
                self.kept.push_front(arrival);
                break;
            }
        }
        self.watch.kept(self.kept.len());
    }

    /// Directly to whoever listens; `false` when the power failed before.
    fn hand_over(&mut self, arrival: &Arrival, name: &str) -> bool {
        if self.step(&format!("before {name}:")) {
            return false;
        }
        let said = match (self.modes.text, name) {
            (true, _) => format!("\r\n{name}: {}\r\n", text::direct(&arrival.content, &self.modes)),
            (false, "+CMT") => format!("\r\n{name}: ,{}\r\n{}\r\n", arrival.length, arrival.pdu),
            (false, _) => format!("\r\n{name}: {}\r\n{}\r\n", arrival.length, arrival.pdu),
        };
        self.urc(&said);
        if self.modes.acknowledged {
            self.unacknowledged = Some((arrival.clone(), Instant::now() + ACKNOWLEDGED_WITHIN));
        }
        // Without +CNMA the network believes that it was taken; with it, what was not comes again.
        self.step(&format!("after {name}:"));
        true
    }

    /// Into a slot, announced; `false` when there is no room.
    fn store(&mut self, arrival: &Arrival, is_report: bool) -> bool {
        let [_, _, received] = self.modes.places;
        let place = if is_report { self.make.personality.reports } else { received };
        let slot = Slot {
            status: Status::Unread,
            length: arrival.length,
            pdu: arrival.pdu.clone(),
            content: arrival.content.clone(),
        };
        let Some(index) = self.stores.at(place).put(slot) else { return false };
        let Announce { mode, mt, ds, .. } = self.modes.announce;
        let (name, called, wanted) = match is_report {
            true => ("+CDSI", self.make.personality.reports_called, ds == 2),
            false => ("+CMTI", place.word(), mt > 0),
        };
        if mode > 0 && wanted {
            if self.step(&format!("before {name}:")) {
                return true;
            }
            self.urc(&format!("\r\n{name}: \"{called}\",{index}\r\n"));
            self.step(&format!("after {name}:"));
        }
        true
    }
}
