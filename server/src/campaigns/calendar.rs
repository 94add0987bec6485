//! Which birthdays and festivals fall on a day, in the solar and in the traditional calendar 农历. Decisions only.
//!
//! A day that a year does not have falls on the month's last: 29 February on the 28th, a lunar 30th on the 29th.
//! Birthdays are kept without the mark of a leap month, so each comes once a year, in the ordinary month; a leap
//! month has none.

use chinese_lunisolar_calendar::LunisolarDate;
use chrono::{Datelike, NaiveDate};

/// A day of the traditional calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LunarDay {
    /// 1 to 12.
    pub month: u32,
    /// 1 to 30.
    pub day: u32,
    /// 闰月
    pub leap: bool,
    /// The last of its month.
    pub last: bool,
}

/// The lunar day of a solar one; `None` outside 1901–2100.
#[must_use]
pub fn lunar(day: NaiveDate) -> Option<LunarDay> {
    let of = |day: NaiveDate| {
        let date = LunisolarDate::from_date(day).ok()?;
        let month = date.to_lunar_month();
        Some((u32::from(month.to_u8()), u32::from(date.to_lunar_day().to_u8()), month.is_leap_month()))
    };
    let (month, number, leap) = of(day)?;
    let last = day.succ_opt().and_then(of).is_some_and(|(_, next, _)| next == 1);
    Some(LunarDay { month, day: number, leap, last })
}

/// The solar birthdays, as `MM-DD`, that are kept on `day`.
#[must_use]
pub fn solar_birthdays(day: NaiveDate) -> Vec<String> {
    let mut days = vec![day.format("%m-%d").to_string()];
    if (day.month(), day.day()) == (2, 28) && !day.leap_year() {
        days.push("02-29".to_owned());
    }
    days
}

/// The lunar birthdays, as `MM-DD`, that are kept on `day`.
#[must_use]
pub fn lunar_birthdays(day: NaiveDate) -> Vec<String> {
    match lunar(day) {
        Some(LunarDay { month, day, leap: false, last }) => {
            let mut days = vec![format!("{month:02}-{day:02}")];
            if last && day == 29 {
                days.push(format!("{month:02}-30"));
            }
            days
        }
        Some(LunarDay { leap: true, .. }) | None => Vec::new(),
    }
}

/// Whether a festival of this month and day is kept on `day`; the rules are those of birthdays, which makes
/// 除夕 the 30th of the twelfth month in every year.
#[must_use]
pub fn falls_on(lunar: bool, month: u32, number: u32, day: NaiveDate) -> bool {
    let wanted = format!("{month:02}-{number:02}");
    if lunar { lunar_birthdays(day).contains(&wanted) } else { solar_birthdays(day).contains(&wanted) }
}

/// The festivals that a company sends greetings at: name, whether lunar, month, day.
pub const FESTIVALS: [(&str, bool, u32, u32); 9] = [
    ("元旦", false, 1, 1),
    ("除夕", true, 12, 30),
    ("春节", true, 1, 1),
    ("元宵节", true, 1, 15),
    ("劳动节", false, 5, 1),
    ("端午节", true, 5, 5),
    ("中秋节", true, 8, 15),
    ("国庆节", false, 10, 1),
    ("重阳节", true, 9, 9),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{falls_on, lunar, lunar_birthdays, solar_birthdays};
    use chrono::NaiveDate;

    fn day(text: &str) -> NaiveDate {
        NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap()
    }

    /// New year's day and leap month of 1901–2098 as PyPI's `lunardate` 0.2 has them: a second source.
    const YEARS: &str = include_str!("lunar_years.txt");

    #[test]
    fn every_year_begins_and_leaps_as_the_second_source_says() {
        let mut years = 0;
        for line in YEARS.lines() {
            let mut words = line.split(' ');
            let (year, first) = (words.next().unwrap(), words.next().unwrap());
            let leap: u32 = words.next().unwrap().parse().unwrap();
            let first = day(&format!("{year}-{first}"));
            let found = lunar(first).unwrap();
            assert_eq!((found.month, found.day, found.leap), (1, 1, false), "{year}");
            assert!(lunar(first.pred_opt().unwrap()).is_none_or(|eve| eve.month == 12 && eve.last), "{year}");
            let leaps: Vec<u32> = (0..384)
                .filter_map(|n| lunar(first + chrono::Days::new(n)).filter(|_| n < 383))
                .take_while(|found| (found.month, found.day) != (12, 29))
                .filter(|found| found.leap && found.day == 1)
                .map(|found| found.month)
                .collect();
            assert_eq!(leaps, if leap == 0 { vec![] } else { vec![leap] }, "{year}");
            years += 1;
        }
        assert_eq!(years, 198);
    }

    #[test]
    fn every_birthday_comes_once_a_year() {
        for year in [2023, 2024, 2025, 2026, 2028, 2033] {
            let days: Vec<NaiveDate> = NaiveDate::from_ymd_opt(year, 1, 1)
                .unwrap()
                .iter_days()
                .take_while(|day| chrono::Datelike::year(day) == year)
                .collect();
            for born in ["02-29", "02-28", "12-31"] {
                let times = days.iter().filter(|day| solar_birthdays(**day).contains(&born.to_owned())).count();
                assert_eq!(times, 1, "{born} in {year}");
            }
        }
        for line in YEARS.lines().skip(1).step_by(7).take(27) {
            let mut words = line.split(' ');
            let (year, first) = (words.next().unwrap().to_owned(), words.next().unwrap());
            let first = day(&format!("{year}-{first}"));
            // From one new year to the next.
            let mut all = lunar_birthdays(first);
            let mut next = first.succ_opt().unwrap();
            while !falls_on(true, 1, 1, next) {
                all.extend(lunar_birthdays(next));
                next = next.succ_opt().unwrap();
            }
            all.sort();
            let wanted: Vec<String> =
                (1..=12).flat_map(|month| (1..=30).map(move |day| format!("{month:02}-{day:02}"))).collect();
            assert_eq!(all, wanted, "{year}: each of the 360 lunar days once");
        }
    }

    #[test]
    fn festivals_fall_on_their_known_days() {
        for (lunar, month, number, date) in [
            (true, 1, 1, "2026-02-17"),
            (true, 12, 30, "2026-02-16"),
            (true, 1, 15, "2026-03-03"),
            (true, 5, 5, "2025-05-31"),
            (true, 8, 15, "2025-10-06"),
            (true, 9, 9, "2024-10-11"),
            (true, 8, 15, "2033-09-08"),
            (false, 10, 1, "2026-10-01"),
        ] {
            assert!(falls_on(lunar, month, number, day(date)), "{date}");
        }
        // In the leap sixth month of 2025 nobody has a birthday a second time.
        assert!(falls_on(true, 6, 10, day("2025-07-04")) && lunar_birthdays(day("2025-08-03")).is_empty());
    }
}
