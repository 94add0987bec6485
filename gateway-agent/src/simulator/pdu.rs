//! The network's side of PDUs: reads what is submitted, writes what is delivered and reported.

/// A submitted message, as the network sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Submitted {
    pub to: String,
    pub text: String,
    pub part: Option<(u8, u8)>,
    pub wants_report: bool,
    address: Vec<u8>,
}

/// Hex to octets; anything else is dropped.
fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).filter_map(|d| u8::try_from(d).ok()).collect();
    digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |sum, digit| sum * 16 + digit)).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// Reads an SMS-SUBMIT with its service-centre octets in front; `None` when the network would refuse it.
pub(super) fn read_submit(line: &str, announced: usize) -> Option<Submitted> {
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
            [0, 3, _, total, n] => (size, Some((*n, *total))),
            _ => (size, None),
        }
    } else {
        (0, None)
    };
    let text = if scheme == 8 {
        if length != data.len() || data.len() > 140 {
            return None;
        }
        let units: Vec<u16> =
            data.get(header..)?.chunks_exact(2).map(|p| p.iter().fold(0, |s, o| s * 256 + u16::from(*o))).collect();
        String::from_utf16(&units).ok()?
    } else {
        septets(data, length, (header * 8).div_ceil(7))
    };
    Some(Submitted { to, text, part, wants_report: first & 0x20 != 0, address })
}

/// GSM-7 as far as a ledger needs it: letters, digits and signs that ASCII and the alphabet share.
fn septets(data: &[u8], count: usize, skip: usize) -> String {
    let bit = |n: usize| data.get(n / 8).is_some_and(|octet| octet >> (n % 8) & 1 == 1);
    (skip..count)
        .map(|n| (0..7).fold(0u8, |value, b| value | u8::from(bit(n * 7 + b)) << b))
        .map(|septet| match septet {
            0 => '@',
            2 => '$',
            10 => '\n',
            0x20..=0x23 | 0x25..=0x5a | 0x61..=0x7a => char::from(septet),
            _ => '?',
        })
        .collect()
}

/// A moment as seven swapped semi-octets in China's zone.
fn moment(at: i64) -> Vec<u8> {
    let local = at / 1000 + 8 * 3600;
    let (days, rest) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    // Civil from days, for the years a simulator lives in.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let swap = |value: i64| u8::try_from(value % 100 % 10 * 16 + value % 100 / 10).unwrap_or(0);
    [year, month, day, rest / 3600, rest / 60 % 60, rest % 60, 32].into_iter().map(swap).collect()
}

/// An SMS-STATUS-REPORT: delivered.
pub(super) fn report(mr: u8, message: &Submitted, sent: i64, delivered: i64) -> (usize, String) {
    let mut tpdu = vec![0x06, mr];
    tpdu.extend_from_slice(&message.address);
    tpdu.extend(moment(sent));
    tpdu.extend(moment(delivered));
    tpdu.push(0);
    (tpdu.len(), format!("00{}", hex(&tpdu)))
}

/// A text as SMS-DELIVERs in UCS-2, cut into parts where it is long.
pub(super) fn deliver(from: &str, text: &str, at: i64, reference: u8) -> Vec<(usize, String)> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let pieces: Vec<Vec<u16>> =
        if units.len() <= 70 { vec![units] } else { units.chunks(67).map(<[u16]>::to_vec).collect() };
    let total = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
    let digits: Vec<u8> = from.chars().filter_map(|c| c.to_digit(10)).filter_map(|d| u8::try_from(d).ok()).collect();
    pieces
        .iter()
        .zip(1u8..)
        .map(|(piece, n)| {
            let header: Vec<u8> = if total > 1 { vec![5, 0, 3, reference, total, n] } else { Vec::new() };
            let mut tpdu = vec![if total > 1 { 0x44 } else { 0x04 }];
            tpdu.push(u8::try_from(digits.len()).unwrap_or(0));
            tpdu.push(if from.starts_with('+') { 0x91 } else { 0x81 });
            for pair in digits.chunks(2) {
                tpdu.push(pair.first().copied().unwrap_or(0) | pair.get(1).copied().unwrap_or(15) << 4);
            }
            tpdu.extend_from_slice(&[0, 8]);
            tpdu.extend(moment(at));
            tpdu.push(u8::try_from(header.len() + piece.len() * 2).unwrap_or(u8::MAX));
            tpdu.extend(header);
            tpdu.extend(piece.iter().flat_map(|unit| unit.to_be_bytes()));
            (tpdu.len(), format!("00{}", hex(&tpdu)))
        })
        .collect()
}
