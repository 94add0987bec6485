//! How long a text is on the air (字数与条数). GSM-7 where every character fits it, else UCS-2; neither an
//! escape pair nor a surrogate pair is ever split over two parts, which can cost a unit at a boundary.

/// The characters of the GSM 7-bit default alphabet, one septet each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension: an escape and one more septet.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How the text goes over the air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alphabet {
    /// 7 bits a character: 160 in one part, 153 in each of several.
    Gsm7,
    /// 16 bits a unit: 70 in one part, 67 in each of several.
    Ucs2,
}

/// The size of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// How it goes over the air.
    pub alphabet: Alphabet,
    /// Septets or 16-bit units.
    pub units: usize,
    /// Messages that the operator counts.
    pub parts: usize,
}

/// Measures a text; an empty one has no part.
#[must_use]
pub fn measure(text: &str) -> Size {
    let septets: Option<Vec<usize>> = text.chars().map(septets).collect();
    let (alphabet, widths, single, each) = match septets {
        Some(widths) => (Alphabet::Gsm7, widths, 160, 153),
        None => (Alphabet::Ucs2, text.chars().map(char::len_utf16).collect(), 70, 67),
    };
    let units: usize = widths.iter().sum();
    let parts = match units {
        0 => 0,
        units if units <= single => 1,
        _ => split(&widths, each),
    };
    Size { alphabet, units, parts }
}

fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENDED.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// Parts of `each` units at most, with no character on both sides of a boundary.
fn split(widths: &[usize], each: usize) -> usize {
    let (parts, _) =
        widths.iter().fold(
            (1, 0),
            |(parts, filled), width| {
                if filled + width > each { (parts + 1, *width) } else { (parts, filled + width) }
            },
        );
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Alphabet, Size, measure};

    fn gsm(units: usize, parts: usize) -> Size {
        Size { alphabet: Alphabet::Gsm7, units, parts }
    }
    fn ucs(units: usize, parts: usize) -> Size {
        Size { alphabet: Alphabet::Ucs2, units, parts }
    }

    #[test]
    fn it_counts_as_the_box_does() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../gateway-agent/protocol/vectors/parts.json")).unwrap();
        for vector in vectors.as_array().unwrap() {
            let times = usize::try_from(vector["times"].as_u64().unwrap()).unwrap();
            let text = vector["text"].as_str().unwrap().repeat(times) + vector["then"].as_str().unwrap_or("");
            let size = measure(&text);
            let alphabet = if size.alphabet == Alphabet::Gsm7 { "gsm7" } else { "ucs2" };
            assert_eq!(
                (alphabet, size.units as u64),
                (vector["alphabet"].as_str().unwrap(), vector["units"].as_u64().unwrap())
            );
            assert_eq!(size.parts as u64, vector["parts"].as_u64().unwrap(), "{vector}");
        }
    }

    #[test]
    fn latin_text_is_counted_in_septets() {
        assert_eq!(measure(""), gsm(0, 0));
        assert_eq!(measure("Hello"), gsm(5, 1));
        assert_eq!(measure(&"a".repeat(160)), gsm(160, 1));
        assert_eq!(measure(&"a".repeat(161)), gsm(161, 2));
        assert_eq!(measure(&"a".repeat(306)), gsm(306, 2));
        assert_eq!(measure(&"a".repeat(307)), gsm(307, 3));
        assert_eq!(measure("€"), gsm(2, 1));
        assert_eq!(measure(&"€".repeat(80)), gsm(160, 1));
    }

    #[test]
    fn an_escape_pair_is_not_split() {
        // 152 + a pair does not fit 153: the pair moves on.
        let text = format!("{}€{}", "a".repeat(152), "a".repeat(152));
        assert_eq!(measure(&text), gsm(306, 3));
        assert_eq!(measure(&"€".repeat(153)), gsm(306, 3));
    }

    #[test]
    fn chinese_text_is_counted_in_units() {
        assert_eq!(measure("您好"), ucs(2, 1));
        assert_eq!(measure(&"字".repeat(70)), ucs(70, 1));
        assert_eq!(measure(&"字".repeat(71)), ucs(71, 2));
        assert_eq!(measure(&"字".repeat(134)), ucs(134, 2));
        assert_eq!(measure(&"字".repeat(135)), ucs(135, 3));
        assert_eq!(measure("café ç"), ucs(6, 1));
    }

    #[test]
    fn a_surrogate_pair_is_not_split() {
        assert_eq!(measure("😀"), ucs(2, 1));
        assert_eq!(measure(&"😀".repeat(35)), ucs(70, 1));
        // 33 pairs fill 66 of 67.
        assert_eq!(measure(&"😀".repeat(67)), ucs(134, 3));
        assert_eq!(measure(&format!("{}😀{}", "字".repeat(66), "字".repeat(66))), ucs(134, 3));
    }
}
