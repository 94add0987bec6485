//! Record ids: 63 bits, made by the application, ordered by time; in addresses thirteen base32 letters.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Crockford's alphabet in lower case: no `i l o u`, so an id read over the telephone arrives.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 13 × 5 bits hold 63.
const LETTERS: usize = 13;
/// Bits below the millisecond: 2^21 ids a millisecond before the clock is outrun.
const SEQUENCE_BITS: u32 = 21;
/// 2020-01-01T00:00:00Z; 42 bits of milliseconds from here last until 2159.
const EPOCH_MS: i64 = 1_577_836_800_000;

/// The id of a record of any table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx_macros::Type)]
#[sqlx(transparent)]
pub struct Id(pub i64);

static LAST: AtomicI64 = AtomicI64::new(0);

impl Id {
    /// A new id, greater than every one this process made before, even when the clock steps back.
    /// Low bits are random, so that two processes on one database do not meet.
    #[must_use]
    pub fn new() -> Id {
        let ms = chrono::Utc::now().timestamp_millis() - EPOCH_MS;
        let fresh = (ms << SEQUENCE_BITS) | i64::from(rand::random::<u32>() >> (32 - SEQUENCE_BITS + 1));
        let mut last = LAST.load(Ordering::Relaxed);
        loop {
            let next = fresh.max(last + 1);
            match LAST.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Id(next),
                Err(seen) => last = seen,
            }
        }
    }
}

impl Id {
    /// An id that sorts as if it had been made at `ms` (UTC), for records of the past that are generated or
    /// brought in from elsewhere. `sequence` keeps those of one millisecond apart.
    #[must_use]
    pub fn dated(ms: i64, sequence: u32) -> Id {
        let low = i64::from(sequence) & ((1 << SEQUENCE_BITS) - 1);
        Id(((ms - EPOCH_MS).clamp(0, (1 << 42) - 1) << SEQUENCE_BITS) | low)
    }
}

impl Default for Id {
    fn default() -> Self {
        Id::new()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut letters = [b'0'; LETTERS];
        for (place, letter) in letters.iter_mut().rev().enumerate() {
            let digit = (self.0 >> (5 * place)) & 31;
            *letter = usize::try_from(digit).ok().and_then(|d| ALPHABET.get(d)).copied().unwrap_or(b'0');
        }
        f.write_str(std::str::from_utf8(&letters).unwrap_or_default())
    }
}

/// Text that is no id: an address typed by hand or made up.
#[derive(Debug, thiserror::Error)]
#[error("not an id")]
pub struct NotAnId;

impl FromStr for Id {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Id, NotAnId> {
        if text.len() != LETTERS {
            return Err(NotAnId);
        }
        text.bytes()
            .try_fold(0i64, |sum, letter| {
                let digit = ALPHABET.iter().position(|a| *a == letter.to_ascii_lowercase())?;
                sum.checked_mul(32)?.checked_add(i64::try_from(digit).ok()?)
            })
            .map(Id)
            .ok_or(NotAnId)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Id, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Id;

    #[test]
    fn ids_rise_and_survive_the_address_bar() {
        let ids: Vec<Id> = (0..10_000).map(|_| Id::new()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
        for id in ids {
            assert_eq!(id.to_string().parse::<Id>().ok(), Some(id));
        }
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        for text in ["", "1", "zzzzzzzzzzzzzz", "uuuuuuuuuuuuu", "zzzzzzzzzzzzz", "../../etc/pas"] {
            assert!(text.parse::<Id>().is_err(), "{text}");
        }
    }
}
