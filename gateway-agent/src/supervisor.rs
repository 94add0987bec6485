//! The agent's tasks under supervision: one that ends or panics is logged and begun anew after a pause, one that does
//! not come by in time is aborted and begun anew too; when that happens too often the process ends, and systemd starts
//! it. The watchdog hears of every task (`systemd`).

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What a task says before it is first heard.
const FIRST: Duration = Duration::from_secs(60);
/// Between the end of a task and its next beginning; the last goes on.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(200),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_secs(30),
];
/// So many ends within this time are too many.
const MOST: usize = 6;
const WITHIN: Duration = Duration::from_secs(600);
/// How often a task is looked after.
const LOOK: Duration = Duration::from_secs(1);

/// By which a task shows that it goes on: each beat says until when the next comes.
#[derive(Clone, Debug)]
pub struct Pulse {
    origin: Instant,
    until: Arc<AtomicU64>,
}

impl Default for Pulse {
    fn default() -> Pulse {
        let pulse = Pulse { origin: Instant::now(), until: Arc::new(AtomicU64::new(0)) };
        pulse.beat(FIRST);
        pulse
    }
}

impl Pulse {
    fn since(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// It goes on, and says so again within this time.
    pub fn beat(&self, within: Duration) {
        let within = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
        self.until.store(self.since().saturating_add(within), Ordering::Relaxed);
    }

    /// It has nothing to do, and need not be heard.
    pub fn rest(&self) {
        self.until.store(u64::MAX, Ordering::Relaxed);
    }

    /// Whether it should have been heard.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.since() > self.until.load(Ordering::Relaxed)
    }
}

/// The pulses of all tasks.
#[derive(Clone, Debug, Default)]
pub struct Pulses(Arc<Mutex<Vec<(String, Pulse)>>>);

impl Pulses {
    /// A pulse for another task.
    #[must_use]
    pub fn of(&self, task: &str) -> Pulse {
        let pulse = Pulse::default();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((task.to_owned(), pulse.clone()));
        pulse
    }

    /// A task that should have been heard.
    #[must_use]
    pub fn late(&self) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().find(|(_, pulse)| pulse.is_late()).map(|(task, _)| task.clone())
    }
}

/// Whether the end of a task is a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// It goes on for ever.
    Always,
    /// It may come to its end.
    UntilDone,
}

/// A task that ended too often.
#[derive(Debug, thiserror::Error)]
#[error("{0} ended {MOST} times within ten minutes")]
pub struct TooOften(String);

/// Runs a task, again and again.
///
/// # Errors
/// [`TooOften`].
pub async fn supervise<F: Future<Output = anyhow::Result<()>> + Send + 'static>(
    task: String,
    pulse: Pulse,
    lasts: Lasts,
    begin: impl Fn() -> F,
) -> Result<(), TooOften> {
    let mut ends: VecDeque<Instant> = VecDeque::new();
    loop {
        pulse.beat(FIRST);
        let mut running = tokio::spawn(begin());
        let ended = loop {
            tokio::select! {
                ended = &mut running => break ended,
                () = tokio::time::sleep(LOOK) => {}
            }
            if pulse.is_late() {
                tracing::error!(task, "the task hangs; it is aborted");
                running.abort();
            }
        };
        pulse.rest();
        match ended {
            Ok(Ok(())) if lasts == Lasts::UntilDone => return Ok(()),
            Ok(Ok(())) => tracing::error!(task, "the task has ended; it is begun again"),
            Ok(Err(error)) => tracing::error!(task, "the task has ended; it is begun again: {error:#}"),
            Err(error) if error.is_panic() => tracing::error!(task, "the task panicked; it is begun again"),
            Err(_) => tracing::error!(task, "the task was aborted; it is begun again"),
        }
        ends.retain(|at| at.elapsed() < WITHIN);
        ends.push_back(Instant::now());
        if ends.len() >= MOST {
            return Err(TooOften(task));
        }
        let pause = PAUSES.get(ends.len() - 1).or(PAUSES.last()).copied().unwrap_or(WITHIN);
        tokio::time::sleep(pause).await;
    }
}

/// A panic is logged by its place alone: its words may carry what must not be logged.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic");
    }));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Lasts, MOST, Pulse, Pulses, supervise};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    /// Runs a task that does `what` at its n-th beginning, until it has begun `times` times.
    async fn begun(times: usize, what: fn(usize) -> anyhow::Result<()>) -> usize {
        let count = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&count);
        let task = supervise("task".to_owned(), Pulse::default(), Lasts::Always, move || {
            let n = counts.fetch_add(1, Ordering::SeqCst);
            async move { what(n) }
        });
        let reached = async {
            while count.load(Ordering::SeqCst) < times {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            _ = task => {}
            () = reached => {}
            () = tokio::time::sleep(Duration::from_secs(10)) => {}
        }
        count.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn a_task_that_panics_or_ends_or_fails_begins_again() {
        for what in
            [(|_| panic!("a fault of ours")) as fn(usize) -> anyhow::Result<()>, |_| Ok(()), |_| anyhow::bail!("no")]
        {
            assert_eq!(begun(3, what).await, 3);
        }
    }

    #[tokio::test]
    async fn a_task_that_hangs_is_begun_again() {
        let count = Arc::new(AtomicUsize::new(0));
        let (counts, pulse) = (Arc::clone(&count), Pulse::default());
        let beats = pulse.clone();
        let task = supervise("task".to_owned(), pulse, Lasts::Always, move || {
            counts.fetch_add(1, Ordering::SeqCst);
            let beats = beats.clone();
            async move {
                beats.beat(Duration::from_millis(100));
                std::future::pending().await
            }
        });
        tokio::select! {
            _ = task => panic!("it was given up"),
            () = tokio::time::sleep(Duration::from_millis(3_500)) => {}
        }
        assert!(count.load(Ordering::SeqCst) >= 2);
    }

    #[tokio::test]
    async fn a_task_that_may_end_does_so_once() {
        let count = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&count);
        let task = supervise("task".to_owned(), Pulse::default(), Lasts::UntilDone, move || {
            counts.fetch_add(1, Ordering::SeqCst);
            async { Ok(()) }
        });
        assert!(task.await.is_ok());
        assert_eq!(count.load(Ordering::SeqCst), 1);
        const { assert!(MOST > 2) }
    }

    #[test]
    fn a_pulse_is_late_until_it_is_heard_again() {
        let pulses = Pulses::default();
        let (one, other) = (pulses.of("one"), pulses.of("other"));
        assert_eq!(pulses.late(), None);
        one.beat(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(pulses.late().as_deref(), Some("one"));
        one.rest();
        assert_eq!(pulses.late(), None);
        other.beat(Duration::ZERO);
        std::thread::sleep(Duration::from_millis(5));
        assert_eq!(pulses.late().as_deref(), Some("other"));
        other.beat(Duration::from_secs(1));
        assert_eq!(pulses.late(), None);
    }
}
