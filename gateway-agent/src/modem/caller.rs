//! Who calls, from one line of a modem: formatted (`AT+VCID=1`), hexadecimal (`=2`), or `+CLIP`. Every maker, and
//! every exchange behind it, has words of its own for a number that is not shown. Pure.

use super::urc::{self, Urc};
use crate::pdu::from_hex;
use crate::text;

/// What a line says about a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// It rings.
    Ring,
    /// Who calls, as far as this line tells.
    Caller {
        /// As the exchange sent it.
        number: Option<String>,
        /// A name, in whatever letters.
        name: Option<String>,
        /// The number is withheld or not available.
        withheld: bool,
        /// More lines about the caller may follow at once.
        more: bool,
    },
    /// Date and time: kept as they came, since exchanges send them wrong.
    Detail,
    /// The call is over.
    Over,
}

/// Reads a line; `None` when it is about no call.
#[must_use]
pub fn read(line: &str) -> Option<News> {
    if let Some(urc) = urc::parse(line) {
        return match urc {
            Urc::Ring => Some(News::Ring),
            Urc::Clip { number, withheld, name } => {
                let name = name.filter(|name| !is_no_name(name) && Some(name) != number.as_ref());
                Some(News::Caller { number, name, withheld, more: false })
            }
            Urc::CallEnded => Some(News::Over),
            Urc::Stored(_)
            | Urc::ReportStored(_)
            | Urc::ReportFollows(_)
            | Urc::DeliverFollows(_)
            | Urc::TextFollows
            | Urc::Look
            | Urc::Started
            | Urc::PartUp
            | Urc::Ussd
            | Urc::SentLate(_) => None,
        };
    }
    let Some((key, value)) = line.split_once(['=', ':']) else { return message(line) };
    let value = value.trim().trim_matches('"').trim();
    match key.trim().to_ascii_uppercase().as_str() {
        "NMBR" | "NUMBER" | "DDN_NMBR" | "DDN" | "CALLER NUMBER" | "CALLER ID" | "CALLERID" | "CID" | "CLI" => {
            number(value).map(|number| News::Caller { withheld: number.is_none(), number, name: None, more: true })
        }
        "REASON NO NUMBER" | "REASON NO NMBR" => {
            Some(News::Caller { number: None, name: None, withheld: true, more: true })
        }
        "NAME" | "CALLER NAME" | "LOOKUP NAME" | "CNAM" => Some(match name(value) {
            Some(name) => News::Caller { number: None, name: Some(name), withheld: false, more: true },
            None => News::Detail,
        }),
        "MESG" => message(value),
        "DATE" | "TIME" | "REASON NO NAME" | "QUAL" | "REDIRECT" => Some(News::Detail),
        _ => None,
    }
}

/// The number of a value: none of it where the words say that it is withheld, and nothing at all of an empty one.
#[allow(clippy::option_option)] // Nothing said, and said that there is none.
fn number(value: &str) -> Option<Option<String>> {
    if value.is_empty() {
        return None;
    }
    let plain: String = value.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '/')).collect();
    // DTMF frames the digits: D or A in front, C behind (YD/T 1277).
    let framed = plain.strip_prefix(['A', 'B', 'D']).map(|rest| rest.strip_suffix('C').unwrap_or(rest));
    let dials = |text: &str| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'*' | b'#'))
    };
    let found = [Some(plain.as_str()), framed].into_iter().flatten().find(|text| dials(text));
    Some(match found {
        // Nobody has a number of zeros: some exchanges fill a withheld one with them.
        Some(digits) if digits.bytes().all(|b| b == b'0') => None,
        Some(digits) => Some(digits.to_owned()),
        // P, O, PRIVATE, OUT-OF-AREA, ANONYMOUS, 未知 and what else there is: words have no digits.
        None if !value.chars().any(|c| c.is_ascii_digit()) || is_no_name(value) => None,
        None => Some(value.to_owned()),
    })
}

fn name(value: &str) -> Option<String> {
    let number =
        !value.is_empty() && value.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | ' ' | '*' | '#'));
    (!value.is_empty() && !number && !is_no_name(value)).then(|| value.to_owned())
}

/// Words in place of a name or number.
fn is_no_name(value: &str) -> bool {
    const WORDS: [&str; 22] = [
        "O",
        "P",
        "PRIVATE",
        "OUTOFAREA",
        "UNAVAILABLE",
        "UNKNOWN",
        "ANONYMOUS",
        "WITHHELD",
        "BLOCKED",
        "RESTRICTED",
        "NONAME",
        "NONUMBER",
        "NOTAVAILABLE",
        "NA",
        "PAYPHONE",
        "COINPHONE",
        "INVALID",
        "未知",
        "保密",
        "匿名",
        "隐藏",
        "私人",
    ];
    const WHOSE: [&str; 5] = ["NAME", "NUMBER", "CALLER", "CALL", "ID"];
    let word: String = value.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_uppercase).collect();
    let bare = WHOSE.iter().find_map(|whose| word.strip_suffix(whose)).unwrap_or(&word);
    word.is_empty() || WORDS.contains(&word.as_str()) || WORDS.contains(&bare)
}

/// The message in hexadecimal, SDMF (04) or MDMF (80), its length and checksum verified.
fn message(hex: &str) -> Option<News> {
    let octets = from_hex(&hex.chars().filter(|c| !c.is_whitespace()).collect::<String>())?;
    let sum = octets.iter().fold(0u8, |sum, octet| sum.wrapping_add(*octet));
    let (kind, body) = (octets.first()?, octets.get(2..octets.len().checked_sub(1)?)?);
    if sum != 0 || usize::from(*octets.get(1)?) != body.len() {
        return None;
    }
    match kind {
        // Eight digits of date and time, then the number.
        0x04 => {
            let number = number(text::read(body.get(8..)?).trim())?;
            Some(News::Caller { withheld: number.is_none(), number, name: None, more: false })
        }
        0x80 => parameters(body),
        _ => Some(News::Detail),
    }
}

fn parameters(body: &[u8]) -> Option<News> {
    let (mut calling, mut dialable, mut who, mut absent) = (None, None, None, false);
    let mut rest = body;
    while let [parameter, length, after @ ..] = rest {
        let (value, next) = after.split_at_checked(usize::from(*length))?;
        let shown = text::read(value);
        match parameter {
            0x02 => match number(shown.trim()) {
                Some(Some(number)) => calling = Some(number),
                Some(None) => absent = true,
                None => {}
            },
            // A number that can be dialled, where the calling one cannot.
            0x03 => dialable = number(shown.trim()).flatten(),
            0x04 => absent = true,
            0x07 => who = name(shown.trim()),
            _ => {}
        }
        rest = next;
    }
    let number = calling.or(dialable.filter(|_| !absent));
    if number.is_none() && who.is_none() && !absent {
        return Some(News::Detail);
    }
    Some(News::Caller { withheld: absent && number.is_none(), number, name: who, more: false })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{News, read};

    /// Number, name, withheld.
    fn caller(line: &str) -> (Option<String>, Option<String>, bool) {
        match read(line) {
            Some(News::Caller { number, name, withheld, .. }) => (number, name, withheld),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn numbers_as_modems_write_them() {
        for (maker, line, number) in [
            ("V.253", "NMBR=13805362417", "13805362417"),
            ("Rockwell", "NMBR = 13805362417", "13805362417"),
            ("lower case", "nmbr = 13805362417", "13805362417"),
            ("US", "NMBR = 1-202-555-0143", "12025550143"),
            ("US, in parentheses", "NMBR = (202) 555-0143", "2025550143"),
            ("quoted", "NMBR = \"05363112290\"", "05363112290"),
            ("international", "NMBR = +442079460018", "+442079460018"),
            ("Conexant", "DDN_NMBR= 05363112290", "05363112290"),
            ("with a colon", "NMBR : 05363112290", "05363112290"),
            ("a module with words", "CALLER NUMBER: 05363112290", "05363112290"),
            ("DTMF with its frame", "NMBR = D05363112290C", "05363112290"),
            ("DTMF, the other frame", "NMBR=A05363112290C", "05363112290"),
            ("short", "NMBR = 110", "110"),
            ("a name of a SIP account", "NMBR = desk12", "desk12"),
        ] {
            assert_eq!(caller(line), (Some(number.to_owned()), None, false), "{maker}: {line}");
        }
        assert_eq!(read("NMBR = "), None);
    }

    #[test]
    fn every_word_for_a_number_that_is_not_shown() {
        for (maker, value) in [
            ("Rockwell", "P"),
            ("Rockwell", "O"),
            ("US Robotics", "PRIVATE"),
            ("US Robotics", "OUT-OF-AREA"),
            ("Conexant", "OUT OF AREA"),
            ("Zoom", "OUT_OF_AREA"),
            ("Hayes", "Private"),
            ("BT", "WITHHELD"),
            ("BT", "UNAVAILABLE"),
            ("FreePBX", "Anonymous"),
            ("FreePBX", "anonymous"),
            ("FreePBX", "Restricted"),
            ("NCID", "NO NUMBER"),
            ("NCID", "-NO-NUMBER-"),
            ("NCID", "BLOCKED"),
            ("Cisco", "Unknown Number"),
            ("a phone", "PRIVATE NUMBER"),
            ("a phone", "UNKNOWN"),
            ("a phone", "PAYPHONE"),
            ("Chinese exchange", "未知"),
            ("Chinese exchange", "00000000"),
            ("an exchange", "---"),
        ] {
            assert_eq!(caller(&format!("NMBR = {value}")), (None, None, true), "{maker}: {value}");
        }
        assert_eq!(caller("REASON NO NUMBER=Private"), (None, None, true));
    }

    #[test]
    fn names_and_what_stands_in_place_of_one() {
        for value in ["ACME LTD", "Wang Jianguo", "王建国", "WIRELESS CALLER", "O'Brien"] {
            assert_eq!(caller(&format!("NAME = {value}")), (None, Some(value.to_owned()), false));
        }
        for value in ["O", "P", "PRIVATE", "OUT-OF-AREA", "Unknown Name", "UNAVAILABLE", "05363112290", "", "匿名"] {
            assert_eq!(read(&format!("NAME = {value}")), Some(News::Detail), "{value}");
        }
        assert_eq!(read("NAME:\"\""), Some(News::Detail));
        assert_eq!(read("+CSQ: 20,99"), None);
    }

    fn mdmf(parameters: &[(u8, &[u8])]) -> String {
        let body: Vec<u8> = parameters
            .iter()
            .flat_map(|(kind, value)| {
                [*kind, u8::try_from(value.len()).unwrap()].into_iter().chain(value.iter().copied())
            })
            .collect();
        sealed(0x80, &body)
    }

    fn sealed(kind: u8, body: &[u8]) -> String {
        let mut octets = vec![kind, u8::try_from(body.len()).unwrap()];
        octets.extend_from_slice(body);
        let sum = octets.iter().fold(0u8, |sum, octet| sum.wrapping_add(*octet));
        octets.push(sum.wrapping_neg());
        crate::pdu::to_hex(&octets)
    }

    #[test]
    fn hexadecimal_messages_tell_number_and_name() {
        let gbk = [0xcd, 0xf5, 0xbd, 0xa8, 0xb9, 0xfa];
        let some = |text: &str| Some(text.to_owned());
        for (what, hex, number, name, withheld) in [
            ("number", mdmf(&[(1, b"11231026"), (2, b"13805362417")]), some("13805362417"), None, false),
            (
                "both",
                mdmf(&[(1, b"11231026"), (2, b"05363112290"), (7, b"ACME LTD")]),
                some("05363112290"),
                some("ACME LTD"),
                false,
            ),
            (
                "the name first",
                mdmf(&[(7, b"ACME LTD"), (2, b"05363112290")]),
                some("05363112290"),
                some("ACME LTD"),
                false,
            ),
            ("a name in GBK", mdmf(&[(2, b"05363112290"), (7, &gbk)]), some("05363112290"), some("王建国"), false),
            ("only the dialable", mdmf(&[(1, b"11231026"), (3, b"05363112290")]), some("05363112290"), None, false),
            ("both numbers", mdmf(&[(3, b"110"), (2, b"05363112290")]), some("05363112290"), None, false),
            ("withheld", mdmf(&[(1, b"11231026"), (4, b"P")]), None, None, true),
            ("withheld, with the line's own", mdmf(&[(3, b"3112290"), (4, b"P")]), None, None, true),
            ("withheld in the number", mdmf(&[(2, b"P"), (8, b"P")]), None, None, true),
            ("withheld, but a name", mdmf(&[(4, b"O"), (7, b"ACME LTD")]), None, some("ACME LTD"), true),
            ("only a name", mdmf(&[(7, b"ACME LTD")]), None, some("ACME LTD"), false),
            ("the older form", sealed(4, b"1123102613805362417"), some("13805362417"), None, false),
            ("the older form, withheld", sealed(4, b"11231026P"), None, None, true),
        ] {
            for line in [format!("MESG = {hex}"), format!("MESG={hex}"), hex.clone(), hex.to_lowercase()] {
                assert_eq!(caller(&line), (number.clone(), name.clone(), withheld), "{what}: {line}");
            }
        }
        assert_eq!(read(&mdmf(&[(1, b"11231026")])), Some(News::Detail));
        let good = mdmf(&[(2, b"13805362417")]);
        for bad in [good.replacen("31333830", "31333831", 1), good[..good.len() - 2].to_owned(), format!("{good}00")] {
            assert_eq!(read(&format!("MESG = {bad}")), None, "{bad}");
        }
        assert_eq!(read("13805362417"), None);
    }
}
