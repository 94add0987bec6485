//! Work after the commit: takes due events and runs their reactions, in each lane one at a time and in order.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;

use crate::kernel::access::CompanyKey;
use crate::kernel::background::outbox::{self, Event, Lane, Pending};
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

/// The longest that one reaction may take. It is shorter than the lease of its event, so that nobody else takes it
/// meanwhile.
const LONGEST_REACTION: Duration = Duration::from_secs(90);

/// What reacts to an event after its commit.
pub type React<E> =
    Arc<dyn Fn(Office, Arc<CompanyKey>, Pending<E>) -> HookFuture<'static, anyhow::Result<()>> + Send + Sync>;

/// Runs a lane for ever: `react` is the product's one match over its events. A reaction that fails, hangs or panics
/// holds up no other: its event is tried again later, and set aside in the end.
pub async fn run<E: Event + 'static>(office: Office, lane: Lane, react: React<E>) {
    let key = Arc::new(CompanyKey::new());
    loop {
        if !pass(&office, lane, &react, &key).await {
            rest::<E>(&office, lane).await;
        }
    }
}

/// Runs the reactions to what is due in a lane, a batch at most; `false` where nothing is.
async fn pass<E: Event + 'static>(office: &Office, lane: Lane, react: &React<E>, key: &Arc<CompanyKey>) -> bool {
    let now = office.clock.now();
    let events = match outbox::take::<E>(&office.db, lane, now, office.clock.hold(), BATCH).await {
        Ok(events) => events,
        Err(error) => {
            tracing::warn!(%error, "events cannot be read now");
            tokio::time::sleep(Duration::from_secs(1)).await;
            return true;
        }
    };
    let found = !events.is_empty();
    for pending in events {
        let (id, attempts) = (pending.id, pending.attempts);
        let noted = match contained(|| react(Arc::clone(office), Arc::clone(key), pending)).await {
            Ok(()) => outbox::done(&office.db, id).await,
            Err(error) => {
                let why = format!("{error:#}");
                tracing::warn!(event = %id, attempts, why, "a reaction failed");
                outbox::failed(&office.db, id, attempts, &why, now).await
            }
        };
        if let Err(error) = noted {
            tracing::warn!(event = %id, %error, "its lease will run out and it will be tried again");
        }
    }
    found
}

/// Runs both lanes and all `rounds` once. What has not happened after that is not due.
pub async fn once<E: Event + 'static>(office: &Office, react: &React<E>, rounds: &[Round]) -> anyhow::Result<()> {
    let key = Arc::new(CompanyKey::new());
    for work in rounds {
        work(office, &key).await?;
    }
    for lane in [Lane::Urgent, Lane::Usual] {
        pass(office, lane, react, &key).await;
    }
    Ok(())
}

/// Runs a reaction to its end, to its time-out, or to its panic.
async fn contained<F>(react: impl FnOnce() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    // What a panic leaves half done is a transaction, and that is undone.
    let caught = AssertUnwindSafe(async { react().await }).catch_unwind();
    match tokio::time::timeout(LONGEST_REACTION, caught).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => anyhow::bail!("it panicked; the log says where"),
        Err(_) => anyhow::bail!("it took more than {} seconds", LONGEST_REACTION.as_secs()),
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
    let due = outbox::next_due::<E>(&office.db, lane, office.clock.hold()).await.ok().flatten();
    let wait = due.map_or(LONGEST_SLEEP, |due| {
        let ms = u64::try_from(due - office.clock.now()).unwrap_or(0);
        Duration::from_millis(ms).min(LONGEST_SLEEP)
    });
    // Elapsed or rung: either way there may be work.
    let _ = tokio::time::timeout(wait, office.alarm.rung(lane)).await;
}
