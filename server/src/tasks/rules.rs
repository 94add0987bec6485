//! Pure decisions about tasks.

use std::borrow::Cow;

use chrono::{NaiveDateTime, NaiveTime};

use crate::kernel::clock::{self, Millis};
use crate::kernel::i18n::{Lang, t};

/// What a task asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 待办
    Todo,
    /// 回拨: return a call.
    Callback,
}

impl Kind {
    /// The word stored in `tasks.kind`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Kind::Todo => "todo",
            Kind::Callback => "callback",
        }
    }

    /// The kind of a stored word.
    #[must_use]
    pub fn of(code: &str) -> Kind {
        if code == "callback" { Kind::Callback } else { Kind::Todo }
    }
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// To be done.
    Open,
    /// Done by its owner.
    Done,
    /// Seen and accepted by its giver.
    Confirmed,
}

impl State {
    /// The word stored in `tasks.state`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Done => "done",
            State::Confirmed => "confirmed",
        }
    }

    /// The state of a stored word.
    #[must_use]
    pub fn of(code: &str) -> State {
        match code {
            "done" => State::Done,
            "confirmed" => State::Confirmed,
            _ => State::Open,
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn name(self, lang: Lang) -> Cow<'static, str> {
        match self {
            State::Open => t!(lang, "tasks.state.open"),
            State::Done => t!(lang, "tasks.state.done"),
            State::Confirmed => t!(lang, "tasks.state.confirmed"),
        }
    }
}

/// How much a task presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// 紧急
    High,
    /// 普通
    Normal,
    /// 不急
    Low,
}

impl Priority {
    /// Every priority, the usual one first.
    pub const ALL: [Priority; 3] = [Priority::Normal, Priority::High, Priority::Low];

    /// The word stored in `tasks.priority`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Priority::High => "high",
            Priority::Normal => "normal",
            Priority::Low => "low",
        }
    }

    /// The priority of a stored or posted word.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Priority> {
        Priority::ALL.into_iter().find(|priority| priority.code() == code)
    }

    /// Its name for people.
    #[must_use]
    pub fn name(self, lang: Lang) -> Cow<'static, str> {
        match self {
            Priority::High => t!(lang, "tasks.priority.high"),
            Priority::Normal => t!(lang, "tasks.priority.normal"),
            Priority::Low => t!(lang, "tasks.priority.low"),
        }
    }
}

/// The end of a working day, for a date without a time.
fn evening() -> NaiveTime {
    NaiveTime::from_hms_opt(18, 0, 0).unwrap_or_default()
}

/// Reads `<input type=datetime-local>`, or a date alone, in China's time. `None` for what is no such moment
/// between 1900 and 2099.
#[must_use]
pub fn parse_due(text: &str) -> Option<Millis> {
    let text = text.trim();
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text, ""));
    let day = clock::parse_day(date)?;
    let time = match time {
        "" => evening(),
        time => {
            NaiveTime::parse_from_str(time, "%H:%M").or_else(|_| NaiveTime::parse_from_str(time, "%H:%M:%S")).ok()?
        }
    };
    Some(clock::at(NaiveDateTime::new(day, time)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::{Kind, Priority, State, parse_due};
    use crate::kernel::clock::iso_minute;

    #[test]
    fn due_times_are_read_in_china() {
        let read = |text: &str| parse_due(text).map(iso_minute);
        assert_eq!(read("2026-11-23T14:30").as_deref(), Some("2026-11-23 14:30"));
        assert_eq!(read("2026-11-23 14:30:59").as_deref(), Some("2026-11-23 14:30"));
        assert_eq!(read("2026-11-23").as_deref(), Some("2026-11-23 18:00"));
        for text in ["", "明天", "9999-01-01T10:00", "2026-11-23T25:00", "2026-13-01", "T10:00"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn stored_words_are_read_back() {
        for state in [State::Open, State::Done, State::Confirmed] {
            assert_eq!(State::of(state.code()), state);
        }
        for priority in Priority::ALL {
            assert_eq!(Priority::from_code(priority.code()), Some(priority));
        }
        assert_eq!(Kind::of(Kind::Callback.code()), Kind::Callback);
    }
}
