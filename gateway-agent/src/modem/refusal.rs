//! What a modem's or the network's refusal means for the message and for the modem.
//!
//! Codes: 3GPP TS 27.005, 3.2.5; below 128 they are the relay's causes of TS 24.011, E.2, from 128 on those of
//! TS 23.040, 9.2.3.22.

use fieldline_protocol::messages::ModemTrouble;

/// What a refusal means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This message will never go.
    Message,
    /// Not now: the network or the receiver's exchange is busy. Others may go.
    Later,
    /// The network's words do not tell whether this number or this SIM is meant: others go first, and only where
    /// another number is refused too is it the SIM.
    NumberOrSim(ModemTrouble),
    /// This SIM cannot send now, most likely; another may.
    Sim(ModemTrouble),
    /// This modem cannot send now, whatever the message; another may.
    Modem(ModemTrouble),
    /// It may be on the air all the same.
    Unclear,
}

/// Reads a refusal such as `+CMS ERROR: 38`; `after` tells whether the PDU had been handed over.
#[must_use]
pub fn refusal(line: &str, after: bool) -> Refusal {
    let code = line.rsplit(':').next().and_then(|code| code.trim().parse::<u16>().ok().or_else(|| in_words(code)));
    let Some(code) = code.filter(|_| line.starts_with("+CMS")) else {
        return match line.strip_prefix("+CME ERROR:").and_then(|code| code.trim().parse::<u16>().ok()) {
            Some(10 | 13 | 15) => Refusal::Modem(ModemTrouble::NoSim),
            Some(11) => Refusal::Modem(ModemTrouble::PinNeeded),
            Some(12) => Refusal::Modem(ModemTrouble::PukNeeded),
            Some(14) => Refusal::Later,
            Some(30 | 32) => Refusal::Modem(ModemTrouble::NoNetwork),
            Some(_) | None if after => Refusal::Unclear,
            Some(_) | None => Refusal::Sim(ModemTrouble::Refusing),
        };
    };
    match code {
        // Unassigned number, rejected by the receiver's side, unknown subscriber, invalid address, barred there.
        1 | 21 | 28 | 195 | 196 => Refusal::Message,
        // What the PDU says is not understood: the same PDU will not be either.
        81 | 95..=99 | 111 | 128..=159 | 198 | 199 | 304 | 305 => Refusal::Message,
        // Destination out of order, network out of order, temporary failure, congestion, resources, centre busy or failing, SIM busy.
        22 | 27 | 38 | 41 | 42 | 47 | 192 | 194 | 314 | 320 | 340 => Refusal::Later,
        // Call barred, facility rejected, unknown subscriber, no subscription at the centre: a bad number, or no credit.
        10 | 29 | 30 | 193 => Refusal::NumberOrSim(ModemTrouble::NoCredit),
        // Barred by the operator, not subscribed, not implemented: most often no credit.
        8 | 50 | 69 => Refusal::Sim(ModemTrouble::NoCredit),
        310 | 313 | 315 => Refusal::Modem(ModemTrouble::NoSim),
        311 | 312 | 317 => Refusal::Modem(ModemTrouble::PinNeeded),
        316 | 318 => Refusal::Modem(ModemTrouble::PukNeeded),
        331 => Refusal::Modem(ModemTrouble::NoNetwork),
        // Not allowed or not supported now, wrong storage, no service centre: the modem is not set up as it should be.
        300..=303 | 321 | 322 | 330 => Refusal::Sim(ModemTrouble::Refusing),
        // Network time-out, unknown error, interworking, a duplicate that the centre has already; and what is not listed.
        _ if after => Refusal::Unclear,
        _ => Refusal::Sim(ModemTrouble::Refusing),
    }
}

/// The number of a cause that a modem gives in words whatever +CMEE says (24.011, E.2; 27.005, 3.2.5).
fn in_words(words: &str) -> Option<u16> {
    const WORDS: [(&str, u16); 20] = [
        ("unassigned", 1),
        ("operator determined barring", 8),
        ("call barred", 10),
        ("transfer rejected", 21),
        ("destination out of", 27),
        ("unidentified subscriber", 28),
        ("facility rejected", 29),
        ("unknown subscriber", 30),
        ("network out of order", 38),
        ("temporary failure", 41),
        ("congestion", 42),
        ("resources unavailable", 47),
        ("facility not subscribed", 50),
        ("facility not implemented", 69),
        ("sim not inserted", 310),
        ("sim pin required", 311),
        ("sim busy", 314),
        ("sim puk required", 316),
        ("no network service", 331),
        ("network timeout", 332),
    ];
    let words = words.trim().to_lowercase();
    WORDS.iter().find(|(known, _)| words.contains(known)).map(|(_, code)| *code)
}

/// How long a message waits that was refused for now, by how often it was; none: it is given up.
#[must_use]
pub fn pause(tries: i64) -> Option<i64> {
    const SECONDS: [i64; 9] = [15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800];
    usize::try_from(tries).ok().and_then(|tries| SECONDS.get(tries)).map(|seconds| seconds * 1_000)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Refusal, pause, refusal};
    use fieldline_protocol::messages::ModemTrouble::{NoCredit, NoNetwork, NoSim, PinNeeded, Refusing};

    #[test]
    fn codes_say_whose_fault_it_is() {
        for (line, after, meaning) in [
            ("+CMS ERROR: 1", true, Refusal::Message),
            ("+CMS ERROR: 28", true, Refusal::Message),
            ("+CMS ERROR: 304", false, Refusal::Message),
            ("+CMS ERROR: 38", true, Refusal::Later),
            ("+CMS ERROR: 42", true, Refusal::Later),
            ("+CMS ERROR: 8", true, Refusal::Sim(NoCredit)),
            ("+CMS ERROR: 50", true, Refusal::Sim(NoCredit)),
            ("+CMS ERROR: 10", true, Refusal::NumberOrSim(NoCredit)),
            ("+CMS ERROR: 29", true, Refusal::NumberOrSim(NoCredit)),
            ("+CMS ERROR: 30", true, Refusal::NumberOrSim(NoCredit)),
            ("+CMS ERROR: 310", false, Refusal::Modem(NoSim)),
            ("+CMS ERROR: 311", false, Refusal::Modem(PinNeeded)),
            ("+CMS ERROR: 331", true, Refusal::Modem(NoNetwork)),
            ("+CMS ERROR: 332", true, Refusal::Unclear),
            ("+CMS ERROR: 500", true, Refusal::Unclear),
            ("+CMS ERROR: 500", false, Refusal::Sim(Refusing)),
            ("+CMS ERROR: 197", true, Refusal::Unclear),
            ("+CMS ERROR: Unknown subscriber", true, Refusal::NumberOrSim(NoCredit)),
            ("+CMS ERROR: Network out of order", true, Refusal::Later),
            ("+CMS ERROR: no network service", true, Refusal::Modem(NoNetwork)),
            ("+CMS ERROR: network timeout", true, Refusal::Unclear),
            ("+CME ERROR: 10", false, Refusal::Modem(NoSim)),
            ("+CME ERROR: 11", false, Refusal::Modem(PinNeeded)),
            ("ERROR", true, Refusal::Unclear),
            ("ERROR", false, Refusal::Sim(Refusing)),
            ("+CMS ERROR: operation not allowed", true, Refusal::Unclear),
        ] {
            assert_eq!(refusal(line, after), meaning, "{line} after={after}");
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<i64> = (0..).map_while(pause).collect();
        assert!(pauses.is_sorted() && pauses.len() == 9);
        assert!(pauses.iter().sum::<i64>() < 86_400_000, "a message is given up within a day");
    }
}
