//! Reading octets in order, knowing where one stands.

use super::BadPdu;

/// Octets and a place in them.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
    /// Where `octets` begin in the whole PDU.
    base: usize,
}

impl<'a> Reader<'a> {
    /// Begins at the first octet.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Reader<'a> {
        Reader { octets, at: 0, base: 0 }
    }

    /// The next octet.
    ///
    /// # Errors
    /// When there is none: `what` was expected.
    pub fn octet(&mut self, what: &'static str) -> Result<u8, BadPdu> {
        let octet = self.octets.get(self.at).copied().ok_or(BadPdu { octet: self.base + self.at, what })?;
        self.at += 1;
        Ok(octet)
    }

    /// The next `count` octets.
    ///
    /// # Errors
    /// When there are fewer: `what` was expected.
    pub fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], BadPdu> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.octets.get(self.at..end));
        let taken = taken.ok_or(BadPdu { octet: self.base + self.octets.len(), what })?;
        self.at += count;
        Ok(taken)
    }

    /// A reader of the next `count` octets, which counts as this one does.
    ///
    /// # Errors
    /// When there are fewer: `what` was expected.
    pub fn part(&mut self, count: usize, what: &'static str) -> Result<Reader<'a>, BadPdu> {
        let base = self.base + self.at;
        Ok(Reader { octets: self.take(count, what)?, at: 0, base })
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = self.octets.get(self.at..).unwrap_or_default();
        self.at = self.octets.len();
        rest
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_at_end(&self) -> bool {
        self.at >= self.octets.len()
    }

    /// A fault at the octet just read.
    #[must_use]
    pub fn bad(&self, what: &'static str) -> BadPdu {
        BadPdu { octet: (self.base + self.at).saturating_sub(1), what }
    }
}
