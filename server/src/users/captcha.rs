//! A question after wrong passwords (验证码): asked in words, so that nobody has to see a picture to answer it.
//! It slows down who tries passwords by machine; the lock after ten failures stops them.

use crate::kernel::clock::{MINUTE, Millis};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::seal::Seal;
use crate::kernel::width::half;

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

/// Whom a question is for: one name, one try. A further wrong password makes another question due.
fn owner(username: &str, failures: i64) -> String {
    format!("captcha:{username}:{failures}")
}

/// The question for the next try with this name, or `None` as long as none is due.
#[must_use]
pub fn ask(seal: &Seal, lang: Lang, username: &str, failures: i64, now: Millis) -> Option<Question> {
    if failures < AFTER {
        return None;
    }
    let words: Vec<String> = t!(lang, "users.number_words").split(' ').map(str::to_owned).collect();
    let count = words.len().max(1);
    let first = usize::from(rand::random::<u16>()) % count;
    let second = usize::from(rand::random::<u16>()) % count;
    let (a, b) = (words.get(first)?, words.get(second)?);
    let text = t!(lang, "users.captcha_sum", a = a, b = b).into_owned();
    let sealed = seal.seal(&owner(username, failures), &format!("{} {}", first + second, now + GOOD_FOR))?;
    Some(Question { text, sealed })
}

/// Whether a try may be made: no question is due, or this is the answer to it.
#[must_use]
pub fn passes(seal: &Seal, username: &str, failures: i64, sealed: &str, typed: &str, now: Millis) -> bool {
    if failures < AFTER {
        return true;
    }
    let Some(opened) = seal.open_for(&owner(username, failures), sealed) else { return false };
    let Some((sum, until)) = opened.split_once(' ') else { return false };
    let typed: String = typed.chars().map(half).filter(|c| !c.is_whitespace()).collect();
    typed == sum && until.parse::<Millis>().is_ok_and(|until| now <= until && now >= until - GOOD_FOR)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::{AFTER, GOOD_FOR, ask, passes};
    use crate::kernel::i18n::Lang;
    use crate::kernel::seal::Seal;

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
        assert!(ask(&seal, Lang::Zh, "rep1", AFTER - 1, 0).is_none());
        for _ in 0..50 {
            let question = ask(&seal, Lang::Zh, "rep1", AFTER, 1_000).unwrap();
            let right = answer(&question.text);
            let full: String = right.chars().map(|c| char::from_u32(u32::from(c) + 0xFEE0).unwrap()).collect();
            let passes = |name, failures, typed: &str, now| passes(&seal, name, failures, &question.sealed, typed, now);
            assert!(passes("rep1", AFTER, &right, 2_000) && passes("rep1", AFTER, &full, 2_000));
            assert!(!passes("rep1", AFTER, "99", 2_000) && !passes("rep1", AFTER, "", 2_000));
            assert!(!passes("rep2", AFTER, &right, 2_000), "for another name");
            assert!(!passes("rep1", AFTER + 1, &right, 2_000), "for another try");
            assert!(!passes("rep1", AFTER, &right, 1_001 + GOOD_FOR), "too late");
        }
    }
}
