//! One connection under watch: what its bytes are doing, since when, and whether it may be closed.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use crate::limits::Limits;
use crate::web::listen::framing::{Flaw, Framing, Rest, Step};

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
    /// When the last answer moved on or ended.
    moved: AtomicU64,
    /// When the head began that is not complete yet.
    head_since: AtomicU64,
    /// Since when the client takes nothing.
    blocked_since: AtomicU64,
    /// Since when a body is waited for.
    receiving_since: AtomicU64,
    /// When the rest of a body began to be dropped, and when a byte of it last came.
    closing_since: AtomicU64,
    closing_heard: AtomicU64,
    /// Heads that came, heads that were given to the service, and whether the last one has a flaw.
    heads: AtomicU32,
    calls: AtomicU32,
    flawed: AtomicBool,
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
            receiving_since: AtomicU64::new(0),
            closing_since: AtomicU64::new(0),
            closing_heard: AtomicU64::new(0),
            heads: AtomicU32::new(0),
            calls: AtomicU32::new(0),
            flawed: AtomicBool::new(false),
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
        if past(get(&self.blocked_since), limits.answer) || past(get(&self.head_since), limits.head) {
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
    /// or an answer, then one that has just come, each time the oldest; `None` while a request is answered.
    pub fn spare(&self, now: u64, limits: &Limits) -> Option<(Spare, u64)> {
        let get = |time: &AtomicU64| Some(time.load(Ordering::Relaxed)).filter(|time| *time != 0);
        if self.in_flight.load(Ordering::Relaxed) == 0 {
            let since = get(&self.closing_since).or(get(&self.head_since)).or(get(&self.moved))?;
            let fresh = now.saturating_sub(since) < millis(limits.spared) / 5;
            return Some((if fresh { Spare::Fresh } else { Spare::Idle }, since));
        }
        let slow = get(&self.blocked_since).or(get(&self.receiving_since))?;
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

    fn head_begins(&self) {
        if self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(now(), Ordering::Relaxed);
        }
    }

    fn head_ends(&self, flaw: Option<Flaw>) {
        self.head_since.store(0, Ordering::Relaxed);
        self.heads.fetch_add(1, Ordering::Relaxed);
        self.flawed.store(flaw.is_some(), Ordering::Relaxed);
    }

    fn took(&self, taken: bool) {
        if !taken {
            if self.blocked_since.load(Ordering::Relaxed) == 0 {
                self.blocked_since.store(now(), Ordering::Relaxed);
            }
        } else if self.blocked_since.load(Ordering::Relaxed) != 0 {
            self.blocked_since.store(0, Ordering::Relaxed);
        }
    }
}

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

/// A stream that notes in its [`Watch`] what its bytes do.
#[derive(Debug)]
pub struct Watched<S> {
    stream: S,
    watch: Arc<Watch>,
    framing: Framing,
    /// Bytes that came together with the end of what was read last.
    held: Vec<u8>,
    held_from: usize,
    /// The writing side is closed; so many bytes are still received and dropped.
    lingering: Option<u64>,
    linger_bytes: u64,
}

/// What is dropped where nobody knows how much is to come.
const UNKNOWN_REST: u64 = 256 << 10;

impl<S> Watched<S> {
    /// Watches `stream`.
    pub fn new(stream: S, watch: Arc<Watch>, limits: &Limits) -> Watched<S> {
        Watched {
            stream,
            watch,
            framing: Framing::default(),
            held: Vec::new(),
            held_from: 0,
            lingering: None,
            linger_bytes: limits.linger_bytes,
        }
    }

    /// How many bytes of `fresh` are to be given out now.
    fn note(&mut self, fresh: usize, bytes: &[u8]) -> usize {
        let (used, step) = self.framing.take(bytes);
        match step {
            Step::Within => {}
            Step::HeadEnd(flaw) => self.watch.head_ends(flaw),
            Step::Http2 => self.watch.head_since.store(0, Ordering::Relaxed),
        }
        if self.framing.in_head() {
            self.watch.head_begins();
        }
        used.min(fresh)
    }

    /// What the client still owes of what it began to send.
    fn owed(&self) -> u64 {
        if self.watch.given_up.load(Ordering::Relaxed) {
            return 0;
        }
        let held = (self.held.len() - self.held_from) as u64;
        match &self.framing {
            Framing::Body(left) if *left > self.linger_bytes => UNKNOWN_REST,
            Framing::Body(left) => left.saturating_sub(held),
            Framing::Head(_) | Framing::Preface(_) if self.framing.in_head() => UNKNOWN_REST,
            Framing::Head(_) | Framing::Preface(_) | Framing::Rest(Rest::Http2) => 0,
            Framing::Rest(Rest::Chunked) => self.linger_bytes,
            Framing::Rest(Rest::Refused) => UNKNOWN_REST,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.held_from < this.held.len() {
            let held = std::mem::take(&mut this.held);
            let bytes = held.get(this.held_from..).unwrap_or_default();
            let bytes = bytes.get(..buf.remaining()).unwrap_or(bytes);
            let used = this.note(bytes.len(), bytes);
            buf.put_slice(bytes.get(..used).unwrap_or(bytes));
            this.held_from += used;
            if this.held_from < held.len() {
                this.held = held;
            } else {
                this.held_from = 0;
            }
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let fresh = buf.filled().get(before..).unwrap_or_default();
        let used = this.note(fresh.len(), fresh);
        if let Some(later) = fresh.get(used..).filter(|later| !later.is_empty()) {
            this.held = later.to_vec();
            buf.set_filled(before + used);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.watch.took(written.is_ready());
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, pieces);
        this.watch.took(written.is_ready());
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.watch.took(flushed.is_ready());
        flushed
    }

    /// Closes the writing side. Where the client is still sending, its bytes are received and dropped for a while.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut left = match this.lingering {
            Some(left) => left,
            None => {
                let closed = Pin::new(&mut this.stream).poll_shutdown(cx);
                this.watch.took(closed.is_ready());
                ready!(closed)?;
                let owed = this.owed();
                if owed > 0 {
                    this.watch.closing_since.store(now(), Ordering::Relaxed);
                    this.watch.closing_heard.store(now(), Ordering::Relaxed);
                }
                owed
            }
        };
        let mut scratch = [0; 8192];
        while left > 0 {
            this.lingering = Some(left);
            let mut piece = ReadBuf::new(&mut scratch);
            let read = ready!(Pin::new(&mut this.stream).poll_read(cx, &mut piece));
            let count = piece.filled().len() as u64;
            if read.is_err() || count == 0 {
                break;
            }
            this.watch.closing_heard.store(now(), Ordering::Relaxed);
            left = left.saturating_sub(count);
        }
        this.lingering = Some(0);
        Poll::Ready(Ok(()))
    }
}
