//! What a box reported about itself, read from what is stored.

use std::collections::BTreeMap;

use fieldline_protocol::messages::{Info, ModemHealth, ModemInfo, ModemState, ModemTrouble, Registration};

/// Modems and lines kept of one box, and settings; a report of more is nonsense.
const MOST: usize = 16;
const MOST_SETTINGS: usize = 64;
/// The longest word that is kept of a report, and the longest text: an answer of the network.
const WORD: usize = 64;
const TEXT: usize = 400;

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

/// A stored report with one modem's part replaced; `None` where the box has told of too many already.
#[must_use]
pub fn with_modem(stored: &str, name: &str, state: ModemState) -> Option<String> {
    let mut modems = modems(stored);
    if modems.len() >= MOST && !modems.contains_key(name) {
        return None;
    }
    let state = ModemState {
        operator: cut(state.operator, WORD),
        error: state.error.map(|error| cut(error, TEXT)),
        balance: state.balance.map(|balance| cut(balance, TEXT)),
        ..state
    };
    modems.insert(name.to_owned(), state);
    serde_json::to_string(&modems).ok()
}

/// What a box says of itself, as much of it as is kept.
#[must_use]
pub fn bounded(info: Info) -> Info {
    let word = |text: String| cut(text, WORD);
    let modem = |modem: ModemInfo| ModemInfo {
        id: word(modem.id),
        imei: word(modem.imei),
        iccid: word(modem.iccid),
        model: word(modem.model),
        firmware: word(modem.firmware),
    };
    Info {
        hardware: word(info.hardware),
        os: word(info.os),
        agent: word(info.agent),
        modems: info.modems.into_iter().take(MOST).map(modem).collect(),
        lines: info.lines.into_iter().take(MOST).map(word).collect(),
        settings: info
            .settings
            .into_iter()
            .take(MOST_SETTINGS)
            .map(|(name, value)| (word(name), word(value)))
            .collect(),
        troubles: info.troubles.into_iter().take(MOST).collect(),
    }
}

fn cut(text: String, most: usize) -> String {
    if text.chars().count() <= most { text } else { text.chars().take(most).collect() }
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

    use super::{MOST, bounded, info, modems, with_modem, works};

    #[test]
    fn reports_are_kept_by_modem() {
        let state: ModemState =
            serde_json::from_str(r#"{"health":"ready","registration":"home","operator":"中国移动","ts":1}"#).unwrap();
        let waiting: ModemState = serde_json::from_str(r#"{"health":"waiting","ts":2}"#).unwrap();
        let stored = with_modem(&with_modem("nonsense", "m1", state.clone()).unwrap(), "m2", waiting).unwrap();
        let read = modems(&stored);
        assert_eq!(read["m1"], state);
        assert!(works(&read["m1"]) && !works(&read["m2"]));
        let broke = ModemState { trouble: Some(ModemTrouble::NoCredit), ..read["m1"].clone() };
        assert!(!works(&broke), "a SIM without credit is in the network and sends nothing");
        assert!(modems("[]").is_empty());
        assert_eq!(info("").agent, "");
    }

    #[test]
    fn a_box_cannot_make_its_report_grow_without_end() {
        let long = "九".repeat(100_000);
        let state: ModemState = serde_json::from_value(
            serde_json::json!({ "health": "ready", "operator": long, "error": long, "balance": long, "ts": 1 }),
        )
        .unwrap();
        let mut stored = String::new();
        for n in 0..MOST {
            stored = with_modem(&stored, &format!("m{n}"), state.clone()).unwrap();
        }
        assert_eq!(with_modem(&stored, "one_more", state.clone()), None);
        assert!(with_modem(&stored, "m0", state).is_some(), "one that is known goes on");
        assert!(stored.len() < 64 << 10, "{}", stored.len());
        let info = bounded(info(&serde_json::json!({ "os": long, "lines": vec![&long; 1000] }).to_string()));
        assert!(serde_json::to_string(&info).unwrap().len() < 8 << 10);
    }
}
