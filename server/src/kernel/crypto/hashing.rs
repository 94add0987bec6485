//! The queue before the password hashes. A hash takes 19 MiB and a core for some 20 ms, so few run at once, the rest
//! waits, and what would wait too long is refused. Turns go round among those who ask: one address that sends
//! hundreds of passwords delays another address by one hash.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Hashes at once.
const AT_ONCE: usize = 2;
/// Places to wait: of everybody together, and of one who asks. An office behind one address signs in within the
/// same minutes.
const PLACES: usize = 256;
const PLACES_EACH: usize = 64;

/// The queue.
#[derive(Clone, Debug, Default)]
pub struct Hashing(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    running: usize,
    /// In the order of their next turn.
    waiting: VecDeque<(String, VecDeque<oneshot::Sender<Turn>>)>,
}

/// No place is left to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy;

/// The permission to hash; the next one's turn comes when it is dropped.
#[derive(Debug)]
pub struct Turn(Option<Hashing>);

impl Hashing {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn. `whose` shares its turns among all that it asks for: an address for strangers, a person for
    /// those who are signed in.
    ///
    /// # Errors
    /// [`Busy`] at once when too many wait already.
    pub async fn turn(&self, whose: &str) -> Result<Turn, Busy> {
        let waiting = {
            let mut queue = self.lock();
            if queue.running < AT_ONCE {
                queue.running += 1;
                return Ok(Turn(Some(self.clone())));
            }
            queue.join(whose)?
        };
        // The sender is dropped with a turn in it or not at all.
        waiting.await.map_err(|_| Busy)
    }
}

impl Queue {
    fn join(&mut self, whose: &str) -> Result<oneshot::Receiver<Turn>, Busy> {
        let is_full = |queue: &Queue| {
            let total: usize = queue.waiting.iter().map(|(_, line)| line.len()).sum();
            let own = queue.waiting.iter().find(|(key, _)| key == whose).map_or(0, |(_, line)| line.len());
            total >= PLACES || own >= PLACES_EACH
        };
        if is_full(self) {
            // Those who went away keep no place.
            for (_, line) in &mut self.waiting {
                line.retain(|sender| !sender.is_closed());
            }
            self.waiting.retain(|(_, line)| !line.is_empty());
            if is_full(self) {
                return Err(Busy);
            }
        }
        let (sender, receiver) = oneshot::channel();
        match self.waiting.iter_mut().find(|(key, _)| key == whose) {
            Some((_, line)) => line.push_back(sender),
            None => self.waiting.push_back((whose.to_owned(), VecDeque::from([sender]))),
        }
        Ok(receiver)
    }

    /// Whoever is next; they step back behind the others for their turn after it.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let (key, mut line) = self.waiting.pop_front()?;
        let next = line.pop_front();
        if !line.is_empty() {
            self.waiting.push_back((key, line));
        }
        next
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(hashing) = self.0.take() else { return };
        let mut turn = Turn(Some(hashing.clone()));
        loop {
            let next = {
                let mut queue = hashing.lock();
                let next = queue.next();
                if next.is_none() {
                    queue.running = queue.running.saturating_sub(1);
                }
                next
            };
            // Outside the lock: a turn that is sent to somebody who left at this moment is dropped there.
            match next.map(|sender| sender.send(std::mem::replace(&mut turn, Turn(None)))) {
                Some(Ok(())) => return,
                Some(Err(back)) => turn = back,
                None => {
                    turn.0 = None;
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};

    use super::{AT_ONCE, Busy, Hashing, PLACES, PLACES_EACH};

    /// Lets the others run until so many wait.
    async fn until_waiting(hashing: &Hashing, wanted: usize) {
        while hashing.lock().waiting.iter().map(|(_, line)| line.len()).sum::<usize>() != wanted {
            tokio::task::yield_now().await;
        }
    }

    /// Everybody in `line` asks in this order while all turns are taken; the order in which they get theirs.
    async fn order(line: &[&'static str]) -> Vec<&'static str> {
        let hashing = Hashing::default();
        let mut taken = Vec::new();
        for _ in 0..AT_ONCE {
            taken.push(hashing.turn("first").await.unwrap());
        }
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for who in line {
            let (queue, served, who) = (hashing.clone(), Arc::clone(&served), *who);
            tasks.push(tokio::spawn(async move {
                let _turn = queue.turn(who).await.unwrap();
                served.lock().unwrap().push(who);
            }));
            until_waiting(&hashing, tasks.len()).await;
        }
        let last = taken.pop();
        drop(taken);
        for task in tasks {
            task.await.unwrap();
        }
        drop(last);
        assert_eq!(hashing.lock().running, 0);
        Arc::try_unwrap(served).unwrap().into_inner().unwrap()
    }

    #[tokio::test]
    async fn turns_go_round_among_those_who_ask() {
        assert_eq!(order(&["a", "a", "a", "a", "b", "c", "b"]).await, ["a", "b", "c", "a", "b", "a", "a"]);
    }

    #[tokio::test]
    async fn places_are_bounded_and_come_free_when_somebody_leaves() {
        let hashing = Hashing::default();
        let mut turns = Vec::new();
        for _ in 0..AT_ONCE {
            turns.push(hashing.turn("x").await.unwrap());
        }
        let wait = |whose: String| {
            let hashing = hashing.clone();
            tokio::spawn(async move { hashing.turn(&whose).await.map(drop) })
        };
        let mut waiting: Vec<_> = (0..PLACES_EACH).map(|_| wait("greedy".to_owned())).collect();
        until_waiting(&hashing, PLACES_EACH).await;
        assert_eq!(hashing.turn("greedy").await.err(), Some(Busy));
        waiting.extend((PLACES_EACH..PLACES).map(|n| wait(format!("other {n}"))));
        until_waiting(&hashing, PLACES).await;
        assert_eq!(hashing.turn("late").await.err(), Some(Busy));
        for gone in waiting.drain(..10) {
            gone.abort();
            assert!(gone.await.is_err());
        }
        let late = wait("late".to_owned());
        until_waiting(&hashing, PLACES - 9).await;
        drop(turns);
        assert!(late.await.unwrap().is_ok());
        for waiting in waiting {
            assert!(waiting.await.unwrap().is_ok());
        }
        assert_eq!(hashing.lock().running, 0);
    }
}
