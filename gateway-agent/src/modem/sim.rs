//! Opening the SIM (27.007, 8.3).

use std::time::Duration;

use fieldline_protocol::messages::ModemTrouble;

use super::driver::{Fault, Modem, SHORT};
use super::setup::Unusable;

/// What became of a configured PIN: an agent that tries a wrong one three times locks the SIM.
pub trait Pins {
    /// The PIN to try, unless this SIM refused it before.
    fn pin(&self) -> impl Future<Output = Option<String>>;
    /// It was refused.
    fn refused(&self) -> impl Future<Output = ()>;
}

/// Between two questions to a SIM that is not ready yet, and how often it is asked.
const SIM_AGAIN: Duration = Duration::from_secs(2);
const SIM_TIMES: u32 = 6;

/// What the SIM says of itself (27.007, 8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sim {
    /// Open. PIN2 and PUK2 are for other things than messages.
    Ready,
    /// Not yet.
    Wait,
    Absent,
    /// It wants its PIN.
    Pin,
    Puk,
    /// The phone is bound to another SIM or network.
    Bound,
}

/// Reads the answer to `AT+CPIN?`, or its refusal.
fn sim(said: &str) -> Sim {
    let said = said.to_ascii_uppercase();
    if let Some((kind, code)) = said.split_once(" ERROR: ").filter(|(kind, _)| matches!(*kind, "+CME" | "+CMS")) {
        return match (kind, code.trim()) {
            ("+CME", "14" | "SIM BUSY") | ("+CMS", "314") => Sim::Wait,
            ("+CME", "11" | "SIM PIN REQUIRED") | ("+CMS", "311") => Sim::Pin,
            ("+CME", "12" | "SIM PUK REQUIRED") | ("+CMS", "316") => Sim::Puk,
            ("+CME", "17" | "18" | "SIM PIN2 REQUIRED" | "SIM PUK2 REQUIRED") | ("+CMS", "317" | "318") => Sim::Ready,
            ("+CME", "5" | "6" | "7" | "PH-SIM PIN REQUIRED") | ("+CMS", "312") => Sim::Bound,
            _ => Sim::Absent,
        };
    }
    let word = said.split_once("+CPIN:").map_or(said.as_str(), |(_, word)| word).trim().trim_matches('"').trim();
    match word {
        // A module without the command has no SIM of its own to ask about.
        "READY" | "SIM PIN2" | "SIM PUK2" | "ERROR" | "" => Sim::Ready,
        "SIM PIN" => Sim::Pin,
        "SIM PUK" => Sim::Puk,
        word if word.starts_with("PH-") => Sim::Bound,
        word if word.contains("BLOCKED") => Sim::Puk,
        word if ["INSERTED", "NO SIM", "ABSENT", "REMOVED", "FAIL"].iter().any(|no| word.contains(no)) => Sim::Absent,
        _ => Sim::Wait,
    }
}

/// Opens the SIM, with its PIN where it wants one.
///
/// # Errors
/// [`Unusable`].
pub async fn unlock(modem: &mut Modem, pins: &impl Pins) -> Result<(), Unusable> {
    let mut tried = false;
    let mut said = String::new();
    for time in 0..SIM_TIMES {
        if time > 0 {
            tokio::time::sleep(SIM_AGAIN).await;
        }
        said = match modem.command("AT+CPIN?", SHORT).await {
            Ok(lines) => lines.into_iter().find(|line| line.starts_with("+CPIN")).unwrap_or_default(),
            Err(Fault::Refused(line)) => line,
            Err(fault) => return Err(fault.into()),
        };
        match sim(&said) {
            Sim::Ready => return Ok(()),
            Sim::Wait => continue,
            Sim::Absent => return Err(Unusable::Trouble(ModemTrouble::NoSim, said)),
            Sim::Puk => return Err(Unusable::Trouble(ModemTrouble::PukNeeded, said)),
            Sim::Bound => return Err(Unusable::Trouble(ModemTrouble::Refusing, said)),
            Sim::Pin if tried => continue,
            Sim::Pin => {}
        }
        let Some(pin) = pins.pin().await else { return Err(Unusable::Trouble(ModemTrouble::PinNeeded, said)) };
        match modem.command(&format!("AT+CPIN=\"{pin}\""), Duration::from_secs(20)).await {
            // The SIM is not ready at once; the network comes later still.
            Ok(_) => tried = true,
            Err(Fault::Refused(line)) if sim(&line) == Sim::Wait => {}
            Err(Fault::Refused(line)) => {
                pins.refused().await;
                return Err(Unusable::Trouble(ModemTrouble::PinWrong, line));
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(Unusable::Trouble(if tried { ModemTrouble::PinNeeded } else { ModemTrouble::NoSim }, said))
}

#[cfg(test)]
mod tests {
    use super::{Sim, sim};

    #[test]
    fn a_sim_says_in_many_words_how_it_is() {
        for (maker, said, meaning) in [
            ("27.007", "+CPIN: READY", Sim::Ready),
            ("no space", "+CPIN:READY", Sim::Ready),
            ("quoted", "+CPIN: \"READY\"", Sim::Ready),
            ("27.007", "+CPIN: SIM PIN", Sim::Pin),
            ("27.007", "+CPIN: SIM PUK", Sim::Puk),
            ("27.007", "+CPIN: SIM PIN2", Sim::Ready),
            ("27.007", "+CPIN: SIM PUK2", Sim::Ready),
            ("27.007", "+CPIN: PH-SIM PIN", Sim::Bound),
            ("27.007", "+CPIN: PH-NET PIN", Sim::Bound),
            ("27.007", "+CPIN: PH-NETSUB PUK", Sim::Bound),
            ("SIM800", "+CPIN: NOT READY", Sim::Wait),
            ("SIM800", "+CPIN: NOT INSERTED", Sim::Absent),
            ("SIM5320", "+CPIN: SIM REMOVED", Sim::Absent),
            ("Huawei", "+CPIN: SIM BLOCKED", Sim::Puk),
            ("busy", "+CME ERROR: 14", Sim::Wait),
            ("busy in words", "+CME ERROR: SIM busy", Sim::Wait),
            ("27.007, 9.2", "+CME ERROR: 10", Sim::Absent),
            ("in words", "+CME ERROR: SIM not inserted", Sim::Absent),
            ("27.007, 9.2", "+CME ERROR: 11", Sim::Pin),
            ("27.007, 9.2", "+CME ERROR: 12", Sim::Puk),
            ("27.007, 9.2", "+CME ERROR: 13", Sim::Absent),
            ("27.007, 9.2", "+CME ERROR: 17", Sim::Ready),
            ("27.007, 9.2", "+CME ERROR: 18", Sim::Ready),
            ("Quectel M95", "+CMS ERROR: 310", Sim::Absent),
            ("a module without a SIM", "ERROR", Sim::Ready),
            ("nothing but OK", "", Sim::Ready),
        ] {
            assert_eq!(sim(said), meaning, "{maker}: {said}");
        }
    }
}
