//! Bytes from the line into lines and the `>` prompt (27.005, 3.5.1: CR LF `>` space, without a line's end).

/// What the modem said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A line without its end; never empty.
    Line(String),
    /// `>`: it waits for a PDU.
    Prompt,
}

/// A line longer than this is noise.
const LONGEST: usize = 2048;

/// Collects bytes until they make a line.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    /// Takes bytes in as they come, in pieces of any size.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Said> {
        let mut said = Vec::new();
        for byte in bytes {
            // Modems write `> `, `>` CR LF (SIM7670G), or `>` and no more: nothing behind it can be waited for. A line
            // of text that begins with it is told as a line too.
            let prompt = self.begun == b">";
            match byte {
                b'\r' | b'\n' | b' ' if prompt => self.begun.clear(),
                b'\r' | b'\n' => self.finish(&mut said),
                0 => {}
                other if self.begun.len() < LONGEST => {
                    self.begun.push(*other);
                    if self.begun == b">" {
                        said.push(Said::Prompt);
                    }
                }
                _ => {}
            }
        }
        said
    }

    fn finish(&mut self, said: &mut Vec<Said>) {
        let line = crate::text::read(&self.begun).trim_end().to_owned();
        self.begun.clear();
        if !line.is_empty() {
            said.push(Said::Line(line));
        }
    }

    /// Forgets a line that was begun.
    pub fn clear(&mut self) {
        self.begun.clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{Lines, Said};

    fn line(text: &str) -> Said {
        Said::Line(text.to_owned())
    }

    #[test]
    fn pieces_of_any_size_give_the_same_lines() {
        let raw = b"\r\nOK\r\n\r\n+CMTI: \"SM\",3\r\n\r\n> \r\n+CMGS: 255\r\n";
        let whole = Lines::default().feed(raw);
        let mut by_byte = Lines::default();
        let pieces: Vec<Said> = raw.iter().flat_map(|byte| by_byte.feed(&[*byte])).collect();
        assert_eq!(whole, pieces);
        assert_eq!(whole, [line("OK"), line("+CMTI: \"SM\",3"), Said::Prompt, line("+CMGS: 255")]);
    }

    #[test]
    fn every_way_of_writing_the_prompt_is_one_prompt() {
        for raw in ["\r\n> ", "\r\n>\r\n", "\r\n>", "\r\n>\n", "\r\n> \r\n", "AT+CMGS=19\r\r\n> ", "\r\n>\r\n\r\n"] {
            let prompts = |said: &[Said]| said.iter().filter(|one| **one == Said::Prompt).count();
            assert_eq!(prompts(&Lines::default().feed(raw.as_bytes())), 1, "{raw:?}");
            let mut by_byte = Lines::default();
            let said: Vec<Said> = raw.bytes().flat_map(|byte| by_byte.feed(&[byte])).collect();
            assert_eq!(prompts(&said), 1, "{raw:?} byte by byte");
            assert_eq!(by_byte.feed(b"\r\n+CMGS: 7\r\n"), [line("+CMGS: 7")], "{raw:?}");
        }
        // A line that only begins so is a line as well; the echo of a PDU stands behind its prompt.
        assert_eq!(Lines::default().feed(b"\r\n>1 balance\r\n"), [Said::Prompt, line(">1 balance")]);
        assert_eq!(Lines::default().feed(b"\r\n> 0021\r\n"), [Said::Prompt, line("0021")]);
    }

    #[test]
    fn noise_neither_panics_nor_grows() {
        let mut lines = Lines::default();
        lines.feed(&[0xff; 100_000]);
        assert!(lines.begun.len() <= super::LONGEST);
    }
}
