//! Where each HTTP/1 request begins and ends in the bytes of a connection.
//!
//! hyper drops a `Content-Length` that stands beside a `Transfer-Encoding`, in either order, before a service sees the
//! request; a proxy in front may have gone by the other of the two and taken the body for the next request. So the raw
//! head is read here as well, by its line ends as the parser does it, and a read never goes past the end of a head or
//! a body: when a service is called, the last head that was seen here is its own.

/// What is wrong with the framing of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The length is said twice: two of `Content-Length` and `Transfer-Encoding`.
    Twice,
    /// The length or the encoding cannot be understood.
    Unclear,
}

/// What comes next on a connection.
#[derive(Debug)]
pub enum Framing {
    /// A head.
    Head(Head),
    /// So many bytes of a body.
    Body(u64),
    /// So many bytes of what HTTP/2 begins with, after its first line.
    Preface(usize),
    /// The frames of HTTP/2.
    Http2(Frames),
    /// A chunked body, after which the connection ends; or what follows a head that is refused.
    Rest(Rest),
}

/// What is no longer looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// A chunked body.
    Chunked,
    /// The head before it has a flaw.
    Refused,
}

/// What a piece of the connection's bytes brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing that ends here.
    Within,
    /// The end of a head.
    HeadEnd(Option<Flaw>),
    /// The end of what HTTP/2 begins with, or of a head or another frame of it.
    Http2,
}

/// A head as far as it has come.
#[derive(Debug, Default)]
pub struct Head {
    line: Vec<u8>,
    /// The line is longer than what is kept of it.
    cut: bool,
    begun: bool,
    request_line: bool,
    length: Option<u64>,
    chunked: bool,
    flaw: Option<Flaw>,
}

/// What is kept of a line: the names that matter, and their values as anybody writes them.
const LINE: usize = 64;
const PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// An empty line, `SM`, and another empty line.
const PREFACE_REST: usize = 8;

impl Default for Framing {
    fn default() -> Self {
        Framing::Head(Head::default())
    }
}

impl Framing {
    /// Looks at bytes that came. Returns how many of them belong to what is under way; the others come after it.
    pub fn take(&mut self, bytes: &[u8]) -> (usize, Step) {
        match self {
            Framing::Rest(_) => (bytes.len(), Step::Within),
            Framing::Http2(frames) => {
                let step = if frames.take(bytes) { Step::Http2 } else { Step::Within };
                (bytes.len(), step)
            }
            Framing::Preface(left) => match left.checked_sub(bytes.len()).filter(|left| *left > 0) {
                Some(more) => {
                    *left = more;
                    (bytes.len(), Step::Within)
                }
                None => {
                    let mut frames = Frames::default();
                    frames.take(bytes.get(*left..).unwrap_or_default());
                    *self = Framing::Http2(frames);
                    (bytes.len(), Step::Http2)
                }
            },
            Framing::Body(left) => {
                let here = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= here as u64;
                if *left == 0 {
                    *self = Framing::default();
                }
                (here, Step::Within)
            }
            Framing::Head(head) => {
                let mut used = 0;
                let mut rest = bytes;
                while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                    let (line, after) = rest.split_at(end);
                    head.add(line);
                    used += end + 1;
                    rest = after.get(1..).unwrap_or_default();
                    match head.line_ends() {
                        LineEnd::More => {}
                        LineEnd::Http2 => {
                            *self = Framing::Preface(PREFACE_REST);
                            return (used, Step::Within);
                        }
                        LineEnd::Head => {
                            let flaw = head.flaw();
                            *self = head.then();
                            return (used, Step::HeadEnd(flaw));
                        }
                    }
                }
                head.add(rest);
                (bytes.len(), Step::Within)
            }
        }
    }

    /// Whether a head has begun and not ended.
    pub fn in_head(&self) -> bool {
        match self {
            Framing::Head(head) => head.begun,
            Framing::Preface(_) => true,
            Framing::Http2(frames) => frames.in_head(),
            Framing::Body(_) | Framing::Rest(_) => false,
        }
    }
}

/// The frames of HTTP/2, as far as they show when a head begins and ends. A head is a HEADERS frame and the
/// CONTINUATION frames that follow it at once; hyper waits for the end of one without a limit in time.
#[derive(Debug, Default)]
pub struct Frames {
    /// The beginning of a frame: three octets of length, one of type, one of flags, four of the stream.
    start: [u8; FRAME_START],
    /// What has come of it.
    have: usize,
    /// What is to come of the frame after it.
    left: usize,
    /// A head goes on in the next frame.
    unfinished: bool,
}

const FRAME_START: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

impl Frames {
    /// Looks at bytes that came. Whether at some moment within them no head was under way.
    fn take(&mut self, mut bytes: &[u8]) -> bool {
        let mut free = false;
        while let Some((byte, rest)) = bytes.split_first() {
            if self.have < FRAME_START {
                if let Some(octet) = self.start.get_mut(self.have) {
                    *octet = *byte;
                }
                self.have += 1;
                bytes = rest;
                if self.have == FRAME_START {
                    let [high, middle, low, ..] = self.start;
                    self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                }
            } else {
                let here = self.left.min(bytes.len());
                self.left -= here;
                bytes = bytes.get(here..).unwrap_or_default();
            }
            if self.have == FRAME_START && self.left == 0 {
                let [_, _, _, kind, flags, ..] = self.start;
                if matches!(kind, HEADERS | CONTINUATION) {
                    self.unfinished = flags & END_HEADERS == 0;
                }
                self.have = 0;
            }
            free |= !self.in_head();
        }
        free
    }

    /// Whether a head has begun and not ended, or a frame that belongs to no body. Which it will be shows only in the
    /// frame's own beginning.
    fn in_head(&self) -> bool {
        let [_, _, _, kind, ..] = self.start;
        self.unfinished || (self.have > 0 && !(self.have == FRAME_START && kind == DATA))
    }
}

enum LineEnd {
    More,
    Head,
    Http2,
}

impl Head {
    fn add(&mut self, bytes: &[u8]) {
        self.begun |= !bytes.is_empty();
        let room = LINE.saturating_sub(self.line.len());
        self.cut |= bytes.len() > room;
        self.line.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn line_ends(&mut self) -> LineEnd {
        self.begun = true;
        let line = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        let end = if line.is_empty() && !self.cut {
            // Empty lines before the request line are passed over.
            if self.request_line { LineEnd::Head } else { LineEnd::More }
        } else if !self.request_line {
            self.request_line = true;
            if line == PREFACE { LineEnd::Http2 } else { LineEnd::More }
        } else {
            if let Some((name, value)) = split(line) {
                if name.eq_ignore_ascii_case(b"content-length") {
                    let length = if self.cut { None } else { digits(value) };
                    let twice = self.length.is_some() || self.chunked;
                    self.flaw =
                        self.flaw.or(twice.then_some(Flaw::Twice)).or(length.is_none().then_some(Flaw::Unclear));
                    self.length = length.or(Some(0));
                } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
                    let clear = !self.cut && value.eq_ignore_ascii_case(b"chunked");
                    let twice = self.length.is_some() || self.chunked;
                    self.flaw = self.flaw.or(twice.then_some(Flaw::Twice)).or((!clear).then_some(Flaw::Unclear));
                    self.chunked = true;
                }
            }
            LineEnd::More
        };
        self.line.clear();
        self.cut = false;
        end
    }

    fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    fn then(&self) -> Framing {
        match (self.flaw, self.chunked, self.length) {
            (Some(_), _, _) => Framing::Rest(Rest::Refused),
            (None, true, _) => Framing::Rest(Rest::Chunked),
            (None, false, None | Some(0)) => Framing::default(),
            (None, false, Some(length)) => Framing::Body(length),
        }
    }
}

fn split(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at(colon);
    Some((name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii()))
}

fn digits(text: &[u8]) -> Option<u64> {
    let plain = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if plain { std::str::from_utf8(text).ok()?.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps and the lengths of the pieces when the bytes come in reads of `size`.
    fn read(bytes: &[u8], size: usize) -> (Vec<usize>, Vec<Step>, Framing) {
        let (mut framing, mut ends, mut steps) = (Framing::default(), Vec::new(), Vec::new());
        let mut at = 0;
        while at < bytes.len() {
            let piece = bytes.get(at..(at + size).min(bytes.len())).unwrap_or_default();
            let (used, step) = framing.take(piece);
            at += used;
            if step != Step::Within {
                steps.push(step);
                ends.push(at);
            }
        }
        (ends, steps, framing)
    }

    fn flaw(head: &str) -> Option<Flaw> {
        let (_, steps, _) = read(head.as_bytes(), 7);
        match steps.as_slice() {
            [Step::HeadEnd(flaw)] => *flaw,
            _ => unreachable!("{head:?} gives {steps:?}"),
        }
    }

    #[test]
    fn requests_in_a_row_are_told_apart_however_they_arrive() {
        let row = b"\r\nPOST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 31\r\n\r\nTransfer-Encoding: chunked\r\n\r\n.GET / HTTP/1.1\nHost: y\n\n";
        for size in [1, 2, 3, 7, 20, 1000] {
            let (ends, steps, framing) = read(row, size);
            assert_eq!(steps, [Step::HeadEnd(None), Step::HeadEnd(None)], "{size}");
            assert_eq!(ends, [51, row.len()], "{size}");
            assert!(!framing.in_head(), "{size}");
        }
    }

    #[test]
    fn a_length_that_is_said_twice_is_a_flaw() {
        let twice = Some(Flaw::Twice);
        assert_eq!(flaw("POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), twice);
        assert_eq!(flaw("POST / HTTP/1.1\r\ntransfer-encoding:chunked\r\nCONTENT-LENGTH:3\r\n\r\n"), twice);
        assert_eq!(flaw("POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"), twice);
        assert_eq!(flaw("POST / HTTP/1.1\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n"), twice);
        assert_eq!(flaw("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n"), None);
        assert_eq!(flaw("POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n"), None);
    }

    #[test]
    fn a_length_that_is_unclear_is_a_flaw() {
        for line in [
            "Content-Length: +3",
            "Content-Length:",
            "Content-Length: 3, 3",
            "Content-Length: 99999999999999999999999",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: identity",
        ] {
            assert_eq!(flaw(&format!("POST / HTTP/1.1\r\n{line}\r\n\r\n")), Some(Flaw::Unclear), "{line}");
        }
        let far = " ".repeat(80);
        assert_eq!(flaw(&format!("POST / HTTP/1.1\r\nContent-Length:{far}3\r\n\r\n")), Some(Flaw::Unclear));
    }

    #[test]
    fn a_head_of_http_2_is_under_way_until_its_last_frame_is_complete() {
        let frame = |kind: u8, flags: u8, length: u8| {
            let start = [0, 0, length, kind, flags, 0, 0, 0, 1];
            start.into_iter().chain(std::iter::repeat_n(b'x', length.into())).collect::<Vec<u8>>()
        };
        let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        let pieces =
            [preface, frame(4, 0, 0), frame(HEADERS, 0, 5), frame(CONTINUATION, END_HEADERS, 3), frame(DATA, 1, 20)];
        let all = pieces.concat();
        let mut free = Vec::new();
        let mut framing = Framing::default();
        for (at, byte) in all.iter().enumerate() {
            let (used, step) = framing.take(std::slice::from_ref(byte));
            assert_eq!(used, 1);
            assert_eq!(step == Step::Http2, !framing.in_head(), "{at}");
            if !framing.in_head() {
                free.push(at + 1);
            }
        }
        // After the preface, the SETTINGS and the head, and within the body.
        let body = 24 + 9 + 14 + 12 + 9;
        assert_eq!(free, [vec![24, 33, 59], (body..=body + 20).collect()].concat());
        for size in [2, 5, 13, 33, 1000] {
            let (_, steps, framing) = read(&all, size);
            assert!(steps.contains(&Step::Http2) && !framing.in_head(), "{size}");
        }
    }
}
