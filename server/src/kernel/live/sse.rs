//! What open pages are told while they are open: server-sent events, by person.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::kernel::id::Id;

/// A message for the open pages of one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// The event's name, such as `badges` or `popup`.
    pub name: &'static str,
    /// JSON.
    pub data: String,
}

/// The event of an incoming call. Nothing that a page asks for later tells of it, so it is dropped last.
pub const POPUP: &str = "popup";

/// Messages kept for a page that reads slowly.
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

#[derive(Debug, Default)]
struct Person {
    streams: VecDeque<Stream>,
}

#[derive(Debug)]
struct Stream {
    number: u64,
    session: String,
    queue: Arc<Queue>,
    end: oneshot::Sender<End>,
}

/// What waits for one page.
#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    came: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    messages: VecDeque<Live>,
    /// Some were dropped.
    missed: bool,
}

impl Waiting {
    /// A message that waits already is moved to the end. Past [`BACKLOG`] the oldest is dropped; a call only where
    /// nothing else waits.
    fn add(&mut self, message: Live) {
        self.messages.retain(|waiting| *waiting != message);
        self.messages.push_back(message);
        if self.messages.len() > BACKLOG {
            let oldest = self.messages.iter().position(|waiting| waiting.name != POPUP).unwrap_or(0);
            self.messages.remove(oldest);
            self.missed = true;
        }
    }

    fn take(&mut self) -> Option<Heard> {
        if std::mem::take(&mut self.missed) {
            return Some(Heard::Missed);
        }
        self.messages.pop_front().map(Heard::Told)
    }
}

impl Queue {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, message: Live) {
        self.waiting().add(message);
        self.came.notify_one();
    }

    async fn next(&self) -> Heard {
        loop {
            if let Some(heard) = self.waiting().take() {
                return heard;
            }
            self.came.notified().await;
        }
    }
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
    /// The page was slow and missed some messages, none of them a call.
    Missed,
    /// Nothing more.
    Ended(End),
}

/// Receives the messages of one page; its stream is counted until this is dropped.
#[derive(Debug)]
pub struct Listener {
    hub: Hub,
    user: Id,
    number: u64,
    queue: Arc<Queue>,
    end: oneshot::Receiver<End>,
}

impl Listener {
    /// The next thing to hear. Cancelling it loses nothing.
    pub async fn next(&mut self) -> Heard {
        tokio::select! {
            biased;
            end = &mut self.end => Heard::Ended(end.unwrap_or(End::Over)),
            heard = self.queue.next() => heard,
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
        let person = people.open.entry(user).or_default();
        while person.streams.len() >= MOST {
            if let Some(oldest) = person.streams.pop_front() {
                // Its page may have gone already.
                let _ = oldest.end.send(End::Replaced);
            }
        }
        let (end, ended) = oneshot::channel();
        let queue = Arc::new(Queue::default());
        person.streams.push_back(Stream { number, session: session.to_owned(), queue: Arc::clone(&queue), end });
        Listener { hub: self.clone(), user, number, queue, end: ended }
    }

    /// Tells the open pages of `user`; returns how many there are.
    pub fn tell(&self, user: Id, message: Live) -> usize {
        let people = self.people();
        let Some(person) = people.open.get(&user) else { return 0 };
        for stream in &person.streams {
            stream.queue.add(message.clone());
        }
        person.streams.len()
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

    #[tokio::test]
    async fn a_slow_page_misses_no_call_and_hears_nothing_twice() {
        let hub = Hub::default();
        let mut page = hub.listen(Id(1), "a");
        let tell = |name, data: String| hub.tell(Id(1), Live { name, data });
        let number = |n: usize| n.to_string();
        for n in 0..50 {
            tell("reload", number(n));
        }
        tell(POPUP, number(7));
        for n in 50..100 {
            tell("reload", number(n));
        }
        for _ in 0..50 {
            tell("stale", String::new());
        }
        assert!(matches!(page.next().await, Heard::Missed));
        let mut heard = Vec::new();
        while let Ok(Heard::Told(live)) = tokio::time::timeout(std::time::Duration::from_millis(50), page.next()).await
        {
            heard.push((live.name, live.data));
        }
        assert_eq!(heard.len(), BACKLOG);
        assert_eq!(heard.iter().filter(|(name, _)| *name == POPUP).count(), 1);
        assert_eq!(heard.iter().filter(|(name, _)| *name == "stale").count(), 1);
        assert_eq!(heard[BACKLOG - 2], ("reload", number(99)), "the newest are kept");
    }

    #[tokio::test]
    async fn only_the_newest_of_several_calls_are_kept() {
        let hub = Hub::default();
        let mut page = hub.listen(Id(1), "a");
        for n in 0..=BACKLOG {
            hub.tell(Id(1), Live { name: POPUP, data: n.to_string() });
        }
        assert!(matches!(page.next().await, Heard::Missed));
        assert!(matches!(page.next().await, Heard::Told(live) if live.data == "1"));
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
