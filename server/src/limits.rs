//! What a connection, a request and a body may cost. Each bound has its default here.

use std::time::Duration;

/// The bounds. They are no options of the command line; tests shorten them.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open connections at most; fewer where the process may open fewer files.
    pub connections: usize,
    /// From accepting a connection to the end of its TLS handshake; from there, or from the first byte of a later
    /// request, to the end of the request's head.
    pub head: Duration,
    /// The largest head of a request.
    pub head_bytes: usize,
    /// A connection without a request is closed after this time.
    pub idle: Duration,
    /// The longest pause within a body.
    pub body_pause: Duration,
    /// After so much waiting a body must have come at `body_rate` on average.
    pub body_slow: Duration,
    /// Bytes a second. A phone on a line of 50 kbit/s that loses every twentieth packet sends some thousand.
    pub body_rate: u64,
    /// A client that takes nothing of its answer for this time is cut off.
    pub answer: Duration,
    /// When room is needed and nothing is idle, a connection is closed whose body or answer has been under way for
    /// longer than this.
    pub spared: Duration,
    /// After an answer that left a part of the body unread, that part is received and dropped for this time: a
    /// browser that is cut off while it sends shows an error of its own in place of the answer.
    pub linger: Duration,
    /// The longest pause within it.
    pub linger_pause: Duration,
    /// The largest rest that is received and dropped.
    pub linger_bytes: u64,
    /// Requests of one HTTP/2 connection at the same moment.
    pub streams: u32,
    /// How long requests in flight may go on when the server stops.
    pub stop: Duration,
    /// How often the connections are looked at.
    pub tick: Duration,
    /// Memory for bodies of people who are not signed in, past the first 4 kB of each.
    pub guest_bodies: usize,
    /// Memory for the first 64 kB of bodies of people who are signed in, past the first 4 kB of each.
    pub small_bodies: usize,
    /// Memory for what is longer.
    pub large_bodies: usize,
    /// How long a body waits for memory before its request is answered with 503.
    pub body_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Limits {
            connections: 8192,
            head: seconds(10),
            head_bytes: 64 << 10,
            idle: seconds(60),
            body_pause: seconds(20),
            body_slow: seconds(30),
            body_rate: 500,
            answer: seconds(60),
            spared: seconds(5),
            linger: seconds(120),
            linger_pause: seconds(10),
            linger_bytes: 32 << 20,
            streams: 64,
            stop: seconds(5),
            tick: seconds(1),
            guest_bodies: 8 << 20,
            small_bodies: 16 << 20,
            large_bodies: 40 << 20,
            body_wait: seconds(3),
        }
    }
}
