//! What a box reported about itself, read leniently: agents of other versions may say more or less.

use serde_json::Value;

/// A modem, as its page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modem {
    /// Its name on the box.
    pub name: String,
    /// Operator.
    pub operator: String,
    /// Signal in per cent, where known.
    pub signal: Option<i64>,
    /// Whether it is in the network.
    pub registered: bool,
    /// Messages in its queue.
    pub queue: i64,
    /// Messages sent within the last hour.
    pub sent_hour: i64,
    /// SIM storage, used and capacity.
    pub sim: Option<(i64, i64)>,
    /// What is wrong.
    pub error: String,
}

/// What the box is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// Version of the agent.
    pub agent: String,
    /// Operating system.
    pub os: String,
    /// Hardware.
    pub hardware: String,
}

fn text(value: &Value, names: &[&str]) -> String {
    names
        .iter()
        .filter_map(|name| value.get(name))
        .find_map(|found| match found {
            Value::String(text) => Some(text.chars().take(120).collect()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        })
        .unwrap_or_default()
}

fn number(value: &Value, names: &[&str]) -> Option<i64> {
    names.iter().find_map(|name| value.get(name)?.as_i64())
}

/// The modems of a stored report.
#[must_use]
pub fn modems(stored: &str) -> Vec<Modem> {
    let Ok(Value::Object(modems)) = serde_json::from_str::<Value>(stored) else { return Vec::new() };
    modems.into_iter().map(|(name, value)| modem(name, &value)).collect()
}

fn modem(name: String, value: &Value) -> Modem {
    let registration = text(value, &["registration"]);
    let used = number(value, &["sim_used"]);
    let capacity = number(value, &["sim_capacity"]);
    Modem {
        name,
        operator: text(value, &["operator"]),
        signal: number(value, &["signal", "signal_percent"]),
        registered: matches!(registration.as_str(), "home" | "roaming" | "registered" | "1" | "5"),
        queue: number(value, &["queue"]).unwrap_or(0),
        sent_hour: number(value, &["sent_hour", "sent_in_hour", "hour"]).unwrap_or(0),
        sim: used.zip(capacity),
        error: text(value, &["error"]),
    }
}

/// What a box said about itself.
#[must_use]
pub fn info(stored: &str) -> Info {
    let value: Value = serde_json::from_str(stored).unwrap_or_default();
    Info {
        agent: text(&value, &["agent", "ver", "version"]),
        os: text(&value, &["os"]),
        hardware: text(&value, &["hardware"]),
    }
}

/// A stored report with one modem's part replaced. The whole stays small: a box has a few modems.
#[must_use]
pub fn with_modem(stored: &str, name: &str, state: Value) -> String {
    let mut modems = match serde_json::from_str::<Value>(stored) {
        Ok(Value::Object(modems)) => modems,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    if modems.len() < 32 || modems.contains_key(name) {
        modems.insert(name.to_owned(), state);
    }
    Value::Object(modems).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{info, modems, with_modem};

    #[test]
    fn reports_of_any_shape_are_read() {
        let stored = with_modem("{}", "m1", serde_json::json!({"operator": "中国移动", "registration": "home", "signal": 71, "queue": 3}));
        let stored = with_modem(&stored, "m2", serde_json::json!("?"));
        let read = modems(&stored);
        assert_eq!(read.len(), 2);
        assert!(read[0].registered && read[0].signal == Some(71) && read[0].queue == 3);
        assert!(!read[1].registered && read[1].operator.is_empty());
        assert!(modems("[]").is_empty() && modems("nonsense").is_empty());
        assert_eq!(info("{\"agent\":\"0.1.0\"}").agent, "0.1.0");
        assert_eq!(info("").agent, "");
    }
}
