//! The strip of numbers on top of a page and the grid of acts below it.

use maud::{Markup, Render, html};

use crate::ui::icon::Icon;

/// One number. `href` may be any string type.
#[derive(Clone, Debug)]
pub struct StripItem<H = String> {
    /// Where the number leads; live badge counts of the same address replace the number.
    pub href: H,
    /// The figure, such as `2/6`.
    pub number: String,
    /// What it counts.
    pub label: String,
    /// Whether it needs attention now.
    pub hot: bool,
}

/// Two to four numbers side by side, each a link.
pub fn strip<H: AsRef<str>>(items: &[StripItem<H>]) -> Markup {
    html! {
        nav.card.strip.full.four[items.len() == 4] {
            @for item in items {
                a href=(item.href.as_ref()) {
                    span.num.hot[item.hot] data-badge=(item.href.as_ref()) { (item.number) }
                    small { (item.label) }
                }
            }
        }
    }
}

/// One act. `href` and `label` may be any string types.
#[derive(Clone, Debug)]
pub struct Act<H = String, L = String> {
    /// Where it leads: a page, `tel:`, `sms:` or a map.
    pub href: H,
    /// The word below the icon.
    pub label: L,
    /// Its icon.
    pub icon: Icon,
}

/// A grid of acts, four in a row.
pub fn acts<H: AsRef<str>, L: Render>(items: &[Act<H, L>]) -> Markup {
    html! {
        nav.card.acts.five[items.len() == 5] {
            @for item in items {
                a href=(item.href.as_ref()) { (item.icon.markup()) (item.label) }
            }
        }
    }
}
