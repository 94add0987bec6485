//! What is thrown away, and when. Nothing here is a record of the business.

use std::time::Duration;

use crate::kernel::access::auth;
use crate::kernel::clock::{DAY, Millis};
use crate::kernel::db::{Db, DbError, sql};
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
/// What the database says; what went before stays away.
pub async fn sweep(office: &Kernel) -> Result<u64, DbError> {
    let now = office.clock.now();
    // A clock that jumped ahead makes everything old.
    if office.clock.hold().is_some() {
        return Ok(0);
    }
    let mut gone = 0;
    for (text, before) in [
        (
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE begun_at < $1 LIMIT 500)",
            now - auth::ABSOLUTE - DAY,
        ),
        (
            "DELETE FROM ops WHERE (user_id, op_id) IN (SELECT user_id, op_id FROM ops WHERE at < $1 LIMIT 500)",
            now - OPS,
        ),
        (
            "DELETE FROM events WHERE id IN (SELECT id FROM events WHERE state = 'done' AND at < $1 LIMIT 500)",
            now - EVENTS,
        ),
        ("DELETE FROM login_log WHERE id IN (SELECT id FROM login_log WHERE at < $1 LIMIT 500)", now - SIGN_INS),
    ] {
        gone += sweep_by(&office.db, text, before).await?;
    }
    Ok(gone)
}

/// Runs a statement that throws some rows away until it finds no more. Each time is a write of its own, so that others
/// have their turns between them.
pub async fn sweep_by(db: &Db, text: &'static str, before: Millis) -> Result<u64, DbError> {
    let mut gone = 0;
    loop {
        let mut tx = db.begin().await?;
        let rows = sql(text).bind(before).run(&mut tx).await?;
        tx.commit().await?;
        if rows == 0 {
            return Ok(gone);
        }
        gone += rows;
    }
}
