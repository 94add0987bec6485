//! Pure decisions about calls.

use std::borrow::Cow;

use crate::kernel::clock::{DAY, HOUR, MINUTE, Millis};
use crate::kernel::i18n::{Lang, t};
use crate::ui::tag::Tone;

/// Seconds after the ringing stopped within which somebody may say 接了; then the call is missed.
pub const PATIENCE: Millis = 30_000;
/// A call-back is due within this time.
pub const CALL_BACK: Millis = 2 * HOUR;

/// A span of time in the unit that people would say it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// Up to an hour and a half; at least one.
    Minutes(i64),
    /// Up to two days.
    Hours(i64),
    /// More.
    Days(i64),
}

/// A span in the unit that people would say it in.
#[must_use]
pub fn within(span: Millis) -> Within {
    if span < 90 * MINUTE {
        Within::Minutes((span / MINUTE).max(1))
    } else if span < 2 * DAY {
        Within::Hours((span + HOUR / 2) / HOUR)
    } else {
        Within::Days(span / DAY)
    }
}

/// The state of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// 响铃中
    Ringing,
    /// 已挂断: nobody said yet whether somebody took it.
    Ended,
    /// 已接听
    Answered,
    /// 未接来电
    Missed,
    /// 已回拨
    CalledBack,
}

impl State {
    /// Every state.
    pub const ALL: [State; 5] = [State::Ringing, State::Ended, State::Answered, State::Missed, State::CalledBack];

    /// The stored word.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            State::Ringing => "ringing",
            State::Ended => "ended",
            State::Answered => "answered",
            State::Missed => "missed",
            State::CalledBack => "called_back",
        }
    }

    /// The state of a stored word; what cannot be read has ended.
    #[must_use]
    pub fn from_code(code: &str) -> State {
        State::ALL.into_iter().find(|state| state.code() == code).unwrap_or(State::Ended)
    }

    /// Whether somebody may still say that they took it.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            State::Ringing | State::Ended | State::Missed => true,
            State::Answered | State::CalledBack => false,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(self, lang: Lang) -> Cow<'static, str> {
        match self {
            State::Ringing => t!(lang, "calls.ringing"),
            State::Ended => t!(lang, "calls.ended"),
            State::Answered => t!(lang, "calls.answered"),
            State::Missed => t!(lang, "calls.missed"),
            State::CalledBack => t!(lang, "calls.called_back"),
        }
    }

    /// What its colour says.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            State::Ringing => Tone::Warn,
            State::Ended => Tone::Plain,
            State::Answered => Tone::Good,
            State::Missed => Tone::Bad,
            State::CalledBack => Tone::Info,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{State, Within, within};

    #[test]
    fn spans_are_said_in_their_unit() {
        let minute = 60_000;
        assert_eq!(within(0), Within::Minutes(1));
        assert_eq!(within(89 * minute), Within::Minutes(89));
        assert_eq!(within(100 * minute), Within::Hours(2));
        assert_eq!(within(72 * 60 * minute), Within::Days(3));
    }

    #[test]
    fn states_read_back() {
        for state in State::ALL {
            assert_eq!(State::from_code(state.code()), state);
        }
        assert!(State::Missed.is_open() && !State::Answered.is_open());
    }
}
