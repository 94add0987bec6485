//! What a test wants a modem to do otherwise than its kind does: rules for its answers, and things that happen.

use serde::{Deserialize, Serialize};

use super::modem::{Event, Modem};
use super::modes::Modes;
use super::stores::{Place, Slot, Status};

/// A rule; the first that fits holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rule {
    /// The beginning of a command line; or `prompt`, what stands in place of the prompt; `sent`, the answer to a
    /// message that went on the air; `to NUMBER`, the answer to one that does not.
    pub when: String,
    /// What is said, as it is.
    #[serde(default)]
    pub say: Option<String>,
    /// What becomes of the PDUs in the answer.
    #[serde(default)]
    pub damage: Option<Damage>,
    /// The command is obeyed all the same.
    #[serde(default)]
    pub obey: bool,
    /// How often it holds; none: for ever.
    #[serde(default)]
    pub times: Option<u32>,
}

/// How a PDU is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Damage {
    /// One digit is none.
    NoHex,
    /// Two digits are missing.
    Two,
    /// Eight digits are missing.
    Eight,
}

impl Damage {
    /// A line with its PDU damaged; other lines stay.
    pub(super) fn on(self, text: &str) -> String {
        let lines = text.split("\r\n").map(|line| {
            if line.len() < 30 || !line.bytes().all(|b| b.is_ascii_hexdigit()) {
                return line.to_owned();
            }
            let middle = line.len() / 2;
            let (before, behind) = line.split_at_checked(middle).unwrap_or((line, ""));
            let cut = |count: usize| format!("{before}{}", behind.get(count..).unwrap_or_default());
            match self {
                Damage::NoHex => format!("{before}?{}", behind.get(1..).unwrap_or_default()),
                Damage::Two => cut(2),
                Damage::Eight => cut(8),
            }
        });
        lines.collect::<Vec<_>>().join("\r\n")
    }
}

/// Something that happens to a modem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Happening {
    /// It says this, as it is.
    Say { text: String },
    /// From now on these rules hold, and no others.
    Script { rules: Vec<Rule> },
    /// A message is stored, and only this is said about it.
    Stores { place: String, pdu: String, length: usize, say: Option<String> },
    /// The module starts anew on the open line: its settings are gone, and it says these lines.
    Restarts { says: Vec<String>, text_mode: bool, echo: bool },
    /// +CFUN is at this level.
    Radio { level: u8 },
    /// It says this every so many milliseconds; never, where it is nothing.
    Chatters { text: String, ms: u64 },
}

impl Modem<'_> {
    /// The rule for something, used up once.
    pub(super) fn rule(&mut self, what: &str, begins: bool) -> Option<Rule> {
        let fits = |rule: &&mut Rule| {
            rule.times != Some(0) && if begins { what.starts_with(&rule.when) } else { what == rule.when }
        };
        let rule = self.rules.iter_mut().find(fits)?;
        rule.times = rule.times.map(|times| times.saturating_sub(1));
        Some(rule.clone())
    }

    pub(super) fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Say { text } => self.say(&text),
            Happening::Script { rules } => self.rules = rules,
            Happening::Stores { place, pdu, length, say } => {
                let Some(place) = Place::named(&place) else { return };
                let content = super::stores::Content::Message { from: String::new(), text: String::new(), at: 0 };
                self.stores.at(place).put(Slot { status: Status::Unread, length, pdu, content });
                if let Some(say) = say {
                    self.say(&say);
                }
            }
            Happening::Restarts { says, text_mode, echo } => {
                self.forget_dialogue();
                self.modes = Modes::new(self.make.personality);
                (self.modes.text, self.modes.echo) = (text_mode, echo);
                for line in says {
                    self.say(&format!("\r\n{line}\r\n"));
                }
            }
            Happening::Radio { level } => self.radio = level,
            Happening::Chatters { text, ms } => {
                let begins = self.chatters.is_none();
                self.chatters = (!text.is_empty()).then_some((text, ms));
                if begins && self.chatters.is_some() {
                    self.after(0, Event::Chatter);
                }
            }
        }
    }
}
