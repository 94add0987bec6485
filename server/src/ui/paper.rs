//! Pages for paper: A4, black on white, without scripts and without the product around them.

use std::sync::LazyLock;

use maud::{DOCTYPE, Markup, Render, html};

use crate::kernel::i18n::Lang;
use crate::ui::assets::short_hash;
use crate::ui::cell;

static PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/paper.{}.css", short_hash(css().as_bytes())));

/// The style sheet.
#[must_use]
pub fn css() -> &'static str {
    include_str!("../../../pwa/css/paper.css")
}

/// Where the style sheet is served.
#[must_use]
pub fn path() -> &'static str {
    &PATH
}

/// A line with its label, as cells of the product's own pages are.
#[must_use]
pub fn fact(label: &str, value: impl Render) -> Markup {
    cell(label, value)
}

/// A complete document for paper.
#[must_use]
pub fn page(lang: Lang, title: &str, body: Markup) -> String {
    html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) }
                link rel="stylesheet" href=(path());
            }
            body { main { (body) } }
        }
    }
    .into_string()
}
