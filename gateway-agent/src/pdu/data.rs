//! User data as it came, and its text. Parts are joined before they are read, since some senders cut a character
//! in two.

use super::dcs::{Alphabet, Scheme};
use super::header::Header;
use super::national::Shift;
use super::reader::Reader;
use super::{BadPdu, gsm7};

/// What stands behind the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Septets and the tables in which they are read.
    Septets(Vec<u8>, Shift),
    /// UTF-16 code units.
    Units(Vec<u16>),
    /// For a program, or compressed.
    Octets(Vec<u8>),
}

/// Header and body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserData {
    /// The header; empty where there is none.
    pub header: Header,
    /// The rest.
    pub body: Body,
}

/// The most octets of user data, of a long (9.2.3.24) or a short message alike.
const MOST: usize = 140;

impl UserData {
    /// Reads from TP-UDL on (3GPP TS 23.040, 9.2.3.16).
    ///
    /// # Errors
    /// [`BadPdu`] where the data are longer than a message can be, end early, or have a bad header.
    pub fn read(reader: &mut Reader<'_>, scheme: Scheme, has_header: bool) -> Result<UserData, BadPdu> {
        let length = usize::from(reader.octet("user data length")?);
        // In the default alphabet the length counts septets, but octets where the data are compressed.
        let septets = scheme.alphabet == Alphabet::Gsm7 && !scheme.compressed;
        let octets = if septets { (length * 7).div_ceil(8) } else { length };
        if octets > MOST {
            return Err(reader.bad("user data length"));
        }
        let mut inside = reader.part(octets, "user data")?;
        let header = if has_header { Header::read(&mut inside)? } else { Header::default() };
        let rest = inside.take(octets - header.length, "user data")?;
        let body = match scheme.alphabet {
            _ if scheme.compressed => Body::Octets(rest.to_vec()),
            Alphabet::Gsm7 => {
                let fill = Header::fill(header.length);
                let count = length.saturating_sub((header.length * 8 + fill) / 7);
                Body::Septets(gsm7::unpack(rest, count, fill), header.shift)
            }
            // An odd octet at the end is half a unit, and no text.
            Alphabet::Ucs2 => Body::Units(
                rest.chunks_exact(2)
                    .map(|pair| pair.iter().fold(0, |unit, octet| unit << 8 | u16::from(*octet)))
                    .collect(),
            ),
            Alphabet::Data => Body::Octets(rest.to_vec()),
        };
        Ok(UserData { header, body })
    }
}

/// The text of a message's parts, in order. What is no text is shown as the number of its octets, or as
/// Latin-1 where it looks like text all the same: some senders mark plain ASCII as data.
pub fn text<'a>(bodies: impl IntoIterator<Item = &'a Body>) -> String {
    let mut joined: Vec<Body> = Vec::new();
    for body in bodies {
        match (joined.last_mut(), body) {
            (Some(Body::Septets(all, shift)), Body::Septets(more, same)) if shift == same => all.extend(more),
            (Some(Body::Units(all)), Body::Units(more)) => all.extend(more),
            (Some(Body::Octets(all)), Body::Octets(more)) => all.extend(more),
            (Some(_) | None, body) => joined.push(body.clone()),
        }
    }
    joined.iter().map(shown).collect()
}

fn shown(body: &Body) -> String {
    match body {
        Body::Septets(septets, shift) => gsm7::decode(septets, *shift),
        Body::Units(units) => String::from_utf16_lossy(units),
        Body::Octets(octets) if octets.iter().all(|octet| matches!(octet, b' '..=b'~' | b'\n' | b'\r' | 0xa0..)) => {
            octets.iter().map(|octet| char::from(*octet)).collect()
        }
        Body::Octets(octets) => format!("[{} B]", octets.len()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Body, UserData, text};
    use crate::pdu::dcs::Scheme;
    use crate::pdu::from_hex;
    use crate::pdu::national::Shift;
    use crate::pdu::reader::Reader;

    #[test]
    fn characters_that_a_sender_cut_in_two_are_whole_again() {
        let emoji: Vec<u16> = "👍".encode_utf16().collect();
        let halves = [Body::Units(vec![0x41, emoji[0]]), Body::Units(vec![emoji[1], 0x42])];
        assert_eq!(text(&halves), "A👍B");
        let escape = [Body::Septets(vec![0x41, 0x1b], Shift::default()), Body::Septets(vec![0x65], Shift::default())];
        assert_eq!(text(&escape), "A€");
        let mixed = [Body::Septets(vec![0x41], Shift::default()), Body::Units(vec![0x4f60])];
        assert_eq!(text(&mixed), "A你");
    }

    #[test]
    fn what_is_no_text_is_said_in_octets() {
        assert_eq!(text(&[Body::Octets(vec![1, 2, 3])]), "[3 B]");
        assert_eq!(text(&[Body::Octets(b"plain".to_vec())]), "plain");
        assert_eq!(text(&[]), "");
    }

    #[test]
    fn lengths_that_cannot_be_name_their_octet() {
        let read = |hex: &str, scheme: u8, header: bool| {
            UserData::read(&mut Reader::new(&from_hex(hex).unwrap()), Scheme::of(scheme), header)
        };
        assert_eq!(read("FF", 0x00, false).unwrap_err().octet, 0);
        assert_eq!(read("8D", 0x08, false).unwrap_err().octet, 0);
        assert_eq!(read("044F60", 0x08, false).unwrap_err().octet, 3);
        assert_eq!(read("0405000300", 0x08, true).unwrap_err().octet, 5);
        assert_eq!(read("034F6000", 0x08, false).unwrap().body, Body::Units(vec![0x4f60]));
        // A header that says nothing but its length.
        assert_eq!(read("03004F60", 0x08, true).unwrap().body, Body::Units(vec![0x4f60]));
        assert_eq!(read("024161", 0x20, false).unwrap().body, Body::Octets(vec![0x41, 0x61]));
    }
}
