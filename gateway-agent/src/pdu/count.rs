//! How long a text is on the air: what the counter beside a form shows (字数与条数).

use super::dcs::Alphabet;
use super::gsm7;
use super::split::{UserData, split};

/// The size of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Size {
    /// How it goes over the air.
    pub alphabet: Alphabet,
    /// Septets or UTF-16 units, without headers.
    pub units: usize,
    /// Messages that the operator counts.
    pub parts: usize,
    /// Units that the last part has room for.
    pub left: usize,
    /// The first character that the default alphabet has not: it makes the whole text UCS-2.
    pub because_of: Option<char>,
}

/// Measures a text; an empty one has no part. `None` for what no message can carry.
#[must_use]
pub fn measure(text: &str) -> Option<Size> {
    let parts = split(text, false)?;
    let long = parts.len() > 1;
    let (alphabet, lengths): (Alphabet, Vec<usize>) = match parts.first()? {
        UserData::Gsm7(_) => (Alphabet::Gsm7, parts.iter().map(UserData::units).collect()),
        UserData::Ucs2(_) => (Alphabet::Ucs2, parts.iter().map(UserData::units).collect()),
    };
    let room = match (alphabet, long) {
        (Alphabet::Gsm7, false) => 160,
        (Alphabet::Gsm7, true) => 153,
        (_, false) => 70,
        (_, true) => 67,
    };
    Some(Size {
        alphabet,
        units: lengths.iter().sum(),
        parts: if text.is_empty() { 0 } else { parts.len() },
        left: room - lengths.last().copied().unwrap_or_default().min(room),
        because_of: text.chars().find(|c| gsm7::septets_of(*c).is_none()),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::measure;

    #[test]
    fn both_ends_count_alike() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../protocol/vectors/parts.json")).unwrap();
        for vector in vectors.as_array().unwrap() {
            let times = usize::try_from(vector["times"].as_u64().unwrap()).unwrap();
            let text = vector["text"].as_str().unwrap().repeat(times) + vector["then"].as_str().unwrap_or("");
            let size = serde_json::to_value(measure(&text).unwrap()).unwrap();
            for field in ["alphabet", "units", "parts", "left"] {
                assert_eq!(size[field], vector[field], "{field} of {vector}");
            }
        }
    }

    #[test]
    fn the_character_that_costs_is_named() {
        assert_eq!(measure("Visit “today”").unwrap().because_of, Some('“'));
        assert_eq!(measure("Visit today €").unwrap().because_of, None);
        assert_eq!(measure(&"a".repeat(153 * 255 + 1)), None);
    }
}
