//! The default alphabet (3GPP TS 23.038, 6.2.1) and its septets.

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];
const ESCAPE: u8 = 0x1b;

/// The septets of a text, where all of it is in the alphabet. The simulated network's messages keep to the table
/// without extension, so that no pair can stand astride two parts.
pub(in crate::simulator) fn fits(text: &str) -> Option<Vec<u8>> {
    text.chars()
        .map(|c| {
            let place = BASIC.chars().position(|basic| basic == c && c != '\u{1b}')?;
            u8::try_from(place).ok()
        })
        .collect()
}

/// Septets as text.
pub(super) fn read(septets: &[u8]) -> String {
    let mut text = String::new();
    let mut escaped = false;
    for septet in septets {
        if *septet == ESCAPE {
            escaped = true;
            continue;
        }
        let extended = EXTENDED.iter().find(|(code, _)| escaped && code == septet).map(|(_, c)| *c);
        text.push(extended.or_else(|| BASIC.chars().nth(usize::from(*septet))).unwrap_or('?'));
        escaped = false;
    }
    text
}

/// Septets into octets, behind `skip` septets' room for a header.
pub(in crate::simulator) fn pack(septets: &[u8], skip: usize) -> Vec<u8> {
    let mut bits = vec![false; skip * 7];
    bits.extend(septets.iter().flat_map(|septet| (0..7).map(move |bit| septet >> bit & 1 == 1)));
    bits.chunks(8)
        .map(|byte| byte.iter().zip(0u8..).fold(0, |sum, (bit, place)| sum | u8::from(*bit) << place))
        .collect()
}

/// `count` septets of octets, without the first `skip`.
pub(super) fn unpack(octets: &[u8], count: usize, skip: usize) -> Vec<u8> {
    let bit = |n: usize| octets.get(n / 8).is_some_and(|octet| octet >> (n % 8) & 1 == 1);
    (skip..count).map(|n| (0..7).fold(0u8, |value, b| value | u8::from(bit(n * 7 + b)) << b)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{fits, pack, read, unpack};

    #[test]
    fn what_is_packed_is_read_again() {
        // The example of 23.038, 6.1.2.1.1, and a header of six octets in front.
        assert_eq!(pack(&fits("hello").unwrap(), 0), [0xe8, 0x32, 0x9b, 0xfd, 0x06]);
        let septets = fits("Ünder £3 at nine").unwrap();
        assert_eq!(read(&unpack(&pack(&septets, 7), septets.len() + 7, 7)), "Ünder £3 at nine");
        assert_eq!(read(&[0x1b, 0x65, 0x31]), "€1");
        assert_eq!(fits("您"), None);
    }
}
