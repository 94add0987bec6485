//! A question after wrong passwords (验证码): asked in words, so that nobody has to see a picture to answer it.
//! It slows down who tries passwords by machine; the lock after ten failures stops them. Wrong answers are counted
//! too, each before the next is looked at.

use crate::kernel::china::width::half;
use crate::kernel::clock::{Clock, MINUTE, Millis, Stamp};
use crate::kernel::crypto::seal::Seal;
use crate::kernel::i18n::{Lang, t};
use crate::users::guesses::Counts;

/// Wrong passwords after which the question is asked.
pub const AFTER: i64 = 3;
/// A question may be answered for so long.
const GOOD_FOR: Millis = 10 * MINUTE;

/// A question and its sealed answer, which the page carries.
#[derive(Clone, Debug)]
pub struct Question {
    /// In words.
    pub text: String,
    /// For the hidden field.
    pub sealed: String,
}

/// What somebody made of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing was answered, or the question is for somebody else or too old.
    None,
    /// It is wrong.
    Wrong,
    /// It is right.
    Right,
}

/// Whom a question is for: one name, one try. A further wrong password or a wrong answer makes another question due.
fn owner(username: &str, counts: Counts) -> String {
    format!("captcha:{username}:{}:{}", counts.passwords, counts.answers)
}

/// The question for the next try with this name, or `None` as long as none is due.
#[must_use]
pub fn ask(seal: &Seal, lang: Lang, username: &str, counts: Counts, clock: &Clock) -> Option<Question> {
    if counts.passwords < AFTER {
        return None;
    }
    let words: Vec<String> = t!(lang, "users.number_words").split(' ').map(str::to_owned).collect();
    let count = words.len().max(1);
    let first = usize::from(rand::random::<u16>()) % count;
    let second = usize::from(rand::random::<u16>()) % count;
    let (a, b) = (words.get(first)?, words.get(second)?);
    let text = t!(lang, "users.captcha_sum", a = a, b = b).into_owned();
    let answer = serde_json::to_string(&(first + second, clock.stamp())).ok()?;
    let sealed = seal.seal(&owner(username, counts), &answer)?;
    Some(Question { text, sealed })
}

/// Judges the answer to the question that was due with these counts.
#[must_use]
pub fn judge(seal: &Seal, username: &str, counts: Counts, sealed: &str, typed: &str, clock: &Clock) -> Answer {
    let typed: String = typed.chars().take(20).map(half).filter(|c| !c.is_whitespace()).collect();
    let Some(opened) = seal.open_for(&owner(username, counts), sealed).filter(|_| !typed.is_empty()) else {
        return Answer::None;
    };
    let Ok((sum, asked)) = serde_json::from_str::<(usize, Stamp)>(&opened) else { return Answer::None };
    match clock.since(&asked) {
        Some(age) if age <= GOOD_FOR => {
            if typed == sum.to_string() {
                Answer::Right
            } else {
                Answer::Wrong
            }
        }
        Some(_) | None => Answer::None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::{AFTER, Answer, GOOD_FOR, ask, judge};
    use crate::kernel::clock::{Clock, DAY};
    use crate::kernel::crypto::seal::Seal;
    use crate::kernel::i18n::Lang;
    use crate::users::guesses::Counts;

    fn answer(text: &str) -> String {
        let words = ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
        let place = |word: &str| words.iter().position(|known| *known == word).expect("a number word");
        let (a, rest) = text.split_once('加').expect("a sum");
        (place(a) + place(rest.split('等').next().expect("a second"))).to_string()
    }

    #[test]
    fn a_question_is_answered_once_by_its_sum_and_in_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let seal = Seal::open(&folder.path().join("secret.key")).unwrap();
        let due = Counts { passwords: AFTER, answers: 0 };
        let none = Counts { passwords: AFTER - 1, answers: 0 };
        assert!(ask(&seal, Lang::Zh, "rep1", none, &Clock::standing_at(0)).is_none());
        for _ in 0..50 {
            let clock = Clock::standing_at(1_000_000);
            let question = ask(&seal, Lang::Zh, "rep1", due, &clock).unwrap();
            let right = answer(&question.text);
            let full: String = right.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
            let judged = |name, counts, typed: &str| judge(&seal, name, counts, &question.sealed, typed, &clock);
            assert_eq!(judged("rep1", due, &right), Answer::Right);
            assert_eq!(judged("rep1", due, &full), Answer::Right);
            assert_eq!(judged("rep1", due, "99"), Answer::Wrong);
            assert_eq!(judged("rep1", due, " "), Answer::None);
            assert_eq!(judged("rep2", due, &right), Answer::None, "for another name");
            assert_eq!(judged("rep1", Counts { passwords: AFTER + 1, ..due }, &right), Answer::None, "for another try");
            assert_eq!(judged("rep1", Counts { answers: 1, ..due }, &right), Answer::None, "answered before");
            clock.jump(-DAY);
            clock.advance(GOOD_FOR);
            assert_eq!(judged("rep1", due, &right), Answer::Right, "a clock that was set makes it no older");
            clock.advance(1);
            assert_eq!(judged("rep1", due, &right), Answer::None, "too late");
        }
    }
}
