//! The outbox of events, the jobs that work through it, and the tasks that run beside requests.

/// Deletes what is no longer needed.
pub mod housekeeping;
/// Runs reactions and repeated work.
pub mod jobs;
/// Events, recorded in the transaction that causes them.
pub mod outbox;
/// Restarts tasks that ended.
pub mod supervise;
