//! Time: UTC milliseconds for records, and a time to judge by, which a jump of the clock does not move. Timers use the
//! runtime's monotonic clock and do not care.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A box without a battery begins at a time that has passed: the first day that this version can have been used.
const EARLIEST: i64 = 1_763_856_000_000;
/// How far the clock may move against the monotonic one between two looks before it counts as a jump.
const JUMP: i64 = 60_000;
/// A box may have been without power for so long before the time that it finds is doubted.
const OFF: i64 = 30 * 86_400_000;
/// How far the server's time may differ from the clock that it confirms: the command takes its time.
const AGREE: i64 = 5 * 60_000;

/// UTC milliseconds.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Milliseconds since the machine started, suspension included; 0 where the system does not tell.
fn up() -> i64 {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_BOOTTIME);
    time.map_or(0, |time| time.tv_sec().saturating_mul(1000).saturating_add(time.tv_nsec() / 1_000_000))
}

/// Whether the clock can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belief {
    /// It goes on as it did.
    Sure,
    /// It jumped, or shows a time that the box cannot have reached: judged by the time before, which goes on.
    Doubted,
    /// It shows a time before what is known to have been: a clock that began at 1970 cannot tell what is due.
    Unset,
}

/// What is kept across restarts (`notes`, under [`Clock::NOTE`]): without it a restart would believe every jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    judged: i64,
    up: i64,
    doubted: bool,
}

#[derive(Clone, Copy, Debug)]
struct State {
    /// The time to judge by was `judged` at `at`.
    at: Instant,
    judged: i64,
    belief: Belief,
    /// The latest time that is known to have been.
    latest: i64,
    /// When a doubted clock was last confirmed.
    confirmed: Option<i64>,
}

/// The box's clock. What has a time (`not_before`, `expires`, a pause, a command's own expiry) is judged by
/// [`Clock::judged`]: nothing becomes due or expires because somebody set the clock. While it is in doubt a person or the
/// server may confirm it.
#[derive(Debug)]
pub struct Clock(Mutex<State>);

impl Clock {
    /// The note that holds [`Kept`].
    pub const NOTE: &str = "clock";

    /// Begins with what an earlier run kept, or else with the latest time that the queue knows of: what a shell put
    /// into it carries the time that the clock showed, right or wrong.
    #[must_use]
    pub fn new(latest: i64, kept: Option<Kept>) -> Clock {
        let latest = kept.map_or(latest, |kept| kept.judged);
        Clock(Mutex::new(begin(latest.max(EARLIEST), kept, now(), up())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time to judge by.
    #[must_use]
    pub fn judged(&self) -> i64 {
        look(&mut self.state(), Instant::now(), now())
    }

    /// Whether the clock can be believed.
    #[must_use]
    pub fn belief(&self) -> Belief {
        let mut state = self.state();
        look(&mut state, Instant::now(), now());
        state.belief
    }

    /// Whether there is a time to judge by: what has a time is held where there is none.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.belief() != Belief::Unset
    }

    /// The server's time: where the clock agrees with it, it is believed. Whether it is now.
    pub fn confirmed_by(&self, server: i64) -> bool {
        let shows = now();
        if (shows - server).abs() <= AGREE {
            self.confirm();
        }
        self.belief() == Belief::Sure
    }

    /// A person has looked at the clock.
    pub fn confirm(&self) {
        let mut state = self.state();
        if state.belief != Belief::Sure {
            tracing::info!("the clock is confirmed");
        }
        let shows = now();
        let confirmed = if state.belief == Belief::Sure { state.confirmed } else { Some(shows) };
        *state = State { at: Instant::now(), judged: shows, belief: Belief::Sure, latest: EARLIEST, confirmed };
    }

    /// When in this run a doubted clock was confirmed. The age of earlier records is unknown, since they have times of
    /// the wrong clock.
    #[must_use]
    pub fn confirmed_at(&self) -> Option<i64> {
        self.state().confirmed
    }

    /// What is to be kept across restarts.
    #[must_use]
    pub fn keep(&self) -> Kept {
        let judged = self.judged();
        Kept { judged, up: up(), doubted: self.belief() == Belief::Doubted }
    }
}

/// The first look: by what an earlier run kept, the clock is where it must be, or not.
fn begin(latest: i64, kept: Option<Kept>, shows: i64, up: i64) -> State {
    let at = Instant::now();
    let sure = State { at, judged: shows, belief: Belief::Sure, latest, confirmed: None };
    let doubted = |judged| State { at, judged, belief: Belief::Doubted, latest, confirmed: None };
    if shows < latest - JUMP {
        return State { belief: Belief::Unset, ..sure };
    }
    match kept {
        // The machine has run on since: its own count of time tells what it must be.
        Some(kept) if up >= kept.up && kept.up > 0 => {
            let expected = kept.judged + (up - kept.up);
            if (shows - expected).abs() <= JUMP { sure } else { doubted(expected) }
        }
        // It was off, nobody knows for how long.
        Some(kept) if kept.doubted || shows > kept.judged + OFF => doubted(kept.judged),
        Some(_) => sure,
        None if latest > EARLIEST && shows > latest + OFF => doubted(latest),
        None => sure,
    }
}

/// Looks at the clock that shows `shows` at `at`; the time to judge by.
fn look(state: &mut State, at: Instant, shows: i64) -> i64 {
    let went = i64::try_from(at.saturating_duration_since(state.at).as_millis()).unwrap_or(i64::MAX);
    let expected = state.judged.saturating_add(went);
    match state.belief {
        Belief::Unset => {
            if shows >= state.latest - JUMP {
                // Somebody set it. It may have been off for a while; beyond that it is doubted.
                let belief = if shows > state.latest + OFF { Belief::Doubted } else { Belief::Sure };
                let judged = if belief == Belief::Sure { shows } else { state.latest };
                *state = State { at, judged, belief, ..*state };
                return judged;
            }
            shows
        }
        Belief::Sure | Belief::Doubted => {
            let agrees = (shows - expected).abs() <= JUMP;
            if agrees {
                // It drifts, and is corrected in small steps; or it is back where it was.
                *state = State { at, judged: shows, belief: Belief::Sure, latest: state.latest.max(shows), ..*state };
                return shows;
            }
            if state.belief == Belief::Sure {
                tracing::warn!(by_ms = shows - expected, "the clock jumped; it is not believed until it is confirmed");
                *state = State { at, judged: expected, belief: Belief::Doubted, ..*state };
            }
            expected
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Belief, EARLIEST, Kept, OFF, State, begin, look};
    use std::time::{Duration, Instant};

    const DAY: i64 = 86_400_000;
    const T: i64 = EARLIEST + 100 * DAY;

    fn sure(at: Instant) -> State {
        State { at, judged: T, belief: Belief::Sure, latest: T, confirmed: None }
    }

    #[test]
    fn a_jump_moves_nothing_until_it_is_undone() {
        for jump in [365 * DAY, DAY, 3_600_000, -3_600_000, -365 * DAY] {
            let at = Instant::now();
            let mut state = sure(at);
            let after = |ms: u64| at + Duration::from_millis(ms);
            assert_eq!(look(&mut state, after(1_000), T + 1_020), T + 1_020);
            assert_eq!(look(&mut state, after(2_000), T + 2_000 + jump), T + 2_020, "{jump}");
            assert_eq!(state.belief, Belief::Doubted);
            // An hour later it is an hour later, whatever the clock shows.
            assert_eq!(look(&mut state, after(3_602_000), T + 3_602_000 + jump), T + 3_602_020);
            assert_eq!(look(&mut state, after(3_603_000), T + 3_603_000), T + 3_603_000);
            assert_eq!(state.belief, Belief::Sure);
        }
    }

    #[test]
    fn drift_is_no_jump() {
        let at = Instant::now();
        let mut state = sure(at);
        for minute in 1..600 {
            // Ten seconds a minute too fast.
            let shows = T + minute * 70_000;
            let at = at + Duration::from_millis(u64::try_from(minute * 60_000).unwrap_or_default());
            assert_eq!(look(&mut state, at, shows), shows);
        }
        assert_eq!(state.belief, Belief::Sure);
    }

    #[test]
    fn a_restart_knows_of_a_jump_that_happened_before_it() {
        let kept = |judged, up, doubted| Some(Kept { judged, up, doubted });
        for (what, kept, shows, up, belief, judged) in [
            ("the same", kept(T, 50_000, false), T + 10_000, 60_000, Belief::Sure, T + 10_000),
            ("jumped meanwhile", kept(T, 50_000, false), T + 365 * DAY, 60_000, Belief::Doubted, T + 10_000),
            ("jumped before", kept(T, 50_000, true), T + 365 * DAY, 60_000, Belief::Doubted, T + 10_000),
            ("undone meanwhile", kept(T, 50_000, true), T + 10_000, 60_000, Belief::Sure, T + 10_000),
            ("off for a week", kept(T, 50_000, false), T + 7 * DAY, 9_000, Belief::Sure, T + 7 * DAY),
            ("off for a year", kept(T, 50_000, false), T + 365 * DAY, 9_000, Belief::Doubted, T),
            ("off while it was doubted", kept(T, 50_000, true), T + DAY, 9_000, Belief::Doubted, T),
            ("never kept", None, T + DAY, 9_000, Belief::Sure, T + DAY),
            ("never kept, far ahead", None, T + OFF + DAY, 9_000, Belief::Doubted, T),
            ("1970", kept(T, 50_000, false), 0, 9_000, Belief::Unset, 0),
        ] {
            let state = begin(T, kept, shows, up);
            assert_eq!((state.belief, state.judged), (belief, judged), "{what}");
        }
        assert_eq!(begin(EARLIEST, None, T, 1).belief, Belief::Sure, "a new box");
    }

    #[test]
    fn a_clock_that_was_never_set_is_believed_once_it_is_set_to_a_likely_time() {
        let at = Instant::now();
        let mut state = begin(T, None, 5_000, 5_000);
        assert_eq!(state.belief, Belief::Unset);
        assert_eq!(look(&mut state, at, 6_000), 6_000);
        assert_eq!(look(&mut state, at, T + 3 * DAY), T + 3 * DAY);
        assert_eq!(state.belief, Belief::Sure);
        let mut state = begin(T, None, 5_000, 5_000);
        assert_eq!(look(&mut state, at, T + 365 * DAY), T);
        assert_eq!(state.belief, Belief::Doubted);
    }
}
