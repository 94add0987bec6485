//! `pdu encode` and `pdu decode`: one JSON object a line, for the field and for comparing with others.

use std::io::{BufRead, Write};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::{EncodeArgs, PduWay};
use crate::pdu::count::measure;
use crate::pdu::data::{self, UserData};
use crate::pdu::dcs::{Alphabet, Scheme};
use crate::pdu::deliver::{self, Incoming};
use crate::pdu::submit::{self, Submit};
use crate::pdu::{BadPdu, from_hex, to_hex};

/// A message of the standard input, with the names that the arguments have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    to: String,
    text: String,
    #[serde(default)]
    report: bool,
    #[serde(default)]
    validity: Option<u32>,
    #[serde(default)]
    reference: u16,
    #[serde(default)]
    wide_reference: bool,
    #[serde(default)]
    flash: bool,
    #[serde(default)]
    replace: Option<u8>,
}

/// Converts; `Ok(false)` when something could not be, which the lines say.
///
/// # Errors
/// Standard input or output.
pub fn run(way: &PduWay) -> anyhow::Result<bool> {
    let (input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut right = true;
    let mut say = |line: Value| {
        right &= line.get("error").is_none();
        writeln!(output, "{line}")
    };
    match way {
        PduWay::Encode(arguments) => match asked(arguments) {
            Some(submit) => match parts(&submit) {
                Ok(parts) => parts.into_iter().try_for_each(&mut say)?,
                Err(error) => say(error)?,
            },
            None => {
                for line in input.lines() {
                    let line = line?;
                    if !line.trim().is_empty() {
                        say(encode_line(&line))?;
                    }
                }
            }
        },
        PduWay::Decode { hex, submit } if hex.is_empty() => {
            for line in input.lines() {
                let line = line?;
                if !line.trim().is_empty() {
                    say(decode(&line, *submit))?;
                }
            }
        }
        PduWay::Decode { hex, submit } => hex.iter().try_for_each(|hex| say(decode(hex, *submit)))?,
    }
    Ok(right)
}

fn asked(arguments: &EncodeArgs) -> Option<Submit<'_>> {
    Some(Submit {
        to: arguments.to.as_deref()?,
        text: arguments.text.as_deref()?,
        report: arguments.report,
        validity_s: arguments.validity,
        reference: arguments.reference,
        wide: arguments.wide_reference,
        flash: arguments.flash,
        replace: arguments.replace,
    })
}

fn parts(submit: &Submit<'_>) -> Result<Vec<Value>, Value> {
    let parts = submit::encode(submit).map_err(|error| json!({ "error": error.to_string() }))?;
    Ok(parts.iter().map(|part| json!({ "length": part.length(), "pdu": to_hex(&part.octets) })).collect())
}

fn encode_line(line: &str) -> Value {
    let line: Line = match serde_json::from_str(line) {
        Ok(line) => line,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    let submit = Submit {
        to: &line.to,
        text: &line.text,
        report: line.report,
        validity_s: line.validity,
        reference: line.reference,
        wide: line.wide_reference,
        flash: line.flash,
        replace: line.replace,
    };
    parts(&submit).map_or_else(|error| error, |parts| json!({ "parts": parts, "size": measure(&line.text) }))
}

fn decode(hex: &str, submitted: bool) -> Value {
    let Some(octets) = from_hex(hex) else { return json!({ "error": "not hexadecimal octets" }) };
    let read = if submitted {
        submit::decode(&octets).map(|read| sent(&read))
    } else {
        deliver::decode(&octets).map(|read| came(&read))
    };
    read.unwrap_or_else(|BadPdu { octet, what }| json!({ "error": what, "octet": octet }))
}

fn came(read: &Incoming) -> Value {
    match read {
        Incoming::Deliver(message) => {
            let mut line = json!({
                "kind": "deliver", "from": message.from.to_string(), "address": message.from, "at": message.at,
                "pid": message.pid, "more": message.more, "reply_path": message.reply_path,
            });
            user_data(&mut line, message.scheme, &message.data);
            line
        }
        Incoming::Report(report) => json!({
            "kind": "report", "mr": report.mr, "to": report.to.to_string(), "sent_at": report.sent_at,
            "at": report.at, "status": report.status,
        }),
    }
}

fn sent(read: &submit::Submitted) -> Value {
    let mut line = json!({
        "kind": "submit", "to": read.to.to_string(), "report": read.report, "validity": read.validity,
        "pid": read.pid,
    });
    user_data(&mut line, read.scheme, &read.data);
    line
}

fn user_data(line: &mut Value, scheme: Scheme, data: &UserData) {
    let Some(line) = line.as_object_mut() else { return };
    line.insert("scheme".to_owned(), json!(scheme));
    line.insert("header".to_owned(), json!(data.header));
    line.insert("text".to_owned(), json!(data::text([&data.body])));
    if let (Alphabet::Data, data::Body::Octets(octets)) = (scheme.alphabet, &data.body) {
        line.insert("data".to_owned(), json!(to_hex(octets)));
    }
}
