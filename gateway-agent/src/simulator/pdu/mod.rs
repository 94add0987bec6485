//! The network's side of PDUs: reads what is submitted, writes what is delivered and reported.

mod alphabet;
mod deliver;
mod submit;

pub(super) use alphabet::{fits, pack};
pub(super) use deliver::{Wanted, deliver, moment, report};
pub(super) use submit::{Submitted, read_submit, written};

/// Hex to octets; anything else is dropped.
pub(super) fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).filter_map(|d| u8::try_from(d).ok()).collect();
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit)).collect()
}

/// Octets to hex.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// UTF-16BE to text.
pub(super) fn ucs2(octets: &[u8]) -> Option<String> {
    let units: Vec<u16> =
        octets.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, octet| sum * 256 + u16::from(*octet))).collect();
    String::from_utf16(&units).ok()
}

/// Text to UTF-16BE.
pub(super) fn to_ucs2(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// A number as address octets: length in digits, type, semi-octets (23.040, 9.1.2.5).
fn address(number: &str) -> Vec<u8> {
    let digits: Vec<u8> = number.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| u8::try_from(d).ok()).collect();
    let mut octets = vec![u8::try_from(digits.len()).unwrap_or(0), if number.starts_with('+') { 0x91 } else { 0x81 }];
    for pair in digits.chunks(2) {
        octets.push(pair.first().copied().unwrap_or(0) | pair.get(1).copied().unwrap_or(15) << 4);
    }
    octets
}

/// `26/11/24,08:00:00+32` of an SMS time, as text mode shows it.
pub(super) fn clock(at: i64) -> String {
    let swapped: Vec<String> = moment(at).iter().map(|octet| format!("{}{}", octet % 16, octet / 16)).collect();
    match swapped.as_slice() {
        [year, month, day, hour, minute, second, zone] => {
            format!("{year}/{month}/{day},{hour}:{minute}:{second}+{zone}")
        }
        _ => String::new(),
    }
}
