//! What is wrong with a form, on top of the page.

use maud::{Markup, html};

use crate::kernel::i18n::{Lang, t};

/// Whether one field is wrong and nothing else: then that field has the focus, and its message stands beside it.
fn is_one_field<N: AsRef<str>, M>(errors: &[&(N, M)]) -> bool {
    matches!(errors, [(name, _)] if !name.as_ref().is_empty())
}

/// The name under which a form says that what was typed before has been put back.
pub const PUT_BACK: &str = "resumed";

/// The summary of errors, focused when the page opens; each line leads to its field. `errors` are (field
/// name, message); a line without a field name is about the form as a whole. Nothing when there are none.
pub fn error_summary<N: AsRef<str>, M: AsRef<str>>(lang: Lang, errors: &[(N, M)]) -> Markup {
    // That a form was put back is no fault of it.
    let (put_back, errors): (Vec<_>, Vec<_>) = errors.iter().partition(|(name, _)| name.as_ref() == PUT_BACK);
    html! {
        @for (_, message) in put_back { p.note.full role="status" { (message.as_ref()) } }
        @if !errors.is_empty() {
            section.card.errors.full role="alert" tabindex="-1" autofocus[!is_one_field(&errors)] {
                h2 { (t!(lang, "ui.errors", n = errors.len())) }
                ul {
                    @for (name, message) in &errors {
                        li {
                            @if name.as_ref().is_empty() { (message.as_ref()) }
                            @else { a href=(format!("#f-{}", name.as_ref())) { (message.as_ref()) } }
                        }
                    }
                }
            }
        }
    }
}
