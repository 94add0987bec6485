//! What a list says when it has nothing: what to do next.

use maud::{Markup, Render, html};

/// An empty state. `text` says what would stand here; `action` is a (href, label) that makes the first one.
pub fn empty(text: impl Render, action: Option<(&str, &str)>) -> Markup {
    html! {
        div.empty {
            p { (text) }
            @if let Some((href, label)) = action { a.btn.q href=(href) { (label) } }
        }
    }
}
