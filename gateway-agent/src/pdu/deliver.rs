//! SMS-DELIVER and SMS-STATUS-REPORT (3GPP TS 23.040, 9.2.2.1 and 9.2.2.3): what comes from the network.

use super::reader::Reader;
use super::{BadPdu, address, gsm7};

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A message or a part of one.
    Deliver(Deliver),
    /// What became of a message of ours.
    Report(Report),
}

/// A message or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// TP-OA: a number with `+` when international, or a name.
    pub from: String,
    /// TP-SCTS, UTC milliseconds.
    pub at: i64,
    /// The text of this part.
    pub text: String,
    /// Where it belongs, when it is a part.
    pub part: Option<Concatenation>,
}

/// A part's place (23.040, 9.2.3.24.1 and .8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Concatenation {
    /// Names the message; 8 or 16 bits.
    pub reference: u16,
    /// How many parts there are.
    pub total: u8,
    /// Which this is, from 1.
    pub n: u8,
}

/// What became of a message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// TP-MR, as `+CMGS` gave it.
    pub mr: u8,
    /// TP-RA.
    pub to: String,
    /// TP-DT, UTC milliseconds.
    pub at: i64,
    /// TP-ST.
    pub status: Delivery,
}

/// TP-ST in a word (23.040, 9.2.3.15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// 00–02: the phone has it.
    Delivered,
    /// 20–3F: the network still tries.
    Trying,
    /// 46: its time ran out.
    Expired,
    /// 40–7F otherwise: given up, with the code.
    Failed(u8),
}

/// Reads what the modem gives for `+CMGR`, `+CMGL`, `+CMT` and `+CDS`: the service centre's address, then
/// the message.
///
/// # Errors
/// [`BadPdu`] names the octet behind the service centre's address.
pub fn decode(octets: &[u8]) -> Result<Incoming, BadPdu> {
    let mut whole = Reader::new(octets);
    let centre = usize::from(whole.octet("service centre length")?);
    whole.take(centre, "service centre")?;
    let mut reader = Reader::new(whole.rest());
    let first = reader.octet("first octet")?;
    match first & 0x03 {
        0x00 => deliver(&mut reader, first & 0x40 != 0).map(Incoming::Deliver),
        0x02 => report(&mut reader).map(Incoming::Report),
        _ => Err(reader.bad("neither DELIVER nor STATUS-REPORT")),
    }
}

fn report(reader: &mut Reader<'_>) -> Result<Report, BadPdu> {
    let mr = reader.octet("message reference")?;
    let to = address::decode(reader)?;
    timestamp(reader)?;
    let at = timestamp(reader)?;
    let status = match reader.octet("status")? {
        0x00..=0x1f => Delivery::Delivered,
        0x20..=0x3f => Delivery::Trying,
        0x46 => Delivery::Expired,
        code => Delivery::Failed(code),
    };
    Ok(Report { mr, to, at, status })
}

fn deliver(reader: &mut Reader<'_>, has_header: bool) -> Result<Deliver, BadPdu> {
    let from = address::decode(reader)?;
    reader.octet("protocol identifier")?;
    let scheme = reader.octet("data coding scheme")?;
    let at = timestamp(reader)?;
    let length = usize::from(reader.octet("user data length")?);
    let octets = reader.clone().rest();
    let (header, part) = if has_header { header(octets, reader)? } else { (0, None) };
    let text = match alphabet(scheme) {
        Alphabet::Gsm7 => {
            let fill = (7 - header * 8 % 7) % 7;
            let count = length.saturating_sub((header * 8 + fill) / 7);
            gsm7::decode(&gsm7::unpack(octets.get(header..).unwrap_or_default(), count, fill))
        }
        Alphabet::Ucs2 => {
            let body = octets.get(header..length.min(octets.len())).unwrap_or_default();
            let units: Vec<u16> = body
                .chunks_exact(2)
                .map(|pair| pair.iter().fold(0, |sum, octet| sum << 8 | u16::from(*octet)))
                .collect();
            String::from_utf16_lossy(&units)
        }
        Alphabet::Octets => octets
            .get(header..length.min(octets.len()))
            .unwrap_or_default()
            .iter()
            .map(|octet| char::from(*octet))
            .collect(),
    };
    Ok(Deliver { from, at, text, part })
}

/// Octets of the user data header with its length, and the concatenation element in it.
fn header(octets: &[u8], reader: &Reader<'_>) -> Result<(usize, Option<Concatenation>), BadPdu> {
    let bad = || reader.bad("user data header");
    let length = usize::from(*octets.first().ok_or_else(bad)?);
    let mut elements = Reader::new(octets.get(1..=length).ok_or_else(bad)?);
    let mut found = None;
    while let Ok(kind) = elements.octet("element") {
        let size = usize::from(elements.octet("element length")?);
        let data = elements.take(size, "element data")?;
        found = match (kind, data) {
            (0x00, [reference, total, n]) => {
                Some(Concatenation { reference: u16::from(*reference), total: *total, n: *n })
            }
            (0x08, [high, low, total, n]) => {
                Some(Concatenation { reference: u16::from_be_bytes([*high, *low]), total: *total, n: *n })
            }
            _ => found,
        };
    }
    // 23.040: a total of 0, or a number beyond it, means to ignore the element.
    Ok((length + 1, found.filter(|part| part.total > 1 && (1..=part.total).contains(&part.n))))
}

enum Alphabet {
    Gsm7,
    Octets,
    Ucs2,
}

/// TP-DCS (23.038, 4).
fn alphabet(scheme: u8) -> Alphabet {
    match scheme {
        0x00..=0x7f => match scheme & 0x0c {
            0x04 => Alphabet::Octets,
            0x08 => Alphabet::Ucs2,
            _ => Alphabet::Gsm7,
        },
        0xe0..=0xef => Alphabet::Ucs2,
        0xf4..=0xf7 | 0xfc..=0xff => Alphabet::Octets,
        _ => Alphabet::Gsm7,
    }
}

/// Seven swapped semi-octets; the last is the zone in quarters of an hour, bit 3 its sign.
fn timestamp(reader: &mut Reader<'_>) -> Result<i64, BadPdu> {
    let octets = reader.take(7, "timestamp")?;
    let swapped: Vec<i64> = octets.iter().map(|octet| i64::from(octet & 0x0f) * 10 + i64::from(octet >> 4)).collect();
    let [year, month, day, hour, minute, second, _] = swapped.as_slice() else { return Ok(0) };
    let zone = octets.last().copied().unwrap_or(0);
    let quarters = i64::from(zone & 0x07) * 10 + i64::from(zone >> 4);
    let quarters = if zone & 0x08 == 0 { quarters } else { -quarters };
    // Days from civil (proleptic Gregorian), years 2000 to 2099.
    let (y, m) = if *month <= 2 { (2000 + year - 1, month + 9) } else { (2000 + year, month - 3) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719_468;
    Ok(((days * 24 + hour) * 3600 + minute * 60 + second - quarters * 900) * 1000)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Concatenation, Delivery, Incoming, decode};
    use crate::pdu::from_hex;

    fn read(hex: &str) -> Incoming {
        decode(&from_hex(hex).unwrap()).unwrap()
    }

    #[test]
    fn a_known_delivery() {
        let Incoming::Deliver(message) =
            read("07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37")
        else {
            panic!()
        };
        assert_eq!((message.from.as_str(), message.text.as_str(), message.part), ("27838890001", "hellohello", None));
        // 2099-03-29 15:16:59 at +02:00.
        assert_eq!(message.at, 4_078_473_419_000);
    }

    #[test]
    fn a_part_with_a_sixteen_bit_reference_keeps_its_first_character() {
        let Incoming::Deliver(message) = read("00440D91683108352614F70008621132100000230B060804123402014F60597D")
        else {
            panic!()
        };
        assert_eq!(message.text, "你好");
        assert_eq!(message.part, Some(Concatenation { reference: 0x1234, total: 2, n: 1 }));
        assert_eq!(message.from, "+8613805362417");
        // 2026-11-23 01:00:00 in China.
        assert_eq!(message.at, 1_795_366_800_000);
    }

    #[test]
    fn a_report_says_which_message_and_what_became_of_it() {
        let Incoming::Report(report) = read("0006FF0D91683108352614F7621132900000236211329050212300") else { panic!() };
        assert_eq!((report.mr, report.to.as_str(), report.status), (255, "+8613805362417", Delivery::Delivered));
    }

    #[test]
    fn cut_off_octets_are_named_and_never_panic() {
        let whole = from_hex("07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37").unwrap();
        for end in 0..25 {
            assert!(decode(&whole[..end]).is_err(), "{end}");
        }
        let mut seed = 7u32;
        for _ in 0..20_000 {
            let noise: Vec<u8> = (0..40)
                .map(|_| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (seed >> 24) as u8
                })
                .collect();
            let _ = decode(&noise);
        }
    }
}
