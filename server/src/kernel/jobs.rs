//! Work after the commit: takes due events and runs their reactions, in each lane one at a time and in order.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::kernel::access::CompanyKey;
use crate::kernel::outbox::{self, Event, Lane, Pending};
use crate::kernel::{HookFuture, Office};

/// Rung after a commit that recorded events.
#[derive(Clone, Debug, Default)]
pub struct Alarm {
    urgent: Arc<Notify>,
    usual: Arc<Notify>,
}

impl Alarm {
    /// Wakes the jobs.
    pub fn ring(&self) {
        self.urgent.notify_one();
        self.usual.notify_one();
    }

    async fn rung(&self, lane: Lane) {
        match lane {
            Lane::Urgent => self.urgent.notified().await,
            Lane::Usual => self.usual.notified().await,
        }
    }
}

/// Events taken at once.
const BATCH: i64 = 64;
/// The longest sleep: another process may have written, or the clock may have jumped.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// Runs a lane for ever: `react` is the product's one match over its events.
pub async fn run<E, F, R>(office: Office, lane: Lane, react: R)
where
    E: Event + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
    R: Fn(Office, Arc<CompanyKey>, Pending<E>) -> F + Send + Sync,
{
    let key = Arc::new(CompanyKey::new());
    loop {
        let now = office.clock.now();
        match outbox::take::<E>(&office.db, lane, now, BATCH).await {
            Ok(events) if events.is_empty() => rest::<E>(&office, lane).await,
            Ok(events) => {
                for pending in events {
                    let (id, attempts) = (pending.id, pending.attempts);
                    let noted = match react(Arc::clone(&office), Arc::clone(&key), pending).await {
                        Ok(()) => outbox::done(&office.db, id).await,
                        Err(error) => {
                            tracing::warn!(event = %id, attempts, "a reaction failed: {error:#}");
                            outbox::failed(&office.db, id, attempts, &format!("{error:#}"), now).await
                        }
                    };
                    if let Err(error) = noted {
                        tracing::warn!(event = %id, %error, "its lease will run out and it will be tried again");
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "events cannot be read now");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// Work that is looked for again and again; it says itself when there is none.
pub type Round = for<'a> fn(&'a Office, &'a Arc<CompanyKey>) -> HookFuture<'a, anyhow::Result<()>>;

/// Runs `work` for ever, `every` so often.
pub async fn repeat(office: Office, every: Duration, work: Round) {
    let key = Arc::new(CompanyKey::new());
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = work(&office, &key).await {
            tracing::warn!("work that is repeated failed and will be tried again: {error:#}");
        }
    }
}

/// Sleeps until the next event is due or somebody rings.
async fn rest<E: Event>(office: &Office, lane: Lane) {
    let due = outbox::next_due::<E>(&office.db, lane).await.ok().flatten();
    let wait = due.map_or(LONGEST_SLEEP, |due| {
        let ms = u64::try_from(due - office.clock.now()).unwrap_or(0);
        Duration::from_millis(ms).min(LONGEST_SLEEP)
    });
    // Elapsed or rung: either way there may be work.
    let _ = tokio::time::timeout(wait, office.alarm.rung(lane)).await;
}
