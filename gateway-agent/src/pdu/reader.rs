//! Reading octets in order, knowing where one stands.

use super::BadPdu;

/// Octets and a place in them.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    octets: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// Begins at the first octet.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Reader<'a> {
        Reader { octets, at: 0 }
    }

    /// The next octet.
    ///
    /// # Errors
    /// When there is none: `what` was expected.
    pub fn octet(&mut self, what: &'static str) -> Result<u8, BadPdu> {
        let octet = self.octets.get(self.at).copied().ok_or(BadPdu { octet: self.at, what })?;
        self.at += 1;
        Ok(octet)
    }

    /// The next `count` octets.
    ///
    /// # Errors
    /// When there are fewer: `what` was expected.
    pub fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], BadPdu> {
        let taken = self.octets.get(self.at..self.at + count).ok_or(BadPdu { octet: self.octets.len(), what })?;
        self.at += count;
        Ok(taken)
    }

    /// Everything that is left.
    #[must_use]
    pub fn rest(self) -> &'a [u8] {
        self.octets.get(self.at..).unwrap_or_default()
    }

    /// A fault at the octet just read.
    #[must_use]
    pub fn bad(&self, what: &'static str) -> BadPdu {
        BadPdu { octet: self.at.saturating_sub(1), what }
    }
}
