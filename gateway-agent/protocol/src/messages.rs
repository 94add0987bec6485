//! The payloads, as JSON. Times are UTC milliseconds, numbers of people are E.164 with `+`, ids are UUIDv7.
//!
//! Long because: every message of the wire, one after the other, for both ends to read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Whether a box is there: retained, and the last will.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// There or not.
    pub state: Presence,
    /// A new one at every start of the agent: sequences count from the queue, not from here.
    pub boot: Uuid,
    /// The agent's version.
    pub ver: String,
    /// When; the last will carries the time of connecting.
    pub ts: i64,
}

/// There or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Connected.
    Online,
    /// Gone; said by the broker.
    Offline,
}

/// What a box is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// Such as `Raspberry Pi 4 Model B`.
    pub hardware: String,
    /// Such as `Debian GNU/Linux 12`.
    pub os: String,
    /// The agent's version.
    pub agent: String,
    /// Its modems.
    pub modems: Vec<ModemInfo>,
    /// Its caller-ID lines, by name.
    pub lines: Vec<String>,
    /// The settings in force, by [`crate::settings::Setting::word`].
    pub settings: BTreeMap<String, String>,
    /// What is wrong with the box itself, whatever its modems do.
    pub troubles: Vec<BoxTrouble>,
}

/// What can be wrong with the box itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BoxTrouble {
    /// The queue cannot be written: nothing is sent until it can.
    DiskFull,
    /// The clock jumped or was never set: what only became due by that is held until `cmd/time` or a person
    /// confirms the clock.
    Clock,
    /// An update was taken back because the new version was not healthy.
    UpdateFailed,
    /// A word of a newer agent.
    #[serde(other)]
    Other,
}

/// A modem, as it identified itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModemInfo {
    /// Its name in topics and commands.
    pub id: String,
    /// +CGSN.
    pub imei: String,
    /// +CCID.
    pub iccid: String,
    /// +CGMI and +CGMM.
    pub model: String,
    /// +CGMR.
    pub firmware: String,
}

/// How a modem is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModemState {
    /// Its health in a word.
    pub health: ModemHealth,
    /// +CREG.
    #[serde(default)]
    pub registration: Registration,
    /// +COPS, such as `CHINA MOBILE`.
    #[serde(default)]
    pub operator: String,
    /// +CSQ in dBm; none when unknown.
    #[serde(default)]
    pub signal_dbm: Option<i64>,
    /// Messages stored on the SIM and room for them (+CPMS).
    #[serde(default)]
    pub sim_used: Option<u32>,
    /// Room on the SIM.
    #[serde(default)]
    pub sim_capacity: Option<u32>,
    /// Messages waiting for this modem.
    #[serde(default)]
    pub queue: u32,
    /// Messages sent in the last hour.
    #[serde(default)]
    pub sent_hour: u32,
    /// What is wrong, in a word that the page can translate.
    #[serde(default)]
    pub trouble: Option<ModemTrouble>,
    /// The modem's own words about it, for a person who looks into it.
    #[serde(default)]
    pub error: Option<String>,
    /// The network's last answer to the balance code, as it came.
    #[serde(default)]
    pub balance: Option<String>,
    /// When this was said.
    pub ts: i64,
}

/// What is wrong with a modem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModemTrouble {
    /// Its device is not there.
    Unplugged,
    /// It does not answer.
    Silent,
    /// It answers ERROR to what every modem knows.
    Refusing,
    /// No SIM, or the SIM is not read.
    NoSim,
    /// The SIM wants a PIN, and none is configured.
    PinNeeded,
    /// The configured PIN was refused; it is not tried again.
    PinWrong,
    /// The SIM is locked for good (PUK).
    PukNeeded,
    /// No network.
    NoNetwork,
    /// The network refuses this SIM.
    Denied,
    /// The network refuses to send: most often no credit (欠费).
    NoCredit,
    /// The SIM's storage is nearly full.
    SimFull,
    /// The limit of this SIM for the minute, hour or day is reached.
    Limit,
    /// A word of a newer agent.
    #[serde(other)]
    Other,
}

/// A modem's health in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModemHealth {
    /// Being identified and set up.
    Starting,
    /// At work.
    Ready,
    /// 等待网络: no answer for ten seconds, or not registered.
    Waiting,
    /// Answers too late or wrongly.
    Degraded,
    /// Unplugged.
    Absent,
}

/// 3GPP TS 27.007, +CREG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Registration {
    /// Not asked yet.
    #[default]
    Unknown,
    /// 0.
    NotRegistered,
    /// 1.
    Home,
    /// 2.
    Searching,
    /// 3.
    Denied,
    /// 5.
    Roaming,
}

/// Send a message (`cmd/sms`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsCommand {
    /// By which a repeat is known.
    pub id: Uuid,
    /// E.164.
    pub to: String,
    /// As a person wrote it.
    pub text: String,
    /// `auto`, or a modem's id.
    #[serde(default = "auto")]
    pub modem: String,
    /// TP-VP: how long the network tries, in seconds.
    #[serde(default)]
    pub validity_s: Option<u32>,
    /// Not before this time.
    #[serde(default)]
    pub not_before: Option<i64>,
    /// Not after this time.
    #[serde(default)]
    pub expires: Option<i64>,
    /// TP-SRR: ask for a delivery report.
    #[serde(default)]
    pub report: bool,
    /// What may happen to it when it is not known whether it was sent.
    #[serde(default)]
    pub policy: Policy,
    /// Decides about quiet hours and opt-out.
    #[serde(default)]
    pub class: Class,
}

fn auto() -> String {
    "auto".to_owned()
}

/// What may happen to a message when it is not known whether it was sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Never sent again by itself.
    #[default]
    AtMostOnce,
    /// Sent again, such as a code for signing in.
    AtLeastOnce,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// About the receiver's own business.
    #[default]
    Service,
    /// Advertising: quiet hours and opt-out hold.
    Marketing,
}

/// Take a message back (`cmd/cancel`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelCommand {
    /// Of this command.
    pub id: Uuid,
    /// Of the message.
    pub sms: Uuid,
}

/// Ask the network (`cmd/ussd`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UssdCommand {
    /// Of this command.
    pub id: Uuid,
    /// The modem.
    pub modem: String,
    /// Such as `*100#`.
    pub code: String,
}

/// Change settings (`cmd/config`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigCommand {
    /// Of this command.
    pub id: Uuid,
    /// Names and values; unknown names are refused in the ack.
    pub settings: BTreeMap<String, String>,
}

/// Numbers that must not be written to (`cmd/optout`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptoutCommand {
    /// Of this command.
    pub id: Uuid,
    /// E.164, to be added.
    #[serde(default)]
    pub add: Vec<String>,
    /// E.164, to be removed.
    #[serde(default)]
    pub remove: Vec<String>,
}

/// The server's time (`cmd/time`), sent where a box says that its clock is in doubt ([`BoxTrouble::Clock`]). Where
/// both agree the box believes its clock again and sends what it held back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeCommand {
    /// Of this command.
    pub id: Uuid,
    /// The server's time, UTC milliseconds.
    pub now: i64,
}

/// Send logs (`cmd/logs`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogsCommand {
    /// Of this command.
    pub id: Uuid,
    /// How many lines.
    pub lines: u32,
}

/// The lines asked for by [`LogsCommand`] (topic `log`, QoS 0): numbers and texts are left out at the box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLines {
    /// Of the command.
    pub id: Uuid,
    /// Oldest first.
    pub lines: Vec<String>,
}

/// Update the agent (`cmd/update`). The command's signature is the manifest's: it covers version and SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateCommand {
    /// Of this command.
    pub id: Uuid,
    /// The new version.
    pub version: String,
    /// Where it is.
    pub url: String,
    /// Of the file, in hex.
    pub sha256: String,
}

/// The box has committed a command (`ack/{id}`), or refuses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// Of the command.
    pub id: Uuid,
    /// Committed.
    pub ok: bool,
    /// Why not, such as `signature`, `expired`, `number`, `optout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub err: Option<String>,
}

/// What every event carries besides its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventHead {
    /// By which a repeat is known.
    pub eid: Uuid,
    /// Counts without gaps in the box's queue.
    pub seq: u64,
    /// The lowest sequence that the queue still holds, written where the event is offered: what is below was
    /// acknowledged, so a server restored from a backup need not wait for it, and none need guess at a gap.
    #[serde(default)]
    pub floor: u64,
    /// The start of the agent that made it.
    pub boot: Uuid,
    /// When it happened, by the box's clock.
    pub ts: i64,
}

/// A message's state changed at the box (`evt/sms`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsEvent {
    /// Which event.
    #[serde(flatten)]
    pub head: EventHead,
    /// Of the message, from its command.
    pub id: Uuid,
    /// Where it stands.
    pub state: SmsState,
    /// The modem that has it.
    #[serde(default)]
    pub modem: Option<String>,
    /// Each part's state.
    #[serde(default)]
    pub parts: Vec<SmsPart>,
    /// Why it failed, for people and for the log: `CMS 500`, `unplugged while sending`.
    #[serde(default)]
    pub error: Option<String>,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmsPart {
    /// From 1.
    pub n: u8,
    /// Where it stands.
    pub state: SmsState,
    /// TP-MR, once the network took it.
    #[serde(default)]
    pub mr: Option<u8>,
    /// The network's cause, where it gave one.
    #[serde(default)]
    pub cause: Option<String>,
}

/// Where a message stands: `queued → sending → sent | failed | unknown → delivered | undelivered | expired`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsState {
    /// In the box's queue.
    Queued,
    /// Committed before Ctrl-Z.
    Sending,
    /// The network took it.
    Sent,
    /// The network or the modem refused it.
    Failed,
    /// It is not known whether it went out. Never sent again by itself.
    Unknown,
    /// Reported as delivered.
    Delivered,
    /// Reported as not delivered.
    Undelivered,
    /// Its time ran out, in the queue or in the network.
    Expired,
    /// Taken back before it was sent.
    Cancelled,
}

/// A message came in (`evt/inbox`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxEvent {
    /// Which event.
    #[serde(flatten)]
    pub head: EventHead,
    /// E.164, a short code, or an alphanumeric sender.
    pub from: String,
    /// Its text, assembled.
    pub text: String,
    /// The service centre's time (TP-SCTS).
    pub smsc_ts: i64,
    /// The modem.
    pub modem: String,
    /// Whether parts are missing.
    #[serde(default)]
    pub incomplete: bool,
    /// The PDUs in hex, as they came; what was no hex when it came is kept as it was.
    #[serde(default)]
    pub pdus: Vec<String>,
    /// Why the PDU cannot be read, where it cannot: then `from`, `text` and `smsc_ts` are only what could be made
    /// out (`from` and `text` may be empty, `smsc_ts` the time of arrival), and a person has to look at `pdus`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
}

/// The network answered a code, or did not (`evt/ussd`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UssdEvent {
    /// Which event.
    #[serde(flatten)]
    pub head: EventHead,
    /// Of the command; none when the box asked by itself.
    #[serde(default)]
    pub command: Option<Uuid>,
    /// The modem.
    pub modem: String,
    /// What was asked, such as `*100#`.
    pub code: String,
    /// The answer's text.
    #[serde(default)]
    pub answer: Option<String>,
    /// Why there is none.
    #[serde(default)]
    pub error: Option<String>,
}

/// Somebody asked not to be written to any more, or to be written to again (`evt/optout`): the box honours
/// it from this moment, whether the server hears of it or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptoutEvent {
    /// Which event.
    #[serde(flatten)]
    pub head: EventHead,
    /// E.164, as the message came.
    pub number: String,
    /// The word that was written, such as `TD`.
    pub word: String,
    /// `true`: no more. `false`: again.
    pub out: bool,
}

/// The telephone (`evt/call`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallEvent {
    /// Which event.
    #[serde(flatten)]
    pub head: EventHead,
    /// The line or modem.
    pub line: String,
    /// The call's name on this box; all its events carry it.
    pub call: Uuid,
    /// What happened to it.
    pub phase: CallPhase,
    /// As the exchange sent it.
    #[serde(default)]
    pub number: Option<String>,
    /// A name that the exchange sent.
    #[serde(default)]
    pub name: Option<String>,
    /// The caller withheld the number (`P`), or it is out of area (`O`).
    #[serde(default)]
    pub withheld: bool,
    /// The lines as they came, for a person who looks into a dialect.
    #[serde(default)]
    pub raw: Vec<String>,
}

/// What happened to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallPhase {
    /// It rings; the number is known, or will not be.
    Ringing,
    /// The number, the name or both came after the ringing had been told, or more of them than was known then. It may
    /// come more than once for a call, each time with all that is known.
    Identified,
    /// Answered; only GSM lines can tell.
    Answered,
    /// The ringing stopped. On an analog line nobody can tell whether somebody answered.
    Ended,
}

/// The server has committed all events up to here; the box may forget them (`evt/ack`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventAck {
    /// The highest sequence without a gap below it.
    pub upto: u64,
}

/// The name in the certificate of a server's own broker. A box that was handed the broker's authority asks for this
/// name, wherever it finds the broker.
pub const BROKER_NAME: &str = "broker.fieldline.internal";

/// What a box receives when it is claimed, and keeps in `claim.json` with mode 0600.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its name in topics.
    #[serde(rename = "box")]
    pub name: String,
    /// Such as `mqtt://127.0.0.1:1883`.
    pub broker: String,
    /// MQTT user.
    pub username: String,
    /// MQTT password.
    pub password: String,
    /// The server's Ed25519 key, base64: commands are signed with it.
    pub server_key: String,
    /// The authority (PEM) of the server's own broker, where that speaks TLS. With it a `mqtts` broker is believed by
    /// this authority alone and under [`BROKER_NAME`]; without it by the system's authorities and its own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::{
        CallEvent, InboxEvent, Info, ModemState, OptoutEvent, SmsCommand, SmsEvent, Status, TimeCommand, UssdEvent,
    };

    fn reads_back<T: serde::Serialize + serde::de::DeserializeOwned>(name: &str, vector: &serde_json::Value) {
        let read: T = serde_json::from_value(vector[name].clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = serde_json::to_value(&read).expect("JSON");
        for (field, value) in vector[name].as_object().expect("an object") {
            if field != "a_field_of_tomorrow" {
                assert_eq!(&written[field], value, "{name}.{field}");
            }
        }
    }

    #[test]
    fn the_vectors_read_and_write_the_same() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../vectors/messages.json")).expect("the vectors are JSON");
        reads_back::<Status>("status", &vectors);
        reads_back::<SmsCommand>("cmd_sms", &vectors);
        reads_back::<SmsEvent>("evt_sms", &vectors);
        reads_back::<InboxEvent>("evt_inbox", &vectors);
        reads_back::<InboxEvent>("evt_inbox_unreadable", &vectors);
        reads_back::<TimeCommand>("cmd_time", &vectors);
        reads_back::<CallEvent>("evt_call", &vectors);
        reads_back::<UssdEvent>("evt_ussd", &vectors);
        reads_back::<OptoutEvent>("evt_optout", &vectors);
        reads_back::<ModemState>("modem_state", &vectors);
        reads_back::<Info>("info", &vectors);
    }
}
