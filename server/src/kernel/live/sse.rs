//! What open pages are told while they are open: server-sent events, by person.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, oneshot};

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
/// Streams of one person. Another one ends the oldest.
const MOST: usize = 4;

/// Everybody's open pages.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    people: Arc<Mutex<People>>,
}

#[derive(Debug, Default)]
struct People {
    next: u64,
    open: HashMap<Id, Person>,
}

#[derive(Debug)]
struct Person {
    messages: broadcast::Sender<Live>,
    streams: VecDeque<Stream>,
}

#[derive(Debug)]
struct Stream {
    number: u64,
    session: String,
    end: oneshot::Sender<End>,
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The person opened more pages than have streams.
    Replaced,
    /// The session ended, or the server stops.
    Over,
}

/// What a page hears.
#[derive(Clone, Debug)]
pub enum Heard {
    /// A message.
    Told(Live),
    /// The page was slow and missed some.
    Missed,
    /// Nothing more.
    Ended(End),
}

/// One page's ear; its stream is counted until this is dropped.
#[derive(Debug)]
pub struct Listener {
    hub: Hub,
    user: Id,
    number: u64,
    messages: broadcast::Receiver<Live>,
    end: oneshot::Receiver<End>,
}

impl Listener {
    /// The next thing to hear. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            biased;
            end = &mut self.end => Heard::Ended(end.unwrap_or(End::Over)),
            message = self.messages.recv() => match message {
                Ok(live) => Heard::Told(live),
                Err(RecvError::Lagged(_)) => Heard::Missed,
                Err(RecvError::Closed) => Heard::Ended(End::Over),
            },
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hub.end_where(Some(self.user), |stream| stream.number == self.number);
    }
}

impl Hub {
    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts listening for what `user` is told, in `session`.
    #[must_use]
    pub fn listen(&self, user: Id, session: &str) -> Listener {
        let mut people = self.people();
        people.next += 1;
        let number = people.next;
        let person = people
            .open
            .entry(user)
            .or_insert_with(|| Person { messages: broadcast::channel(BACKLOG).0, streams: VecDeque::new() });
        while person.streams.len() >= MOST {
            if let Some(oldest) = person.streams.pop_front() {
                // Its page may have gone already.
                let _ = oldest.end.send(End::Replaced);
            }
        }
        let (end, ended) = oneshot::channel();
        person.streams.push_back(Stream { number, session: session.to_owned(), end });
        Listener { hub: self.clone(), user, number, messages: person.messages.subscribe(), end: ended }
    }

    /// Tells the open pages of `user`; returns how many there are.
    pub fn tell(&self, user: Id, message: Live) -> usize {
        let people = self.people();
        people.open.get(&user).map_or(0, |person| person.messages.send(message).map_or(0, |_| person.streams.len()))
    }

    /// The people who have a page open now.
    #[must_use]
    pub fn present(&self) -> Vec<Id> {
        self.people().open.keys().copied().collect()
    }

    /// Ends the streams of a session.
    pub fn end_session(&self, session: &str) {
        self.end_where(None, |stream| stream.session == session);
    }

    /// Ends every stream of a person.
    pub fn end_person(&self, user: Id) {
        self.end_where(Some(user), |_| true);
    }

    /// Ends every stream: the server stops.
    pub fn close(&self) {
        self.end_where(None, |_| true);
    }

    fn end_where(&self, user: Option<Id>, which: impl Fn(&Stream) -> bool) {
        self.people().open.retain(|id, person| {
            if user.is_none_or(|user| user == *id) {
                // A dropped sender says `Over`.
                person.streams.retain(|stream| !which(stream));
            }
            !person.streams.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn end_of(listener: &mut Listener) -> Option<End> {
        match tokio::time::timeout(std::time::Duration::from_millis(50), listener.next()).await {
            Ok(Heard::Ended(end)) => Some(end),
            Ok(Heard::Told(_) | Heard::Missed) | Err(_) => None,
        }
    }

    #[tokio::test]
    async fn the_fifth_stream_of_a_person_ends_the_first() {
        let hub = Hub::default();
        let mut pages: Vec<Listener> = (0..4).map(|_| hub.listen(Id(1), "a")).collect();
        let mut other = hub.listen(Id(2), "b");
        pages.push(hub.listen(Id(1), "a"));
        let mut ends = Vec::new();
        for page in &mut pages {
            ends.push(end_of(page).await);
        }
        assert_eq!(ends, [Some(End::Replaced), None, None, None, None]);
        assert_eq!(end_of(&mut other).await, None);
        assert_eq!(hub.tell(Id(1), Live { name: "stale", data: String::new() }), 4);
    }

    #[tokio::test]
    async fn streams_end_with_their_session_or_with_all_of_the_person() {
        let hub = Hub::default();
        let (mut phone, mut desk) = (hub.listen(Id(1), "phone"), hub.listen(Id(1), "desk"));
        hub.end_session("phone");
        assert_eq!((end_of(&mut phone).await, end_of(&mut desk).await), (Some(End::Over), None));
        hub.end_person(Id(1));
        assert_eq!(end_of(&mut desk).await, Some(End::Over));
        assert_eq!(hub.present(), []);
    }

    #[test]
    fn a_page_that_went_is_not_present() {
        let hub = Hub::default();
        let page = hub.listen(Id(1), "a");
        assert_eq!(hub.present(), [Id(1)]);
        drop(page);
        assert_eq!(hub.present(), []);
    }
}
