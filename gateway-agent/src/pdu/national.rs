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

    #[test]
    fn known_places() {
        assert_eq!(locking(1, 0x40), Some(Some('İ')));
        assert_eq!(locking(3, 0x15), Some(Some('∞')));
        assert_eq!(single(2, 0x41), Some(Some('Á')));
        assert_eq!(single(1, 0x73), Some(Some('ş')));
        assert_eq!(locking(6, 0x03), Some(Some('अ')));
        assert_eq!(locking(0, 0x40), None);
        assert_eq!(single(99, 0x65), None);
    }
}
