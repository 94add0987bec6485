//! Pure decisions about calls.

use crate::kernel::clock::{DAY, HOUR, MINUTE, Millis};
use crate::ui::state::states;

/// Seconds after the ringing stopped within which somebody may say 接了; then the call is missed.
pub const PATIENCE: Millis = 30_000;
/// No telephone rings longer: what a box told as ringing and never ended has ended by then.
pub const LONGEST_RING: Millis = 2 * MINUTE;
/// The end of a call may come late, with all that a box tells when it is back. So long it is waited for.
pub const GRACE: Millis = 30_000;
/// How long after the time for it a call is still left to its timer.
pub const OVERDUE: Millis = MINUTE;
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

states! {
    /// The state of a call.
    pub enum State {
        /// 响铃中
        Ringing = "ringing" => Ringing,
        /// 已挂断: nobody said yet whether somebody took it.
        Ended = "ended" => Ended,
        /// 已接听
        Answered = "answered" => Answered,
        /// 未接来电
        Missed = "missed" => Missed,
        /// 已回拨
        CalledBack = "called_back" => CalledBack,
    }
}

impl State {
    /// The state of a stored word; what cannot be read has ended.
    #[must_use]
    pub fn of(stored: &str) -> State {
        State::from_code(stored).unwrap_or(State::Ended)
    }

    /// Whether somebody may still say that they took it.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            State::Ringing | State::Ended | State::Missed => true,
            State::Answered | State::CalledBack => false,
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
            assert_eq!(State::of(state.code()), state);
        }
        assert!(State::Missed.is_open() && !State::Answered.is_open());
    }
}
