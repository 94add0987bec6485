//! Unsolicited result codes: what a modem says without being asked.

/// A URC that the agent acts upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Urc {
    /// `+CMTI: "SM",3`: a message lies in a slot (27.005, 3.4.1).
    Stored(u32),
    /// `+CDS: 25`: a status report's PDU is the next line.
    ReportFollows,
    /// `+CMT: ,25`: a message's PDU is the next line.
    DeliverFollows,
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
}

/// Reads a line; `None` when it is no URC, but perhaps an answer.
#[must_use]
pub fn parse(line: &str) -> Option<Urc> {
    let (name, rest) = line.split_once(':').map_or((line, ""), |(name, rest)| (name, rest.trim()));
    match name {
        "+CMTI" => rest.rsplit(',').next()?.trim().parse().ok().map(Urc::Stored),
        "+CDS" => Some(Urc::ReportFollows),
        "+CMT" => Some(Urc::DeliverFollows),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Urc, parse};

    #[test]
    fn lines_as_modems_send_them() {
        let clip = |number: Option<&str>, withheld| Some(Urc::Clip { number: number.map(str::to_owned), withheld });
        for (line, urc) in [
            ("+CMTI: \"SM\",3", Some(Urc::Stored(3))),
            ("+CMTI: \"ME\", 12", Some(Urc::Stored(12))),
            ("+CDS: 25", Some(Urc::ReportFollows)),
            ("RING", Some(Urc::Ring)),
            ("+CRING: VOICE", Some(Urc::Ring)),
            ("+CLIP: \"13805362417\",129,\"\",0,\"\",0", clip(Some("13805362417"), false)),
            ("+CLIP: \"+8613805362417\",145", clip(Some("+8613805362417"), false)),
            ("+CLIP: \"\",128,,,,1", clip(None, true)),
            ("NO CARRIER", Some(Urc::CallEnded)),
            ("OK", None),
            ("+CSQ: 20,99", None),
            ("+CMTI: \"SM\",x", None),
        ] {
            assert_eq!(parse(line), urc, "{line}");
        }
    }
}
