//! Unsolicited result codes: what a modem says without being asked.

/// A URC that the agent acts upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Urc {
    /// `+CMTI: "SM",3`: a message lies in a slot (27.005, 3.4.1).
    Stored(Slot),
    /// `+CDSI: "SR",3`: a status report lies in a slot.
    ReportStored(Slot),
    /// `+CDS: 25`: a status report's PDU is the next line, of so many octets without the service centre's.
    ReportFollows(Option<usize>),
    /// `+CMT: ,25`: a message's PDU is the next line.
    DeliverFollows(Option<usize>),
    /// `+CMT: "+8613805362417",,"26/11/24,08:00:00+32"`: the next line is a text, since the modem is in text mode.
    TextFollows,
    /// Something lies in a storage, or a storage is full, and nobody says which slot: `+CMTI: "SM",-1`,
    /// `^SMMEMFULL: "SM"`, `+QIND: SMS FULL`.
    Look,
    /// The module begins anew: `RDY`, `^SYSSTART`. Its settings are gone, and what was under way is.
    Started,
    /// A part of it has come up: `SMS Ready`, `+CFUN: 1`, `+CPIN: READY`. Its settings may be gone.
    PartUp,
    /// `+CUSD: 0,"…",15`: the network's word about a code (27.007, 7.15); kept as it came.
    Ussd,
    /// `RING`, `+CRING: VOICE`.
    Ring,
    /// `+CLIP: "13805362417",161,,,,0` (27.007, 7.6); no number when withheld.
    Clip {
        /// As the exchange sent it, with `+` where it says that it is international.
        number: Option<String>,
        /// Withheld (1) or not available (2).
        withheld: bool,
        /// What the SIM's phone book calls it.
        name: Option<String>,
    },
    /// `NO CARRIER`, `^CEND…`: a call ended.
    CallEnded,
    /// `+CMGS: 17` or `+CMSS: 17` that nobody waits for any more: the network took the message after all.
    SentLate(u8),
}

/// Where a message lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// `SM`, `ME`, `SR`.
    pub storage: String,
    /// Its number there.
    pub index: u32,
}

/// Reads a line; `None` when it is no URC, but perhaps an answer.
#[must_use]
pub fn parse(line: &str) -> Option<Urc> {
    let (name, rest) = line.split_once(':').map_or((line, ""), |(name, rest)| (name, rest.trim()));
    match name {
        "+CMTI" => Some(slot(rest).map_or(Urc::Look, Urc::Stored)),
        "+CDSI" => Some(slot(rest).map_or(Urc::Look, Urc::ReportStored)),
        "+CDS" if in_text_mode(rest) => Some(Urc::TextFollows),
        "+CMT" if in_text_mode(rest) => Some(Urc::TextFollows),
        "+CDS" => Some(Urc::ReportFollows(length(rest))),
        "+CMT" => Some(Urc::DeliverFollows(length(rest))),
        "+CUSD" => Some(Urc::Ussd),
        "+CMGS" | "+CMSS" => rest.split(',').next()?.trim().parse().ok().map(Urc::SentLate),
        "+CRING" => Some(Urc::Ring),
        "+CLIP" => Some(clip(rest)),
        "NO CARRIER" | "^CEND" | "VOICE CALL" | "MISSED_CALL" if name != "VOICE CALL" || rest.starts_with("END") => {
            Some(Urc::CallEnded)
        }
        _ if name == "RING" || name.starts_with("RING ") => Some(Urc::Ring),
        _ if says_full(line) => Some(Urc::Look),
        _ => started(name, rest),
    }
}

/// The value of a field, cut at commas outside of quotes, without its quotes.
pub(super) fn fields(text: &str) -> Vec<String> {
    let (mut all, mut quoted) = (vec![String::new()], false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(String::new()),
            c => all.last_mut().into_iter().for_each(|field| field.push(c)),
        }
    }
    all.iter().map(|field| field.trim().to_owned()).collect()
}

fn slot(rest: &str) -> Option<Slot> {
    let (storage, index) = rest.split_once(',')?;
    let storage = storage.trim().trim_matches('"');
    // It goes back to the modem inside a command: only what a storage is called may.
    let named = (1..=4).contains(&storage.len()) && storage.bytes().all(|b| b.is_ascii_alphabetic());
    Some(Slot { storage: named.then(|| storage.to_owned())?, index: index.trim().parse().ok()? })
}

/// In PDU mode `[alpha],length` stands there; in text mode a number and a time.
fn in_text_mode(rest: &str) -> bool {
    let fields = fields(rest);
    fields.len() > 2 && fields.iter().any(|field| field.contains('/') && field.contains(':'))
}

/// Octets of the PDU without the service centre's: the last field.
pub(super) fn length(rest: &str) -> Option<usize> {
    fields(rest).last()?.parse().ok()
}

fn clip(rest: &str) -> Urc {
    let fields = fields(rest);
    let field = |n: usize| fields.get(n).map(String::as_str).unwrap_or_default();
    // 27.007, 7.6: a type of 001 in bits 6 to 4 is international, and the number then has no + of its own.
    let international = field(1).parse::<u8>().is_ok_and(|kind| kind & 0x70 == 0x10);
    let number = match field(0) {
        "" => None,
        digits if international && digits.bytes().all(|b| b.is_ascii_digit()) => Some(format!("+{digits}")),
        other => Some(other.to_owned()),
    };
    let number = number.filter(|number| number.bytes().any(|b| b.is_ascii_digit()));
    let name = Some(field(4).to_owned()).filter(|name| !name.is_empty());
    Urc::Clip { withheld: number.is_none(), number, name }
}

/// Every maker has a line of its own for a full storage: `^SMMEMFULL: "SM"`, `+QIND: SMS FULL`,
/// `+QIND: "smsfull","SM"`, `+SMS FULL`, `+CIEV: "SMSFULL",1`.
fn says_full(line: &str) -> bool {
    let line = line.to_ascii_uppercase();
    let own = line.starts_with(['+', '^', '*', '#', '$', '%']) || line.starts_with("SMS");
    own && line.len() <= 40 && line.contains("FULL") && (line.contains("SMS") || line.contains("MEM"))
}

/// Every maker has lines of its own for the start too, each at its own time: the module begins, and its parts are up. An
/// answer to `AT+CFUN?` and `AT+CPIN?` does not come here.
fn started(name: &str, rest: &str) -> Option<Urc> {
    let (name, rest) = (name.trim().to_ascii_uppercase(), rest.to_ascii_uppercase());
    let begins = ["SYSSTART", "STARTUP", "ATREADY", "POWER DOWN"].iter().any(|word| name.contains(word));
    if begins || matches!(name.as_str(), "RDY" | "APP RDY") || (name == "MODEM" && rest.starts_with("STARTUP")) {
        return Some(Urc::Started);
    }
    let words = ["READY", "RDY", "DONE"];
    let last = name.split([' ', '_']).next_back().unwrap_or_default();
    let plain = rest.is_empty() && name.len() <= 20 && words.contains(&last);
    let up = plain
        || ["+PBREADY", "+QUSIM", "+CFUN", "+CPIN", "CINIT"].contains(&name.as_str())
        || (name == "+QIND" && words.iter().any(|word| rest.ends_with(word)))
        || (name == "+WIND" && matches!(rest.as_str(), "3" | "4"));
    up.then_some(Urc::PartUp)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Slot, Urc, parse};

    fn clip(number: Option<&str>, withheld: bool, name: Option<&str>) -> Option<Urc> {
        Some(Urc::Clip { number: number.map(str::to_owned), withheld, name: name.map(str::to_owned) })
    }

    #[test]
    fn lines_as_modems_send_them() {
        let slot = |storage: &str, index| Slot { storage: storage.to_owned(), index };
        for (line, urc) in [
            ("+CMTI: \"SM\",3", Some(Urc::Stored(slot("SM", 3)))),
            ("+CMTI: \"ME\", 12", Some(Urc::Stored(slot("ME", 12)))),
            ("+CDSI: \"SR\",0", Some(Urc::ReportStored(slot("SR", 0)))),
            ("+CDS: 25", Some(Urc::ReportFollows(Some(25)))),
            ("+CMT: ,25", Some(Urc::DeliverFollows(Some(25)))),
            ("+CMT: \"\",25", Some(Urc::DeliverFollows(Some(25)))),
            ("+CMT: \"Office, 2\",25", Some(Urc::DeliverFollows(Some(25)))),
            ("+CMT: \"+8613900000001\",,\"26/11/23,00:00:00+32\"", Some(Urc::TextFollows)),
            ("+CMT: \"+8613900000001\",,\"26/11/23,00:00:00+32\",145,4,0,0,\"+86138\",145,5", Some(Urc::TextFollows)),
            ("+CUSD: 0,\"00420061\",72", Some(Urc::Ussd)),
            ("+CMGS: 255", Some(Urc::SentLate(255))),
            ("+CMSS: 3", Some(Urc::SentLate(3))),
            ("+CMGS: 17,\"26/11/24,08:00:00+32\"", Some(Urc::SentLate(17))),
            ("RING", Some(Urc::Ring)),
            ("RING 1", Some(Urc::Ring)),
            ("+CRING: VOICE", Some(Urc::Ring)),
            ("+CLIP: \"13805362417\",129,\"\",0,\"\",0", clip(Some("13805362417"), false, None)),
            ("+CLIP: \"+8613805362417\",145", clip(Some("+8613805362417"), false, None)),
            ("+CLIP: \"447700900123\",145", clip(Some("+447700900123"), false, None)),
            ("+CLIP: 13805362417,161,,,\"Wang, J\",0", clip(Some("13805362417"), false, Some("Wang, J"))),
            ("+CLIP: \"\",128,,,,1", clip(None, true, None)),
            ("+CLIP: \"\",128", clip(None, true, None)),
            ("+CLIP: \"Anonymous\",128,,,,1", clip(None, true, None)),
            ("NO CARRIER", Some(Urc::CallEnded)),
            ("^CEND:1,0,104,16", Some(Urc::CallEnded)),
            ("VOICE CALL: END: 000017", Some(Urc::CallEnded)),
            ("MISSED_CALL: 09:30AM 13805362417", Some(Urc::CallEnded)),
            ("VOICE CALL: BEGIN", None),
            ("OK", None),
            ("+CSQ: 20,99", None),
            ("+CMGS: 256", None),
            ("^RSSI: 18", None),
        ] {
            assert_eq!(parse(line), urc, "{line}");
        }
    }

    #[test]
    fn notices_without_a_slot_ask_to_look() {
        for (maker, line) in [
            ("27.005 with no number", "+CMTI: \"SM\",-1"),
            ("Huawei E1750", "+CMTI: ,-1"),
            ("any, cut off", "+CMTI: \"SM\""),
            ("noise in place of the number", "+CMTI: \"SM\",x"),
            ("a name that is none", "+CMTI: \"SM\";AT+CFUN=0\",1"),
            ("report, cut off", "+CDSI:"),
            ("Huawei", "^SMMEMFULL: \"SM\""),
            ("Huawei, older", "^SMMEMFULL:\"ME\""),
            ("Quectel M", "+QIND: SMS FULL"),
            ("Quectel EC2x", "+QIND: \"smsfull\",\"SM\""),
            ("SIMCom", "SMS FULL"),
            ("SIM7600", "+SMS FULL"),
            ("Cinterion", "+CIEV: \"SMSFULL\",1"),
            ("Telit", "#SMSFULL"),
        ] {
            assert_eq!(parse(line), Some(Urc::Look), "{maker}: {line}");
        }
    }

    #[test]
    fn a_module_that_starts_is_heard_in_every_makers_words() {
        for (maker, line) in [
            ("Quectel, SIMCom", "RDY"),
            ("Quectel BG95", "APP RDY"),
            ("SIM800", "SMS Ready"),
            ("SIM800", "Call Ready"),
            ("SIM7600", "SMS DONE"),
            ("SIM7600", "PB DONE"),
            ("A7670", "*ATREADY: 1"),
            ("SIM900", "+CFUN: 1"),
            ("SIM800", "+CPIN: READY"),
            ("SIM800, pulled", "+CPIN: NOT READY"),
            ("EC25", "+QIND: SMS DONE"),
            ("EC25", "+QIND: PB DONE"),
            ("EC25", "+QUSIM: 1"),
            ("Cinterion", "^SYSSTART"),
            ("Cinterion", "^SYSSTART AIRPLANE MODE"),
            ("Neoway", "MODEM:STARTUP"),
            ("another", "+SYSSTART: 1"),
            ("Neoway", "+PBREADY"),
            ("Air724", "SMS READY"),
            ("Wavecom", "+WIND: 4"),
            ("nRF9160", "Ready"),
            ("SIM900", "NORMAL POWER DOWN"),
        ] {
            assert!(matches!(parse(line), Some(Urc::Started | Urc::PartUp)), "{maker}: {line}");
        }
        for (line, urc) in [("RDY", Urc::Started), ("^SYSSTART", Urc::Started), ("SMS Ready", Urc::PartUp)] {
            assert_eq!(parse(line), Some(urc), "{line}");
        }
        for line in [
            "^BOOT:27710117,0,0,0,77",
            "^RSSI:20",
            "^MODE:5,4",
            "^SIMST:1",
            "+CREG: 1",
            "+WIND: 5",
            "+QIND: \"csq\",31,99",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
