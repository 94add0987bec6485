//! The building blocks that most pages use, under one roof.

use maud::Markup;

pub use crate::ui::button::{button, link_button};
pub use crate::ui::card::{card, full_card};
pub use crate::ui::cell::{cell, link_cell};
pub use crate::ui::empty::empty;
pub use crate::ui::list::{pager, search_bar};
pub use crate::ui::meter::{meter, money};
pub use crate::ui::strip::{Act, StripItem, acts, strip};

/// The views of a list as links: (address, name, whether it is the one shown).
pub fn segmented(items: &[(String, String, bool)]) -> Markup {
    let views: Vec<crate::ui::View<&str, &str>> = items
        .iter()
        .map(|(href, label, current)| crate::ui::View {
            href: href.as_str(),
            label: label.as_str(),
            count: None,
            current: *current,
        })
        .collect();
    crate::ui::views("", &views)
}
