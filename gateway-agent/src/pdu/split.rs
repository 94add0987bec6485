//! Cutting a text into parts (3GPP TS 23.040, 9.2.3.24.1): GSM-7 where it fits, else UCS-2 as UTF-16BE.
//! A surrogate pair and an escape pair stay together.

use super::gsm7;

/// The user data of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserData {
    /// Septets of the default alphabet.
    Gsm7(Vec<u8>),
    /// UTF-16 code units.
    Ucs2(Vec<u16>),
}

impl UserData {
    /// Septets or code units.
    #[must_use]
    pub fn units(&self) -> usize {
        match self {
            UserData::Gsm7(septets) => septets.len(),
            UserData::Ucs2(units) => units.len(),
        }
    }
}

/// The most parts that one 8-bit count can number.
const MOST_PARTS: usize = 255;

/// Cuts `text`; one part needs no header. `wide`: the header has a 16-bit reference. `None` when it would need
/// more than 255 parts.
#[must_use]
pub fn split(text: &str, wide: bool) -> Option<Vec<UserData>> {
    // 140 octets less a header of 6 or 7: septets from the next boundary on, or whole units.
    let (septets_left, units_left) = if wide { (152, 66) } else { (153, 67) };
    let parts: Vec<UserData> = match gsm7::encode(text) {
        Some(septets) if septets.len() <= 160 => vec![UserData::Gsm7(septets)],
        Some(_) => {
            gather(text.chars().filter_map(gsm7::septets_of), septets_left).into_iter().map(UserData::Gsm7).collect()
        }
        None => {
            let units: Vec<u16> = text.encode_utf16().collect();
            if units.len() <= 70 {
                vec![UserData::Ucs2(units)]
            } else {
                let characters = text.chars().map(|c| c.encode_utf16(&mut [0; 2]).to_vec());
                gather(characters, units_left).into_iter().map(UserData::Ucs2).collect()
            }
        }
    };
    (parts.len() <= MOST_PARTS).then_some(parts)
}

/// Fills parts of at most `room` units with pieces that are not cut.
fn gather<T: Clone>(pieces: impl Iterator<Item = Vec<T>>, room: usize) -> Vec<Vec<T>> {
    let mut parts: Vec<Vec<T>> = vec![Vec::new()];
    for piece in pieces {
        match parts.last_mut() {
            Some(last) if last.len() + piece.len() <= room => last.extend(piece),
            Some(_) | None => parts.push(piece),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{UserData, split};

    #[test]
    fn limits_are_those_of_the_standard() {
        for (text, parts) in [
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("您".repeat(70), 1),
            ("您".repeat(71), 2),
            ("您".repeat(134), 2),
            ("您".repeat(135), 3),
            (String::new(), 1),
        ] {
            assert_eq!(split(&text, false).unwrap().len(), parts, "{} characters", text.chars().count());
        }
        assert_eq!(split(&"a".repeat(40_000), false), None);
    }

    #[test]
    fn pairs_are_never_cut() {
        let emoji = format!("{}{}", "x".repeat(66), "👍".repeat(40));
        for part in split(&emoji, false).unwrap() {
            let UserData::Ucs2(units) = part else { panic!("UCS-2") };
            assert!(String::from_utf16(&units).is_ok());
        }
        let escaped = format!("{}{}", "x".repeat(152), "€".repeat(40));
        for part in split(&escaped, false).unwrap() {
            let UserData::Gsm7(septets) = part else { panic!("GSM-7") };
            assert_ne!(septets.last(), Some(&0x1b));
        }
    }
}
