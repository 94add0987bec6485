//! What a box reported about itself, read from what is stored.

use std::collections::BTreeMap;

use fieldline_protocol::messages::{Info, ModemHealth, ModemState, ModemTrouble, Registration};

/// Modems kept of one box; a report of more is nonsense.
const MOST: usize = 32;

/// The modems of a stored report, by name.
#[must_use]
pub fn modems(stored: &str) -> BTreeMap<String, ModemState> {
    serde_json::from_str(stored).unwrap_or_default()
}

/// What a box said about itself.
#[must_use]
pub fn info(stored: &str) -> Info {
    serde_json::from_str(stored).unwrap_or_default()
}

/// A stored report with one modem's part replaced.
#[must_use]
pub fn with_modem(stored: &str, name: &str, state: ModemState) -> String {
    let mut modems = modems(stored);
    if modems.len() < MOST || modems.contains_key(name) {
        modems.insert(name.to_owned(), state);
    }
    serde_json::to_string(&modems).unwrap_or_else(|_| "{}".to_owned())
}

/// Whether a modem can send now.
#[must_use]
pub fn works(modem: &ModemState) -> bool {
    let registered = match modem.registration {
        Registration::Home | Registration::Roaming => true,
        Registration::Unknown | Registration::NotRegistered | Registration::Searching | Registration::Denied => false,
    };
    let able = modem.trouble.is_none_or(|trouble| match trouble {
        ModemTrouble::SimFull | ModemTrouble::Limit | ModemTrouble::Other => true,
        ModemTrouble::Unplugged
        | ModemTrouble::Silent
        | ModemTrouble::Refusing
        | ModemTrouble::NoSim
        | ModemTrouble::PinNeeded
        | ModemTrouble::PinWrong
        | ModemTrouble::PukNeeded
        | ModemTrouble::NoNetwork
        | ModemTrouble::Denied
        | ModemTrouble::NoCredit => false,
    });
    registered
        && able
        && match modem.health {
            ModemHealth::Ready | ModemHealth::Degraded => true,
            ModemHealth::Starting | ModemHealth::Waiting | ModemHealth::Absent => false,
        }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use fieldline_protocol::messages::{ModemState, ModemTrouble};

    use super::{info, modems, with_modem, works};

    #[test]
    fn reports_are_kept_by_modem() {
        let state: ModemState =
            serde_json::from_str(r#"{"health":"ready","registration":"home","operator":"中国移动","ts":1}"#).unwrap();
        let waiting: ModemState = serde_json::from_str(r#"{"health":"waiting","ts":2}"#).unwrap();
        let stored = with_modem(&with_modem("nonsense", "m1", state.clone()), "m2", waiting);
        let read = modems(&stored);
        assert_eq!(read["m1"], state);
        assert!(works(&read["m1"]) && !works(&read["m2"]));
        let broke = ModemState { trouble: Some(ModemTrouble::NoCredit), ..read["m1"].clone() };
        assert!(!works(&broke), "a SIM without credit is in the network and sends nothing");
        assert!(modems("[]").is_empty());
        assert_eq!(info("").agent, "");
    }
}
