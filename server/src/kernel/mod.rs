//! What every feature stands on; it names none of them.

pub mod i18n;
