//! Pure decisions: what state a visit is in, how far it was from the customer, what is odd about it.

use chrono::NaiveDate;

use crate::kernel::china::geo::Point;
use crate::kernel::clock::{DAY, MINUTE, Millis};
use crate::kernel::words::words;
use crate::ui::state::standings;

words! {
    /// How far a visit has come, as stored.
    pub enum Progress {
        /// Not begun.
        Planned = "planned",
        /// Between check-in and check-out.
        Open = "open",
        /// Checked out.
        Done = "done",
    }
}

/// Where a visit stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// 待拜访
    Planned,
    /// 拜访中
    Open,
    /// 已拜访
    Done,
    /// 已逾期: planned for a day that is over. It is not stored: it comes true by itself at midnight.
    Missed,
}

impl State {
    /// The state on the day `today`.
    #[must_use]
    pub fn of(progress: Progress, planned_on: &str, today: NaiveDate) -> State {
        match progress {
            Progress::Open => State::Open,
            Progress::Done => State::Done,
            // Dates are written so that they compare as text.
            Progress::Planned if planned_on < today.to_string().as_str() => State::Missed,
            Progress::Planned => State::Planned,
        }
    }
}

standings!(State {
    Planned => ToVisit,
    Open => Visiting,
    Done => Visited,
    Missed => Overdue,
});

words! {
    /// Something about a visit that a manager should look at. None of them blocks.
    pub enum Flag {
        /// 无定位: the phone gave no position.
        NoFix = "no_fix" => "visits.flag.no_fix",
        /// 定位过时: the position was older than five minutes.
        StaleFix = "stale_fix" => "visits.flag.stale_fix",
        /// 距离过远: farther from the customer's point than the fence.
        Far = "far" => "visits.flag.far",
        /// 时钟不准: the phone's clock is ahead of ours.
        ClockSkew = "clock_skew" => "visits.flag.clock_skew",
        /// 重复照片: the same picture was handed in before.
        SamePhoto = "same_photo" => "visits.flag.same_photo",
        /// 移动过快: faster from the last check-in to this one than a car.
        FastTravel = "fast_travel" => "visits.flag.fast_travel",
    }
}

/// A set of flags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags(Vec<Flag>);

impl Flags {
    /// Reads the stored words; unknown ones are left out.
    #[must_use]
    pub fn parse(stored: &str) -> Flags {
        Flags(Flag::listed(stored))
    }

    /// Adds one.
    pub fn add(&mut self, flag: Flag) {
        if !self.0.contains(&flag) {
            self.0.push(flag);
        }
    }

    /// Whether one is there.
    #[must_use]
    pub fn has(&self, flag: Flag) -> bool {
        self.0.contains(&flag)
    }

    /// The flags.
    pub fn iter(&self) -> impl Iterator<Item = Flag> {
        self.0.iter().copied()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As stored.
    #[must_use]
    pub fn stored(&self) -> String {
        self.0.iter().map(|flag| flag.code()).collect::<Vec<_>>().join(",")
    }
}

/// A position as the phone measured it (WGS-84).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fix {
    /// Latitude.
    pub lat: f64,
    /// Longitude.
    pub lng: f64,
    /// Metres of uncertainty.
    pub accuracy: Option<f64>,
    /// When it was measured, by the phone's clock.
    pub at: Option<Millis>,
}

impl Fix {
    /// Reads the form's four values. A fix that is no place on earth is no fix: a check-in never fails for it.
    #[must_use]
    pub fn parse(lat: &str, lng: &str, accuracy: &str, at: &str) -> Option<Fix> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|value| value.is_finite());
        let lat = number(lat).filter(|lat| lat.abs() <= 90.0)?;
        let lng = number(lng).filter(|lng| lng.abs() <= 180.0)?;
        // Fake-position tools and broken receivers report the point where equator and prime meridian meet.
        if lat == 0.0 && lng == 0.0 {
            return None;
        }
        let accuracy = number(accuracy).filter(|metres| (0.0..=10_000_000.0).contains(metres));
        // Later than 2001: anything else is seconds or nonsense.
        let at = number(at).filter(|ms| (1e12..1e13).contains(ms)).map(whole);
        Some(Fix { lat, lng, accuracy, at })
    }

    /// The place.
    #[must_use]
    pub fn point(&self) -> Point {
        Point { lat: self.lat, lng: self.lng }
    }

    /// Whether it is good enough to become the customer's point.
    #[must_use]
    pub fn can_place(&self, flags: &Flags) -> bool {
        self.accuracy.is_some_and(|metres| metres <= PLACE_ACCURACY)
            && !flags.has(Flag::StaleFix)
            && !flags.has(Flag::FastTravel)
    }
}

/// How far from the customer's point a check-in is still on the spot.
pub const FENCE: i64 = 500;
const PLACE_ACCURACY: f64 = 200.0;
const STALE: Millis = 5 * MINUTE;
/// A phone's clock may be ahead by this much before it is noted.
const SKEW: Millis = 2 * MINUTE;
/// Metres in a second: 150 km/h, which no country road allows.
const FASTEST: f64 = 150_000.0 / 3600.0;
/// Below this distance a speed says more about accuracy than about travel.
const TRAVEL: i64 = 2_000;

/// What a check-in shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Metres to the customer's point.
    pub distance: Option<i64>,
    /// What is odd.
    pub flags: Flags,
}

/// The check-in before this one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Before {
    /// Where.
    pub place: Point,
    /// When.
    pub at: Millis,
}

/// Judges a check-in at `now`.
#[must_use]
pub fn judge(fix: Option<&Fix>, point: Option<Point>, before: Option<Before>, now: Millis) -> Evidence {
    let mut flags = Flags::default();
    let Some(fix) = fix else {
        flags.add(Flag::NoFix);
        return Evidence { distance: None, flags };
    };
    if fix.at.is_none_or(|at| now - at > STALE) {
        flags.add(Flag::StaleFix);
    }
    let distance = point.map(|point| point.metres_to(fix.point()));
    if distance.is_some_and(|metres| metres > FENCE) {
        flags.add(Flag::Far);
    }
    if fix.at.is_some_and(|at| at - now > SKEW) {
        flags.add(Flag::ClockSkew);
    }
    if let Some(before) = before
        && (0..DAY).contains(&(now - before.at))
    {
        let way = before.place.metres_to(fix.point());
        let speed = way as f64 / ((now - before.at).max(1) as f64 / 1000.0);
        if way > TRAVEL && speed > FASTEST {
            flags.add(Flag::FastTravel);
        }
    }
    Evidence { distance, flags }
}

fn whole(value: f64) -> i64 {
    // Saturates; callers hold it far inside the range anyway.
    value as i64
}

/// Minutes of a visit, as the two times beside them differ; a short one counts as one.
#[must_use]
pub fn minutes(from: Millis, to: Millis) -> i64 {
    (to.div_euclid(MINUTE) - from.div_euclid(MINUTE)).max(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use super::*;

    const SHOP: Point = Point { lat: 36.5123, lng: 118.5432 };
    const NOW: Millis = 1_795_400_000_000;

    fn fix(lat: f64, lng: f64) -> Fix {
        Fix { lat, lng, accuracy: Some(20.0), at: Some(NOW - 10_000) }
    }

    fn flags(evidence: &Evidence) -> Vec<Flag> {
        evidence.flags.iter().collect()
    }

    #[test]
    fn a_plan_whose_day_is_over_is_missed() {
        let day = |text: &str| crate::kernel::clock::parse_day(text).unwrap();
        assert_eq!(State::of(Progress::Planned, "2026-11-22", day("2026-11-23")), State::Missed);
        assert_eq!(State::of(Progress::Planned, "2026-11-23", day("2026-11-23")), State::Planned);
        assert_eq!(State::of(Progress::Done, "2026-11-22", day("2026-11-23")), State::Done);
        assert_eq!(State::of(Progress::Open, "2026-11-22", day("2026-11-23")), State::Open);
    }

    #[test]
    fn nonsense_is_no_fix() {
        for (lat, lng) in
            [("", ""), ("91", "0"), ("NaN", "1"), ("inf", "1"), ("0", "0"), ("1e999", "1"), ("三", "1"), ("36", "-181")]
        {
            assert_eq!(Fix::parse(lat, lng, "5", "1795400000000"), None, "{lat} {lng}");
        }
        let fix = Fix::parse("36.5", "118.5", "-3", "99").unwrap();
        assert_eq!((fix.accuracy, fix.at), (None, None));
    }

    #[test]
    fn a_check_in_at_the_customer_has_no_flags() {
        let evidence = judge(Some(&fix(36.5124, 118.5434)), Some(SHOP), None, NOW);
        assert_eq!(flags(&evidence), vec![]);
        assert!((10..40).contains(&evidence.distance.unwrap()));
    }

    #[test]
    fn each_oddity_has_its_flag() {
        assert_eq!(flags(&judge(None, Some(SHOP), None, NOW)), vec![Flag::NoFix]);
        assert_eq!(flags(&judge(Some(&fix(36.52, 118.5432)), Some(SHOP), None, NOW)), vec![Flag::Far]);
        let old = Fix { at: Some(NOW - 6 * MINUTE), ..fix(SHOP.lat, SHOP.lng) };
        assert_eq!(flags(&judge(Some(&old), Some(SHOP), None, NOW)), vec![Flag::StaleFix]);
        let ahead = Fix { at: Some(NOW + 5 * MINUTE), ..fix(SHOP.lat, SHOP.lng) };
        assert_eq!(flags(&judge(Some(&ahead), Some(SHOP), None, NOW)), vec![Flag::ClockSkew]);
        let before = |minutes| Some(Before { place: Point { lat: 36.0, lng: 118.5432 }, at: NOW - minutes * MINUTE });
        assert_eq!(flags(&judge(Some(&fix(SHOP.lat, SHOP.lng)), Some(SHOP), before(10), NOW)), vec![Flag::FastTravel]);
        assert_eq!(flags(&judge(Some(&fix(SHOP.lat, SHOP.lng)), Some(SHOP), before(90), NOW)), vec![]);
    }

    #[test]
    fn flags_survive_storage() {
        let mut set = Flags::default();
        set.add(Flag::Far);
        set.add(Flag::SamePhoto);
        assert_eq!(Flags::parse(&set.stored()), set);
        assert!(Flags::parse("").is_empty());
    }
}
