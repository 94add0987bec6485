//! The one style sheet and the constant head that carries it: inlined where the browser has it not, so that a
//! first page is readable after one flight; named where its cookie says that it has, since the sheet is two thirds
//! of a page's bytes, and on a thin line these are seconds.

use std::collections::HashMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::kernel::i18n::Lang;
use crate::ui::assets::short_hash;
use crate::ui::icon::Icon;
use crate::ui::layout::{Look, TextSize, Theme};

/// The sheet in order: tokens first, since everything else is written in them.
const SHEETS: [&str; 10] = [
    include_str!("../../../pwa/css/tokens.css"),
    include_str!("../../../pwa/css/base.css"),
    include_str!("../../../pwa/css/layout.css"),
    include_str!("../../../pwa/css/ui/card.css"),
    include_str!("../../../pwa/css/ui/list.css"),
    include_str!("../../../pwa/css/ui/button.css"),
    include_str!("../../../pwa/css/ui/form.css"),
    include_str!("../../../pwa/css/ui/figure.css"),
    include_str!("../../../pwa/css/ui/talk.css"),
    include_str!("../../../pwa/css/ui/dialog.css"),
];

/// What a wide screen has besides.
const DESK_SHEET: &str = include_str!("../../../pwa/css/desk.css");

/// The icons in the menu of a wide screen.
const DESK_ICONS: [Icon; 16] = [
    Icon::Home,
    Icon::Customers,
    Icon::Visits,
    Icon::Approvals,
    Icon::Me,
    Icon::Task,
    Icon::Sms,
    Icon::Announce,
    Icon::Call,
    Icon::Quote,
    Icon::Order,
    Icon::Payment,
    Icon::Product,
    Icon::Stock,
    Icon::User,
    Icon::Box,
];

static CSS: LazyLock<String> = LazyLock::new(|| SHEETS.iter().map(|sheet| tighten(sheet)).collect());

static CSP_HASH: LazyLock<String> =
    LazyLock::new(|| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(CSS.as_bytes()))));

/// The cookie by which a browser says which sheet it has; set by the sheet's own answer.
pub const COOKIE: &str = "css";

/// How a page brings its style sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sheet {
    /// In itself; the browser fetches the file behind it, for the next page.
    #[default]
    Inlined,
    /// The browser has the file.
    Named,
}

impl Sheet {
    /// By the value of the browser's cookie.
    #[must_use]
    pub fn of(cookie: Option<&str>) -> Sheet {
        if cookie == Some(VERSION.as_str()) { Sheet::Named } else { Sheet::Inlined }
    }
}

static DESK: LazyLock<String> = LazyLock::new(|| {
    let icon = |icon: &Icon| format!("[data-i={}]{{--m:{}}}", icon.name(), icon.mask());
    DESK_ICONS.iter().map(icon).fold(tighten(DESK_SHEET), |sheet, icon| sheet + &icon)
});

static DESK_PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/desk.{}.css", short_hash(DESK.as_bytes())));

static VERSION: LazyLock<String> = LazyLock::new(|| short_hash(CSS.as_bytes()));

static PATH: LazyLock<String> = LazyLock::new(|| format!("/assets/style.{}.css", VERSION.as_str()));

static HEADS: LazyLock<HashMap<(Lang, Look, Sheet), String>> = LazyLock::new(|| {
    let mut heads = HashMap::new();
    for lang in Lang::ALL {
        for look in Look::all() {
            for sheet in [Sheet::Inlined, Sheet::Named] {
                heads.insert((lang, look, sheet), write_head(lang, look, sheet));
            }
        }
    }
    heads
});

/// What the cookie holds for this build's sheet.
#[must_use]
pub fn version() -> &'static str {
    &VERSION
}

/// Where the sheet is served.
#[must_use]
pub fn path() -> &'static str {
    &PATH
}

/// The style sheet as it stands in the page.
#[must_use]
pub fn css() -> &'static str {
    &CSS
}

/// The sheet of wide screens.
#[must_use]
pub fn desk_css() -> &'static str {
    &DESK
}

/// Where it is served.
#[must_use]
pub fn desk_path() -> &'static str {
    &DESK_PATH
}

/// `'sha256-…'` of the inlined style sheet, for `style-src`.
#[must_use]
pub fn csp_style_hash() -> &'static str {
    &CSP_HASH
}

/// The document from `<!doctype html>` to the style sheet: the same bytes for every page in this language and
/// look, so that they can be kept compressed.
#[must_use]
pub fn head(lang: Lang, look: Look, sheet: Sheet) -> &'static str {
    HEADS.get(&(lang, look, sheet)).map_or("", String::as_str)
}

/// Every head.
pub fn heads() -> impl Iterator<Item = &'static str> {
    HEADS.values().map(String::as_str)
}

fn write_head(lang: Lang, look: Look, sheet: Sheet) -> String {
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
    let path = path();
    let style = match sheet {
        Sheet::Inlined => format!("<style>{}</style><link rel=\"prefetch\" href=\"{path}\">", css()),
        Sheet::Named => format!("<link rel=\"stylesheet\" href=\"{path}\">"),
    };
    format!(
        "<!doctype html><html lang=\"{}\"{text}{theme}><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1,viewport-fit=cover\">{colour}\
         <link rel=\"manifest\" href=\"/manifest.webmanifest\"><link rel=\"icon\" href=\"/icons/icon.svg\" type=\"image/svg+xml\">\
         <link rel=\"apple-touch-icon\" href=\"/icons/icon-180.png\">{style}\
         <link rel=\"stylesheet\" media=\"screen and (min-width:900px)\" href=\"{}\">",
        lang.code(),
        desk_path(),
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
    use super::{Sheet, css, desk_css, desk_path, head, path, tighten, version};
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
        let named = head(Lang::En, Look::default(), Sheet::Named);
        assert!(named.contains(&format!("<link rel=\"stylesheet\" href=\"{}\">", path())));
        assert!(named.len() < 1500 && head(Lang::En, Look::default(), Sheet::Inlined).contains(css()));
    }

    #[test]
    fn the_sheet_of_wide_screens_is_small_and_apart() {
        let weight = crate::ui::assets::gzip(desk_css().as_bytes()).len();
        assert!(weight <= 3500, "{weight} bytes");
        let link = format!("<link rel=\"stylesheet\" media=\"screen and (min-width:900px)\" href=\"{}\">", desk_path());
        assert!(head(Lang::En, Look::default(), Sheet::Inlined).ends_with(&link), "a phone waits for it otherwise");
    }

    #[test]
    fn a_sheet_of_another_build_is_not_the_one_the_browser_has() {
        assert_eq!(Sheet::of(Some(version())), Sheet::Named);
        assert_eq!(Sheet::of(Some("0123456789ab")), Sheet::Inlined);
        assert_eq!(Sheet::of(None), Sheet::Inlined);
    }
}
