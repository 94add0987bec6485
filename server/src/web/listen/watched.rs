//! The streams of one connection, which record their progress.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::limits::Limits;
use crate::web::listen::framing::{Framing, Rest, Step};
use crate::web::listen::watch::Watch;

/// The network stream, below TLS: bytes that the client receives are recorded in a [`Watch`].
#[derive(Debug)]
pub struct Taken<S> {
    stream: S,
    watch: Arc<Watch>,
}

impl<S> Taken<S> {
    /// Watches `stream`.
    pub fn new(stream: S, watch: Arc<Watch>) -> Taken<S> {
        Taken { stream, watch }
    }

    fn note(&self, written: &Poll<io::Result<usize>>) {
        match written {
            Poll::Pending => self.watch.blocked(),
            Poll::Ready(Ok(bytes)) => self.watch.took(*bytes),
            Poll::Ready(Err(_)) => self.watch.took(0),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Taken<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Taken<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.note(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, pieces);
        this.note(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// The bytes of HTTP in their framing, noted in a [`Watch`]: over TLS or over the bare stream.
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

/// How many bytes are dropped when the rest of a request has no known length.
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
            Step::Http2 => self.watch.frame_ends(),
        }
        if self.framing.in_head() {
            self.watch.head_begins();
        }
        used.min(fresh)
    }

    /// How many bytes of its request the client has still to send.
    fn owed(&self) -> u64 {
        if self.watch.is_given_up() {
            return 0;
        }
        let held = (self.held.len() - self.held_from) as u64;
        match &self.framing {
            Framing::Body(left) if *left > self.linger_bytes => UNKNOWN_REST,
            Framing::Body(left) => left.saturating_sub(held),
            Framing::Head(_) | Framing::Preface(_) if self.framing.in_head() => UNKNOWN_REST,
            Framing::Head(_) | Framing::Preface(_) | Framing::Http2(_) => 0,
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
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(Pin::new(&mut this.stream).poll_flush(cx))?;
        this.watch.flushed();
        Poll::Ready(Ok(()))
    }

    /// Closes the writing side. Where the client is still sending, its bytes are received and dropped for a while.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut left = match this.lingering {
            Some(left) => left,
            None => {
                ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
                let owed = this.owed();
                if owed > 0 {
                    this.watch.closing();
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
            this.watch.heard_closing();
            left = left.saturating_sub(count);
        }
        this.lingering = Some(0);
        Poll::Ready(Ok(()))
    }
}
