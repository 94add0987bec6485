//! Long-lived tasks. One that panics or ends is logged by its name and started again, later each time; one that ends
//! again and again ends the process, so that its own supervisor starts all of it anew. Otherwise nobody
//! would notice a task that is gone while the pages still answer.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;

/// How patient a supervisor is.
#[derive(Clone, Copy, Debug)]
struct Patience {
    /// The first wait before a task is started again; it doubles up to the longest.
    first_wait: Duration,
    longest_wait: Duration,
    /// A task that ran so long was well: the waits begin anew.
    well: Duration,
    /// So many ends in a row are too many.
    most_ends: u32,
}

const PATIENCE: Patience = Patience {
    first_wait: Duration::from_secs(1),
    longest_wait: Duration::from_secs(30),
    well: Duration::from_secs(300),
    most_ends: 5,
};

/// Watches the long-lived tasks of a server; dropping it ends them.
#[derive(Debug)]
pub struct Supervisor {
    patience: Patience,
    watchers: Vec<Ending>,
    lost: watch::Sender<Option<&'static str>>,
}

/// A task that ends with the value.
#[derive(Debug)]
struct Ending(JoinHandle<()>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Default for Supervisor {
    fn default() -> Self {
        Supervisor { patience: PATIENCE, watchers: Vec::new(), lost: watch::Sender::new(None) }
    }
}

impl Supervisor {
    /// Runs a task for ever, started again by `start` when it ends.
    pub fn keep<F>(&mut self, name: &'static str, start: impl FnMut() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.watchers.push(Ending(tokio::spawn(kept(name, start, self.patience, self.lost.clone()))));
    }

    /// Watches a task that cannot be started again by itself, such as one that owns a listener: its end is the
    /// process's.
    pub fn watch(&mut self, name: &'static str, task: JoinHandle<()>) {
        let lost = self.lost.clone();
        self.watchers.push(Ending(tokio::spawn(async move {
            let mut task = Ending(task);
            let ended = (&mut task.0).await;
            tracing::error!(task = name, how = how(&ended), "a long-lived task ended");
            lost.send_replace(Some(name));
        })));
    }

    /// Waits until a task is given up, and names it.
    pub async fn lost(&self) -> &'static str {
        let mut lost = self.lost.subscribe();
        loop {
            if let Some(name) = *lost.borrow_and_update() {
                return name;
            }
            // The sender lives as long as this value.
            if lost.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

fn how(ended: &Result<(), JoinError>) -> &'static str {
    match ended {
        Ok(()) => "it returned",
        Err(error) if error.is_panic() => "it panicked",
        Err(_) => "it was cancelled",
    }
}

async fn kept<F>(
    name: &'static str,
    mut start: impl FnMut() -> F,
    patience: Patience,
    lost: watch::Sender<Option<&'static str>>,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let (mut wait, mut ends) = (patience.first_wait, 0);
    loop {
        let begun = Instant::now();
        // A task of its own, so that a panic is caught; it ends with this one.
        let mut task = Ending(tokio::spawn(start()));
        let ended = (&mut task.0).await;
        if begun.elapsed() >= patience.well {
            (wait, ends) = (patience.first_wait, 0);
        }
        ends += 1;
        tracing::error!(task = name, how = how(&ended), ends, "a long-lived task ended");
        if ends >= patience.most_ends {
            lost.send_replace(Some(name));
            return;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(patience.longest_wait);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A supervisor with short waits.
    fn hurried() -> Supervisor {
        let patience = Patience {
            first_wait: Duration::from_millis(10),
            longest_wait: Duration::from_millis(40),
            well: Duration::from_millis(5),
            most_ends: 5,
        };
        Supervisor { patience, ..Supervisor::default() }
    }

    fn counter() -> (Arc<AtomicU32>, Arc<AtomicU32>) {
        let count = Arc::new(AtomicU32::new(0));
        (Arc::clone(&count), count)
    }

    #[tokio::test]
    async fn a_task_that_panics_is_started_again_later_each_time_and_given_up_at_last() {
        let (starts, counted) = counter();
        let mut supervisor = hurried();
        supervisor.patience.well = Duration::from_secs(60);
        supervisor.keep("fragile", move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async { panic!("as it does") }
        });
        let begun = Instant::now();
        assert_eq!(supervisor.lost().await, "fragile");
        assert_eq!(starts.load(Ordering::Relaxed), 5);
        assert!(begun.elapsed() >= Duration::from_millis(10 + 20 + 40 + 40), "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_task_that_ran_well_in_between_is_kept() {
        let (starts, counted) = counter();
        let mut supervisor = hurried();
        supervisor.keep("daily", move || {
            counted.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(6))
        });
        let lost = tokio::time::timeout(Duration::from_millis(400), supervisor.lost()).await;
        assert!(lost.is_err(), "its ends are far apart");
        assert!(starts.load(Ordering::Relaxed) > 5);
    }

    #[tokio::test]
    async fn the_end_of_a_task_that_cannot_be_started_again_is_told_at_once_and_drop_ends_the_others() {
        let mut supervisor = Supervisor::default();
        let (alive, gone) = tokio::sync::oneshot::channel::<()>();
        let mut alive = Some(alive);
        supervisor.keep("forever", move || {
            let alive = alive.take();
            async move {
                let _alive = alive;
                std::future::pending::<()>().await;
            }
        });
        supervisor.watch("listener", tokio::spawn(async {}));
        assert_eq!(supervisor.lost().await, "listener");
        drop(supervisor);
        assert!(gone.await.is_err(), "the other task was ended");
    }
}
