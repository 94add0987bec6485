//! What open pages are told while they are open: server-sent events, by person.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::kernel::id::Id;

/// A message for the open pages of one person.
#[derive(Clone, Debug)]
pub struct Live {
    /// The event's name, such as `badges` or `popup`.
    pub name: &'static str,
    /// JSON.
    pub data: String,
}

/// Messages kept for a page that reads slowly; past that it reloads its state with the next badge event.
const BACKLOG: usize = 16;

/// Everybody's open pages.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    people: Arc<Mutex<HashMap<Id, broadcast::Sender<Live>>>>,
}

impl Hub {
    /// Starts listening for what `user` is told.
    #[must_use]
    pub fn listen(&self, user: Id) -> broadcast::Receiver<Live> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.retain(|_, sender| sender.receiver_count() > 0);
        people.entry(user).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// Tells the open pages of `user`; returns how many there are.
    pub fn tell(&self, user: Id, message: Live) -> usize {
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.get(&user).map_or(0, |sender| sender.send(message).unwrap_or(0))
    }

    /// The people who have a page open now.
    #[must_use]
    pub fn present(&self) -> Vec<Id> {
        let people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.iter().filter(|(_, sender)| sender.receiver_count() > 0).map(|(user, _)| *user).collect()
    }
}
