//! Pure decisions about tasks.

use chrono::{NaiveDateTime, NaiveTime};

use crate::kernel::clock::{self, Millis};
use crate::kernel::words::words;
use crate::ui::state::{Standing, states};

words! {
    /// What a task asks for.
    pub enum Kind {
        /// 待办
        Todo = "todo",
        /// 回拨: return a call.
        Callback = "callback",
    }
}

impl Kind {
    /// The kind of a stored word; what cannot be read is to be done like any other.
    #[must_use]
    pub fn of(stored: &str) -> Kind {
        Kind::from_code(stored).unwrap_or(Kind::Todo)
    }
}

states! {
    /// Where a task stands.
    pub enum State {
        /// To be done.
        Open = "open" => ToDo,
        /// Done by its owner.
        Done = "done" => Done,
        /// Seen and accepted by its giver.
        Confirmed = "confirmed" => Confirmed,
    }
}

/// The one word that matters about a task: `late` and `urgent` are looked at while it is open.
#[must_use]
pub fn standing(state: State, kind: Kind, late: bool, urgent: bool) -> Standing {
    match (state, kind) {
        (State::Open, _) if late => Standing::Overdue,
        (State::Open, Kind::Callback) => Standing::ToCallBack,
        (State::Open, Kind::Todo) if urgent => Standing::Urgent,
        (State::Open | State::Done | State::Confirmed, _) => state.standing(),
    }
}

impl State {
    /// The state of a stored word; what cannot be read is still to be done.
    #[must_use]
    pub fn of(stored: &str) -> State {
        State::from_code(stored).unwrap_or(State::Open)
    }
}

words! {
    /// How much a task presses.
    pub enum Priority {
        /// 普通
        Normal = "normal" => "tasks.priority.normal",
        /// 紧急
        High = "high" => "tasks.priority.high",
        /// 不急
        Low = "low" => "tasks.priority.low",
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
