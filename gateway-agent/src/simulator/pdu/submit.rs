//! What a sender submits, as the network reads it (3GPP TS 23.040, 9.2.2.2).

use super::{address, alphabet, octets, ucs2};

/// A submitted message, as the network sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulator) struct Submitted {
    pub to: String,
    pub text: String,
    pub part: Option<(u8, u8)>,
    pub wants_report: bool,
    /// The receiver, as a report repeats it.
    pub address: Vec<u8>,
    /// As it was handed over; empty for a message written in text mode.
    pub pdu: String,
    /// What stands behind `+CMGR:` for it.
    pub length: usize,
}

/// A message written in text mode.
pub(in crate::simulator) fn written(to: &str, text: String, wants_report: bool) -> Submitted {
    Submitted {
        to: to.to_owned(),
        length: text.chars().count(),
        text,
        part: None,
        wants_report,
        address: address(to),
        pdu: String::new(),
    }
}

/// Reads an SMS-SUBMIT with its service-centre octets in front; `None` when the network would refuse it.
pub(in crate::simulator) fn read_submit(line: &str, announced: usize) -> Option<Submitted> {
    let all = octets(line);
    let centre = usize::from(*all.first()?);
    let tpdu = all.get(centre + 1..)?;
    if tpdu.len() != announced {
        return None;
    }
    let first = *tpdu.first()?;
    if first & 3 != 1 {
        return None;
    }
    let digits = usize::from(*tpdu.get(2)?);
    let width = digits.div_ceil(2);
    let address = tpdu.get(2..4 + width)?.to_vec();
    let number: String = address
        .get(2..)?
        .iter()
        .flat_map(|octet| [octet % 16, octet / 16])
        .take(digits)
        .filter_map(|digit| char::from_digit(u32::from(digit), 10))
        .collect();
    let to = if *address.get(1)? == 0x91 { format!("+{number}") } else { number };
    let scheme = *tpdu.get(5 + width)?;
    let validity = match first >> 3 & 3 {
        0 => 0,
        2 => 1,
        _ => 7,
    };
    let length = usize::from(*tpdu.get(6 + width + validity)?);
    let data = tpdu.get(7 + width + validity..)?;
    let (header, part) = if first & 0x40 != 0 {
        let size = usize::from(*data.first()?) + 1;
        match data.get(1..size)? {
            [0, 3, _, total, n] | [8, 4, _, _, total, n] => (size, Some((*n, *total))),
            _ => (size, None),
        }
    } else {
        (0, None)
    };
    // 23.038, 4: bits 3 and 2 of the general group name the alphabet.
    let text = if scheme & 0xcc == 8 {
        if length != data.len() || data.len() > 140 {
            return None;
        }
        ucs2(data.get(header..)?)?
    } else {
        if (length * 7).div_ceil(8) != data.len() || length > 160 {
            return None;
        }
        alphabet::read(&alphabet::unpack(data, length, (header * 8).div_ceil(7)))
    };
    let wants_report = first & 0x20 != 0;
    Some(Submitted { to, text, part, wants_report, address, pdu: line.to_owned(), length: announced })
}
