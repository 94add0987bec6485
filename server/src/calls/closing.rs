//! How a call comes to its end: its box says so, or its box starts anew, or nothing is heard of it for too long.
//! No call rings for ever, and each that nobody took makes its task.

use std::sync::Arc;
use std::time::Duration;

use crate::calls::rules::{LONGEST_RING, OVERDUE, State};
use crate::calls::{settings, store, unanswered};
use crate::events::{self, Event};
use crate::kernel::access::{CompanyKey, Scope};
use crate::kernel::clock::Millis;
use crate::kernel::db::Tx;
use crate::kernel::id::Id;
use crate::kernel::{HookFuture, Office};
use crate::web::error::Result;

/// How often calls that were left open are looked for.
pub const LOOK: Duration = Duration::from_secs(10);

/// The ringing stopped at `at`: open popups hear of it, and the time runs in which somebody may say 接了.
pub(super) async fn close(tx: &mut Tx, id: Id, state: State, at: Millis, now: Millis) -> Result<()> {
    store::end(tx, id, at).await?;
    events::raise(tx, now, Event::CallEnded { call: id }).await?;
    if matches!(state, State::Ringing | State::Ended) {
        let patience = settings::load(&mut *tx).await?.patience;
        events::raise_later(tx, now, now + patience, Event::CallUnanswered { call: id }).await?;
    }
    Ok(())
}

/// After [`Event::CallRangOut`]: a call that still rings has ended, whatever its box says later. Safe to run twice.
pub async fn rang_out(office: &Office, scope: &Scope, id: Id) -> Result<()> {
    let now = office.clock.now();
    let mut tx = office.db.begin().await?;
    let Some(call) = store::to_change(&mut tx, scope, id).await? else { return Ok(()) };
    if call.state != State::Ringing {
        return Ok(());
    }
    close(&mut tx, id, State::Ringing, (call.started_at + LONGEST_RING).min(now), now).await?;
    tx.commit().await?;
    office.alarm.ring();
    Ok(())
}

/// A box began a new run: what an earlier one told as ringing rings no more.
pub async fn box_started(tx: &mut Tx, gateway: Id, boot: &str, now: Millis) -> Result<()> {
    for id in store::left_ringing(tx, gateway, boot).await? {
        close(tx, id, State::Ringing, now, now).await?;
    }
    Ok(())
}

/// Looks for calls whose timers were lost.
pub fn look<'a>(office: &'a Office, key: &'a Arc<CompanyKey>) -> HookFuture<'a, anyhow::Result<()>> {
    Box::pin(async move {
        let (scope, now) = (Scope::company(key), office.clock.now());
        let patience = settings::load(&office.db).await?.patience;
        let (rings, ended) = (now - LONGEST_RING - OVERDUE, now - patience - OVERDUE);
        for id in store::left_open(&office.db, rings, ended).await? {
            if let Err(error) = rang_out(office, &scope, id).await {
                tracing::warn!(call = %id, "a call could not be closed: {error:#}");
                continue;
            }
            // One that ended long ago is missed at once; one that rang until now has its own timer.
            if store::find(&office.db, &scope, id).await?.is_some_and(|call| call.ended_at.is_some_and(|at| at < ended))
            {
                unanswered(office, &scope, id).await?;
            }
        }
        Ok(())
    })
}
