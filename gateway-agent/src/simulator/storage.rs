//! Storages and their slots: +CPMS, +CMGL, +CMGR, +CMGD, and which mode they are shown in (27.005, 3.2 and 3.4).

use super::modem::Modem;
use super::reply::{Command, Form, Refusal, Reply};
use super::stores::{Place, Slot, Status};
use super::text;

impl Modem<'_> {
    pub(super) fn storage_command(&mut self, command: &Command) -> Option<Reply> {
        Some(match (command.name.as_str(), &command.form) {
            ("+CMGF", Form::Set(_)) => match command.form.number(0) {
                Some(mode @ 0..=1) => {
                    self.modes.text = mode == 1;
                    Reply::ok()
                }
                Some(_) | None => Reply::Refused(Refusal::Cms(303)),
            },
            ("+CMGF", Form::Ask) => Reply::one(format!("+CMGF: {}", u8::from(self.modes.text))),
            ("+CMGF", Form::Test) => Reply::one("+CMGF: (0,1)"),
            ("+CPMS", Form::Set(_)) => self.choose_places(&command.form.fields()),
            ("+CPMS", Form::Ask) => {
                let all: Vec<String> = self
                    .modes
                    .places
                    .into_iter()
                    .map(|place| {
                        let store = self.stores.at(place);
                        format!("\"{}\",{},{}", place.word(), store.used(), store.capacity())
                    })
                    .collect();
                Reply::one(format!("+CPMS: {}", all.join(",")))
            }
            ("+CPMS", Form::Test) => {
                let words: Vec<String> =
                    self.make.personality.storages.iter().map(|place| format!("\"{}\"", place.word())).collect();
                let (all, kept) = (words.join(","), words.iter().take(2).cloned().collect::<Vec<_>>().join(","));
                Reply::one(format!("+CPMS: ({all}),({kept}),({kept})"))
            }
            ("+CMGL", Form::Bare(_) | Form::Set(_)) => self.list(command),
            ("+CMGL", Form::Test) => Reply::one(if self.modes.text {
                "+CMGL: (\"REC UNREAD\",\"REC READ\",\"STO UNSENT\",\"STO SENT\",\"ALL\")"
            } else {
                "+CMGL: (0-4)"
            }),
            ("+CMGR", Form::Set(_)) => {
                let read = command.form.number(0).and_then(|index| {
                    let place = self.reading();
                    self.stores.at(place).read(index)
                });
                match read {
                    Some(slot) => Reply::one(self.shown(&slot)),
                    None => Reply::Refused(Refusal::Cms(321)),
                }
            }
            ("+CMGD", Form::Set(_)) => self.free(command),
            ("+CMGD", Form::Test) => {
                let place = self.reading();
                let (first, last) = self.stores.at(place).bounds();
                Reply::one(format!("+CMGD: ({first}-{last}),(0-4)"))
            }
            _ => return None,
        })
    }

    /// Where +CMGL, +CMGR and +CMGD look.
    fn reading(&self) -> Place {
        let [place, _, _] = self.modes.places;
        place
    }

    fn choose_places(&mut self, words: &[String]) -> Reply {
        let chosen: Vec<Option<Place>> = words.iter().map(|word| Place::named(word)).collect();
        if chosen.is_empty() || chosen.len() > 3 || chosen.iter().any(|p| p.is_none_or(|p| !self.stores.has(p))) {
            return Reply::Refused(Refusal::Cms(302));
        }
        // Reports are only read and freed.
        if chosen.iter().skip(1).any(|place| *place == Some(Place::Reports)) {
            return Reply::Refused(Refusal::Cms(302));
        }
        for (place, new) in self.modes.places.iter_mut().zip(chosen.into_iter().flatten()) {
            *place = new;
        }
        let counts: Vec<String> = self
            .modes
            .places
            .into_iter()
            .map(|place| {
                let store = self.stores.at(place);
                format!("{},{}", store.used(), store.capacity())
            })
            .collect();
        Reply::one(format!("+CPMS: {}", counts.join(",")))
    }

    fn list(&mut self, command: &Command) -> Reply {
        let fields = command.form.fields();
        let which = match (fields.first().map(String::as_str), self.modes.text) {
            (None, _) => Some(Some(Status::Unread)),
            (Some("ALL"), true) | (Some("4"), false) => Some(None),
            (Some(word), text) => Status::ALL
                .into_iter()
                .find(|status| if text { status.words() == word } else { status.number().to_string() == word })
                .map(Some),
        };
        let Some(which) = which else { return Reply::Refused(Refusal::Cms(if self.modes.text { 305 } else { 304 })) };
        let place = self.reading();
        let all = self.stores.at(place).list(which);
        Reply::Lines(all.iter().map(|(index, slot)| self.listed(*index, slot)).collect())
    }

    /// A slot behind +CMGR.
    fn shown(&self, slot: &Slot) -> String {
        if self.modes.text {
            return text::shown(slot, &self.modes);
        }
        format!("+CMGR: {},,{}\r\n{}", slot.status.number(), slot.length, slot.pdu)
    }

    /// A slot in the list.
    fn listed(&self, index: u32, slot: &Slot) -> String {
        if self.modes.text {
            return text::listed(index, slot, &self.modes);
        }
        format!("+CMGL: {index},{},,{}\r\n{}", slot.status.number(), slot.length, slot.pdu)
    }

    fn free(&mut self, command: &Command) -> Reply {
        let place = self.reading();
        let store = self.stores.at(place);
        let read = [Status::Read];
        let (also_sent, also_unsent) = ([Status::Read, Status::Sent], [Status::Read, Status::Sent, Status::Unsent]);
        match (command.form.number(0), command.form.number(1)) {
            (Some(index), None | Some(0)) if store.free(index) => {}
            (Some(_), Some(1)) => store.free_all(&read),
            (Some(_), Some(2)) => store.free_all(&also_sent),
            (Some(_), Some(3)) => store.free_all(&also_unsent),
            (Some(_), Some(4)) => store.free_all(&Status::ALL),
            (Some(_) | None, _) => return Reply::Refused(Refusal::Cms(321)),
        }
        Reply::ok()
    }
}
