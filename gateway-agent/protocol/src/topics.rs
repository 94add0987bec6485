//! MQTT topics: `gw/v1/{box}/…`. Built and read here only, so that no string is spelled twice.

use std::fmt;

/// What every topic begins with.
pub const ROOT: &str = "gw/v1";

/// A topic of a box, without the box's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Topic {
    /// box →, retained, last will: [`crate::messages::Status`].
    Status,
    /// box →, retained: [`crate::messages::Info`].
    Info,
    /// box →, retained: [`crate::messages::ModemState`] of one modem.
    ModemState(String),
    /// → box: a signed [`crate::messages::Command`] of one kind.
    Command(CommandKind),
    /// box →, after the durable commit: [`crate::messages::Ack`] of one command id.
    Ack(String),
    /// box →: [`crate::messages::SmsEvent`].
    SmsEvent,
    /// box →: [`crate::messages::InboxEvent`].
    InboxEvent,
    /// box →: [`crate::messages::CallEvent`].
    CallEvent,
    /// box →: [`crate::messages::UssdEvent`].
    UssdEvent,
    /// box →: [`crate::messages::OptoutEvent`].
    OptoutEvent,
    /// → box: [`crate::messages::EventAck`].
    EventAck,
    /// box →, QoS 0, on request.
    Metrics,
    /// box →, QoS 0, on request, redacted: [`crate::messages::LogLines`].
    Log,
}

/// The kinds of commands, each a topic below `cmd/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandKind {
    /// Send a message.
    Sms,
    /// Take a message back that was not sent yet.
    Cancel,
    /// Ask the network, such as for the balance.
    Ussd,
    /// Change settings.
    Config,
    /// Numbers that must not be written to.
    Optout,
    /// Send logs.
    Logs,
    /// Update the agent.
    Update,
    /// The server's time, for a box whose clock is in doubt.
    Time,
}

impl CommandKind {
    /// Every kind.
    pub const ALL: [CommandKind; 8] = [
        CommandKind::Sms,
        CommandKind::Cancel,
        CommandKind::Ussd,
        CommandKind::Config,
        CommandKind::Optout,
        CommandKind::Logs,
        CommandKind::Update,
        CommandKind::Time,
    ];

    /// The last level of its topic.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            CommandKind::Sms => "sms",
            CommandKind::Cancel => "cancel",
            CommandKind::Ussd => "ussd",
            CommandKind::Config => "config",
            CommandKind::Optout => "optout",
            CommandKind::Logs => "logs",
            CommandKind::Update => "update",
            CommandKind::Time => "time",
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Topic::Status => f.write_str("status"),
            Topic::Info => f.write_str("info"),
            Topic::ModemState(modem) => write!(f, "modem/{modem}/state"),
            Topic::Command(kind) => write!(f, "cmd/{}", kind.word()),
            Topic::Ack(id) => write!(f, "ack/{id}"),
            Topic::SmsEvent => f.write_str("evt/sms"),
            Topic::InboxEvent => f.write_str("evt/inbox"),
            Topic::CallEvent => f.write_str("evt/call"),
            Topic::UssdEvent => f.write_str("evt/ussd"),
            Topic::OptoutEvent => f.write_str("evt/optout"),
            Topic::EventAck => f.write_str("evt/ack"),
            Topic::Metrics => f.write_str("metrics"),
            Topic::Log => f.write_str("log"),
        }
    }
}

impl Topic {
    /// The whole topic of a box.
    #[must_use]
    pub fn of(&self, name: &str) -> String {
        format!("{ROOT}/{name}/{self}")
    }

    /// Reads the part below the box's name, such as `evt/sms`.
    #[must_use]
    pub fn parse(below: &str) -> Option<Topic> {
        let levels: Vec<&str> = below.split('/').collect();
        Some(match levels.as_slice() {
            ["status"] => Topic::Status,
            ["info"] => Topic::Info,
            ["modem", modem, "state"] if is_name(modem) => Topic::ModemState((*modem).to_owned()),
            ["cmd", word] => Topic::Command(CommandKind::ALL.into_iter().find(|kind| kind.word() == *word)?),
            ["ack", id] if is_name(id) => Topic::Ack((*id).to_owned()),
            ["evt", "sms"] => Topic::SmsEvent,
            ["evt", "inbox"] => Topic::InboxEvent,
            ["evt", "call"] => Topic::CallEvent,
            ["evt", "ussd"] => Topic::UssdEvent,
            ["evt", "optout"] => Topic::OptoutEvent,
            ["evt", "ack"] => Topic::EventAck,
            ["metrics"] => Topic::Metrics,
            ["log"] => Topic::Log,
            _ => return None,
        })
    }

    /// Reads a whole topic into the box's name and the rest.
    #[must_use]
    pub fn split(topic: &str) -> Option<(&str, Topic)> {
        let (name, below) = topic.strip_prefix(ROOT)?.strip_prefix('/')?.split_once('/')?;
        if is_name(name) { Some((name, Topic::parse(below)?)) } else { None }
    }
}

/// Whether a text can be a level of a topic: letters, digits, `-` and `_`, at most 64.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::{CommandKind, Topic};

    #[test]
    fn every_topic_reads_back() {
        let mut topics = vec![
            Topic::Status,
            Topic::Info,
            Topic::ModemState("m0".to_owned()),
            Topic::Ack("01a20982-3643-7498-8337-9b12e93b952f".to_owned()),
            Topic::SmsEvent,
            Topic::InboxEvent,
            Topic::CallEvent,
            Topic::UssdEvent,
            Topic::OptoutEvent,
            Topic::EventAck,
            Topic::Metrics,
            Topic::Log,
        ];
        topics.extend(CommandKind::ALL.map(Topic::Command));
        for topic in topics {
            assert_eq!(Topic::split(&topic.of("box-1")), Some(("box-1", topic)));
        }
    }

    #[test]
    fn what_is_no_topic_of_a_box_is_refused() {
        for text in [
            "gw/v1",
            "gw/v1/",
            "gw/v1/b",
            "gw/v1/b/",
            "gw/v1/b/nothing",
            "gw/v2/b/status",
            "gw/v1/+/status",
            "gw/v1/b/cmd/#",
            "gw/v1/b/modem//state",
        ] {
            assert_eq!(Topic::split(text), None, "{text}");
        }
    }
}
