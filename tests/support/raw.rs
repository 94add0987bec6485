//! A client that sends any bytes, from any loopback address, and counts what comes back.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A connection.
pub struct Raw {
    pub stream: TcpStream,
    begun: Instant,
}

impl Raw {
    /// Connects to `base`, such as `http://127.0.0.1:4711`.
    pub async fn connect(base: &str) -> Raw {
        Raw::connect_from(base, [127, 0, 0, 1]).await
    }

    /// Connects from an address of the loopback network.
    pub async fn connect_from(base: &str, from: [u8; 4]) -> Raw {
        Raw::connect_with(base, from, None).await
    }

    /// The same with room for so many bytes that nobody has read.
    pub async fn connect_with(base: &str, from: [u8; 4], room: Option<u32>) -> Raw {
        let to: SocketAddr = base.split_once("://").unwrap().1.parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        if let Some(room) = room {
            socket.set_recv_buffer_size(room).unwrap();
        }
        let stream = socket.connect(to).await.unwrap();
        Raw { stream, begun: Instant::now() }
    }

    /// Sends bytes; a connection that the server closed takes none.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Sends a little again and again until the server closes the connection or the time is over.
    pub async fn trickle(&mut self, bytes: &[u8], every: Duration, during: Duration) {
        let end = Instant::now() + during;
        let mut scratch = [0; 1024];
        while Instant::now() < end {
            if !self.send(bytes).await {
                return;
            }
            if let Ok(Ok(0) | Err(_)) = tokio::time::timeout(every, self.stream.read(&mut scratch)).await {
                return;
            }
        }
    }

    /// What comes within the time, until the server closes the connection; and whether it did.
    pub async fn read(&mut self, within: Duration) -> (String, bool) {
        let (mut all, mut piece) = (Vec::new(), [0; 64 << 10]);
        let end = Instant::now() + within;
        let closed = loop {
            let left = end.saturating_duration_since(Instant::now());
            match tokio::time::timeout(left, self.stream.read(&mut piece)).await {
                Ok(Ok(0) | Err(_)) => break true,
                Ok(Ok(count)) => all.extend_from_slice(&piece[..count]),
                Err(_) => break false,
            }
        };
        (String::from_utf8_lossy(&all).into_owned(), closed)
    }

    /// What comes first, as far as the end of a head.
    pub async fn head(&mut self, within: Duration) -> String {
        let mut all = Vec::new();
        let read = async {
            while !all.windows(4).any(|four| four == b"\r\n\r\n") {
                match self.stream.read_u8().await {
                    Ok(byte) => all.push(byte),
                    Err(_) => break,
                }
            }
        };
        let _ = tokio::time::timeout(within, read).await;
        String::from_utf8_lossy(&all).into_owned()
    }

    /// How long after it was opened the server closed the connection.
    pub async fn closed_after(&mut self, within: Duration) -> Option<Duration> {
        let (_, closed) = self.read(within).await;
        closed.then(|| self.begun.elapsed())
    }
}

/// The status codes of the answers in `text`.
pub fn statuses(text: &str) -> Vec<u16> {
    let heads = text.split("HTTP/1.1 ").skip(1).chain(text.split("HTTP/1.0 ").skip(1));
    heads.filter_map(|head| head.get(..3)?.parse().ok()).collect()
}
