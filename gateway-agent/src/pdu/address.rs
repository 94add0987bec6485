//! Addresses: 3GPP TS 23.040, 9.1.2.5.

use super::reader::Reader;
use super::{BadPdu, gsm7};

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
    let semi = semi.filter(|semi| (3..=20).contains(&semi.len()))?;
    let mut octets = vec![u8::try_from(semi.len()).ok()?, kind];
    for pair in semi.chunks(2) {
        let low = pair.first().copied()?;
        let high = pair.get(1).copied().unwrap_or(0x0f);
        octets.push(high << 4 | low);
    }
    Some(octets)
}

/// Reads an address: a number with `+` when international, or an alphanumeric sender's name.
///
/// # Errors
/// [`BadPdu`] where the octets end early.
pub fn decode(reader: &mut Reader<'_>) -> Result<String, BadPdu> {
    let length = usize::from(reader.octet("address length")?);
    let kind = reader.octet("type of address")?;
    let octets = reader.take(length.div_ceil(2), "address digits")?;
    if kind & 0x70 == 0x50 {
        // Alphanumeric: the length counts semi-octets of packed septets.
        return Ok(gsm7::decode(&gsm7::unpack(octets, length * 4 / 7, 0)));
    }
    let digits = octets
        .iter()
        .flat_map(|octet| [octet & 0x0f, octet >> 4])
        .take(length)
        .filter_map(|semi| "0123456789*#abc".chars().nth(usize::from(semi)));
    let plus = if kind & 0x70 == 0x10 { "+" } else { "" };
    Ok(plus.chars().chain(digits).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Reader, decode, encode};

    #[test]
    fn numbers_read_back() {
        for number in ["+8613805362417", "10086", "95588", "*100#", "+12025550143"] {
            let octets = encode(number).unwrap();
            assert_eq!(decode(&mut Reader::new(&octets)).unwrap(), number);
        }
        for bad in ["", "12", "1380536241a", "+123456789012345678901"] {
            assert_eq!(encode(bad), None, "{bad}");
        }
    }

    #[test]
    fn alphanumeric_senders_are_names() {
        let octets = crate::pdu::from_hex("0BD0537A9A3D2E01").unwrap();
        assert!(decode(&mut Reader::new(&octets)).is_ok());
        assert!(decode(&mut Reader::new(&[11, 0x91, 1])).is_err());
    }
}
