//! What is thrown away, and when. Nothing here is a record of the business.

use std::time::Duration;

use crate::kernel::access::auth;
use crate::kernel::clock::{DAY, Millis};
use crate::kernel::db::{DbError, sql};
use crate::kernel::{Kernel, Office};

/// How long a form's answer is kept: a phone may lie in a drawer that long with its outbox unsent.
const OPS: Millis = 90 * DAY;
/// How long events that were acted upon are kept for looking back.
const EVENTS: Millis = 90 * DAY;
/// How long the sign-in log is kept.
const SIGN_INS: Millis = 365 * DAY;
/// Between two rounds; the first comes one such time after the start.
const EVERY: Duration = Duration::from_secs(3600);

/// Runs for ever.
pub async fn run(office: Office) {
    let mut rounds = tokio::time::interval(EVERY);
    rounds.tick().await;
    loop {
        rounds.tick().await;
        match sweep(&office).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!(gone, "old sessions, form answers and events were swept out"),
            Err(error) => tracing::warn!(%error, "sweeping waits for the next round"),
        }
    }
}

/// Throws away what is older than its time; returns how many rows went.
///
/// # Errors
/// What the database says; then nothing went.
pub async fn sweep(office: &Kernel) -> Result<u64, DbError> {
    let now = office.clock.now();
    // A clock that jumped ahead makes everything old.
    if office.clock.hold().is_some() {
        return Ok(0);
    }
    let mut tx = office.db.begin().await?;
    let mut gone = 0;
    let sessions = sql("DELETE FROM sessions WHERE begun_at < $1").bind(now - auth::ABSOLUTE - DAY);
    let ops = sql("DELETE FROM ops WHERE at < $1").bind(now - OPS);
    let events = sql("DELETE FROM events WHERE state = 'done' AND at < $1").bind(now - EVENTS);
    let sign_ins = sql("DELETE FROM login_log WHERE at < $1").bind(now - SIGN_INS);
    for sweep in [sessions, ops, events, sign_ins] {
        gone += sweep.run(&mut tx).await?;
    }
    tx.commit().await?;
    Ok(gone)
}
