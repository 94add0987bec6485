//! How many messages a SIM may send in a minute, an hour and a day.

use std::collections::VecDeque;

use fieldline_protocol::settings::Setting;

use crate::outbox::Settings;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Days begin in China.
const CHINA: i64 = 8 * HOUR;

/// When this SIM's messages of the last day were sent.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    sent: VecDeque<i64>,
}

impl Limits {
    /// Begins with what the queue knows of the last day.
    #[must_use]
    pub fn new(sent: Vec<i64>) -> Limits {
        Limits { sent: sent.into() }
    }

    /// One more was sent.
    pub fn sent(&mut self, now: i64) {
        self.sent.push_back(now);
        while self.sent.front().is_some_and(|first| *first < now - DAY) {
            self.sent.pop_front();
        }
    }

    /// Until when nothing more may go; none: now.
    #[must_use]
    pub fn until(&self, settings: &Settings, now: i64) -> Option<i64> {
        let midnight = (now + CHINA).div_euclid(DAY) * DAY - CHINA;
        [
            (Setting::LimitMinute, now - MINUTE, MINUTE),
            (Setting::LimitHour, now - HOUR, HOUR),
            (Setting::LimitDay, midnight, DAY),
        ]
        .into_iter()
        .filter_map(|(limit, since, span)| {
            let most = usize::try_from(settings.number(limit)).unwrap_or_default();
            // Newest first: the `most`-th of them must have left the span before one more may go.
            let full = if most == 0 { None } else { self.sent.iter().rev().nth(most - 1) };
            full.filter(|at| **at > since).map(|at| if span == DAY { midnight + DAY } else { at + span })
        })
        .max()
    }

    /// How many in the last hour.
    #[must_use]
    pub fn last_hour(&self, now: i64) -> u32 {
        let count = self.sent.iter().rev().take_while(|at| **at > now - HOUR).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}
