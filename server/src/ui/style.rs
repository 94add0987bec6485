//! The one style sheet, inlined into every page, and the constant head that carries it.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::kernel::i18n::Lang;
use crate::ui::layout::{Look, TextSize, Theme};

/// The sheet in order: tokens first, since everything else is written in them.
const SHEETS: [&str; 9] = [
    include_str!("../../../pwa/css/tokens.css"),
    include_str!("../../../pwa/css/base.css"),
    include_str!("../../../pwa/css/layout.css"),
    include_str!("../../../pwa/css/ui/card.css"),
    include_str!("../../../pwa/css/ui/list.css"),
    include_str!("../../../pwa/css/ui/button.css"),
    include_str!("../../../pwa/css/ui/form.css"),
    include_str!("../../../pwa/css/ui/figure.css"),
    include_str!("../../../pwa/css/ui/dialog.css"),
];

static CSS: LazyLock<String> = LazyLock::new(|| SHEETS.iter().map(|sheet| tighten(sheet)).collect());

static CSP_HASH: LazyLock<String> =
    LazyLock::new(|| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(CSS.as_bytes()))));

static HEADS: LazyLock<HashMap<(Lang, Look), String>> = LazyLock::new(|| {
    let mut heads = HashMap::new();
    for lang in Lang::ALL {
        for look in Look::all() {
            heads.insert((lang, look), write_head(lang, look));
        }
    }
    heads
});

/// The style sheet as it stands in the page.
#[must_use]
pub fn css() -> &'static str {
    &CSS
}

/// `'sha256-…'` of the inlined style sheet, for `style-src`.
#[must_use]
pub fn csp_style_hash() -> &'static str {
    &CSP_HASH
}

/// The document from `<!doctype html>` to `</style>`: the same bytes for every page in this language and
/// look, so that they can be kept compressed.
#[must_use]
pub fn head(lang: Lang, look: Look) -> &'static str {
    HEADS.get(&(lang, look)).map_or("", String::as_str)
}

/// Every head.
pub fn heads() -> impl Iterator<Item = &'static str> {
    HEADS.values().map(String::as_str)
}

fn write_head(lang: Lang, look: Look) -> String {
    let text = match look.text {
        TextSize::Normal => "",
        TextSize::Large => " data-text=\"large\"",
    };
    let (light, dark) = ("#f2f4f2", "#0f1412");
    let (theme, colour) = match look.theme {
        Theme::Auto => (
            "",
            format!(
                "<meta name=\"theme-color\" content=\"{light}\" media=\"(prefers-color-scheme:light)\">\
                 <meta name=\"theme-color\" content=\"{dark}\" media=\"(prefers-color-scheme:dark)\">"
            ),
        ),
        Theme::Light => (" data-theme=\"light\"", format!("<meta name=\"theme-color\" content=\"{light}\">")),
        Theme::Dark => (" data-theme=\"dark\"", format!("<meta name=\"theme-color\" content=\"{dark}\">")),
    };
    format!(
        "<!doctype html><html lang=\"{}\"{text}{theme}><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1,viewport-fit=cover\">{colour}\
         <link rel=\"manifest\" href=\"/manifest.webmanifest\"><link rel=\"icon\" href=\"/icons/icon.svg\" type=\"image/svg+xml\">\
         <link rel=\"apple-touch-icon\" href=\"/icons/icon-180.png\"><style>{}</style>",
        lang.code(),
        css()
    )
}

/// Takes comments, indentation and line ends out of a sheet. The sheets are written one rule a line without
/// idle spaces, and hold no strings with comment marks, so this is all there is to gain.
fn tighten(sheet: &str) -> String {
    let mut out = String::with_capacity(sheet.len());
    let mut rest = sheet;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    out.lines().map(str::trim).collect()
}

#[cfg(test)]
mod tests {
    use super::{css, head, tighten};
    use crate::kernel::i18n::Lang;
    use crate::ui::layout::Look;

    #[test]
    fn sheets_lose_only_what_nobody_needs() {
        assert_eq!(tighten("/* why */\na{b:c}\n  d e{f:g h}\n"), "a{b:c}d e{f:g h}");
    }

    #[test]
    fn the_style_sheet_fits_its_budget_and_its_place() {
        assert!(crate::ui::assets::gzip(css().as_bytes()).len() <= 6000);
        assert!(!css().contains("</"), "an end tag would end the style element");
        assert!(head(Lang::En, Look::default()).ends_with("</style>"));
    }
}
