//! Questions before an act that cannot be taken back.
//!
//! Without scripts such a link leads to a page that asks; with them the same page's question opens on top.

use maud::{Markup, Render, html};

use crate::ui::button::ButtonKind;

/// A link to the page that asks. `href` is that page, whose `[data-ask]` part opens as a dialog.
pub fn confirm_link(href: impl AsRef<str>, label: impl Render, kind: ButtonKind) -> Markup {
    html! { a class=(kind.class()) href=(href.as_ref()) data-dialog { (label) } }
}

/// The body of the page that asks: the `question`, a `detail` that says what will follow, and the form that
/// answers (its buttons inside a [`crate::ui::button::button_row`]).
pub fn ask(question: &str, detail: impl Render, answer: Markup) -> Markup {
    html! {
        section.card.ask data-ask {
            h2 { (question) }
            p { (detail) }
            (answer)
        }
    }
}
