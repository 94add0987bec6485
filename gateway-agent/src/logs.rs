//! The last lines of the log, kept in memory for the server to ask for (`cmd/logs`), without numbers of people
//! and without texts: nothing of those is logged in the first place, and long digits are struck out besides.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::clock::now;

const KEPT: usize = 500;
const LONGEST: usize = 300;

/// The last lines.
#[derive(Clone, Debug, Default)]
pub struct Logs(Arc<Mutex<VecDeque<String>>>);

impl Logs {
    /// The last `count` lines, oldest first.
    #[must_use]
    pub fn last(&self, count: usize) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().skip(lines.len().saturating_sub(count)).cloned().collect()
    }
}

impl<S: Subscriber> Layer<S> for Logs {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut line = Line(format!("{} {}", time_of_day(now()), event.metadata().level()));
        event.record(&mut line);
        let line = redacted(&line.0);
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// UTC, `08:59:01`: the day is known to whoever asks.
fn time_of_day(at: i64) -> String {
    let seconds = at.div_euclid(1000).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
        if written.is_err() {
            // Writing to a String does not fail; a Debug that does has nothing to say.
            self.0.push('?');
        }
    }
}

/// Strikes out all but the last two of seven or more digits in a row, and cuts what is long.
fn redacted(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut digits = String::new();
    for c in line.chars().take(LONGEST).chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let hidden = if digits.len() >= 7 { digits.len() - 2 } else { 0 };
        out.extend(digits.drain(..).enumerate().map(|(n, digit)| if n < hidden { '*' } else { digit }));
        if c != '\n' {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn numbers_of_people_are_struck_out() {
        assert_eq!(redacted("to=+8613805362417 mr=17"), "to=+***********17 mr=17");
        assert_eq!(redacted("slot=3 CMS 500"), "slot=3 CMS 500");
        assert_eq!(redacted("13805362417"), "*********17");
        assert!(redacted(&"x".repeat(9999)).len() <= 300);
    }
}
