//! Time: UTC milliseconds for records, and whether the clock that shows them can be believed. Timers use the
//! runtime's monotonic clock and do not care.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A box without a battery begins at a time that has passed: the first day that this version can have been used.
const EARLIEST: i64 = 1_763_856_000_000;
/// How far the clock may move against the monotonic one between two looks before it counts as a jump.
const JUMP: i64 = 60_000;
/// How long a jump is shown.
const SHOWN: Duration = Duration::from_secs(600);

/// UTC milliseconds.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Whether the clock can be believed. What has a time (`not_before`, `expires`, a command's own expiry) is held
/// while it cannot: a box that wakes up in 1970 would send nothing for 56 years, one that is a day ahead would
/// drop what is still wanted.
#[derive(Debug, Default)]
pub struct Trust {
    /// The latest time that is known to have been.
    latest: AtomicI64,
}

impl Trust {
    /// Begins with the latest time that the queue knows of.
    #[must_use]
    pub fn new(latest: i64) -> Trust {
        Trust { latest: AtomicI64::new(latest.max(EARLIEST)) }
    }

    /// Whether `now` can be the time: not before what is known to have been, but for a little drift.
    #[must_use]
    pub fn believes(&self, now: i64) -> bool {
        now >= self.latest.load(Ordering::Relaxed) - JUMP
    }

    /// The clock showed this and was believed.
    pub fn saw(&self, now: i64) {
        if self.believes(now) {
            self.latest.fetch_max(now, Ordering::Relaxed);
        }
    }
}

/// Notices jumps of the clock against the monotonic one.
#[derive(Clone, Copy, Debug)]
pub struct Jumps {
    at: Instant,
    showed: i64,
    last: Option<Instant>,
}

impl Jumps {
    /// Begins with what both show.
    #[must_use]
    pub fn new(at: Instant, showed: i64) -> Jumps {
        Jumps { at, showed, last: None }
    }

    /// Takes a look at both; `true` while a jump is to be shown.
    pub fn look(&mut self, at: Instant, shows: i64) -> bool {
        let went = i64::try_from(at.duration_since(self.at).as_millis()).unwrap_or(i64::MAX);
        if (shows - self.showed - went).abs() > JUMP {
            self.last = Some(at);
        }
        (self.at, self.showed) = (at, shows);
        self.last.is_some_and(|last| at.duration_since(last) < SHOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::{EARLIEST, Jumps, SHOWN, Trust};
    use std::time::{Duration, Instant};

    #[test]
    fn a_clock_before_what_has_been_is_not_believed() {
        assert!(!Trust::new(0).believes(0));
        let trust = Trust::new(EARLIEST + 10_000_000);
        assert!(!trust.believes(EARLIEST));
        assert!(trust.believes(EARLIEST + 10_000_000));
        trust.saw(EARLIEST + 20_000_000);
        assert!(!trust.believes(EARLIEST + 10_000_000));
        // A wrong clock teaches nothing.
        trust.saw(0);
        assert!(trust.believes(EARLIEST + 20_000_000));
    }

    #[test]
    fn a_jump_is_shown_for_a_while() {
        let begin = Instant::now();
        let mut jumps = Jumps::new(begin, 0);
        let second = Duration::from_secs(1);
        assert!(!jumps.look(begin + second, 1_050));
        assert!(jumps.look(begin + 2 * second, 3_600_000));
        assert!(jumps.look(begin + 3 * second, 3_601_000));
        assert!(!jumps.look(begin + 2 * second + SHOWN, 3_600_000 + 600_000));
    }
}
