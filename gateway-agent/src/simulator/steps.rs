//! The steps of a dialogue, counted, so that a fault can be set at exactly one of them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What happens at the step that was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// The process with this id is killed before the modem does anything more.
    Kill(i32),
    /// The modem loses its power and comes back on a new terminal.
    Cut,
}

#[derive(Debug, Default)]
struct Count {
    names: Vec<String>,
    chosen: Option<(usize, At)>,
    reached: Option<String>,
}

/// The steps since the count was last begun.
#[derive(Debug, Default)]
pub(super) struct Steps {
    count: Mutex<Count>,
    reached: Condvar,
}

impl Steps {
    fn count(&self) -> MutexGuard<'_, Count> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts from the beginning; at step `n` (the first is 0) something may happen, once.
    pub(super) fn begin(&self, chosen: Option<(usize, At)>) {
        *self.count() = Count { names: Vec::new(), chosen, reached: None };
    }

    /// The names of the steps so far, in their order.
    pub(super) fn names(&self) -> Vec<String> {
        self.count().names.clone()
    }

    /// Waits for the chosen step and gives its name; `None` when it is not reached in time.
    pub(super) fn wait(&self, within: Duration) -> Option<String> {
        let waited = self.reached.wait_timeout_while(self.count(), within, |count| count.reached.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.reached.clone()
    }

    /// A step of the dialogue; `true` when the modem loses its power here.
    pub(super) fn step(&self, name: &str) -> bool {
        let mut count = self.count();
        let now = count.names.len();
        let here = count.chosen.take_if(|(n, _)| *n == now);
        count.names.push(name.to_owned());
        let Some((_, at)) = here else { return false };
        if let At::Kill(process) = at
            && let Err(error) = kill(Pid::from_raw(process), Signal::SIGKILL)
        {
            tracing::error!(process, %error, "cannot be killed");
        }
        count.reached = Some(name.to_owned());
        self.reached.notify_all();
        at == At::Cut
    }
}
