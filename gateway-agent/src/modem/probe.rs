//! `gateway-agent probe`: which modem is on a line, and what it can do.

use anyhow::Context;
use serde_json::{Value, json};

use super::driver::{Fault, Modem, SHORT};
use super::port::Port;
use super::setup;

/// Asks, and prints one JSON object.
///
/// # Errors
/// When nothing answers there.
pub async fn probe(path: &str) -> anyhow::Result<()> {
    let mut modem = Modem::new(Port::open(path).with_context(|| format!("{path} cannot be opened"))?);
    let (info, vendor) = match setup::identify("probe", &mut modem).await {
        Ok(known) => known,
        Err(Fault::Silent(_)) => {
            anyhow::bail!("{path}: nothing answers to AT; a stick has several lines, try the next one")
        }
        Err(fault) => return Err(fault.into()),
    };
    let mut answers = serde_json::Map::new();
    for (what, command) in [
        ("sim", "AT+CPIN?"),
        ("registration", "AT+CREG?"),
        ("registration_lte", "AT+CEREG?"),
        ("operator", "AT+COPS?"),
        ("signal", "AT+CSQ"),
        ("service_centre", "AT+CSCA?"),
        ("storages", "AT+CPMS=?"),
        ("announcements", "AT+CNMI=?"),
        ("keeps_link", "AT+CMMS=?"),
        ("reports_acknowledged", "AT+CSMS=?"),
        ("store_and_send", "AT+CMGW=?"),
        ("caller_id", "AT+CLIP=?"),
        ("calls", "AT+CLCC=?"),
        ("codes", "AT+CUSD=?"),
        ("caller_id_analog", "AT+VCID=?"),
    ] {
        let answer = match modem.command(command, SHORT).await {
            Ok(lines) if lines.is_empty() => json!(true),
            Ok(lines) => json!(lines.join(" ")),
            Err(Fault::Refused(_)) => Value::Bool(false),
            Err(fault) => return Err(fault.into()),
        };
        answers.insert(what.to_owned(), answer);
    }
    let told = json!({
        "path": path, "model": info.model, "firmware": info.firmware, "imei": info.imei,
        "treated_as": vendor.name, "slots_proven": vendor.slots_proven, "answers": answers,
    });
    println!("{}", serde_json::to_string_pretty(&told)?);
    Ok(())
}
