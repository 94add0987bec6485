//! SMS in PDU mode: 3GPP TS 23.040 (messages) and 23.038 (alphabets). Pure: no port, no clock, no database.
//!
//! No crate is fit: those on the registry split surrogate and escape pairs between parts or lose characters
//! behind 16-bit references.

//!
//! From the network: [`deliver`], [`report`], [`salvage`]. To it: [`submit`], [`split`], [`count`]. What both are made of:
//! [`address`], [`time`], [`dcs`], [`header`], [`data`], [`gsm7`], [`national`].

pub mod address;
pub mod count;
pub mod data;
pub mod dcs;
pub mod deliver;
pub mod gsm7;
pub mod header;
pub mod national;
pub mod reader;
pub mod report;
pub mod salvage;
pub mod split;
pub mod submit;
pub mod time;

#[cfg(test)]
mod tests;

/// Why a PDU cannot be read. The octet counts from 0, the service centre's address included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("octet {octet}: {what}")]
pub struct BadPdu {
    /// Where reading stopped.
    pub octet: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// Octets of a hex line; `None` when it is not hex of even length.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.trim().chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |sum, digit| sum << 4 | digit)).collect())
}

/// Octets as an upper-case hex line.
#[must_use]
pub fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}
