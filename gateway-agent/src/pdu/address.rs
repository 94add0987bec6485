//! Addresses (3GPP TS 23.040, 9.1.2.5): numbers of every type, and names.

use std::fmt;

use super::national::Shift;
use super::reader::Reader;
use super::{BadPdu, gsm7};

/// Type of number, bits 6 to 4 of the type of address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The network decides; most national and short numbers come so.
    Unknown,
    /// With the country's code; shown with `+`.
    International,
    /// Without it.
    National,
    /// Of the network, such as a service.
    NetworkSpecific,
    /// Of this exchange.
    Subscriber,
    /// A name of GSM-7 characters.
    Alphanumeric,
    /// Shortened.
    Abbreviated,
    /// Kept free by the standard.
    Reserved,
}

impl Kind {
    fn of(octet: u8) -> Kind {
        match octet >> 4 & 0x07 {
            0 => Kind::Unknown,
            1 => Kind::International,
            2 => Kind::National,
            3 => Kind::NetworkSpecific,
            4 => Kind::Subscriber,
            5 => Kind::Alphanumeric,
            6 => Kind::Abbreviated,
            _ => Kind::Reserved,
        }
    }
}

/// An address as it came.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Address {
    /// Type of number.
    pub kind: Kind,
    /// Numbering plan, bits 3 to 0; 1 is that of telephones (E.164).
    pub plan: u8,
    /// Digits, `*`, `#`, `a` to `c`; or a name. May be empty.
    pub text: String,
}

/// `+8613805362417`, `10086`, `MTS-Info`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not of an empty one: a lone + is no number.
        let plus = if self.kind == Kind::International && !self.text.is_empty() { "+" } else { "" };
        write!(f, "{plus}{}", self.text)
    }
}

/// The most semi-octets of an address: its value has ten octets.
const MOST: usize = 20;
const DIGITS: [char; 15] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'a', 'b', 'c'];

/// Encodes a telephone number, `+` for international, as length in digits, type and semi-octets.
/// `None` for what is no number of 3 to 20 digits.
#[must_use]
pub fn encode(number: &str) -> Option<Vec<u8>> {
    let (kind, digits) = match number.strip_prefix('+') {
        Some(digits) => (0x91, digits),
        None => (0x81, number),
    };
    let semi: Option<Vec<u8>> = digits
        .bytes()
        .map(|b| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'*' => Some(10),
            b'#' => Some(11),
            _ => None,
        })
        .collect();
    let semi = semi.filter(|semi| (3..=MOST).contains(&semi.len()))?;
    let mut octets = vec![u8::try_from(semi.len()).ok()?, kind];
    for pair in semi.chunks(2) {
        let low = pair.first().copied()?;
        let high = pair.get(1).copied().unwrap_or(0x0f);
        octets.push(high << 4 | low);
    }
    Some(octets)
}

/// Reads an address. `what` says whose it is.
///
/// # Errors
/// [`BadPdu`] where the octets end early, or the address is longer than the standard lets it be.
pub fn decode(reader: &mut Reader<'_>, what: &'static str) -> Result<Address, BadPdu> {
    let length = usize::from(reader.octet(what)?);
    if length > MOST {
        return Err(reader.bad(what));
    }
    let octet = reader.octet(what)?;
    let (kind, plan) = (Kind::of(octet), octet & 0x0f);
    let octets = reader.take(length.div_ceil(2), what)?;
    let text = if kind == Kind::Alphanumeric {
        // The length counts semi-octets of packed septets. Where it leaves room for one more septet than it
        // counts, as eight of seven octets, the last is filling.
        let name = gsm7::decode(&gsm7::unpack(octets, length * 4 / 7, 0), Shift::default());
        name.trim_end_matches('\0').to_owned()
    } else {
        let semi = octets.iter().flat_map(|octet| [octet & 0x0f, octet >> 4]).take(length);
        // 1111 is filling, wherever a sender puts it.
        semi.map_while(|semi| DIGITS.get(usize::from(semi))).collect()
    };
    Ok(Address { kind, plan, text })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Kind, Reader, decode, encode};
    use crate::pdu::from_hex;

    fn read(hex: &str) -> (Kind, String) {
        let address = decode(&mut Reader::new(&from_hex(hex).unwrap()), "address").unwrap();
        (address.kind, address.to_string())
    }

    #[test]
    fn numbers_read_back() {
        for number in ["+8613805362417", "10086", "95588", "*100#", "+12025550143", "12345678901234567890"] {
            let octets = encode(number).unwrap();
            assert_eq!(decode(&mut Reader::new(&octets), "address").unwrap().to_string(), number);
        }
        for bad in ["", "12", "1380536241a", "+123456789012345678901", "+", "１３８０５３６２４１７"] {
            assert_eq!(encode(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_type_of_address() {
        for (hex, kind, text) in [
            ("0D91683108352614F7", Kind::International, "+8613805362417"),
            ("0BA13108352614F7", Kind::National, "13805362417"),
            ("05810180F6", Kind::Unknown, "10086"),
            ("05B10180F6", Kind::NetworkSpecific, "10086"),
            ("04C12143", Kind::Subscriber, "1234"),
            ("04E12143", Kind::Abbreviated, "1234"),
            ("04F12143", Kind::Reserved, "1234"),
            ("0681A72BDC", Kind::Unknown, "7*#2ab"),
            ("0091", Kind::International, ""),
            ("00D0", Kind::Alphanumeric, ""),
            // Of nine semi-octets the fifth octet holds one and its filling.
            ("0981214365870F", Kind::Unknown, "12345678"),
        ] {
            let (read_kind, read_text) = read(hex);
            assert_eq!((read_kind, read_text.as_str()), (kind, text), "{hex}");
        }
    }

    #[test]
    fn senders_have_names() {
        // Six characters fill 42 bits, so eleven semi-octets.
        assert_eq!(read("0BD0C7F7FBCC2E03"), (Kind::Alphanumeric, "Google".to_owned()));
        let umlauts = |text: &str| {
            let septets = crate::pdu::gsm7::encode(text).unwrap();
            let octets = crate::pdu::gsm7::pack(&septets, 0);
            let mut whole = vec![u8::try_from((septets.len() * 7).div_ceil(4)).unwrap(), 0xd0];
            whole.extend(octets);
            decode(&mut Reader::new(&whole), "address").unwrap().to_string()
        };
        for name in ["Müller", "Ärzte+Öl", "€uro", "[Bank]", "A", "ABCDEFGHIJK"] {
            assert_eq!(umlauts(name), name);
        }
    }

    #[test]
    fn what_is_too_long_or_cut_names_its_octet() {
        let bad = |hex: &str| decode(&mut Reader::new(&from_hex(hex).unwrap()), "originator").unwrap_err().octet;
        assert_eq!(bad(""), 0);
        assert_eq!(bad("0B"), 1);
        assert_eq!(bad("15911111111111111111111111"), 0);
        assert_eq!(bad("0B911111"), 4);
    }
}
