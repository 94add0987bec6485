//! A small HTTP/1.1 client over one connection that stays open: as little work as a load generator can do.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An open connection with the cookies that it was given.
pub struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    cookies: Vec<(String, String)>,
    buffer: Vec<u8>,
}

/// An answer.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Bytes on the wire, head included.
    pub bytes: usize,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn cookies(&self) -> Vec<(String, String)> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .filter(|(key, _)| key.eq_ignore_ascii_case("set-cookie"))
            .filter_map(|(_, value)| value.trim().split(';').next()?.split_once('='))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, address, cookies: Vec::new(), buffer: Vec::with_capacity(64 << 10) })
    }

    /// Signs in through the form, as a person does.
    pub async fn sign_in(&mut self, username: &str, password: &str) -> Result<()> {
        let answer = self.post("/login", &[("username", username), ("password", password)]).await?;
        self.cookies = answer.cookies();
        if answer.status != 303 || !self.cookies.iter().any(|(name, _)| name == "sid") {
            bail!("the sign-in answered {}", answer.status);
        }
        Ok(())
    }

    /// The request for a page, ready to be sent again and again.
    pub fn request(&self, path: &str, gzip: bool) -> Vec<u8> {
        let encoding = if gzip { "accept-encoding: gzip\r\n" } else { "" };
        format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\n{encoding}accept: text/html\r\n{}\r\n",
            self.address,
            self.cookie_line()
        )
        .into_bytes()
    }

    fn cookie_line(&self) -> String {
        if self.cookies.is_empty() {
            return String::new();
        }
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("cookie: {}\r\n", pairs.join("; "))
    }

    /// Asks for a page.
    pub async fn get(&mut self, path: &str, gzip: bool) -> Result<Answer> {
        let request = self.request(path, gzip);
        self.send(&request).await
    }

    /// Posts a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        let body = body.join("&");
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\naccept-encoding: gzip\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n{}\r\n{body}",
            body.len(),
            self.cookie_line(),
            address = self.address,
        );
        self.send(request.as_bytes()).await
    }

    /// Sends a request and reads its whole answer.
    pub async fn send(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let end = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let status: u16 = head.get(9..12).and_then(|digits| digits.parse().ok()).context("no status")?;
        let mut answer = Answer { status, bytes: 0, head, body: Vec::new() };
        let length: usize = match answer.header("content-length") {
            Some(length) => length.parse()?,
            None if answer.header("transfer-encoding").is_some() => bail!("chunked answers are not measured"),
            None => 0,
        };
        while self.buffer.len() < end + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection in the middle");
            }
        }
        answer.bytes = end + length;
        answer.body.extend_from_slice(&self.buffer[end..end + length]);
        Ok(answer)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// Percent-encodes a value.
pub fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// Addresses of links that begin with `start` and go on with a record's id.
pub fn links(page: &str, start: &str) -> Vec<String> {
    let mark = format!("href=\"{start}");
    let mut found: Vec<String> = page
        .match_indices(&mark)
        .filter_map(|(at, _)| page.get(at + 6..)?.split(['"', '?']).next())
        .filter(|href| href.len() == start.len() + 13)
        .map(str::to_owned)
        .collect();
    found.dedup();
    found
}

/// The first text inside each link that begins with `start`.
pub fn texts_of_links(page: &str, start: &str) -> Vec<String> {
    links(page, start)
        .iter()
        .filter_map(|href| {
            let inside = page.split_once(&format!("href=\"{href}\""))?.1.split_once('>')?.1;
            let words = inside
                .split("</a>")
                .next()?
                .split('<')
                .filter_map(|piece| piece.split_once('>'))
                .map(|(_, text)| text.trim());
            words.filter(|text| text.chars().count() >= 4).map(str::to_owned).next()
        })
        .collect()
}
