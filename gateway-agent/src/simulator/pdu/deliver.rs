//! What the network delivers (3GPP TS 23.040, 9.2.2.1) and reports (9.2.2.3).

use super::{Submitted, address, alphabet, hex};

/// A moment as seven swapped semi-octets in China's zone.
pub(in crate::simulator) fn moment(at: i64) -> Vec<u8> {
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

/// An SMS-STATUS-REPORT with TP-ST `status`; 0 is delivered (9.2.3.15).
pub(in crate::simulator) fn report(mr: u8, message: &Submitted, sent: i64, ended: i64, status: u8) -> (usize, String) {
    let mut tpdu = vec![0x06, mr];
    tpdu.extend_from_slice(&message.address);
    tpdu.extend(moment(sent));
    tpdu.extend(moment(ended));
    tpdu.push(status);
    (tpdu.len(), format!("00{}", hex(&tpdu)))
}

/// What is to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::simulator) struct Wanted {
    pub from: String,
    pub text: String,
    pub at: i64,
    /// Above 255 it takes two octets.
    pub reference: u16,
}

/// A piece of a text with the PDU that carries it.
pub(in crate::simulator) struct Piece {
    pub length: usize,
    pub pdu: String,
    pub text: String,
}

/// A text as SMS-DELIVERs, cut into parts where it is long.
pub(in crate::simulator) fn deliver(wanted: &Wanted) -> Vec<Piece> {
    let wide = wanted.reference > 255;
    // Contents of the user data without a header: (TP-UDL, octets), and the text itself.
    let pieces: Vec<(Vec<u8>, String)> = match alphabet::fits(&wanted.text) {
        Some(septets) => cut(&septets, 160, if wide { 152 } else { 153 })
            .into_iter()
            .map(|piece| (piece.to_vec(), alphabet::read(piece)))
            .collect(),
        None => {
            let units: Vec<u16> = wanted.text.encode_utf16().collect();
            cut(&units, 70, if wide { 66 } else { 67 })
                .into_iter()
                .map(|piece| {
                    let text = String::from_utf16_lossy(piece);
                    (piece.iter().flat_map(|unit| unit.to_be_bytes()).collect(), text)
                })
                .collect()
        }
    };
    let gsm = alphabet::fits(&wanted.text).is_some();
    let total = u8::try_from(pieces.len()).unwrap_or(u8::MAX);
    let [high, low] = wanted.reference.to_be_bytes();
    pieces
        .into_iter()
        .zip(1u8..)
        .map(|((content, text), n)| {
            let header: Vec<u8> = match (total > 1, wide) {
                (false, _) => Vec::new(),
                (true, false) => vec![5, 0, 3, low, total, n],
                (true, true) => vec![6, 8, 4, high, low, total, n],
            };
            let mut tpdu = vec![if header.is_empty() { 0x04 } else { 0x44 }];
            tpdu.extend(sender(&wanted.from));
            tpdu.extend_from_slice(&[0, if gsm { 0 } else { 8 }]);
            tpdu.extend(moment(wanted.at));
            if gsm {
                let skip = (header.len() * 8).div_ceil(7);
                tpdu.push(u8::try_from(skip + content.len()).unwrap_or(u8::MAX));
                let mut data = alphabet::pack(&content, skip);
                for (place, octet) in data.iter_mut().zip(&header) {
                    *place = *octet;
                }
                tpdu.extend(data);
            } else {
                tpdu.push(u8::try_from(header.len() + content.len()).unwrap_or(u8::MAX));
                tpdu.extend(header);
                tpdu.extend(content);
            }
            Piece { length: tpdu.len(), pdu: format!("00{}", hex(&tpdu)), text }
        })
        .collect()
}

fn cut<T>(all: &[T], whole: usize, part: usize) -> Vec<&[T]> {
    if all.len() <= whole { vec![all] } else { all.chunks(part).collect() }
}

/// A number, or a name in the default alphabet (9.1.2.5).
fn sender(from: &str) -> Vec<u8> {
    let is_number = from.chars().all(|c| c.is_ascii_digit() || c == '+');
    match alphabet::fits(from) {
        Some(septets) if !is_number && septets.len() <= 11 => {
            let name = alphabet::pack(&septets, 0);
            let semi_octets = (septets.len() * 7).div_ceil(4);
            let mut octets = vec![u8::try_from(semi_octets).unwrap_or(0), 0xd0];
            octets.extend(name);
            octets
        }
        Some(_) | None => address(from),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Wanted, deliver, moment};
    use crate::simulator::pdu::clock;

    fn wanted(text: &str, reference: u16) -> Wanted {
        Wanted { from: "+8613805362417".to_owned(), text: text.to_owned(), at: 1_795_363_200_000, reference }
    }

    #[test]
    fn parts_are_as_long_as_they_may_be() {
        for (text, reference, parts) in [
            ("a".repeat(160), 1, 1),
            ("a".repeat(161), 1, 2),
            ("a".repeat(306), 1, 2),
            ("a".repeat(307), 1, 3),
            ("a".repeat(305), 300, 3),
            ("您".repeat(70), 1, 1),
            ("您".repeat(71), 1, 2),
            ("您".repeat(134), 1, 2),
            ("您".repeat(133), 300, 3),
        ] {
            let pieces = deliver(&wanted(&text, reference));
            assert_eq!(pieces.len(), parts, "{} {reference}", text.chars().count());
            assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), text);
            assert!(pieces.iter().all(|piece| piece.length <= 140 + 20));
        }
    }

    #[test]
    fn moments_are_chinas() {
        assert_eq!(moment(1_795_363_200_000), [0x62, 0x11, 0x32, 0x00, 0x00, 0x00, 0x23]);
        assert_eq!(clock(1_795_363_200_000), "26/11/23,00:00:00+32");
    }
}
