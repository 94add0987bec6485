//! How many files this process may have open, and how many of them may be connections.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one; returns what is in force.
pub fn raise() -> usize {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return FEW };
    let now = match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
        Ok(()) => hard,
        Err(error) => {
            tracing::warn!(%error, soft, hard, "the limit of open files stays as it is");
            soft
        }
    };
    usize::try_from(now).unwrap_or(usize::MAX)
}

/// Connections that fit into so many files, of `most`. The rest is for the database, stored files, the broker and
/// outgoing connections.
pub fn connections(files: usize, most: usize) -> usize {
    let reserve = (files / 4).clamp(RESERVE_LEAST, RESERVE_MOST);
    files.saturating_sub(reserve).clamp(1, most)
}

const FEW: usize = 256;
const RESERVE_LEAST: usize = 64;
const RESERVE_MOST: usize = 1024;
