//! What is wrong with a form, on top of the page.

use maud::{Markup, html};

use crate::kernel::i18n::{Lang, t};

/// The summary of errors, focused when the page opens; each line leads to its field. `errors` are (field
/// name, message); a line without a field name is about the form as a whole. Nothing when there are none.
pub fn error_summary<N: AsRef<str>, M: AsRef<str>>(lang: Lang, errors: &[(N, M)]) -> Markup {
    html! {
        @if !errors.is_empty() {
            section.card.errors.full role="alert" tabindex="-1" autofocus {
                h2 { (t!(lang, "ui.errors", n = errors.len())) }
                ul {
                    @for (name, message) in errors {
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
