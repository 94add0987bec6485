//! Unsolicited result codes: what a modem says without being asked.

/// A URC that the agent acts upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Urc {
    /// `+CMTI: "SM",3`: a message lies in a slot (27.005, 3.4.1).
    Stored(Slot),
    /// `+CDSI: "SR",3`: a status report lies in a slot.
    ReportStored(Slot),
    /// `+CDS: 25`: a status report's PDU is the next line.
    ReportFollows,
    /// `+CMT: ,25`: a message's PDU is the next line.
    DeliverFollows,
    /// `+CUSD: 0,"…",15`: the network's word about a code (27.007, 7.15); kept as it came.
    Ussd,
    /// `RING`, `+CRING: VOICE`.
    Ring,
    /// `+CLIP: "13805362417",161,,,,0` (27.007, 7.6); no number when withheld.
    Clip {
        /// As the exchange sent it.
        number: Option<String>,
        /// Withheld (1) or not available (2).
        withheld: bool,
    },
    /// `NO CARRIER`, `^CEND…`: a call ended.
    CallEnded,
    /// `+CMGS: 17` or `+CMSS: 17` that nobody waits for any more: the network took the message after all.
    SentLate(u8),
}

/// Where a message lies.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        "+CMTI" => slot(rest).map(Urc::Stored),
        "+CDSI" => slot(rest).map(Urc::ReportStored),
        "+CDS" => Some(Urc::ReportFollows),
        "+CMT" => Some(Urc::DeliverFollows),
        "+CUSD" => Some(Urc::Ussd),
        "+CMGS" | "+CMSS" => rest.split(',').next()?.trim().parse().ok().map(Urc::SentLate),
        "RING" | "+CRING" => Some(Urc::Ring),
        "+CLIP" => {
            let fields: Vec<&str> = rest.split(',').collect();
            let number = fields.first().map(|field| field.trim_matches('"').to_owned()).filter(|n| !n.is_empty());
            let validity = fields.get(5).and_then(|field| field.trim().parse::<u8>().ok()).unwrap_or(0);
            Some(Urc::Clip { withheld: number.is_none() && validity != 0, number })
        }
        "NO CARRIER" | "^CEND" => Some(Urc::CallEnded),
        _ => None,
    }
}

fn slot(rest: &str) -> Option<Slot> {
    let (storage, index) = rest.split_once(',')?;
    let storage = storage.trim().trim_matches('"');
    // It goes back to the modem inside a command: only what a storage is called may.
    let named = (1..=4).contains(&storage.len()) && storage.bytes().all(|b| b.is_ascii_alphabetic());
    Some(Slot { storage: named.then(|| storage.to_owned())?, index: index.trim().parse().ok()? })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Slot, Urc, parse};

    #[test]
    fn lines_as_modems_send_them() {
        let clip = |number: Option<&str>, withheld| Some(Urc::Clip { number: number.map(str::to_owned), withheld });
        let slot = |storage: &str, index| Slot { storage: storage.to_owned(), index };
        for (line, urc) in [
            ("+CMTI: \"SM\",3", Some(Urc::Stored(slot("SM", 3)))),
            ("+CMTI: \"ME\", 12", Some(Urc::Stored(slot("ME", 12)))),
            ("+CDSI: \"SR\",0", Some(Urc::ReportStored(slot("SR", 0)))),
            ("+CDS: 25", Some(Urc::ReportFollows)),
            ("+CMT: ,25", Some(Urc::DeliverFollows)),
            ("+CUSD: 0,\"00420061\",72", Some(Urc::Ussd)),
            ("+CMGS: 255", Some(Urc::SentLate(255))),
            ("+CMSS: 3", Some(Urc::SentLate(3))),
            ("+CMGS: 17,\"26/11/24,08:00:00+32\"", Some(Urc::SentLate(17))),
            ("RING", Some(Urc::Ring)),
            ("+CRING: VOICE", Some(Urc::Ring)),
            ("+CLIP: \"13805362417\",129,\"\",0,\"\",0", clip(Some("13805362417"), false)),
            ("+CLIP: \"+8613805362417\",145", clip(Some("+8613805362417"), false)),
            ("+CLIP: \"\",128,,,,1", clip(None, true)),
            ("NO CARRIER", Some(Urc::CallEnded)),
            ("^CEND:1,0,104,16", Some(Urc::CallEnded)),
            ("OK", None),
            ("+CSQ: 20,99", None),
            ("+CMTI: \"SM\",x", None),
            ("+CMTI: \"SM\";AT+CFUN=0\",1", None),
            ("+CMGS: 256", None),
            ("^RSSI: 18", None),
        ] {
            assert_eq!(parse(line), urc, "{line}");
        }
    }
}
