//! Time: UTC milliseconds for records, and milliseconds that only rise for timers.

use std::time::{SystemTime, UNIX_EPOCH};

/// UTC milliseconds.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
