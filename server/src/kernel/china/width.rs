//! What Chinese keyboards type at full width.

/// A full-width letter, digit, mark or space (U+FF01 to U+FF5E, U+3000) in its ASCII form; others as they are.
#[must_use]
pub fn half(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::half;

    #[test]
    fn the_whole_of_ascii_has_a_full_width_twin() {
        let typed = "！０９ＡＺａｚ～\u{3000}农。";
        assert_eq!(typed.chars().map(half).collect::<String>(), "!09AZaz~ 农。");
    }
}
