//! Telephone numbers in China, in any spelling (号码归一): one national form to store, compare and search.

/// A number in national form: digits only, without +86, area code kept: `13805362417`, `05363112290`,
/// `95588`, `4006001234`.
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

/// IP-dialling prefixes that the old carriers put before a number.
const IP_PREFIXES: [&str; 6] = ["17951", "17911", "12593", "17909", "17901", "10193"];

impl Phone {
    /// Reads a number as people, modems and exchanges write it; `None` when it cannot be one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Phone> {
        let text: String = text.trim().chars().map(half_width).collect();
        let (main, extension) = split_extension(&text)?;
        let abroad = main.starts_with('+') && !main.starts_with("+86");
        let mut digits = String::with_capacity(main.len());
        for (place, c) in main.chars().enumerate() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if place == 0 => {}
                ' ' | '-' | '–' | '—' | '(' | ')' | '.' | '/' | '\u{a0}' => {}
                _ => return None,
            }
        }
        if abroad {
            return (7..=15).contains(&digits.len()).then_some(Phone { digits: format!("00{digits}"), extension });
        }
        let national = national(&digits);
        (3..=20).contains(&national.len()).then_some(Phone { digits: national, extension })
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
        let d = self.digits.as_str();
        if is_mobile(d) {
            Line::Mobile
        } else if d.starts_with('0') && !d.starts_with("00") && (10..=12).contains(&d.len()) {
            Line::Landline
        } else {
            Line::Other
        }
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

/// Takes country code and IP prefixes away.
fn national(digits: &str) -> String {
    let mut rest = digits;
    for prefix in IP_PREFIXES {
        if let Some(stripped) = rest.strip_prefix(prefix)
            && stripped.len() >= 7
        {
            rest = stripped;
        }
    }
    for prefix in ["0086", "86"] {
        if let Some(stripped) = rest.strip_prefix(prefix) {
            if is_mobile(stripped) {
                return stripped.to_owned();
            }
            let local = stripped.trim_start_matches('0');
            if (9..=11).contains(&local.len()) && (prefix == "0086" || digits.len() > 11) {
                return format!("0{local}");
            }
        }
    }
    // Some exchanges put the long-distance 0 before a mobile.
    match rest.strip_prefix('0') {
        Some(mobile) if is_mobile(mobile) => mobile.to_owned(),
        Some(_) | None => rest.to_owned(),
    }
}

/// Splits `0536-3112290-801`, `…转801`, `…ext 801`, `…#801`. Only a third group of digits is an extension.
fn split_extension(text: &str) -> Option<(&str, String)> {
    let lower = text.to_ascii_lowercase();
    for mark in ["转", "分机", "ext.", "ext", "#", ",", "x"] {
        if let Some(place) = lower.find(mark) {
            let main = text.get(..place)?;
            let extension: String =
                text.get(place + mark.len()..)?.chars().filter(|c| !matches!(c, ' ' | '.' | ':' | '-')).collect();
            if extension.is_empty() || !extension.bytes().all(|b| b.is_ascii_digit()) || extension.len() > 6 {
                return None;
            }
            return Some((main, extension));
        }
    }
    let groups: Vec<&str> = text.split('-').collect();
    if let [area, local, extension] = groups.as_slice()
        && area.starts_with('0')
        && (7..=8).contains(&local.len())
        && (1..=6).contains(&extension.len())
    {
        let main = text.get(..text.len() - extension.len() - 1)?;
        return Some((main, (*extension).to_owned()));
    }
    Some((text, String::new()))
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Phone};

    #[test]
    fn one_number_in_many_spellings() {
        for text in [
            "13805362417",
            "138 0536 2417",
            "138-0536-2417",
            "+8613805362417",
            "+86 138 0536 2417",
            "008613805362417",
            "8613805362417",
            "86-138-0536-2417",
            "1795113805362417",
            "17951 138 0536 2417",
            "013805362417",
            "（138）05362417",
            "１３８０５３６２４１７",
            "1259313805362417",
            "+86-13805362417",
            "138.0536.2417",
            " 13805362417 ",
        ] {
            let phone = Phone::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(phone.digits(), "13805362417", "{text}");
            assert_eq!(phone.line(), Line::Mobile);
        }
        for text in [
            "0536-3112290",
            "05363112290",
            "(0536)3112290",
            "+8605363112290",
            "+865363112290",
            "0086 536 3112290",
            "0536 3112290",
            "86-536-3112290",
            "0536—3112290",
            "179510536 3112290",
        ] {
            let phone = Phone::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(phone.digits(), "05363112290", "{text}");
            assert_eq!(phone.line(), Line::Landline);
        }
    }

    #[test]
    fn extensions_are_kept_apart() {
        for text in [
            "0536-3112290-801",
            "0536-3112290转801",
            "05363112290 ext 801",
            "0536-3112290#801",
            "0536-3112290 分机 801",
        ] {
            let phone = Phone::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((phone.digits(), phone.extension()), ("05363112290", "801"), "{text}");
        }
    }

    #[test]
    fn what_has_letters_is_no_number() {
        for text in ["", "abc", "1380536241a", "12", "138053624171380536241713805", "张经理", "+"] {
            assert_eq!(Phone::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_shown_and_dialled_in_their_usual_form() {
        let shown = |text: &str| Phone::parse(text).map(|phone| (phone.to_string(), phone.international()));
        assert_eq!(shown("+8613805362417"), Some(("138 0536 2417".into(), "+8613805362417".into())));
        assert_eq!(shown("0536 3112290"), Some(("0536-3112290".into(), "+865363112290".into())));
        assert_eq!(shown("01062345678"), Some(("010-62345678".into(), "+861062345678".into())));
        assert_eq!(shown("+1 202 555 0143"), Some(("0012025550143".into(), "+12025550143".into())));
        assert_eq!(shown("95588"), Some(("95588".into(), "+8695588".into())));
    }
}
