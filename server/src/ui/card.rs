//! Cards: white groups on the quiet ground.

use maud::{Markup, html};

/// A card. `title` is its heading; `link` a (href, label) to the right of the heading; `body` its cells.
pub fn card(title: Option<&str>, link: Option<(&str, &str)>, body: Markup) -> Markup {
    html! {
        section.card {
            @if title.is_some() || link.is_some() {
                div.ch {
                    @if let Some(title) = title { h2 { (title) } }
                    @if let Some((href, label)) = link { a href=(href) { (label) } }
                }
            }
            (body)
        }
    }
}

/// A card over the full width on wide screens, for tables and long lists.
pub fn full_card(title: Option<&str>, link: Option<(&str, &str)>, body: Markup) -> Markup {
    html! { div.full { (card(title, link, body)) } }
}
