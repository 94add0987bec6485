//! Codes to the network (27.007, 7.15 +CUSD).

use super::modem::{Event, Modem};
use super::pdu;
use super::reply::{Command, Form, Refusal, Reply};

/// How long the network takes for a code.
const TAKES_MS: u64 = 800;

impl Modem<'_> {
    pub(super) fn code_command(&mut self, command: &Command) -> Option<Reply> {
        if command.name != "+CUSD" {
            return None;
        }
        Some(match &command.form {
            Form::Ask => Reply::one(format!("+CUSD: {}", u8::from(self.modes.codes))),
            Form::Test => Reply::one("+CUSD: (0-2)"),
            Form::Bare(_) => Reply::ok(),
            Form::Set(_) => match (command.form.number(0), command.form.fields().get(1)) {
                (Some(mode @ 0..=2), None) => {
                    self.modes.codes = mode == 1;
                    Reply::ok()
                }
                (Some(1), Some(_)) if !self.has_network() => Reply::Refused(Refusal::Cme(30)),
                (Some(1), Some(code)) => {
                    let packed = self.make.personality.packed_ussd;
                    let answer = network(&if packed { unpacked(code) } else { code.clone() }, packed);
                    self.after(TAKES_MS, Event::Urc(format!("\r\n+CUSD: {answer}\r\n")));
                    Reply::ok()
                }
                (Some(_) | None, _) => Reply::Refused(Refusal::Cme(50)),
            },
        })
    }
}

/// What the network says to a code.
fn network(code: &str, packed: bool) -> String {
    let balance = "Balance 38.20 CNY, valid until 2027-11-24";
    match (code, packed) {
        ("*100#", false) => format!("0,\"{balance}\",15"),
        ("*100#", true) => format!("0,\"{}\",15", pdu::hex(&pdu::pack(&pdu::fits(balance).unwrap_or_default(), 0))),
        ("*101#", _) => format!("0,\"{}\",72", pdu::hex(&pdu::to_ucs2("余额38.20元"))),
        ("*102#", _) => "2".to_owned(),
        _ => "4".to_owned(),
    }
}

/// A code that came as hexadecimal of packed septets; digits, `*` and `#` stand where ASCII has them.
fn unpacked(hexadecimal: &str) -> String {
    let octets = pdu::octets(hexadecimal);
    let bit = |n: usize| octets.get(n / 8).is_some_and(|octet| octet >> (n % 8) & 1 == 1);
    (0..octets.len() * 8 / 7)
        .map(|n| (0..7).fold(0u8, |value, b| value | u8::from(bit(n * 7 + b)) << b))
        .filter(|septet| septet.is_ascii_graphic())
        .map(char::from)
        .collect()
}
