//! Fieldline server: the map. Each module says in its own header what it is for.

rust_i18n::i18n!("src", fallback = "zh-CN");

/// What every feature stands on: routes, access, database, forms, events, time and money.
pub mod kernel;
/// Pages' building blocks: layout, lists, forms, charts; they know no feature.
pub mod ui;
