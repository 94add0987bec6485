//! Bytes from the line into lines and the `> ` prompt (27.005, 3.5.1: the prompt has no line end).

/// What the modem said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A line without its end; never empty.
    Line(String),
    /// `> `: it waits for a PDU.
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
            match byte {
                b'\r' | b'\n' => self.finish(&mut said),
                0 => {}
                b' ' if self.begun == b">" => {
                    self.begun.clear();
                    said.push(Said::Prompt);
                }
                other if self.begun.len() < LONGEST => self.begun.push(*other),
                _ => {}
            }
        }
        said
    }

    fn finish(&mut self, said: &mut Vec<Said>) {
        // Names come in UTF-8 or not at all; what is neither is shown with replacement characters.
        let line = String::from_utf8_lossy(&self.begun).trim_end().to_owned();
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

    #[test]
    fn pieces_of_any_size_give_the_same_lines() {
        let raw = b"\r\nOK\r\n\r\n+CMTI: \"SM\",3\r\n\r\n> \r\n+CMGS: 255\r\n";
        let whole = Lines::default().feed(raw);
        let mut by_byte = Lines::default();
        let pieces: Vec<Said> = raw.iter().flat_map(|byte| by_byte.feed(&[*byte])).collect();
        assert_eq!(whole, pieces);
        let line = |text: &str| Said::Line(text.to_owned());
        assert_eq!(whole, [line("OK"), line("+CMTI: \"SM\",3"), Said::Prompt, line("+CMGS: 255")]);
    }

    #[test]
    fn noise_neither_panics_nor_grows() {
        let mut lines = Lines::default();
        lines.feed(&[0xff; 100_000]);
        assert!(lines.begun.len() <= super::LONGEST);
    }
}
