//! Messages out: +CMGS, +CMGW, +CMSS, and what the network makes of them. The ledger is written before the modem
//! says anything.

use super::arriving::Arrival;
use super::faults::FaultKind;
use super::ledger::Entry;
use super::modem::{Event, Modem, Prompt};
use super::pdu::{self, Submitted};
use super::reply::{Command, Form, Refusal, Reply};
use super::stores::{Content, Slot, Status};
use super::text;
use crate::clock::now;

/// Bad PDUs are refused without the network.
const AT_ONCE_MS: u64 = 5;
const LONG_MS: u64 = 65_000;

impl Modem<'_> {
    pub(super) fn sending_command(&mut self, command: &Command) -> Option<Reply> {
        Some(match (command.name.as_str(), &command.form) {
            ("+CMGS", Form::Set(_)) => self.begin(command, None),
            ("+CMGW", Form::Set(_)) => {
                let unsent = command.form.number(1).filter(|_| !self.modes.text).unwrap_or(2);
                let status = Status::ALL.into_iter().find(|status| u32::from(status.number()) == unsent);
                self.begin(command, Some(status.unwrap_or(Status::Unsent)))
            }
            ("+CMSS", Form::Set(_)) => self.send_stored(command),
            ("+CMGS" | "+CMGW" | "+CMSS", Form::Test) => Reply::ok(),
            ("+CMMS", form) if self.make.personality.keeps_link => match (form, command.form.number(0)) {
                (Form::Set(_), Some(link @ 0..=2)) => {
                    self.modes.link = u8::try_from(link).unwrap_or(0);
                    Reply::ok()
                }
                (Form::Ask, _) => Reply::one(format!("+CMMS: {}", self.modes.link)),
                (Form::Test, _) => Reply::one("+CMMS: (0-2)"),
                (Form::Set(_) | Form::Bare(_), _) => Reply::Refused(Refusal::Cms(304)),
            },
            ("+CSMP", Form::Set(_)) => {
                for (place, n) in self.modes.parameters.iter_mut().zip(0..) {
                    if let Some(value) = command.form.number(n).and_then(|value| u8::try_from(value).ok()) {
                        *place = value;
                    }
                }
                Reply::ok()
            }
            ("+CSMP", Form::Ask) => {
                let [first, validity, protocol, coding] = self.modes.parameters;
                Reply::one(format!("+CSMP: {first},{validity},{protocol},{coding}"))
            }
            ("+CSDH", Form::Set(_)) => {
                self.modes.details = command.form.number(0) == Some(1);
                Reply::ok()
            }
            ("+CSCA", Form::Ask) => Reply::one(format!("+CSCA: \"{}\",145", self.modes.centre)),
            ("+CSCA", Form::Set(_)) => {
                self.modes.centre = command.form.fields().first().cloned().unwrap_or_default();
                Reply::ok()
            }
            _ => return None,
        })
    }

    fn begin(&mut self, command: &Command, store: Option<Status>) -> Reply {
        let prompt = match (self.modes.text, command.form.number(0)) {
            (true, _) => {
                let to = command.form.fields().first().cloned().unwrap_or_default();
                Prompt::Text { to, store }
            }
            (false, Some(length @ 1..=178)) => Prompt::Pdu { length: usize::try_from(length).unwrap_or(0), store },
            (false, Some(_) | None) => return Reply::Refused(Refusal::Cms(304)),
        };
        self.line.clear();
        self.prompt = Some(prompt);
        Reply::Prompt
    }

    /// Something was handed over behind the prompt; `None` when the answer comes later.
    pub(super) fn take_message(&mut self, prompt: Prompt, line: &str) -> Option<Reply> {
        let since = self.watch.us();
        let (message, store) = match prompt {
            Prompt::Pdu { length, store } => (pdu::read_submit(line, length), store),
            Prompt::Text { to, store } => (Some(text::typed(&to, line, &self.modes)), store),
        };
        let Some(message) = message else {
            self.busy = true;
            self.after(AT_ONCE_MS, Event::Answer { text: "\r\n+CMS ERROR: 305\r\n".to_owned(), since: None });
            return None;
        };
        let Some(status) = store else {
            self.submit(&message, None, since);
            return None;
        };
        let [_, place, _] = self.modes.places;
        let (length, pdu) = (message.length, message.pdu.clone());
        let put = self.stores.at(place).put(Slot { status, length, pdu, content: Content::Submit(message) });
        Some(match put {
            Some(index) => Reply::one(format!("+CMGW: {index}")),
            None => Reply::Refused(Refusal::Cms(322)),
        })
    }

    fn send_stored(&mut self, command: &Command) -> Reply {
        let since = self.watch.us();
        let [_, place, _] = self.modes.places;
        let index = command.form.number(0);
        let stored = index.and_then(|index| Some((index, self.stores.at(place).get(index)?.content.clone())));
        match stored {
            Some((index, Content::Submit(message))) => {
                self.submit(&message, Some(index), since);
                Reply::Later
            }
            Some((_, Content::Message { .. } | Content::Report { .. })) | None => Reply::Refused(Refusal::Cms(321)),
        }
    }

    /// The network takes a message, or does not.
    fn submit(&mut self, message: &Submitted, slot: Option<u32>, since: u64) {
        let network = self.make.times.network_ms;
        if let Some(say) = self.rule(&format!("to {}", message.to), false).and_then(|rule| rule.say) {
            self.busy = true;
            return self.after(network, Event::Answer { text: say, since: Some(since) });
        }
        if self.fault.strikes(FaultKind::Deaf) {
            return;
        }
        let refused = if self.fault.strikes(FaultKind::Refuse) {
            Some(self.fault.code.unwrap_or(38))
        } else if self.fault.strikes(FaultKind::NoCredit) {
            Some(50)
        } else if self.has_network() {
            None
        } else {
            Some(331)
        };
        if let Some(code) = refused {
            self.busy = true;
            let text = format!("\r\n+CMS ERROR: {code}\r\n");
            return self.after(network, Event::Answer { text, since: Some(since) });
        }
        let mr = self.mr;
        self.mr = self.mr.wrapping_add(1);
        let at = now();
        let entry = Entry {
            at,
            us: since,
            modem: self.make.name.clone(),
            mr,
            to: message.to.clone(),
            text: message.text.clone(),
            part: message.part,
            pdu: message.pdu.clone(),
            slot,
        };
        if let Err(error) = self.shared.ledger.write(&entry) {
            tracing::error!(%error, "the ledger cannot be written");
            self.busy = true;
            return self.after(AT_ONCE_MS, Event::Answer { text: "\r\n+CMS ERROR: 500\r\n".to_owned(), since: None });
        }
        if let Some(index) = slot {
            let [_, place, _] = self.modes.places;
            self.stores.at(place).sent(index);
        }
        // The network has it now: its report comes whatever becomes of the modem.
        let slow = self.fault.strikes(FaultKind::Slow).then(|| self.fault.ms.unwrap_or(LONG_MS));
        let late = self.fault.strikes(FaultKind::Late).then(|| self.fault.ms.unwrap_or(LONG_MS));
        let delay = slow.or(late).unwrap_or(network);
        if message.wants_report {
            self.will_report(mr, message, at, delay);
        }
        if self.step("on the air") || self.fault.strikes(FaultKind::Hang) {
            return;
        }
        let name = if slot.is_some() { "+CMSS" } else { "+CMGS" };
        let said = self.rule("sent", false).and_then(|rule| rule.say);
        let text = said.unwrap_or_else(|| format!("\r\n{name}: {mr}\r\n\r\nOK\r\n"));
        if late.is_some() {
            return self.after(delay, Event::Urc(text));
        }
        self.busy = true;
        self.after(delay, Event::Answer { text, since: Some(since) });
    }

    fn will_report(&mut self, mr: u8, message: &Submitted, at: i64, delay: u64) {
        if self.fault.strikes(FaultKind::ReportLost) {
            return;
        }
        let more = if self.fault.strikes(FaultKind::ReportLate) { self.fault.ms.unwrap_or(60_000) } else { 0 };
        let status = if self.fault.strikes(FaultKind::Undelivered) { self.fault.code.unwrap_or(64) } else { 0 };
        let status = u8::try_from(status).unwrap_or(64);
        let ended = at + 1000;
        let (length, pdu) = pdu::report(mr, message, at, ended, status);
        let content = Content::Report { mr, to: message.to.clone(), sent: at, ended, status };
        let report = Arrival { length, pdu, content };
        let wait = delay + self.make.times.report_ms + more;
        match (self.fault.is(FaultKind::ReportReordered), self.second_first.take()) {
            (true, None) => self.second_first = Some(report),
            (_, before) => {
                self.after(wait, Event::Arrives(report));
                if let Some(before) = before {
                    self.after(wait + 1, Event::Arrives(before));
                }
            }
        }
    }
}
