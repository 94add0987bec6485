//! Words by which a receiver takes the consent to marketing back (退订), or gives it again. Both ends read them
//! alike: the box honours them from the moment they come, the server keeps them.

/// What a message that came in asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// No more marketing.
    Out,
    /// Marketing again.
    In,
}

/// What people send to get no more, alone in a message. A longer message that merely has one of these words in
/// it is for a person to read: 取消订单 takes back an order, not the consent.
const OUT: [&str; 10] = ["T", "TD", "TT", "退订", "N", "R", "取消", "拒收", "STOP", "UNSUBSCRIBE"];
/// What takes that back.
const IN: [&str; 4] = ["DY", "订阅", "恢复订阅", "START"];

/// The wish of a text, with the word as it was understood.
#[must_use]
pub fn wish(text: &str) -> Option<(Wish, &'static str)> {
    let bare: String = text
        .trim()
        .trim_matches(|c: char| matches!(c, '。' | '.' | '！' | '!' | '“' | '”' | '"' | '【' | '】'))
        .chars()
        .map(|c| match c {
            '\u{ff21}'..='\u{ff5a}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            other => other,
        })
        .collect::<String>()
        .trim()
        .to_uppercase();
    let among = |words: &[&'static str]| words.iter().find(|word| **word == bare).copied();
    among(&OUT).map(|word| (Wish::Out, word)).or_else(|| among(&IN).map(|word| (Wish::In, word)))
}

#[cfg(test)]
mod tests {
    use super::{Wish, wish};

    #[test]
    fn a_word_alone_is_a_wish_in_any_dress() {
        for text in ["TD", " td ", "ｔｄ", "ＴＤ。", "退订", "【退订】", "stop!", "Unsubscribe", "T", "N"] {
            assert_eq!(wish(text).map(|(wish, _)| wish), Some(Wish::Out), "{text}");
        }
        for text in ["订阅", "start", "恢复订阅。"] {
            assert_eq!(wish(text).map(|(wish, _)| wish), Some(Wish::In), "{text}");
        }
    }

    #[test]
    fn a_word_inside_a_sentence_is_for_a_person() {
        for text in ["取消订单", "退订单 3 号", "Y 4831", "TDK", "", "不要取消", "start at 8"] {
            assert_eq!(wish(text), None, "{text}");
        }
    }
}
