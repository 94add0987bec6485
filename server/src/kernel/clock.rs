//! The one clock. Storage holds UTC milliseconds; people see Asia/Shanghai.
//!
//! China has had one zone without daylight saving since 1991, so a fixed +08:00 is exact for every
//! business date and saves a zone database in the binary.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, TimeZone, Utc};

/// UTC milliseconds since 1970.
pub type Millis = i64;

/// Milliseconds of one minute.
pub const MINUTE: Millis = 60_000;
/// Milliseconds of one hour.
pub const HOUR: Millis = 60 * MINUTE;
/// Milliseconds of one day.
pub const DAY: Millis = 24 * HOUR;

/// Where now comes from: the system, or a hand-set time in tests.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    set: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// A clock that stands at `at` until it is moved; for tests.
    #[must_use]
    pub fn standing_at(at: Millis) -> Clock {
        Clock { set: Some(Arc::new(AtomicI64::new(at))) }
    }

    /// Moves a standing clock by `by` milliseconds; the system clock does not move.
    pub fn advance(&self, by: Millis) {
        if let Some(set) = &self.set {
            set.fetch_add(by, Ordering::Relaxed);
        }
    }

    /// UTC milliseconds now.
    #[must_use]
    pub fn now(&self) -> Millis {
        match &self.set {
            Some(set) => set.load(Ordering::Relaxed),
            None => Utc::now().timestamp_millis(),
        }
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

/// What a list shows: the time for today, month and day for this year, the whole date before it.
#[must_use]
pub fn brief(at: Millis, now: Millis) -> String {
    let (then, today) = (day(at), day(now));
    if then == today {
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
