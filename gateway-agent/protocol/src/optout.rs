//! What a receiver writes to get no more marketing (退订), or to get it again. Both ends read it alike: the box
//! honours it from the moment it comes, the server keeps it and shows what is uncertain to a person.
//!
//! In doubt marketing stops: a person can undo it with one tap, an advertisement that went out stays out.
//! What is about goods, money or orders (退货, 不要白色的, 取消订单) is no wish.

mod english;
mod text;
mod words;

use text::{Clause, Text};
use words::{Kind, covered};

/// What a message that came in asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// No more marketing.
    Out,
    /// Marketing again.
    In,
}

/// A message as it was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What it asks for.
    pub wish: Wish,
    /// The word that decided.
    pub word: &'static str,
    /// Whether nothing else can be meant. An uncertain wish holds until a person has looked at it.
    pub sure: bool,
}

/// The word that refuses an approval too: from a member of staff it is no wish.
pub const REFUSAL: &str = "N";

fn out(word: &'static str, sure: bool) -> Reading {
    Reading { wish: Wish::Out, word, sure }
}

/// The wish of a text, with the word as it was understood; uncertain ones too.
#[must_use]
pub fn wish(text: &str) -> Option<(Wish, &'static str)> {
    read(text).map(|reading| (reading.wish, reading.word))
}

/// Reads a message.
#[must_use]
pub fn read(text: &str) -> Option<Reading> {
    let text = Text::of(text);
    if text.answers_an_approval() {
        return None;
    }
    if let Some(word) = text.takes_up_again() {
        return Some(Reading { wish: Wish::In, word, sure: true });
    }
    alone(&text).or_else(|| text.without_footer().and_then(|rest| alone(&rest))).or_else(|| said(&text))
}

/// A message of nothing but words of opting out and politeness: T, TD退订, 退订回T, 回复T谢谢.
fn alone(text: &Text) -> Option<Reading> {
    let joined = text.joined();
    if let Some(word) = words::declines(&joined).filter(|_| !words::is_about_messages(&joined)) {
        return Some(out(word, false));
    }
    match covered(&joined)? {
        // Of the opt-out, or of the opt-in: only a person can tell.
        (word, Kind::Word) if text.clauses().iter().any(|clause| clause.letters.contains("取消退订")) => {
            Some(out(word, false))
        }
        (word, Kind::Word | Kind::Code) => Some(out(word, !text.asks() || joined.len() < 3)),
        (word, Kind::Weak) => Some(out(word, false)),
        (_, Kind::Filler) => None,
    }
}

/// A sentence that says it among other things; the surest of its clauses counts.
fn said(text: &Text) -> Option<Reading> {
    let mut found: Option<Reading> = None;
    for clause in text.clauses() {
        let reading = match covered(&clause.letters) {
            Some((word, Kind::Word)) => Some(out(word, !text.asks())),
            // A letter next to other characters may begin any word.
            Some((word, Kind::Code)) => Some(out(word, false)),
            Some((_, Kind::Weak | Kind::Filler)) | None => in_clause(text, clause),
        };
        found = match (found, reading) {
            (Some(before), Some(new)) if before.sure || !new.sure => Some(before),
            (before, new) => new.or(before),
        };
    }
    found
}

fn in_clause(text: &Text, clause: &Clause) -> Option<Reading> {
    let plain = !text.asks();
    if let Some(word) = words::unsubscribes(&clause.letters) {
        return Some(out(word, plain && !text.is_about_goods()));
    }
    if let Some((word, about_messages)) = words::forbids(&clause.letters) {
        // 不要再发了 without a word of messages may be about goods, and with a word of goods it is.
        let sure = about_messages && plain;
        let goods = text.is_about_goods() && !about_messages;
        return (!goods).then(|| out(word, sure));
    }
    if let Some(word) = english::asks(&clause.words) {
        return Some(out(word, plain));
    }
    words::complains(&clause.letters).map(|word| out(word, false))
}

#[cfg(test)]
mod tests {
    use super::{Wish, read};

    /// Each line is a reading and a message as somebody may write it: `out`, `doubt`, `in`, `none`; `\n` in it is
    /// a new line.
    #[test]
    fn messages_are_understood_as_people_write_them() {
        let mut wrong = Vec::new();
        let mut count = 0;
        for line in include_str!("../vectors/optout.txt").lines().filter(|line| !line.starts_with('#')) {
            let Some((wanted, text)) = line.split_once('\t') else { continue };
            let text = text.replace("\\n", "\n");
            let reading = match read(&text) {
                Some(reading) => match (reading.wish, reading.sure) {
                    (Wish::Out, true) => "out",
                    (Wish::Out, false) => "doubt",
                    (Wish::In, _) => "in",
                },
                None => "none",
            };
            count += 1;
            if reading != wanted {
                wrong.push(format!("{text}: {reading}, not {wanted}"));
            }
        }
        assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
        assert!(count >= 150, "the table has {count} messages");
    }

    #[test]
    fn nothing_that_can_be_sent_makes_it_panic() {
        for text in
            ["", " ", "\u{0}", "【", "】【", "????", "🈚️", "\u{200d}\u{fe0f}T", &"退".repeat(5000), &"N".repeat(5000)]
        {
            let _ = read(text);
        }
    }
}
