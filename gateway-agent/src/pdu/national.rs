//! National language tables (3GPP TS 23.038, annex A): thirteen languages besides the default alphabet.
//! For reading only. What we send stays in the default alphabet or UCS-2, which every phone shows.

use std::sync::LazyLock;

/// Septet to character; `None` where the table has nothing.
type Table = [Option<char>; 128];

#[derive(Debug, Default)]
struct Tables {
    locking: Vec<(u8, Table)>,
    single: Vec<(u8, Table)>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| read(include_str!("national.txt")));

fn read(text: &str) -> Tables {
    let mut tables = Tables::default();
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    while let Some(head) = lines.next() {
        let mut words = head.split(' ');
        let language = words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
        let mut table: Table = [None; 128];
        let cells = lines.by_ref().take(8).flat_map(|row| row.split(' '));
        for (place, cell) in table.iter_mut().zip(cells) {
            *place = u32::from_str_radix(cell, 16).ok().and_then(char::from_u32);
        }
        let kind = if words.next_back() == Some("locking") { &mut tables.locking } else { &mut tables.single };
        kind.push((language, table));
    }
    tables
}

/// Which tables hold in a message: the language identifiers of its header, 0 for the default alphabet and its
/// extension table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shift {
    /// In place of the default alphabet.
    pub locking: u8,
    /// In place of the extension table.
    pub single: u8,
}

fn character(tables: &[(u8, Table)], language: u8, septet: u8) -> Option<Option<char>> {
    let (_, table) = tables.iter().find(|(known, _)| *known == language)?;
    Some(table.get(usize::from(septet)).copied().flatten())
}

/// The character of a septet in the locking table of a language; `None` where the default alphabet holds: for
/// language 0, and for one that is not known (23.040, 9.2.3.24.16).
#[must_use]
pub fn locking(language: u8, septet: u8) -> Option<Option<char>> {
    character(&TABLES.locking, language, septet)
}

/// The character behind an escape in the single shift table of a language; `None` where the default extension
/// table holds.
#[must_use]
pub fn single(language: u8, septet: u8) -> Option<Option<char>> {
    character(&TABLES.single, language, septet)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{TABLES, locking, single};

    #[test]
    fn there_are_thirteen_languages_of_which_spanish_has_no_locking_table() {
        let languages =
            |tables: &[(u8, super::Table)]| tables.iter().map(|(language, _)| *language).collect::<Vec<_>>();
        assert_eq!(languages(&TABLES.single), (1..=13).collect::<Vec<_>>());
        assert_eq!(languages(&TABLES.locking), [1].into_iter().chain(3..=13).collect::<Vec<_>>());
        // 23.038: the escape has its place in every table, and digits theirs in every locking table but for none.
        for (language, table) in &TABLES.locking {
            assert_eq!(table[0x1b], None, "{language}");
            assert!((b'0'..=b'9').all(|digit| table[usize::from(digit)] == Some(char::from(digit))), "{language}");
        }
        assert!(TABLES.single.iter().all(|(_, table)| table[0x1b].is_none() && table[0x65] == Some('€')));
    }

    /// A language, whether its table locks, and the cells.
    type Cells = (u8, bool, Vec<(u8, char)>);

    /// The characters of a second transcription.
    fn second() -> Vec<Cells> {
        let point = |text: &str| char::from_u32(u32::from_str_radix(text, 16).unwrap()).unwrap();
        let lines = include_str!("national.second.txt").lines().filter(|line| !line.starts_with('#'));
        lines
            .map(|line| {
                let mut words = line.split(' ');
                let language = words.next().unwrap().parse().unwrap();
                let locks = words.next().unwrap() == "locking";
                let cells = words.flat_map(|run| {
                    let (first, characters) = run.split_once('=').unwrap();
                    let characters = characters.split(',').flat_map(|piece| match piece.split_once("..") {
                        Some((from, to)) => (point(from)..=point(to)).collect::<Vec<_>>(),
                        None => vec![point(piece)],
                    });
                    (u8::from_str_radix(first, 16).unwrap()..).zip(characters).collect::<Vec<_>>()
                });
                (language, locks, cells.collect())
            })
            .collect()
    }

    /// Where the two transcriptions differ, and why ours stays: language, whether it locks, septet, ours, the other.
    #[rustfmt::skip]
    fn differ(language: u8, locks: bool, septet: u8, ours: Option<char>, other: Option<char>) -> bool {
        match (language, locks, septet) {
            // The copy that the second was made from lost the commas of its own format.
            (4..=13, true, 0x2c) => (ours, other) == (Some(','), Some('\'')),
            // A misprint of the standard: 0CAA has its place at 3D, and phones write 0CA1 here.
            (7, true, 0x24) => (ours, other) == (Some('\u{ca1}'), Some('\u{caa}')),
            // Every other table has the sign of the euro here, and phones have it in this one too.
            (12, false, 0x65) => (ours, other) == (Some('€'), None),
            _ => false,
        }
    }

    #[test]
    fn every_cell_is_the_same_in_two_transcriptions() {
        let (mut compared, mut differing) = (0, 0);
        for (language, locks, cells) in second() {
            for septet in (0..128u8).filter(|septet| *septet != 0x1b) {
                let ours = if locks { locking(language, septet) } else { single(language, septet) };
                // A cell without a character is shown as a space.
                let shown = |c: Option<char>| c.filter(|c| *c != ' ');
                let ours = shown(ours.unwrap());
                let other = shown(cells.iter().find(|(place, _)| *place == septet).map(|(_, c)| *c));
                compared += 1;
                if ours != other {
                    differing += 1;
                    assert!(
                        differ(language, locks, septet, ours, other),
                        "{language} {locks} {septet:02X}: {ours:?} {other:?}"
                    );
                }
            }
        }
        assert_eq!((compared, differing), (25 * 127, 12));
    }

    #[test]
    fn known_places() {
        assert_eq!(locking(1, 0x40), Some(Some('İ')));
        assert_eq!(locking(3, 0x15), Some(Some('∞')));
        assert_eq!(single(2, 0x41), Some(Some('Á')));
        assert_eq!(single(1, 0x73), Some(Some('ş')));
        assert_eq!(locking(6, 0x03), Some(Some('अ')));
        assert_eq!(locking(0, 0x40), None);
        assert_eq!(single(99, 0x65), None);
        assert_eq!(
            (single(4, 0x1f), single(7, 0x3c), locking(8, 0x2e)),
            (Some(Some('৫')), Some(Some('[')), Some(Some('.')))
        );
    }
}
