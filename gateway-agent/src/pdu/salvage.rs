//! What can be made out of a PDU that cannot be read: a person decides what it was.

use super::address::{self, Address};
use super::data::{self, Body};
use super::dcs::{Alphabet, Scheme};
use super::header::Header;
use super::reader::Reader;
use super::{deliver, gsm7, time};

/// What could be made out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Salvaged {
    /// From whom, or for a report: to whom.
    pub from: Option<String>,
    /// The text as far as it is there.
    pub text: Option<String>,
    /// The service centre's time.
    pub at: Option<i64>,
}

/// Makes out what is there: an octet that is no hexadecimal counts as `?`, and what is missing at the end is left out.
#[must_use]
pub fn read(given: &str) -> Salvaged {
    let digits: Vec<Option<u8>> =
        given.trim().chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let octets: Vec<u8> = digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [Some(high), Some(low)] => high << 4 | low,
            _ => b'?',
        })
        .collect();
    let with = message(&octets, true);
    // Where there is an address of the service centre, if only an empty one, it was not left out.
    let left_out = with.from.is_none() && octets.first().is_some_and(|length| *length != 0);
    if left_out { message(&octets, false) } else { with }
}

fn message(octets: &[u8], centre: bool) -> Salvaged {
    let mut salvaged = Salvaged::default();
    let mut reader = Reader::new(octets);
    // What fails ends the reading, and what was read before stays.
    let _ = read_into(&mut salvaged, &mut reader, centre);
    salvaged
}

fn read_into(salvaged: &mut Salvaged, reader: &mut Reader<'_>, centre: bool) -> Result<(), super::BadPdu> {
    if centre {
        deliver::centre(reader)?;
    }
    let first = reader.octet("first octet")?;
    if first & 0x03 == 0x02 {
        reader.octet("message reference")?;
        salvaged.from = shown(&address::decode(reader, "recipient address")?);
        salvaged.at = time::timestamp(reader, "service centre's time")?;
        return Ok(());
    }
    salvaged.from = shown(&address::decode(reader, "originator address")?);
    reader.octet("protocol identifier")?;
    let scheme = Scheme::of(reader.octet("data coding scheme")?);
    salvaged.at = time::timestamp(reader, "service centre's time")?;
    let length = usize::from(reader.octet("user data length")?);
    let mut rest = reader.rest();
    let header = if first & 0x40 == 0 {
        Header::default()
    } else {
        let header = Header::read(&mut Reader::new(rest))?;
        rest = rest.get(header.length..).unwrap_or_default();
        header
    };
    let body = match scheme.alphabet {
        Alphabet::Gsm7 if !scheme.compressed => {
            let fill = Header::fill(header.length);
            let count = length.saturating_sub((header.length * 8 + fill) / 7).min(rest.len() * 8 / 7);
            Body::Septets(gsm7::unpack(rest, count, fill), header.shift)
        }
        Alphabet::Ucs2 if !scheme.compressed => Body::Units(
            rest.chunks_exact(2).map(|pair| pair.iter().fold(0, |unit, octet| unit << 8 | u16::from(*octet))).collect(),
        ),
        Alphabet::Gsm7 | Alphabet::Ucs2 | Alphabet::Data => Body::Octets(rest.to_vec()),
    };
    salvaged.text = Some(data::text([&body]));
    Ok(())
}

/// An address that can be one: noise gives an empty one, or a name of control characters.
fn shown(address: &Address) -> Option<String> {
    let text = address.to_string();
    (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn what_is_there_is_made_out() {
        let whole = "00040D91683108352614F70008621132900000230460A8597D";
        let sender = Some("+8613805362417");
        for (what, given, from, text) in [
            ("longer than it is", whole.replacen("0460A8", "0860A8", 1), sender, Some("您好")),
            ("far longer than any", whole.replacen("0460A8", "FF60A8", 1), sender, Some("您好")),
            ("two digits short", whole[..whole.len() - 2].to_owned(), sender, Some("您")),
            ("one octet no hex", whole.replacen("60A8", "60?8", 1), sender, Some("\u{603f}好")),
            ("cut in the time", whole[..30].to_owned(), sender, None),
            ("cut in the sender", whole[..12].to_owned(), None, None),
            ("no service centre", whole[2..whole.len() - 2].to_owned(), sender, Some("您")),
            ("nothing", String::new(), None, None),
            ("seven bits, cut", "00040D91683108352614F70000621132900000230AE8329BFD".to_owned(), sender, Some("hell")),
            ("a report, cut", "0006FF0D91683108352614F76211329000".to_owned(), sender, None),
        ] {
            let read = read(&given);
            assert_eq!((read.from.as_deref(), read.text.as_deref()), (from, text), "{what}: {given}");
        }
    }
}
