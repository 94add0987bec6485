//! Pages' building blocks; they know no feature.
use crate::kernel::i18n::Lang;
/// probe
pub fn probe(l: Lang) -> String { crate::kernel::i18n::t!(l, "ui.back").into_owned() }
