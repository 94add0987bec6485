//! What a feature remembers between requests and may forget at a restart: one value of each type, which the office
//! owns. Statics would be shared by two offices in one process, as tests have them, and outlive them.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The values, by type.
#[derive(Debug, Default)]
pub struct Memory(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Memory {
    /// Works on the value of type `T`; the first call makes it. `work` must not take long: everybody waits for it.
    pub fn with<T: Default + Send + 'static, R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let value = values.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(Mutex::new(T::default())));
        let value = Arc::clone(value).downcast::<Mutex<T>>();
        drop(values);
        match value {
            Ok(value) => work(&mut value.lock().unwrap_or_else(PoisonError::into_inner)),
            // The key is the type's own, so this does not happen; a value of its own keeps the caller going.
            Err(_) => work(&mut T::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Memory;

    #[derive(Default)]
    struct Seen(u32);

    #[test]
    fn a_value_stays_with_its_office() {
        let (one, other) = (Memory::default(), Memory::default());
        one.with(|seen: &mut Seen| seen.0 += 2);
        assert_eq!(one.with(|seen: &mut Seen| seen.0), 2);
        assert_eq!(other.with(|seen: &mut Seen| seen.0), 0);
        assert_eq!(one.with(|other: &mut Vec<u8>| other.len()), 0);
    }
}
