//! Reading `+CUSD: status,"text",coding` (27.007, 7.15). Modems give the text as it is, as hexadecimal of UCS-2, of
//! ASCII or of packed septets, and say so in the coding scheme or not. Pure.

use crate::pdu::{from_hex, gsm7, national};
use crate::text;

/// The network's word about a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 0 done, 1 more is asked, 2 ended by the network, 3 answered by another, 4 not supported, 5 time-out.
    pub status: Option<u8>,
    /// The text, where there is one.
    pub text: Option<String>,
}

/// What is known of the modem.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Texts are hexadecimal of packed septets.
    pub packed: bool,
    /// The letters of texts are UCS-2 in hexadecimal (+CSCS).
    pub ucs2: bool,
}

/// Reads the line, which may have line ends in its text.
#[must_use]
pub fn read(line: &str, way: Way) -> Answer {
    let rest = line.strip_prefix("+CUSD:").unwrap_or(line).trim();
    let (status, rest) = rest.split_once(',').map_or((rest, None), |(status, rest)| (status, Some(rest.trim())));
    let text = rest.map(|rest| {
        let (text, coding) = split(rest);
        decode(text, coding, way)
    });
    Answer { status: status.trim().parse().ok(), text }
}

impl Answer {
    /// Why there is no text, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        match self.status {
            Some(2) => "ended by the network".to_owned(),
            Some(3) => "answered by another".to_owned(),
            Some(4) => "not supported".to_owned(),
            Some(5) => "network time-out".to_owned(),
            Some(other) => format!("no text (+CUSD: {other})"),
            None => "no text".to_owned(),
        }
    }
}

/// Whether a text only says that the answer is still to come.
#[must_use]
pub fn is_in_progress(text: &str) -> bool {
    const WORDS: [&str; 16] = [
        "progress",
        "wait",
        "processing",
        "being processed",
        "shortly",
        "sms with",
        "will receive",
        "请稍",
        "稍候",
        "稍后",
        "处理中",
        "正在",
        "受理",
        "подожд",
        "обраб",
        "ожида",
    ];
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word))
}

/// The text and its coding scheme; quotes may be missing at both ends, or at the second only.
fn split(rest: &str) -> (&str, u8) {
    let number = |text: &str| text.trim().trim_matches('"').parse::<u8>().ok();
    if let Some(quoted) = rest.strip_prefix('"') {
        return match quoted.rsplit_once('"') {
            Some((text, behind)) => (text, number(behind.trim_start_matches([',', ' '])).unwrap_or(15)),
            None => (quoted, 15),
        };
    }
    match rest.rsplit_once(',').map(|(text, coding)| (text, number(coding))) {
        Some((text, Some(coding))) => (text.trim(), coding),
        Some(_) | None => (rest, 15),
    }
}

fn decode(given: &str, coding: u8, way: Way) -> String {
    let hex: String = given.chars().filter(|c| !c.is_whitespace()).collect();
    let octets = if hex.len() >= 4 { from_hex(&hex) } else { None };
    let text = match octets {
        None => given.to_owned(),
        Some(octets) if is_ucs2(coding) => units(behind_language(&octets, coding)),
        Some(octets) if way.ucs2 && looks_ucs2(&octets) => units(&octets),
        Some(octets) if is_data(coding) => {
            if octets.iter().any(|octet| *octet < 0x20 && !matches!(*octet, b'\r' | b'\n')) {
                given.to_owned()
            } else {
                text::read(&octets)
            }
        }
        Some(octets) => likeliest(given, &octets, way),
    };
    let text = without_language(&text, coding);
    text.replace("\r\n", "\n").replace('\r', "\n").trim_matches(['\n', '\0']).to_owned()
}

/// Of the ways in which hexadecimal under a coding scheme of seven bits may be meant, the one that gives a text.
fn likeliest(given: &str, octets: &[u8], way: Way) -> String {
    let ascii = || text::read(octets);
    let is_ascii = octets.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\r' | b'\n'));
    let packed = unpacked(octets);
    let is_packed = !packed.is_empty() && packed.chars().all(is_common);
    let is_ucs2 = octets.len() >= 4 && looks_ucs2(octets);
    if given.bytes().all(|b| b.is_ascii_digit()) {
        // An amount or a number of digits is a text by itself.
        let as_ascii = octets.len() >= 4 && octets.iter().all(|octet| matches!(octet, b'0'..=b'9' | b'.' | b','));
        return match () {
            () if as_ascii => ascii(),
            () if is_ucs2 && octets.first() == Some(&0) => units(octets),
            () if way.packed && is_packed => packed,
            () => given.to_owned(),
        };
    }
    match () {
        // Packed septets would have high bits.
        () if is_ascii && octets.len() >= 6 => ascii(),
        () if way.packed && is_packed => packed,
        () if is_ascii => ascii(),
        () if is_ucs2 => units(octets),
        () if is_packed || way.packed => packed,
        () => given.to_owned(),
    }
}

fn unpacked(octets: &[u8]) -> String {
    let septets = gsm7::unpack(octets, octets.len() * 8 / 7, 0);
    gsm7::decode(&septets, national::Shift::default()).trim_end_matches(['\r', '@']).to_owned()
}

/// What stands in answers of networks.
fn is_common(c: char) -> bool {
    matches!(c, ' '..='~' | '\n' | '\r' | '£' | '¥' | '€' | 'é' | 'è' | 'à' | 'ä' | 'ö' | 'ü' | 'ñ' | 'Ä' | 'Ö' | 'Ü')
}

fn units(octets: &[u8]) -> String {
    let unit = |pair: &[u8]| pair.iter().fold(0u16, |unit, octet| unit << 8 | u16::from(*octet));
    let units: Vec<u16> = octets.chunks_exact(2).map(unit).collect();
    String::from_utf16_lossy(&units)
}

/// 23.038, 5: before the text of 0x11 stands its language, two letters packed into two octets.
fn behind_language(octets: &[u8], coding: u8) -> &[u8] {
    let Some((language, text)) = octets.split_at_checked(2).filter(|_| coding == 0x11) else { return octets };
    let letters = gsm7::unpack(language, 2, 0);
    if letters.iter().all(u8::is_ascii_lowercase) { text } else { octets }
}

/// 23.038, 5: before the text of 0x10 stand two letters and CR.
fn without_language(text: &str, coding: u8) -> &str {
    let mut letters = text.chars();
    let named = letters.by_ref().take(2).filter(char::is_ascii_lowercase).count() == 2;
    let behind = letters.as_str();
    match behind.strip_prefix(['\r', '\n']) {
        Some(text) if coding == 0x10 && named => text,
        Some(_) | None => text,
    }
}

/// Every high octet is that of letters of one of the first scripts, of signs, or of Chinese characters; and no unit is
/// a control character.
fn looks_ucs2(octets: &[u8]) -> bool {
    let likely = |pair: &[u8]| match pair {
        [0, low] => matches!(low, b' '..=b'~' | b'\r' | b'\n' | 0xa0..),
        [high, _] => matches!(high, 0x01..=0x06 | 0x20 | 0x30 | 0x4e..=0x9f | 0xff),
        _ => false,
    };
    octets.len().is_multiple_of(2) && octets.chunks_exact(2).all(likely)
}

/// 23.038, 5: 0x11 UCS-2 behind a language; 01xx with 10 in bits 3 and 2. Some modems give 8, as for a message.
fn is_ucs2(coding: u8) -> bool {
    matches!(coding, 0x11 | 0x08) || (coding & 0xc0 == 0x40 && coding & 0x0c == 0x08)
}

/// 01xx with 01 in bits 3 and 2, and 1111 with bit 2.
fn is_data(coding: u8) -> bool {
    (coding & 0xc0 == 0x40 && coding & 0x0c == 0x04) || coding & 0xf4 == 0xf4
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Way, is_in_progress, read};

    const PLAIN: Way = Way { packed: false, ucs2: false };
    const PACKED: Way = Way { packed: true, ucs2: false };
    const UCS2: Way = Way { packed: false, ucs2: true };

    #[test]
    fn answers_are_read_as_every_modem_gives_them() {
        for (maker, line, way, text) in [
            ("27.007", "+CUSD: 0,\"Balance 38.20\",15", PLAIN, "Balance 38.20"),
            ("no space", "+CUSD:0,\"Balance 38.20\",15", PLAIN, "Balance 38.20"),
            ("no coding", "+CUSD: 0,\"Balance 38.20\"", PLAIN, "Balance 38.20"),
            ("coding behind a space", "+CUSD: 0,\"Balance 38.20\", 15", PLAIN, "Balance 38.20"),
            ("quotes inside", "+CUSD: 0,\"Press \"1\" now\",15", PLAIN, "Press \"1\" now"),
            ("commas inside", "+CUSD: 0,\"38,20 yuan, thanks\",15", PLAIN, "38,20 yuan, thanks"),
            ("two lines", "+CUSD: 1,\"1 Balance\n2 Packages\",15", PLAIN, "1 Balance\n2 Packages"),
            ("cut off", "+CUSD: 0,\"half", PLAIN, "half"),
            ("empty", "+CUSD: 0,\"\",15", PLAIN, ""),
            ("an amount", "+CUSD: 0,\"1250\",15", PLAIN, "1250"),
            ("an amount, Huawei", "+CUSD: 0,\"1250\",15", PACKED, "1250"),
            ("an amount, longer", "+CUSD: 0,\"125000\",15", PLAIN, "125000"),
            ("a number", "+CUSD: 0,\"447700900123\",15", PLAIN, "447700900123"),
            ("letters of hexadecimal", "+CUSD: 0,\"FACE\",15", PLAIN, "FACE"),
            ("packed", "+CUSD: 0,\"AA180C3602\",15", PLAIN, "*100#"),
            ("packed, Huawei", "+CUSD: 0,\"AA180C3602\",15", PACKED, "*100#"),
            ("packed, dcs 0", "+CUSD: 0,\"C2303BEC1E9775209ACC9503\",0", PACKED, "Balance: 42.9"),
            ("ASCII, dcs 0", "+CUSD: 0,\"42616C616E63653A2033382E3230\",0", PLAIN, "Balance: 38.20"),
            ("ASCII, dcs 15, Huawei", "+CUSD: 0,\"42616C616E63653A2033382E3230\",15", PACKED, "Balance: 38.20"),
            ("ASCII, short", "+CUSD: 0,\"4F4B\",0", PLAIN, "OK"),
            ("ASCII of digits", "+CUSD: 0,\"31323530\",0", PLAIN, "1250"),
            ("UCS-2", "+CUSD: 0,\"4F59989D00330038\",72", PLAIN, "余额38"),
            ("UCS-2, lower case", "+CUSD: 0,\"4f59989d00330038\",72", PLAIN, "余额38"),
            ("UCS-2 under dcs 15, E1752", "+CUSD: 2,\"00480061007600690020006B\",15", PLAIN, "Havi k"),
            ("UCS-2 under dcs 7, ZTE MF286D", "+CUSD: 0,\"002000440075002000680061\",7", PLAIN, " Du ha"),
            ("UCS-2 under dcs 8", "+CUSD: 0,\"4F59989D\",8", PLAIN, "余额"),
            ("UCS-2 of digits", "+CUSD: 0,\"0031003200350030\",15", PLAIN, "1250"),
            ("Cyrillic, E3276", "+CUSD: 0,\"0414043B044F0020\",72", PLAIN, "Для "),
            ("letters set to UCS-2", "+CUSD: 0,\"00420061006C\",15", UCS2, "Bal"),
            ("language before UCS-2", "+CUSD: 0,\"65374F59989D\",17", PLAIN, "余额"),
            ("no language before it after all", "+CUSD: 0,\"4F59989D\",17", PLAIN, "余额"),
            ("language before text", "+CUSD: 0,\"en\nBalance 1\",16", PLAIN, "Balance 1"),
            ("unquoted hexadecimal", "+CUSD: 0,4F59989D,72", PLAIN, "余额"),
            ("unquoted text", "+CUSD: 0,Balance 38.20,15", PLAIN, "Balance 38.20"),
            ("unquoted, no coding", "+CUSD: 0,00420061006C", PLAIN, "Bal"),
            ("eight bits", "+CUSD: 0,\"42616C\",68", PLAIN, "Bal"),
            ("hexadecimal in two lines", "+CUSD: 0,\"4F59\n989D\",72", PLAIN, "余额"),
        ] {
            assert_eq!(read(line, way).text.as_deref(), Some(text), "{maker}: {line}");
        }
    }

    #[test]
    fn an_answer_without_a_text_says_why() {
        for (line, words) in [
            ("+CUSD: 2", "ended by the network"),
            ("+CUSD: 4", "not supported"),
            ("+CUSD: 5", "network time-out"),
            ("+CUSD: 3", "answered by another"),
            ("+CUSD: 0", "no text (+CUSD: 0)"),
            ("+CUSD:", "no text"),
        ] {
            let answer = read(line, PLAIN);
            assert_eq!((answer.text.as_deref(), answer.reason().as_str()), (None, words), "{line}");
        }
    }

    #[test]
    fn a_first_word_that_promises_another_is_known() {
        for text in
            ["Request in progress", "Please wait...", "Your request is being processed", "请稍候", "正在查询，请稍后"]
        {
            assert!(is_in_progress(text), "{text}");
        }
        for text in ["Balance 38.20", "余额38.20元", "1 Balance\n2 Packages"] {
            assert!(!is_in_progress(text), "{text}");
        }
    }
}
