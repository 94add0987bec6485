//! Birthdays: solar or lunar, with or without the year.

use chrono::Datelike;

use crate::kernel::clock;

/// A birthday as it is kept: `YYYY-MM-DD` or `MM-DD`; in the lunar calendar 农历 when the flag says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Birthday {
    /// `1968-08-03` or `08-03`.
    pub date: String,
    /// 农历
    pub lunar: bool,
}

impl Birthday {
    /// Reads `1968-08-03`, `1968/8/3`, `8-3`, `08.03`, `8月3日`; `None` when there is no such day. A lunar
    /// month has at most thirty days, and lunar leap months are kept as the plain month.
    #[must_use]
    pub fn parse(text: &str, lunar: bool) -> Option<Birthday> {
        let parts: Vec<u32> = text
            .trim()
            .trim_end_matches(['日', '号'])
            .split(['-', '/', '.', '年', '月'])
            .map(|part| part.trim().parse().ok().filter(|number| *number < 10_000))
            .collect::<Option<_>>()?;
        let (year, month, day) = match parts.as_slice() {
            [year, month, day] => (Some(*year), *month, *day),
            [month, day] => (None, *month, *day),
            _ => return None,
        };
        let possible = if lunar {
            (1..=12).contains(&month) && (1..=30).contains(&day)
        } else {
            // A leap year stands for the unknown one.
            let in_year = i32::try_from(year.unwrap_or(2000)).ok()?;
            chrono::NaiveDate::from_ymd_opt(in_year, month, day).is_some()
        };
        let date = match year {
            Some(year) if (1900..=2099).contains(&year) => format!("{year:04}-{month:02}-{day:02}"),
            Some(_) => return None,
            None => format!("{month:02}-{day:02}"),
        };
        possible.then_some(Birthday { date, lunar })
    }

    /// Month and day.
    #[must_use]
    pub fn month_day(&self) -> Option<(u32, u32)> {
        let (month, day) = self.date.get(self.date.len().checked_sub(5)?..)?.split_once('-')?;
        Some((month.parse().ok()?, day.parse().ok()?))
    }

    /// Whether the year, if there is one, lies in the future of `now`.
    #[must_use]
    pub fn is_to_come(&self, now: clock::Millis) -> bool {
        let today = clock::day(now);
        self.date.len() == 10
            && self.date.get(..4).and_then(|year| year.parse().ok()).is_some_and(|year: i32| year > today.year())
    }
}

const LUNAR_MONTHS: [&str; 12] =
    ["正月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月", "冬月", "腊月"];
const TENS: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];

/// 八月初三: a lunar day as Chinese calendars write it.
#[must_use]
pub fn lunar_words(month: u32, day: u32) -> Option<String> {
    let index = |number: u32| usize::try_from(number).ok()?.checked_sub(1);
    let month = LUNAR_MONTHS.get(index(month)?)?;
    let digit = |number: u32| TENS.get(index(number)?).copied();
    let day = match day {
        1..=10 => format!("初{}", digit(day)?),
        11..=19 => format!("十{}", digit(day - 10)?),
        20 => "二十".to_owned(),
        21..=29 => format!("廿{}", digit(day - 20)?),
        30 => "三十".to_owned(),
        _ => return None,
    };
    Some(format!("{month}{day}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Birthday, lunar_words};

    #[test]
    fn birthdays_are_read_as_people_write_them() {
        for text in ["1968-08-03", "1968/8/3", "1968年8月3日", " 1968.08.03 "] {
            assert_eq!(Birthday::parse(text, false).expect(text).date, "1968-08-03");
        }
        for text in ["08-03", "8月3日", "8.3"] {
            assert_eq!(Birthday::parse(text, true).expect(text).month_day(), Some((8, 3)));
        }
        assert!(Birthday::parse("02-30", true).is_some() && Birthday::parse("02-29", false).is_some());
        for text in ["", "9999-01-01", "02-30", "13-01", "abc", "1968", "-8-3", "1968-08-03-01", "八月初三"] {
            assert_eq!(Birthday::parse(text, false), None, "{text}");
        }
    }

    #[test]
    fn lunar_days_have_their_own_words() {
        assert_eq!(lunar_words(8, 3).as_deref(), Some("八月初三"));
        assert_eq!(lunar_words(12, 20).as_deref(), Some("腊月二十"));
        assert_eq!(lunar_words(1, 15).as_deref(), Some("正月十五"));
        assert_eq!(lunar_words(11, 29).as_deref(), Some("冬月廿九"));
        assert_eq!(lunar_words(13, 1), None);
        assert_eq!(lunar_words(1, 31), None);
    }
}
