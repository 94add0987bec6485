//! The texts of the statements that ran, for the tests that look at their plans. A release build keeps none.

use std::collections::BTreeMap;
#[cfg(debug_assertions)]
use std::sync::{Arc, Mutex, PoisonError};

/// What one database was asked.
#[derive(Clone, Debug, Default)]
pub struct Statements {
    #[cfg(debug_assertions)]
    seen: Arc<Mutex<BTreeMap<String, u64>>>,
}

#[cfg(debug_assertions)]
impl Statements {
    pub(super) fn note(&self, text: &str) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get_mut(text) {
            Some(times) => *times += 1,
            None => {
                seen.insert(text.to_owned(), 1);
            }
        }
    }

    /// Every text, and how often it ran.
    #[must_use]
    pub fn seen(&self) -> BTreeMap<String, u64> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(not(debug_assertions))]
impl Statements {
    pub(super) fn note(&self, _: &str) {}

    /// Nothing: a release build keeps none.
    #[must_use]
    pub fn seen(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}
