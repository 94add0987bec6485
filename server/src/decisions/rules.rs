//! What an answer looks like, and what may come of it.

use std::borrow::Cow;

use crate::kernel::china::width::half;
use crate::kernel::clock::{DAY, Millis};
use crate::kernel::i18n::{Lang, t};

/// How long the code of an approval can be answered.
pub const LIFE: Millis = DAY;
/// How long the code of a task can be answered: it is sent before the work is done.
pub const TASK_LIFE: Millis = 7 * DAY;
/// Wrong answers of one number in a day that are answered in turn; the others are only noted, so that a stranger
/// can neither guess nor make us send.
pub const PATIENCE: i64 = 3;
/// Wrong answers of one number in a day after which even a right one waits for tomorrow.
pub const GUESSES: i64 = 5;

/// `Y 4831`, `N 4831 reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// 同意
    pub approved: bool,
    /// Four digits.
    pub code: String,
    /// Why.
    pub comment: String,
}

/// Reads an answer as people type it on any keyboard: `y4831`, `Ｎ　4831：价格太低`, `同意 4831`. `None` when the
/// message is about something else.
#[must_use]
pub fn parse(text: &str) -> Option<Answer> {
    let text: String = text.trim().chars().map(half).collect();
    let words =
        [("同意", true), ("驳回", false), ("不同意", false), ("Y", true), ("y", true), ("N", false), ("n", false)];
    let (rest, approved) = words.into_iter().find_map(|(word, approved)| Some((text.strip_prefix(word)?, approved)))?;
    let rest = rest.trim_start_matches([' ', ':', '-', ',', '+']);
    let code: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let comment = rest.get(code.len()..)?.trim_start_matches([' ', ':', '-', ',', '\n']).trim();
    (code.len() == 4).then(|| Answer { approved, code, comment: comment.chars().take(500).collect() })
}

/// What came of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// 同意
    Approved,
    /// 驳回
    Rejected,
    /// 任务办好了
    Done,
    /// A task is done or not yet done; it cannot be refused by SMS.
    OnlyYes,
    /// No such code, or another number's. The same words for both, or codes could be found out.
    Wrong,
    /// Too many wrong ones before.
    Locked,
    /// Answered already by SMS.
    Repeated,
    /// Too late.
    Expired,
    /// No reason for a refusal.
    NoReason,
    /// The person left or may decide no more.
    NotAllowed,
    /// The approval or its document stands against it, with why.
    Against(String),
}

impl Outcome {
    /// The stored word.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Outcome::Approved => "approved",
            Outcome::Rejected => "rejected",
            Outcome::Done => "done",
            Outcome::OnlyYes => "only_yes",
            Outcome::Wrong => "wrong",
            Outcome::Locked => "locked",
            Outcome::Repeated => "repeated",
            Outcome::Expired => "expired",
            Outcome::NoReason => "no_reason",
            Outcome::NotAllowed => "not_allowed",
            Outcome::Against(_) => "against",
        }
    }

    /// The answering message about `title`.
    #[must_use]
    pub fn text(&self, lang: Lang, title: &str, code: &str, is_task: bool) -> Cow<'static, str> {
        match self {
            Outcome::Done => t!(lang, "decisions.done", title = title),
            Outcome::OnlyYes => t!(lang, "decisions.only_yes", title = title, code = code),
            Outcome::Expired if is_task => t!(lang, "decisions.task_expired", title = title),
            Outcome::Approved => t!(lang, "decisions.approved", title = title),
            Outcome::Rejected => t!(lang, "decisions.rejected", title = title),
            Outcome::Wrong | Outcome::Locked | Outcome::NotAllowed => t!(lang, "decisions.wrong", code = code),
            Outcome::Repeated => t!(lang, "decisions.repeated", title = title),
            Outcome::Expired => t!(lang, "decisions.expired", title = title),
            Outcome::NoReason => t!(lang, "decisions.no_reason", code = code),
            Outcome::Against(why) => t!(lang, "decisions.against", title = title, why = why),
        }
    }

    /// Its name in the log on the page.
    #[must_use]
    pub fn name(code: &str, lang: Lang) -> Cow<'static, str> {
        match code {
            "approved" => t!(lang, "decisions.name_approved"),
            "rejected" => t!(lang, "decisions.name_rejected"),
            "done" => t!(lang, "decisions.name_done"),
            "repeated" => t!(lang, "decisions.name_repeated"),
            "expired" => t!(lang, "decisions.name_expired"),
            "no_reason" => t!(lang, "decisions.name_no_reason"),
            _ => t!(lang, "decisions.name_refused"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, parse};

    fn answer(approved: bool, code: &str, comment: &str) -> Option<Answer> {
        Some(Answer { approved, code: code.to_owned(), comment: comment.to_owned() })
    }

    #[test]
    fn answers_are_read_as_people_type_them() {
        for text in ["Y 4831", "y4831", " Ｙ　４８３１ ", "同意4831", "Y:4831"] {
            assert_eq!(parse(text), answer(true, "4831", ""), "{text}");
        }
        for text in ["N 4831 价格太低", "n4831，价格太低", "驳回 4831：价格太低", "不同意4831 价格太低"]
        {
            assert_eq!(parse(text), answer(false, "4831", "价格太低"), "{text}");
        }
    }

    #[test]
    fn other_messages_are_for_people() {
        for text in ["", "Y", "N", "好的", "Yes", "Y 483", "Y 48312", "你好 4831", "No problem"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
