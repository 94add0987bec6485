//! Octets that are text in an encoding that nobody names: ASCII, UTF-8, or GBK, in which Chinese exchanges and
//! modems write names.

/// Reads them; what is no text is shown with replacement characters.
#[must_use]
pub fn read(octets: &[u8]) -> String {
    let utf8 = std::str::from_utf8(octets);
    if let Ok(text) = utf8
        && (text.is_ascii() || !looks_gbk(text, octets))
    {
        return text.to_owned();
    }
    match chinese(octets) {
        Some(text) => text,
        None => String::from_utf8_lossy(octets).into_owned(),
    }
}

/// The text in GBK, where every octet belongs to a character.
fn chinese(octets: &[u8]) -> Option<String> {
    encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(octets).map(std::borrow::Cow::into_owned)
}

/// Some characters in GBK are letters of other alphabets in UTF-8: without one letter of ours between them, and as
/// Chinese characters throughout, they are taken as Chinese. Of `NAME = …` only what is behind the mark counts.
fn looks_gbk(utf8: &str, octets: &[u8]) -> bool {
    let value = utf8.split_once('=').map_or(utf8, |(_, value)| value);
    let letters = value.chars().any(|c| c.is_ascii_alphabetic());
    let foreign = utf8.chars().filter(|c| !c.is_ascii()).all(|c| ('\u{80}'..'\u{800}').contains(&c));
    let han = |text: String| text.chars().filter(|c| !c.is_ascii()).all(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    !letters && foreign && chinese(octets).is_some_and(han)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn names_are_read_in_the_encoding_that_they_came_in() {
        for (octets, text) in [
            (&b"ACME Ltd"[..], "ACME Ltd"),
            ("王建国".as_bytes(), "王建国"),
            ("Müller".as_bytes(), "Müller"),
            (&[0xcd, 0xf5, 0xbd, 0xa8, 0xb9, 0xfa], "王建国"),
            // Valid UTF-8 as well.
            (&[0xc4, 0xa3], "模"),
            (&[b'N', b'A', b'M', b'E', b' ', b'=', b' ', 0xd5, 0xc5, 0xc8, 0xfd], "NAME = 张三"),
            (&[b'N', b'A', b'M', b'E', b'=', 0xc4, 0xa3], "NAME=模"),
            (&[0xff, 0xff], "\u{fffd}\u{fffd}"),
            (&[], ""),
        ] {
            assert_eq!(read(octets), text, "{octets:02X?}");
        }
    }
}
