//! The memory that request bodies take: one budget, in shares, so that neither guests nor large forms can use up what
//! ordinary forms need.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::Limits;

/// The largest body of somebody who is not signed in.
pub const GUEST_LIMIT: usize = 64 << 10;
/// The part of a body that is not counted: a connection takes more anyway.
const FREE: usize = 4 << 10;
/// What of a body belongs to the share of ordinary forms.
const SMALL: usize = 64 << 10;
/// A permit of the semaphores.
const UNIT: usize = 1 << 10;

/// The budget.
#[derive(Debug)]
pub struct Bodies {
    guests: Arc<Semaphore>,
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    wait: Duration,
}

/// Whose body is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Somebody without a session.
    Guest,
    /// Somebody whom session and gate let through.
    Person,
}

/// Other bodies took the memory for longer than may be waited.
#[derive(Debug, thiserror::Error)]
#[error("the memory for bodies is in use")]
pub struct NoRoom;

/// What one body takes of the budget; given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    reader: Reader,
    budget: [Arc<Semaphore>; 2],
    taken: [Option<OwnedSemaphorePermit>; 2],
    wait: Duration,
}

impl Bodies {
    /// A budget of these sizes.
    #[must_use]
    pub fn new(limits: &Limits) -> Bodies {
        let share = |bytes: usize| Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS)));
        Bodies {
            guests: share(limits.guest_bodies),
            small: share(limits.small_bodies),
            large: share(limits.large_bodies),
            wait: limits.body_wait,
        }
    }

    /// A share for one body; nothing is taken yet.
    #[must_use]
    pub fn share(&self, reader: Reader) -> Share {
        let budget = match reader {
            Reader::Guest => [&self.guests, &self.guests],
            Reader::Person => [&self.small, &self.large],
        };
        Share { reader, budget: budget.map(Arc::clone), taken: [None, None], wait: self.wait }
    }
}

impl Share {
    /// Makes room for a body of `bytes`.
    ///
    /// # Errors
    /// [`NoRoom`] when other bodies take the memory for longer than may be waited.
    pub async fn grow(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let small = match self.reader {
            Reader::Guest => bytes,
            Reader::Person => bytes.min(SMALL),
        };
        let wanted = [small.saturating_sub(FREE), bytes - small];
        for ((budget, taken), wanted) in self.budget.iter().zip(&mut self.taken).zip(wanted) {
            let has = taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            let more = wanted.div_ceil(UNIT).saturating_sub(has);
            if more == 0 {
                continue;
            }
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            let permit = tokio::time::timeout(self.wait, Arc::clone(budget).acquire_many_owned(more)).await;
            let Ok(Ok(permit)) = permit else {
                return Err(NoRoom);
            };
            match taken {
                Some(taken) => taken.merge(permit),
                None => *taken = Some(permit),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn budget() -> Bodies {
        Bodies::new(&Limits {
            guest_bodies: 64 << 10,
            small_bodies: 128 << 10,
            large_bodies: 1 << 20,
            body_wait: Duration::from_millis(10),
            ..Limits::default()
        })
    }

    #[tokio::test]
    async fn guests_and_large_forms_leave_room_for_ordinary_ones() {
        let bodies = budget();
        let (mut guest, mut large) = (bodies.share(Reader::Guest), bodies.share(Reader::Person));
        guest.grow(64 << 10).await.unwrap();
        large.grow((64 << 10) + (1 << 20)).await.unwrap();
        assert!(bodies.share(Reader::Guest).grow(32 << 10).await.is_err());
        assert!(bodies.share(Reader::Person).grow(100 << 10).await.is_err());
        assert!(bodies.share(Reader::Guest).grow(4 << 10).await.is_ok(), "a sign-in is always read");
        assert!(bodies.share(Reader::Person).grow(60 << 10).await.is_ok());
    }

    #[tokio::test]
    async fn what_was_taken_is_given_back() {
        let bodies = budget();
        for _ in 0..10 {
            let mut share = bodies.share(Reader::Person);
            for bytes in [1, 5 << 10, 80 << 10, 1 << 20] {
                share.grow(bytes).await.unwrap();
            }
        }
    }
}
