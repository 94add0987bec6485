//! Text mode (27.005, 3.1): how messages are shown and taken, in the letters of +CSCS.

use super::modes::{Charset, Modes};
use super::pdu::{self, Submitted};
use super::stores::{Content, Slot};

/// A slot behind +CMGR.
pub(super) fn shown(slot: &Slot, modes: &Modes) -> String {
    let (head, text) = parts(slot, modes);
    format!("+CMGR: \"{}\",{head}{}{text}", slot.status.words(), if text.is_empty() { "" } else { "\r\n" })
}

/// A slot of the list.
pub(super) fn listed(index: u32, slot: &Slot, modes: &Modes) -> String {
    let (head, text) = parts(slot, modes);
    format!("+CMGL: {index},\"{}\",{head}{}{text}", slot.status.words(), if text.is_empty() { "" } else { "\r\n" })
}

/// A message or report that is handed over directly, without the name of its URC.
pub(super) fn direct(content: &Content, modes: &Modes) -> String {
    match content {
        Content::Message { from, text, at } => {
            format!("\"{}\",,\"{}\"\r\n{}", number(from, modes), pdu::clock(*at), letters(text, modes))
        }
        Content::Report { .. } => report(content).unwrap_or_default(),
        Content::Submit(message) => letters(&message.text, modes),
    }
}

fn parts(slot: &Slot, modes: &Modes) -> (String, String) {
    match &slot.content {
        Content::Message { from, text, at } => {
            let details = match (modes.details, pdu::fits(text).is_some()) {
                (false, _) => String::new(),
                (true, gsm) => format!(
                    ",{},4,0,{},\"{}\",145,{}",
                    kind(from),
                    if gsm { 0 } else { 8 },
                    modes.centre,
                    text.chars().count()
                ),
            };
            (format!("\"{}\",,\"{}\"{details}", number(from, modes), pdu::clock(*at)), letters(text, modes))
        }
        Content::Report { .. } => (report(&slot.content).unwrap_or_default(), String::new()),
        Content::Submit(message) => (format!("\"{}\",", number(&message.to, modes)), letters(&message.text, modes)),
    }
}

/// `fo,mr,"number",type,"sent","ended",status`
fn report(content: &Content) -> Option<String> {
    let Content::Report { mr, to, sent, ended, status } = content else { return None };
    Some(format!("6,{mr},\"{to}\",{},\"{}\",\"{}\",{status}", kind(to), pdu::clock(*sent), pdu::clock(*ended)))
}

fn kind(number: &str) -> u8 {
    if number.starts_with('+') { 145 } else { 129 }
}

/// A number; in the letters of UCS-2 it is hexadecimal too.
fn number(number: &str, modes: &Modes) -> String {
    if modes.charset == Charset::Ucs2 { pdu::hex(&pdu::to_ucs2(number)) } else { number.to_owned() }
}

/// A text. What does not fit into the letters that were chosen is hexadecimal of its UCS-2.
fn letters(text: &str, modes: &Modes) -> String {
    let gsm = pdu::fits(text);
    match (modes.charset, gsm) {
        (Charset::Ucs2, _) | (_, None) => pdu::hex(&pdu::to_ucs2(text)),
        (Charset::Hex, Some(septets)) => pdu::hex(&septets),
        (Charset::Ira | Charset::Gsm, Some(_)) => text.to_owned(),
    }
}

/// A text that was typed behind the prompt, in the letters and with the parameters that hold.
pub(super) fn typed(to: &str, line: &str, modes: &Modes) -> Submitted {
    let [first, _, _, coding] = modes.parameters;
    let unhex = |word: &str| pdu::ucs2(&pdu::octets(word)).unwrap_or_default();
    let hexadecimal = modes.charset == Charset::Ucs2 || coding & 0xcc == 8;
    let text = if hexadecimal { unhex(line) } else { line.to_owned() };
    let to = if modes.charset == Charset::Ucs2 && to.len() >= 12 && to.len().is_multiple_of(4) && !to.starts_with('+') {
        unhex(to)
    } else {
        to.to_owned()
    };
    pdu::written(&to, text, first & 0x20 != 0)
}
