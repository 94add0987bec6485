//! Looking for a document by a piece of its number `DD20261123-017`: by its begin, which is a kind, a year, a month or
//! a day, or by its sequence within the day. Each is a range of an index, however many documents there are.

use chrono::{Datelike, NaiveDate};

use crate::kernel::china::width::half;

/// What was typed, as ranges of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sought {
    /// The number begins so.
    pub begins: Vec<String>,
    /// The sequence, with what the number ends with.
    pub sequence: Option<(i64, String)>,
}

/// The sequence within the day of a number.
pub(super) fn sequence(number: &str) -> i64 {
    number.rsplit_once('-').and_then(|(_, digits)| digits.parse().ok()).unwrap_or(0)
}

/// The first text behind every one that begins with `begin`.
pub(super) fn behind(begin: &str) -> String {
    // Numbers are digits, letters and '-', all of which come before '~'.
    format!("{begin}~")
}

/// Reads what was typed as a piece of a number with this prefix; nothing where it is none.
pub(super) fn parse(typed: &str, prefix: &str, today: NaiveDate) -> Sought {
    let text: String = typed.chars().map(half).filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
    let mut sought = Sought::default();
    if !text.is_empty() && prefix.starts_with(&text) {
        sought.begins.push(prefix.to_owned());
        return sought;
    }
    let digits = text.strip_prefix(prefix).unwrap_or(&text);
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return sought;
    }
    if digits.len() < text.len() {
        sought.begins.push(text);
        return sought;
    }
    match digits.split_once('-') {
        // 20261123-0: the begin.
        Some((day, _)) if day.len() == 8 => sought.begins.push(format!("{prefix}{digits}")),
        // 1123-017, 23-017 and -017: the end.
        Some((_, last)) => sought.sequence = last.parse().ok().map(|last| (last, digits.to_owned())),
        None => {
            if digits.len() <= 4 {
                sought.sequence = digits.parse().ok().filter(|last| *last > 0).map(|last| (last, String::new()));
            }
            // 2026, 202611, 20261123.
            if digits.len() >= 4 && digits.starts_with("20") {
                sought.begins.push(format!("{prefix}{digits}"));
            }
            // 261123.
            if digits.len() == 6 {
                sought.begins.push(format!("{prefix}20{digits}"));
            }
            // 1123: that day of this year and the last.
            if digits.len() == 4 {
                sought.begins.extend([0, 1].map(|ago| format!("{prefix}{}{digits}", today.year() - ago)));
            }
        }
    }
    sought
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{NaiveDate, Sought, behind, parse, sequence};

    fn read(typed: &str) -> Sought {
        parse(typed, "DD", NaiveDate::from_ymd_opt(2026, 11, 26).unwrap())
    }

    fn begins(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_number_is_found_by_its_begin() {
        for typed in ["DD20261123-017", "dd20261123-017", "ＤＤ20261123-017", "20261123-017"] {
            assert_eq!(read(typed).begins, ["DD20261123-017"], "{typed}");
        }
        assert_eq!(read("dd").begins, ["DD"]);
        assert_eq!(read("202611").begins, begins(&["DD202611", "DD20202611"]));
        assert_eq!(read("261123").begins, ["DD20261123"]);
        assert!("DD20261123-017" < behind("DD20261123").as_str() && behind("DD20261123").as_str() < "DD20261124");
    }

    #[test]
    fn a_number_is_found_by_its_end() {
        assert_eq!(read("17").sequence, Some((17, String::new())));
        assert_eq!(read("017").sequence, Some((17, String::new())));
        assert_eq!(read("-017").sequence, Some((17, "-017".to_owned())));
        assert_eq!(read("1123-017").sequence, Some((17, "1123-017".to_owned())));
        assert_eq!(read("1123").begins, ["DD20261123", "DD20251123"]);
        assert_eq!(sequence("DD20261123-1017"), 1017);
    }

    #[test]
    fn names_and_telephone_numbers_are_no_numbers() {
        for typed in ["", "农资", "jn", "13805362417", "0", "-", "SK2026", "1'--"] {
            assert_eq!(read(typed), Sought::default(), "{typed}");
        }
    }
}
