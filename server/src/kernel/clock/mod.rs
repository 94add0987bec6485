//! The one clock. Storage holds UTC milliseconds; people see Asia/Shanghai.
//!
//! China has had one zone without daylight saving since 1991, so a fixed +08:00 is exact for every
//! business date and saves a zone database in the binary.

/// Jumps of the wall clock.
pub mod jumps;
/// Notices a jump and keeps back what it made due.
pub mod watch;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc};
use nix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};

use crate::kernel::clock::jumps::{Hold, Kept, State, Watch};

/// UTC milliseconds since 1970.
pub type Millis = i64;

/// Milliseconds of one second.
pub const SECOND: Millis = 1_000;
/// Milliseconds of one minute.
pub const MINUTE: Millis = 60 * SECOND;
/// Milliseconds of one hour.
pub const HOUR: Millis = 60 * MINUTE;
/// Milliseconds of one day.
pub const DAY: Millis = 24 * HOUR;

/// Where now comes from: the system, or a hand-set time in tests. There are two times: the wall clock, which people
/// and records go by and which can be set to anything, and the steady one, which only ever runs on and which
/// durations are measured by.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    set: Option<Arc<SetByHand>>,
    watch: Arc<Mutex<Watch>>,
}

#[derive(Debug, Default)]
struct SetByHand {
    wall: AtomicI64,
    steady: AtomicI64,
    boot: AtomicI64,
}

/// A moment by both times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// UTC milliseconds.
    pub wall: Millis,
    /// Milliseconds of the steady time.
    pub steady: Millis,
    /// The run of the machine in which `steady` counts.
    pub boot: i64,
}

/// The run of the machine: its steady time begins anew with each. A machine that does not name its runs counts each
/// process as one.
static BOOT: LazyLock<i64> = LazyLock::new(|| {
    let named = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok();
    let digits: Option<String> = named.map(|id| id.chars().filter(char::is_ascii_hexdigit).take(15).collect());
    digits.and_then(|digits| i64::from_str_radix(&digits, 16).ok()).unwrap_or_else(|| rand::random::<i64>() >> 1)
});

/// Runs on while the machine sleeps, so that waking up is no jump of the wall clock.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::CLOCK_BOOTTIME;
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::CLOCK_MONOTONIC;

fn system_steady() -> Millis {
    // Both clocks exist on every kernel that this runs on; the fallback cannot be reached.
    clock_gettime(STEADY).map_or(0, |time| time.tv_sec() * 1000 + time.tv_nsec() / 1_000_000)
}

impl Clock {
    /// A clock that stands at `at` until it is moved; for tests.
    #[must_use]
    pub fn standing_at(at: Millis) -> Clock {
        let set = SetByHand { wall: AtomicI64::new(at), ..SetByHand::default() };
        Clock { set: Some(Arc::new(set)), ..Clock::default() }
    }

    /// Lets time pass on a standing clock; the system clock does not move.
    pub fn advance(&self, by: Millis) {
        if let Some(set) = &self.set {
            set.steady.fetch_add(by.max(0), Ordering::Relaxed);
            set.wall.fetch_add(by.max(0), Ordering::Relaxed);
        }
    }

    /// Sets the wall time of a standing clock forward or back, while no time passes.
    pub fn jump(&self, by: Millis) {
        if let Some(set) = &self.set {
            set.wall.fetch_add(by, Ordering::Relaxed);
        }
    }

    /// Begins another run of the machine on a standing clock.
    pub fn reboot(&self) {
        if let Some(set) = &self.set {
            set.boot.fetch_add(1, Ordering::Relaxed);
            set.steady.store(0, Ordering::Relaxed);
        }
    }

    /// UTC milliseconds now.
    #[must_use]
    pub fn now(&self) -> Millis {
        match &self.set {
            Some(set) => set.wall.load(Ordering::Relaxed),
            None => Utc::now().timestamp_millis(),
        }
    }

    /// Milliseconds of the steady time, for durations inside this process.
    #[must_use]
    pub fn steady(&self) -> Millis {
        match &self.set {
            Some(set) => set.steady.load(Ordering::Relaxed),
            None => system_steady(),
        }
    }

    /// Now by both times, for durations that outlive this process.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        let boot = self.set.as_ref().map_or(*BOOT, |set| set.boot.load(Ordering::Relaxed));
        Stamp { wall: self.now(), steady: self.steady(), boot }
    }

    /// How long ago `then` was: by the steady time in the same run of the machine, else by the wall clock. `None`
    /// when the wall clock was set back behind it.
    #[must_use]
    pub fn since(&self, then: &Stamp) -> Option<Millis> {
        let now = self.stamp();
        let passed = if now.boot == then.boot { now.steady - then.steady } else { now.wall - then.wall };
        (passed >= 0).then_some(passed)
    }

    fn watch<T>(&self, look: impl FnOnce(&mut Watch) -> T) -> T {
        look(&mut self.watch.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Goes on watching from what was kept of an earlier process.
    pub fn resume(&self, kept: Option<Kept>) {
        let now = self.stamp();
        self.watch(|watch| *watch = Watch::resume(kept, now));
    }

    /// What the watch knows now, and what is to be kept of it.
    #[must_use]
    pub fn watched(&self) -> (State, Kept) {
        let now = self.stamp();
        self.watch(|watch| (watch.look(now), watch.kept(now)))
    }

    /// What waits for a person because the wall clock jumped ahead. Read it after [`Clock::now`]: then it knows of a
    /// jump that `now` shows.
    #[must_use]
    pub fn hold(&self) -> Option<Hold> {
        match self.watched().0 {
            State::Ahead(hold) => Some(hold),
            State::InStep | State::Behind { .. } => None,
        }
    }

    /// Whether `at` has come, and not only through a jump that nobody has confirmed.
    #[must_use]
    pub fn is_due(&self, at: Millis) -> bool {
        at <= self.now() && self.hold().is_none_or(|hold| !hold.covers(at))
    }

    /// A person has looked: the wall clock was right at this moment. A jump after it is another one.
    pub fn confirm(&self, at: Stamp) {
        self.watch(|watch| *watch = Watch::resume(None, at));
    }

    /// Today's date in China.
    #[must_use]
    pub fn today(&self) -> NaiveDate {
        day(self.now())
    }
}

fn shanghai() -> FixedOffset {
    // 8 h is inside the type's ±24 h; the fallback cannot be reached.
    FixedOffset::east_opt(8 * 3600).unwrap_or_else(|| chrono::Offset::fix(&Utc))
}

/// The moment as people in China read it. Values outside chrono's range read as 1970.
#[must_use]
pub fn local(at: Millis) -> DateTime<FixedOffset> {
    DateTime::from_timestamp_millis(at).unwrap_or_default().with_timezone(&shanghai())
}

/// The China date of a moment.
#[must_use]
pub fn day(at: Millis) -> NaiveDate {
    local(at).date_naive()
}

/// The first millisecond of a China date.
#[must_use]
pub fn start_of(day: NaiveDate) -> Millis {
    at(day.and_time(chrono::NaiveTime::MIN))
}

/// UTC milliseconds of a China wall-clock time.
#[must_use]
pub fn at(wall: NaiveDateTime) -> Millis {
    shanghai().from_local_datetime(&wall).single().map_or(0, |moment| moment.timestamp_millis())
}

/// `2026-11-23`.
#[must_use]
pub fn iso_day(at: Millis) -> String {
    day(at).to_string()
}

/// `2026-11-23 09:05`.
#[must_use]
pub fn iso_minute(at: Millis) -> String {
    local(at).format("%Y-%m-%d %H:%M").to_string()
}

/// `09:05`.
#[must_use]
pub fn hour_minute(at: Millis) -> String {
    local(at).format("%H:%M").to_string()
}

/// What a list shows: the time for today, month and day for this year, the whole date before it. What lies on
/// midnight to the millisecond is a day that nobody gave a time.
#[must_use]
pub fn brief(at: Millis, now: Millis) -> String {
    let (then, today) = (day(at), day(now));
    if (at + 8 * HOUR).rem_euclid(DAY) == 0 && then.year() == today.year() {
        then.format("%m-%d").to_string()
    } else if then == today {
        hour_minute(at)
    } else if then.year() == today.year() {
        local(at).format("%m-%d %H:%M").to_string()
    } else {
        then.to_string()
    }
}

/// `08:30` as minutes of the day.
#[must_use]
pub fn minute_of(text: &str) -> Option<i64> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    ((0..24).contains(&hour) && (0..60).contains(&minute)).then_some(hour * 60 + minute)
}

/// Minutes of the day as `08:30`.
#[must_use]
pub fn wall(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// Reads a `<input type=date>` value. Business dates lie between 1900 and 2099: a year 9999 is a slip of
/// the finger, and it is told so instead of being stored.
#[must_use]
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    let day = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?;
    (1900..=2099).contains(&day.year()).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::{DAY, brief, iso_minute, minute_of, parse_day, start_of, wall};

    #[test]
    fn a_china_day_begins_at_sixteen_utc() {
        let day = parse_day("2026-11-23").expect("a date");
        assert_eq!(start_of(day), 1_795_363_200_000);
        assert_eq!(iso_minute(start_of(day)), "2026-11-23 00:00");
    }

    #[test]
    fn lists_show_as_little_of_the_date_as_needed() {
        let now = start_of(parse_day("2026-11-23").expect("a date")) + 36_000_000;
        assert_eq!(brief(now, now), "10:00");
        assert_eq!(brief(now - DAY, now), "11-22 10:00");
        assert_eq!(brief(now - 400 * DAY, now), "2025-10-19");
    }

    #[test]
    fn times_of_day_read_back() {
        assert_eq!(minute_of("08:30").map(wall).as_deref(), Some("08:30"));
        assert!(["", "24:00", "8", "-1:00", "08:60"].iter().all(|text| minute_of(text).is_none()));
    }

    #[test]
    fn absurd_years_are_not_dates() {
        for text in ["9999-01-01", "0001-01-01", "2026-02-30", "", "今天"] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }
}
