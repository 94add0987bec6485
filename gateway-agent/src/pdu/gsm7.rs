//! The GSM 7-bit default alphabet with its extension table (3GPP TS 23.038, 6.2.1), and its packing.

use super::national::{self, Shift};

/// The default alphabet, by septet. `\u{1b}` is the escape to the extension table.
const DEFAULT: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The extension table: septet behind the escape, character.
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{0c}'),
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

/// The septets of one character: one, or two with the escape; `None` when the alphabet has it not.
#[must_use]
pub fn septets_of(c: char) -> Option<Vec<u8>> {
    if let Some((septet, _)) = EXTENSION.iter().find(|(_, extended)| *extended == c) {
        return Some(vec![ESCAPE, *septet]);
    }
    let place = DEFAULT.chars().position(|known| known == c && c != '\u{1b}')?;
    u8::try_from(place).ok().map(|septet| vec![septet])
}

/// The septets of a text; `None` when a character is not in the alphabet.
#[must_use]
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    for c in text.chars() {
        septets.extend(septets_of(c)?);
    }
    Some(septets)
}

/// The text of septets in the tables that hold. An escape before a septet that the extension table has not is
/// shown as that septet's character (6.2.1.1); an escape at the end, and what no table has, as a space.
#[must_use]
pub fn decode(septets: &[u8], shift: Shift) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut septets = septets.iter().copied();
    while let Some(septet) = septets.next() {
        let shown = if septet == ESCAPE {
            // 6.2.1.1: a second escape is kept for tables to come, and is a space too.
            septets.next().filter(|next| *next != ESCAPE).and_then(|next| {
                let behind = national::single(shift.single, next).unwrap_or_else(|| extended(next));
                behind.or_else(|| plain(next, shift))
            })
        } else {
            plain(septet, shift)
        };
        text.push(shown.unwrap_or(' '));
    }
    text
}

fn plain(septet: u8, shift: Shift) -> Option<char> {
    national::locking(shift.locking, septet).unwrap_or_else(|| default(septet))
}

fn extended(septet: u8) -> Option<char> {
    EXTENSION.iter().find(|(known, _)| *known == septet).map(|(_, c)| *c)
}

fn default(septet: u8) -> Option<char> {
    DEFAULT.chars().nth(usize::from(septet & 0x7f))
}

/// Packs septets into octets (23.038, 6.1.2.1), the first after `fill` zero bits.
#[must_use]
pub fn pack(septets: &[u8], fill: usize) -> Vec<u8> {
    let bits = fill + septets.len() * 7;
    let mut octets = vec![0u8; bits.div_ceil(8)];
    for (n, septet) in septets.iter().enumerate() {
        let at = fill + n * 7;
        let wide = u16::from(septet & 0x7f) << (at % 8);
        let [low, high] = wide.to_le_bytes();
        if let Some(octet) = octets.get_mut(at / 8) {
            *octet |= low;
        }
        if let Some(octet) = octets.get_mut(at / 8 + 1) {
            *octet |= high;
        }
    }
    octets
}

/// Unpacks `count` septets that begin `fill` bits into the octets; fewer when the octets end early.
#[must_use]
pub fn unpack(octets: &[u8], count: usize, fill: usize) -> Vec<u8> {
    (0..count)
        .map_while(|n| {
            let at = fill + n * 7;
            let low = u16::from(*octets.get(at / 8)?);
            let high = octets.get(at / 8 + 1).copied();
            if at % 8 > 1 && high.is_none() {
                return None;
            }
            let wide = low | u16::from(high.unwrap_or(0)) << 8;
            u8::try_from((wide >> (at % 8)) & 0x7f).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{DEFAULT, decode, encode, pack, unpack};
    use crate::pdu::national::Shift;

    #[test]
    fn the_alphabet_has_its_hundred_and_twenty_eight_places() {
        assert_eq!(DEFAULT.chars().count(), 128);
        assert_eq!(DEFAULT.chars().position(|c| c == 'A'), Some(0x41));
        assert_eq!(DEFAULT.chars().position(|c| c == 'à'), Some(0x7f));
    }

    #[test]
    fn every_character_survives_packing_at_every_fill() {
        let text = "Hello [wörld] €100 {~} ^|\\ Ωß";
        let septets = encode(text).unwrap();
        for fill in 0..7 {
            assert_eq!(decode(&unpack(&pack(&septets, fill), septets.len(), fill), Shift::default()), text);
        }
        assert_eq!(encode("你好"), None);
    }

    #[test]
    fn national_tables_hold_where_the_header_names_them() {
        let turkish = Shift { locking: 1, single: 1 };
        assert_eq!(decode(&[0x40, 0x1b, 0x73, 0x07], turkish), "İşı");
        assert_eq!(decode(&[0x40, 0x1b, 0x73, 0x07], Shift::default()), "¡sì");
        // What the single shift table has not is shown as in the locking one; unknown languages as the default.
        assert_eq!(decode(&[0x1b, 0x40], Shift { locking: 1, single: 2 }), "|");
        assert_eq!(decode(&[0x1b, 0x42], turkish), "B");
        assert_eq!(decode(&[0x1b, 0x65, 0x40], Shift { locking: 77, single: 77 }), "€¡");
    }

    #[test]
    fn an_escape_without_a_character_is_a_space() {
        assert_eq!(decode(&[0x41, 0x1b], Shift::default()), "A ");
        assert_eq!(decode(&[0x1b, 0x1b, 0x41], Shift::default()), " A");
        assert_eq!(decode(&[0x1b, 0x41], Shift::default()), "A");
    }

    #[test]
    fn a_known_packing() {
        assert_eq!(crate::pdu::to_hex(&pack(&encode("hellohello").unwrap(), 0)), "E8329BFD4697D9EC37");
    }
}
