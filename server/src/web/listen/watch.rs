//! The state of one connection: what it waits for, since when, and whether it may be closed.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::limits::Limits;
use crate::web::listen::framing::Flaw;

/// Milliseconds of the monotonic clock; never 0.
pub fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

/// What is known of a connection. The times are those of [`now`]; 0 stands for none. Each is written by the task of
/// the connection alone and read by the one that looks at all connections, so no order between them is needed.
#[derive(Debug)]
pub struct Watch {
    /// Requests whose answers are not complete.
    in_flight: AtomicU32,
    /// Those of them that are still being worked on.
    working: AtomicU32,
    /// When the last response was written to or ended, or the client read a part of it.
    moved: AtomicU64,
    /// When the head began that is not complete yet.
    head_since: AtomicU64,
    /// Since when the client takes nothing.
    blocked_since: AtomicU64,
    /// Since when bytes wait for the client to read them; reading a part of them does not reset this.
    sending_since: AtomicU64,
    /// Since when a body is waited for.
    receiving_since: AtomicU64,
    /// When the rest of a body began to be dropped, and when a byte of it last came.
    closing_since: AtomicU64,
    closing_heard: AtomicU64,
    /// Heads that came, heads that were given to the service, and whether the last one has a flaw.
    heads: AtomicU32,
    calls: AtomicU32,
    flawed: AtomicBool,
    /// It speaks HTTP/2.
    http2: AtomicBool,
    /// The client was given up: nothing more is read from it.
    given_up: AtomicBool,
    /// Asks the connection to end after the requests in flight.
    pub retire: Notify,
}

/// What is to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Keep,
    /// It is idle: it ends, after a request that may have come in this moment.
    Retire,
    /// It is too slow: it is closed at once.
    Close,
}

/// Why a connection may be closed when room is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spare {
    /// No request is under way.
    Idle,
    /// The client is slow.
    Slow,
    /// No request is under way, but one may be on its way.
    Fresh,
}

impl Default for Watch {
    fn default() -> Self {
        Watch {
            in_flight: AtomicU32::new(0),
            working: AtomicU32::new(0),
            moved: AtomicU64::new(now()),
            head_since: AtomicU64::new(now()),
            blocked_since: AtomicU64::new(0),
            sending_since: AtomicU64::new(0),
            receiving_since: AtomicU64::new(0),
            closing_since: AtomicU64::new(0),
            closing_heard: AtomicU64::new(0),
            heads: AtomicU32::new(0),
            calls: AtomicU32::new(0),
            flawed: AtomicBool::new(false),
            http2: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            retire: Notify::new(),
        }
    }
}

impl Watch {
    /// What is to be done at `now`.
    pub fn verdict(&self, now: u64, limits: &Limits) -> Verdict {
        let past = |since: u64, limit: Duration| since != 0 && now.saturating_sub(since) > millis(limit);
        let get = |time: &AtomicU64| time.load(Ordering::Relaxed);
        let closing = get(&self.closing_since);
        if closing != 0 {
            let over = past(closing, limits.linger) || past(get(&self.closing_heard), limits.linger_pause);
            return if over { Verdict::Close } else { Verdict::Keep };
        }
        let blocked = get(&self.blocked_since);
        // Nothing is read while an answer waits, so a head that has begun may have to wait with it.
        if past(blocked, limits.answer) || (blocked == 0 && past(get(&self.head_since), limits.head)) {
            return Verdict::Close;
        }
        let moved = get(&self.moved);
        if self.in_flight.load(Ordering::Relaxed) == 0 {
            let waiting = get(&self.head_since) == 0;
            return match (waiting, past(moved, limits.idle + limits.stop), past(moved, limits.idle)) {
                (true, true, _) => Verdict::Close,
                (true, false, true) => Verdict::Retire,
                (true, false, false) | (false, _, _) => Verdict::Keep,
            };
        }
        // Over HTTP/2 a client can refuse an answer without blocking the connection.
        let answering = self.working.load(Ordering::Relaxed) == 0;
        if answering && past(moved, limits.answer) { Verdict::Close } else { Verdict::Keep }
    }

    /// How readily the connection is closed when room is needed: an idle one first, then one that is slow with a body
    /// or an answer, then one that has just come, each time the oldest; `None` while a request is answered. The last
    /// answer may still be under way when no request is in flight.
    pub fn spare(&self, now: u64, limits: &Limits) -> Option<(Spare, u64)> {
        let get = |time: &AtomicU64| Some(time.load(Ordering::Relaxed)).filter(|time| *time != 0);
        let sending = get(&self.sending_since);
        if self.in_flight.load(Ordering::Relaxed) == 0 && sending.is_none() {
            let since = get(&self.closing_since).or(get(&self.head_since)).or(get(&self.moved))?;
            let fresh = now.saturating_sub(since) < millis(limits.spared) / 5;
            return Some((if fresh { Spare::Fresh } else { Spare::Idle }, since));
        }
        let slow = sending.or(get(&self.receiving_since))?;
        (now.saturating_sub(slow) > millis(limits.spared)).then_some((Spare::Slow, slow))
    }

    /// A body is waited for, or is complete.
    pub fn receiving(&self, waiting: bool) {
        if !waiting {
            self.receiving_since.store(0, Ordering::Relaxed);
        } else if self.receiving_since.load(Ordering::Relaxed) == 0 {
            self.receiving_since.store(now(), Ordering::Relaxed);
        }
    }

    /// A request is handed to the service. `false` when its framing is not to be trusted.
    pub fn begin(self: &Arc<Self>, http1: bool) -> (InFlight, bool) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.working.fetch_add(1, Ordering::Relaxed);
        let calls = self.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let own_head = calls == self.heads.load(Ordering::Relaxed);
        let sound = !http1 || (own_head && !self.flawed.load(Ordering::Relaxed));
        (InFlight { watch: Arc::clone(self), working: true }, sound)
    }

    /// The TLS handshake is done: the time for the first head begins.
    pub fn greeted(&self) {
        self.head_since.store(now(), Ordering::Relaxed);
    }

    /// The client was too slow: the rest of its body is not waited for.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// A head has begun.
    pub fn head_begins(&self) {
        if self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(now(), Ordering::Relaxed);
        }
    }

    /// A head of HTTP/1 is complete.
    pub fn head_ends(&self, flaw: Option<Flaw>) {
        self.head_since.store(0, Ordering::Relaxed);
        self.heads.fetch_add(1, Ordering::Relaxed);
        self.flawed.store(flaw.is_some(), Ordering::Relaxed);
    }

    /// What had begun of HTTP/2 is complete: its preface, a head, or another frame.
    pub fn frame_ends(&self) {
        self.http2.store(true, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
    }

    /// The writing side is closed: what the client still sends is dropped for a while from now on.
    pub fn closing(&self) {
        self.closing_since.store(now(), Ordering::Relaxed);
        self.heard_closing();
    }

    /// More came of what is dropped.
    pub fn heard_closing(&self) {
        self.closing_heard.store(now(), Ordering::Relaxed);
    }

    /// Whether the client was given up.
    pub fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// The client reads nothing now.
    pub fn blocked(&self) {
        for since in [&self.blocked_since, &self.sending_since] {
            if since.load(Ordering::Relaxed) == 0 {
                since.store(now(), Ordering::Relaxed);
            }
        }
    }

    /// The client took so many bytes, or the connection failed. They show that the answer goes on once it is handed to
    /// the connection whole, which keeps the end of it until it is taken.
    pub fn took(&self, bytes: usize) {
        self.blocked_since.store(0, Ordering::Relaxed);
        // Over HTTP/2 a little is an answer to a ping, which is no sign of a reader.
        let least = if self.http2.load(Ordering::Relaxed) { HTTP2_PIECE } else { 1 };
        if bytes >= least && self.working.load(Ordering::Relaxed) == 0 {
            self.moved.store(now(), Ordering::Relaxed);
        }
    }

    /// All written bytes were sent.
    pub fn flushed(&self) {
        self.sending_since.store(0, Ordering::Relaxed);
    }
}

/// What is written at once of an answer over HTTP/2 is at least this long, but for its end.
const HTTP2_PIECE: usize = 1 << 10;

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A request whose answer is not complete.
#[derive(Debug)]
pub struct InFlight {
    watch: Arc<Watch>,
    working: bool,
}

impl InFlight {
    /// The answer is ready to be sent.
    pub fn answering(&mut self) {
        if std::mem::take(&mut self.working) {
            self.watch.working.fetch_sub(1, Ordering::Relaxed);
        }
        self.moved();
    }

    /// A piece of the answer goes out.
    pub fn moved(&self) {
        self.watch.moved.store(now(), Ordering::Relaxed);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.answering();
        self.watch.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        let ms = Duration::from_millis;
        Limits { head: ms(100), idle: ms(200), stop: ms(100), answer: ms(500), spared: ms(50), ..Limits::default() }
    }

    /// A connection whose only request is answered, while the client has not taken the answer.
    fn answered() -> (Watch, u64) {
        let watch = Watch::default();
        watch.head_ends(None);
        watch.blocked();
        (watch, now())
    }

    #[test]
    fn who_takes_the_answer_slowly_is_kept_and_who_takes_nothing_is_closed() {
        let (watch, begun) = answered();
        assert_eq!(watch.verdict(begun + 250, &limits()), Verdict::Retire, "it ends when the answer is taken");
        assert_eq!(watch.verdict(begun + 600, &limits()), Verdict::Close);
        std::thread::sleep(Duration::from_millis(20));
        watch.took(1);
        assert_eq!(watch.verdict(begun + 215, &limits()), Verdict::Keep, "it took a byte");
    }

    #[test]
    fn a_ping_over_http_2_is_no_sign_of_a_reader_and_a_piece_of_an_answer_is() {
        let (watch, begun) = answered();
        watch.frame_ends();
        std::thread::sleep(Duration::from_millis(20));
        watch.took(17);
        assert_eq!(watch.verdict(begun + 310, &limits()), Verdict::Close);
        watch.took(HTTP2_PIECE);
        assert_eq!(watch.verdict(begun + 310, &limits()), Verdict::Retire);
    }

    #[test]
    fn the_end_of_an_answer_under_way_is_not_idle_but_slow() {
        let (watch, begun) = answered();
        assert_eq!(watch.spare(begun + 20, &limits()), None);
        watch.took(1);
        let spare = watch.spare(begun + 60, &limits()).map(|(spare, _)| spare);
        assert_eq!(spare, Some(Spare::Slow), "a byte now and then does not hold the place");
        watch.flushed();
        let spare = watch.spare(begun + 60, &limits()).map(|(spare, _)| spare);
        assert_eq!(spare, Some(Spare::Idle));
    }

    #[test]
    fn a_head_waits_with_the_answer_that_is_not_taken() {
        let (watch, begun) = answered();
        watch.head_begins();
        assert_eq!(watch.verdict(begun + 150, &limits()), Verdict::Keep);
        watch.took(1);
        assert_eq!(watch.verdict(begun + 150, &limits()), Verdict::Close);
    }
}
