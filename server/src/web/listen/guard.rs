//! Bodies under watch: a request's body must keep coming, an answer's body shows that it is taken.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::Stream;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::Sleep;

use crate::limits::Limits;
use crate::web::listen::watch::{InFlight, Watch};

/// The bytes of a request's body. Ends with an error when they pause too long or come too slowly; only time spent
/// waiting for them counts.
pub struct Incoming<S> {
    bytes: Pin<Box<S>>,
    limits: Limits,
    watch: Arc<Watch>,
    received: u64,
    unread: Unread,
    waited: Duration,
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

/// How many bytes of a body of known length nobody has read yet.
#[derive(Clone, Debug)]
pub struct Unread(Arc<AtomicU64>);

impl Unread {
    /// A body of `length` bytes.
    pub fn new(length: u64) -> Unread {
        Unread(Arc::new(AtomicU64::new(length)))
    }

    /// Whether some are left.
    pub fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn read(&self, bytes: u64) {
        // One task reads a body, so nothing comes between the two.
        self.0.store(self.0.load(Ordering::Relaxed).saturating_sub(bytes), Ordering::Relaxed);
    }
}

impl<S> Incoming<S> {
    /// Guards `bytes`.
    pub fn new(bytes: S, limits: Limits, watch: Arc<Watch>, unread: Unread) -> Incoming<S> {
        Incoming { bytes: Box::pin(bytes), limits, watch, received: 0, unread, waited: Duration::ZERO, waiting: None }
    }

    fn too_slow(&self) -> io::Error {
        self.watch.give_up();
        io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly")
    }
}

impl<S> Drop for Incoming<S> {
    fn drop(&mut self) {
        self.watch.receiving(false);
    }
}

impl<S: Stream<Item = io::Result<Bytes>>> Stream for Incoming<S> {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let this = self.get_mut();
        match this.bytes.as_mut().poll_next(cx) {
            Poll::Ready(Some(Ok(piece))) => {
                this.received += piece.len() as u64;
                this.unread.read(piece.len() as u64);
                if let Some((since, _)) = this.waiting.take() {
                    this.waited += since.elapsed();
                }
                let due = this.waited.as_secs().saturating_mul(this.limits.body_rate);
                let slow = this.waited > this.limits.body_slow && this.received < due;
                Poll::Ready(Some(if slow { Err(this.too_slow()) } else { Ok(piece) }))
            }
            Poll::Ready(other) => {
                this.watch.receiving(false);
                Poll::Ready(other)
            }
            Poll::Pending => {
                this.watch.receiving(true);
                let pause = this.limits.body_pause;
                let (_, sleep) =
                    this.waiting.get_or_insert_with(|| (Instant::now(), Box::pin(tokio::time::sleep(pause))));
                ready!(sleep.as_mut().poll(cx));
                Poll::Ready(Some(Err(this.too_slow())))
            }
        }
    }
}

/// An answer's body, with the note that its request is in flight until it is sent or dropped.
#[derive(Debug)]
pub struct Outgoing<B> {
    body: B,
    in_flight: InFlight,
}

impl<B> Outgoing<B> {
    /// Notes that the answer is ready to be sent.
    pub fn new(body: B, mut in_flight: InFlight) -> Outgoing<B> {
        in_flight.answering();
        Outgoing { body, in_flight }
    }
}

impl<B: Body + Unpin> Body for Outgoing<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        this.in_flight.moved();
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
