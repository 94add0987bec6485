//! SMS-SUBMIT (3GPP TS 23.040, 9.2.2.2): what is handed to `+CMGS`.

use super::data::UserData as Read;
use super::dcs::{Alphabet, Scheme};
use super::deliver::centre;
use super::header::{Concatenation, Header};
use super::reader::Reader;
use super::split::{UserData, split};
use super::time::{Validity, relative, validity};
use super::{BadPdu, address, gsm7};

/// A message to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Submit<'a> {
    /// E.164 with `+`.
    pub to: &'a str,
    /// The text.
    pub text: &'a str,
    /// TP-SRR: ask for a status report.
    pub report: bool,
    /// TP-VP in seconds; none leaves it to the network.
    pub validity_s: Option<u32>,
    /// Names the parts of one message.
    pub reference: u16,
    /// Sixteen bits of it, not eight; costs a character or two a part, and old phones do not know it.
    pub wide: bool,
    /// Class 0: shown at once and not stored.
    pub flash: bool,
    /// 1 to 7: replaces what was sent under the same number before (TP-PID 41 to 47).
    pub replace: Option<u8>,
}

impl<'a> Submit<'a> {
    /// A text to a number, and nothing else asked.
    #[must_use]
    pub fn new(to: &'a str, text: &'a str) -> Submit<'a> {
        Submit { to, text, report: false, validity_s: None, reference: 0, wide: false, flash: false, replace: None }
    }
}

/// One part, ready for the modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Octets with the empty service-centre address in front.
    pub octets: Vec<u8>,
}

impl Part {
    /// What stands behind `AT+CMGS=`: octets without the service centre's (27.005, 3.5.1).
    #[must_use]
    pub fn length(&self) -> usize {
        self.octets.len().saturating_sub(1)
    }
}

/// Why a message has no PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// Not a number of 3 to 20 digits.
    #[error("number")]
    Number,
    /// More than 255 parts.
    #[error("length")]
    Length,
    /// Not 1 to 7.
    #[error("replace")]
    Replace,
}

/// Encodes a message into its parts.
///
/// # Errors
/// [`Unsendable`].
pub fn encode(submit: &Submit<'_>) -> Result<Vec<Part>, Unsendable> {
    let to = address::encode(submit.to).ok_or(Unsendable::Number)?;
    let pid = match submit.replace {
        None => 0,
        Some(n @ 1..=7) => 0x40 | n,
        Some(_) => return Err(Unsendable::Replace),
    };
    let parts = split(submit.text, submit.wide).ok_or(Unsendable::Length)?;
    let total = u8::try_from(parts.len()).map_err(|_| Unsendable::Length)?;
    Ok(parts.iter().zip(1u8..).map(|(data, n)| part(submit, &to, pid, data, n, total)).collect())
}

fn part(submit: &Submit<'_>, to: &[u8], pid: u8, data: &UserData, n: u8, total: u8) -> Part {
    let place = Concatenation { reference: submit.reference, total, n };
    let header = if total > 1 { Header::numbering(place, submit.wide) } else { Vec::new() };
    // TP-MTI SUBMIT 01, TP-VPF relative 10, TP-SRR bit 5, TP-UDHI bit 6.
    let mut first = 0x01;
    if submit.validity_s.is_some() {
        first |= 0x10;
    }
    if submit.report {
        first |= 0x20;
    }
    if !header.is_empty() {
        first |= 0x40;
    }
    let (alphabet, length, body) = match data {
        UserData::Gsm7(septets) => {
            // The text begins at a septet boundary behind the header.
            let fill = Header::fill(header.len());
            let length = (header.len() * 8 + fill) / 7 + septets.len();
            (Alphabet::Gsm7, length, gsm7::pack(septets, fill))
        }
        UserData::Ucs2(units) => {
            let body: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            (Alphabet::Ucs2, header.len() + body.len(), body)
        }
    };
    // TP-MR 00: the modem counts.
    let mut octets = vec![0, first, 0];
    octets.extend_from_slice(to);
    octets.extend_from_slice(&[pid, Scheme::octet(alphabet, submit.flash)]);
    if let Some(seconds) = submit.validity_s {
        octets.push(relative(seconds));
    }
    octets.push(u8::try_from(length).unwrap_or(u8::MAX));
    octets.extend_from_slice(&header);
    octets.extend_from_slice(&body);
    Part { octets }
}

/// A message that somebody handed to a modem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// TP-DA.
    pub to: address::Address,
    /// TP-SRR.
    pub report: bool,
    /// TP-VP.
    pub validity: Option<Validity>,
    /// TP-PID.
    pub pid: u8,
    /// TP-DCS.
    pub scheme: Scheme,
    /// Header and text.
    pub data: Read,
}

/// Reads what stands behind `+CMGS` or in a slot for sending: the service centre's address, then the message.
///
/// # Errors
/// [`BadPdu`] names the octet, counted from 0 with the service centre's address.
pub fn decode(octets: &[u8]) -> Result<Submitted, BadPdu> {
    let mut reader = Reader::new(octets);
    centre(&mut reader)?;
    let first = reader.octet("first octet")?;
    if first & 0x03 != 0x01 {
        return Err(reader.bad("not SUBMIT"));
    }
    reader.octet("message reference")?;
    let to = address::decode(&mut reader, "destination address")?;
    let pid = reader.octet("protocol identifier")?;
    let scheme = Scheme::of(reader.octet("data coding scheme")?);
    let validity = validity(&mut reader, first)?;
    let data = Read::read(&mut reader, scheme, first & 0x40 != 0)?;
    Ok(Submitted { to, report: first & 0x20 != 0, validity, pid, scheme, data })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Submit, Unsendable, decode, encode};
    use crate::pdu::dcs::Class;
    use crate::pdu::time::Validity;
    use crate::pdu::{data, to_hex};

    fn submit<'a>(to: &'a str, text: &'a str) -> Submit<'a> {
        Submit { reference: 7, ..Submit::new(to, text) }
    }

    #[test]
    fn a_known_message() {
        let parts = encode(&submit("+46708251358", "hellohello")).unwrap();
        assert_eq!(to_hex(&parts[0].octets), "0001000B916407281553F800000AE8329BFD4697D9EC37");
        assert_eq!(parts[0].length(), 22);
    }

    #[test]
    fn chinese_with_report_and_validity() {
        let parts =
            encode(&Submit { report: true, validity_s: Some(86_400), ..submit("+8613805362417", "你好") }).unwrap();
        assert_eq!(to_hex(&parts[0].octets), "0031000D91683108352614F70008A7044F60597D");
    }

    #[test]
    fn parts_carry_their_number() {
        let parts = encode(&submit("+8613805362417", &"您".repeat(100))).unwrap();
        assert_eq!(parts.len(), 2);
        assert!(to_hex(&parts[1].octets).contains("050003070202"));
        assert!(parts.iter().all(|part| part.length() <= 12 + 1 + 2 + 140));
    }

    #[test]
    fn what_cannot_be_sent_is_said() {
        assert_eq!(encode(&submit("abc", "x")), Err(Unsendable::Number));
        assert_eq!(encode(&submit("+8613805362417", &"您".repeat(20_000))), Err(Unsendable::Length));
    }

    #[test]
    fn what_is_asked_for_stands_in_it_and_reads_back() {
        let asked = Submit {
            report: true,
            validity_s: Some(3600),
            reference: 0x1234,
            wide: true,
            flash: true,
            replace: Some(3),
            ..Submit::new("+8613805362417", "")
        };
        let text = "您好👍".repeat(40);
        let parts = encode(&Submit { text: &text, ..asked }).unwrap();
        assert_eq!(parts.len(), 3);
        let read: Vec<_> = parts.iter().map(|part| decode(&part.octets).unwrap()).collect();
        assert_eq!(data::text(read.iter().map(|part| &part.data.body)), text);
        for (part, n) in read.iter().zip(1..) {
            assert_eq!((part.to.to_string().as_str(), part.report, part.pid), ("+8613805362417", true, 0x43));
            assert_eq!((part.validity, part.scheme.class), (Some(Validity::Seconds(3600)), Some(Class::Flash)));
            let place = part.data.header.part.unwrap();
            assert_eq!((place.reference, place.total, place.n), (0x1234, 3, n));
        }
        assert_eq!(encode(&Submit { replace: Some(8), ..asked }), Err(Unsendable::Replace));
        let latin = "x".repeat(153);
        assert_eq!(encode(&Submit { text: &latin.repeat(2), ..asked }).unwrap().len(), 3, "152 behind a wide header");
    }
}
