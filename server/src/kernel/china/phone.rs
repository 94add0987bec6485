//! Telephone numbers in China, in any spelling (号码归一): one national form to store, compare and search.
//!
//! The national form is digits only. By kind:
//! - a mobile: its eleven digits, `13805362417`;
//! - a landline: area code with its 0, then the local number, `05363112290`, `01062345678`, `075526001234`;
//! - 400 and 800 numbers, 95xxx, 1xxxx: as dialled, `4006001234`, `95588`;
//! - a local number without area code: as dialled, `3112290`, since nobody says in which city;
//! - abroad, Hong Kong, Macau and Taiwan included: `00` and the country code, `0085223456789`.
//!
//! Carriers' IP prefixes and +86 are taken away, and an extension is kept apart. `tests/phone.rs` has the spellings.

use crate::kernel::china::width::half;

/// A number in national form, and its extension.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Phone {
    digits: String,
    extension: String,
}

/// What kind of line a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A mainland mobile: takes SMS.
    Mobile,
    /// A landline with its area code.
    Landline,
    /// A local number without area code, a service number, a number abroad.
    Other,
}

/// What the old carriers had people dial before a number: cheap long distance (179xx, 12593, 10193) and the
/// second number on one SIM card (12583 and its place).
const PREFIXES: [&str; 16] = [
    "17900", "17901", "17908", "17909", "17910", "17911", "17931", "17950", "17951", "17968", "17969", "10193",
    "12593", "125831", "125832", "125833",
];

impl Phone {
    /// Reads a number as people, modems and exchanges write it; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Phone> {
        let text: String = text.chars().filter_map(plain).collect();
        let text = text.trim();
        let text = text.strip_prefix("tel:").unwrap_or(text);
        let (main, extension) = split_extension(text)?;
        let digits = read(main)?;
        (3..=20).contains(&digits.len()).then_some(Phone { digits, extension })
    }

    /// The national form.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// The extension behind it, possibly empty.
    #[must_use]
    pub fn extension(&self) -> &str {
        &self.extension
    }

    /// What kind of line it is.
    #[must_use]
    pub fn line(&self) -> Line {
        line_of(&self.digits)
    }

    /// Whether it has fewer digits than any line of a person: a service, an extension, or a slip.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.digits.len() < 7
    }

    /// With +86, as the modem wants it.
    #[must_use]
    pub fn international(&self) -> String {
        match (self.line(), self.digits.strip_prefix("00")) {
            (_, Some(abroad)) => format!("+{abroad}"),
            (Line::Landline, None) => format!("+86{}", self.digits.trim_start_matches('0')),
            (Line::Mobile | Line::Other, None) => format!("+86{}", self.digits),
        }
    }
}

/// `138 0536 2417`, `0536-3112290`; other numbers as they are.
impl std::fmt::Display for Phone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let d = self.digits.as_str();
        match self.line() {
            Line::Mobile => {
                let (operator, rest) = d.split_at_checked(3).unwrap_or((d, ""));
                let (area, user) = rest.split_at_checked(4).unwrap_or((rest, ""));
                write!(f, "{operator} {area} {user}")?;
            }
            Line::Landline => {
                let (area, local) = d.split_at_checked(area_length(d)).unwrap_or((d, ""));
                write!(f, "{area}-{local}")?;
            }
            Line::Other => f.write_str(d)?,
        }
        if self.extension.is_empty() { Ok(()) } else { write!(f, "-{}", self.extension) }
    }
}

/// Whether national digits are a mainland mobile: eleven, beginning 13 to 19.
fn is_mobile(digits: &str) -> bool {
    digits.len() == 11
        && digits.starts_with('1')
        && digits.as_bytes().get(1).is_some_and(|second| (b'3'..=b'9').contains(second))
}

/// Digits of the area code with its leading zero: 010 and 02x have three, the others four.
fn area_length(digits: &str) -> usize {
    if digits.starts_with("010") || digits.starts_with("02") { 3 } else { 4 }
}

fn line_of(digits: &str) -> Line {
    if is_mobile(digits) {
        Line::Mobile
    } else if digits.starts_with('0') && !digits.starts_with("00") && (10..=12).contains(&digits.len()) {
        Line::Landline
    } else {
        Line::Other
    }
}

/// 400 and 800 numbers, which have ten digits and no area code.
fn is_service(digits: &str) -> bool {
    digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"))
}

/// The national form of a number without extension.
fn read(main: &str) -> Option<String> {
    let (mut digits, mut plus) = (String::with_capacity(main.len()), false);
    // Digits before the first separator: `951-…` is an area code, `951…` may be a 95xxx number.
    let mut first_group = None;
    for c in main.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() && !plus => plus = true,
            ' ' | '-' | '(' | ')' | '.' | '/' => {
                if !digits.is_empty() && first_group.is_none() {
                    first_group = Some(digits.len());
                }
            }
            _ => return None,
        }
    }
    let rest = PREFIXES
        .iter()
        .filter_map(|prefix| digits.strip_prefix(prefix))
        .find(|rest| rest.len() >= 7)
        .filter(|_| !plus)
        .unwrap_or(&digits);
    let with_country = if plus { Some(rest.trim_start_matches('0')) } else { rest.strip_prefix("00") };
    if let Some(international) = with_country {
        return match international.strip_prefix("86") {
            Some(mainland) => Some(mainland_number(mainland)),
            None => (7..=15).contains(&international.len()).then(|| format!("00{international}")),
        };
    }
    if let Some(mainland) = rest.strip_prefix("86") {
        let local = mainland.trim_start_matches('0');
        if is_mobile(local) || is_service(mainland) || (rest.len() > 11 && (9..=11).contains(&local.len())) {
            return Some(mainland_number(mainland));
        }
    }
    // The mainland gave the area codes 0852 and 0853 up, and never had 0886.
    let neighbour = match rest.get(..3) {
        Some("852" | "853") => rest.len() == 11,
        Some("886") => (11..=12).contains(&rest.len()),
        Some(_) | None => false,
    };
    if neighbour {
        return Some(format!("00{rest}"));
    }
    if rest.len() == digits.len() && lacks_zero(rest, first_group) {
        return Some(format!("0{rest}"));
    }
    // Some exchanges put the long-distance 0 before a mobile.
    match rest.strip_prefix('0') {
        Some(mobile) if is_mobile(mobile) => Some(mobile.to_owned()),
        Some(_) | None => Some(rest.to_owned()),
    }
}

/// A mainland number behind +86, where area codes come without their 0 and often with it.
fn mainland_number(mainland: &str) -> String {
    let local = mainland.trim_start_matches('0');
    // 95xxx and 96xxx numbers of companies (the area codes are 0951 to 0955), and the ports of their SMS.
    let company = ["950", "956", "957", "958", "959", "96"].iter().any(|start| local.starts_with(start))
        || (local.starts_with("106") && local.len() > 10);
    if is_mobile(local) || is_service(local) || company || !(9..=11).contains(&local.len()) {
        local.to_owned()
    } else {
        format!("0{local}")
    }
}

/// Whether this is an area code without its 0 and a local number: `536 3112290`, `10-62345678`, `75526001234`.
/// `first_group` is the number of digits before the first separator.
fn lacks_zero(digits: &str, first_group: Option<usize>) -> bool {
    if is_mobile(digits) || is_service(digits) {
        return false;
    }
    let second = digits.get(1..2).unwrap_or_default();
    match (digits.get(..1).unwrap_or_default(), digits.len()) {
        // Beijing. The ports that SMS of companies come from begin with 1065 to 1069.
        ("1", 10) => {
            second == "0"
                && digits.get(2..3).is_some_and(|local| ("2"..="8").contains(&local))
                && (first_group == Some(2) || !digits.get(2..4).is_some_and(|port| ("65"..="69").contains(&port)))
        }
        ("2", 10) => true,
        // 95xxx and 96xxx numbers of companies can be this long.
        ("9", 10 | 11) if matches!(second, "5" | "6") => first_group == Some(3),
        ("3" | "4" | "5" | "6" | "7" | "8" | "9", 10 | 11) => true,
        _ => false,
    }
}

/// Splits `0536-3112290-801`, `…转801`, `…ext 801`, `…#801`. Behind a dash only what follows a whole number is
/// an extension.
fn split_extension(text: &str) -> Option<(&str, String)> {
    let lower = text.to_ascii_lowercase();
    for mark in ["转", "分机", "ext", "#", ",", "x"] {
        if let Some(place) = lower.find(mark) {
            let main = text.get(..place)?;
            let extension: String = text
                .get(place + mark.len()..)?
                .trim_start_matches("分机")
                .chars()
                .filter(|c| !matches!(c, ' ' | '.' | ':' | '-' | ')'))
                .collect();
            if extension.is_empty() || !extension.bytes().all(|b| b.is_ascii_digit()) || extension.len() > 6 {
                return None;
            }
            return Some((main.trim_end_matches(['(', ' ', '-']), extension));
        }
    }
    if let Some((main, tail)) = text.rsplit_once('-')
        && (1..=6).contains(&tail.len())
        && tail.bytes().all(|b| b.is_ascii_digit())
        && let Some(digits) = read(main)
        && (line_of(&digits) != Line::Other || is_service(&digits))
    {
        return Some((main, tail.to_owned()));
    }
    Some((text, String::new()))
}

/// Full-width characters as half-width, every dash and space as one; the invisible marks that come along when
/// a number is copied from an address book are dropped.
fn plain(c: char) -> Option<char> {
    match half(c) {
        '\u{a0}' | '\u{2009}' | '\u{202f}' | '\t' => Some(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' => None,
        other => Some(other),
    }
}
