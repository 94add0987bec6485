//! Two people change one record. A form brings along what each field was when it was opened (`was.<field>`),
//! so that changes of different fields are both kept and only the same field asks the person.

use crate::web::form::Form;

/// A field that both changed, each to something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The field's name.
    pub field: &'static str,
    /// What stands in the record now.
    pub theirs: String,
    /// What this person typed.
    pub mine: String,
}

/// The name of the hidden field with the value at the time of opening.
#[must_use]
pub fn was(field: &str) -> String {
    format!("was.{field}")
}

/// Notes in `form` what the fields are now, for the form about to be shown.
#[must_use]
pub fn remember(form: Form, fields: &[&'static str], now: &Form) -> Form {
    fields.iter().fold(form, |form, field| form.with(&was(field), now.value(field)))
}

/// Merges what was typed with the record as it is now (`now`, filled like the form). Fields that only the
/// other person changed take the new value; clashes keep what was typed and are returned.
#[must_use]
pub fn merge(form: Form, fields: &[&'static str], now: &Form) -> (Form, Vec<Clash>) {
    let mut clashes = Vec::new();
    let mut merged = form;
    for field in fields.iter().copied() {
        let (before, theirs, mine) =
            (tidy(merged.value(&was(field))), tidy(now.value(field)), tidy(merged.value(field)));
        if mine == theirs || theirs == before {
            continue;
        }
        if mine == before {
            merged = merged.with(field, theirs);
        } else {
            clashes.push(Clash { field, theirs, mine });
        }
    }
    (merged, clashes)
}

fn tidy(text: &str) -> String {
    text.trim().replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{merge, remember};
    use crate::kernel::i18n::Lang;
    use crate::web::form::Form;

    #[test]
    fn different_fields_merge_and_the_same_field_asks() {
        let opened = Form::blank(Lang::Zh).with("a", "1").with("b", "1").with("c", "1");
        let form = remember(opened.clone(), &["a", "b", "c"], &opened).with("a", "mine").with("c", "mine");
        let now = opened.with("b", "theirs").with("c", "theirs");
        let (merged, clashes) = merge(form, &["a", "b", "c"], &now);
        assert_eq!((merged.value("a"), merged.value("b"), merged.value("c")), ("mine", "theirs", "mine"));
        assert_eq!(clashes.len(), 1);
        assert_eq!((clashes[0].field, clashes[0].theirs.as_str()), ("c", "theirs"));
    }
}
