//! What a page asks for besides itself: scripts, service worker, manifest, icons. Everything is compiled in,
//! hashed and compressed once at start.

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::kernel::i18n::{Lang, t};
use crate::ui::offline;

/// A file as it is served. Its bytes are made once and live as long as the program.
#[derive(Debug)]
pub struct Asset {
    /// Its address.
    pub path: String,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// The bytes.
    pub body: &'static [u8],
    /// The same compressed, where compressing gains anything.
    pub gzip: Option<&'static [u8]>,
    /// Whether its address changes with its content, so that it may be kept for ever.
    pub immutable: bool,
    /// `ETag`, with its quotes.
    pub etag: String,
}

const ICONS: [(&str, &str, &[u8]); 5] = [
    ("/icons/icon.svg", "image/svg+xml", include_bytes!("../../../pwa/icons/icon.svg")),
    ("/icons/icon-180.png", "image/png", include_bytes!("../../../pwa/icons/icon-180.png")),
    ("/icons/icon-192.png", "image/png", include_bytes!("../../../pwa/icons/icon-192.png")),
    ("/icons/icon-512.png", "image/png", include_bytes!("../../../pwa/icons/icon-512.png")),
    ("/icons/maskable-512.png", "image/png", include_bytes!("../../../pwa/icons/maskable-512.png")),
];

/// The page's script, one behaviour a file. `store.js` and `drain.js` also run in the service worker.
const APP: [&str; 10] = [
    include_str!("../../../pwa/js/store.js"),
    include_str!("../../../pwa/js/drain.js"),
    include_str!("../../../pwa/js/start.js"),
    include_str!("../../../pwa/js/nav.js"),
    include_str!("../../../pwa/js/photo.js"),
    include_str!("../../../pwa/js/locate.js"),
    include_str!("../../../pwa/js/outbox.js"),
    include_str!("../../../pwa/js/live.js"),
    include_str!("../../../pwa/js/push.js"),
    include_str!("../../../pwa/js/step.js"),
];

const WORKER: [&str; 3] = [
    include_str!("../../../pwa/js/store.js"),
    include_str!("../../../pwa/js/drain.js"),
    include_str!("../../../pwa/service-worker.js"),
];

/// The page that lists what waits on the phone has a script of its own, so that other pages do not carry it.
const OUTBOX_PAGE: &str = include_str!("../../../pwa/js/outbox-page.js");

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets: Vec<Asset> =
        ICONS.into_iter().map(|(path, kind, body)| Asset::new(path.to_owned(), kind, body.to_vec(), false)).collect();
    assets.push(Asset::new(
        "/manifest.webmanifest".to_owned(),
        "application/manifest+json",
        include_bytes!("../../../pwa/manifest.webmanifest").to_vec(),
        false,
    ));
    for script in SCRIPTS.iter() {
        assets.push(Asset::new(script.path.clone(), JS, script.source.clone().into_bytes(), true));
    }
    let mut pages = Vec::new();
    for lang in Lang::ALL {
        let body = offline::offline_page(lang).into_bytes();
        let path = format!("/assets/offline.{}.{}.html", lang.code(), short_hash(&body));
        pages.push((lang.code(), path.clone()));
        assets.push(Asset::new(path, "text/html; charset=utf-8", body, true));
    }
    let worker = service_worker(&pages);
    assets.push(Asset::new("/sw.js".to_owned(), JS, worker.into_bytes(), false));
    assets
});

const JS: &str = "text/javascript; charset=utf-8";

struct Script {
    name: &'static str,
    lang: Lang,
    path: String,
    source: String,
}

/// One of each for each language: the words travel inside.
static SCRIPTS: LazyLock<Vec<Script>> = LazyLock::new(|| {
    let mut scripts = Vec::new();
    for lang in Lang::ALL {
        let app = format!("(()=>{{\"use strict\";\nconst T={};\n{}}})();", words(lang), tighten(&APP.concat()));
        let outbox = format!("(()=>{{\"use strict\";\nconst T={};\n{}}})();", outbox_words(lang), tighten(OUTBOX_PAGE));
        for (name, source) in [("app", app), ("outbox", outbox)] {
            let path = format!("/assets/{name}.{}.{}.js", lang.code(), short_hash(source.as_bytes()));
            scripts.push(Script { name, lang, path, source });
        }
    }
    scripts
});

impl Asset {
    fn new(path: String, content_type: &'static str, body: Vec<u8>, immutable: bool) -> Asset {
        let etag = format!("\"{}\"", short_hash(&body));
        let packed = Some(gzip(&body)).filter(|packed| !packed.is_empty() && packed.len() < body.len());
        Asset { path, content_type, body: body.leak(), gzip: packed.map(|packed| &*packed.leak()), immutable, etag }
    }
}

/// The asset at `path`, if there is one.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// Every asset.
#[must_use]
pub fn all() -> &'static [Asset] {
    &ASSETS
}

/// The address of the page script in `lang`.
#[must_use]
pub fn app_js(lang: Lang) -> &'static str {
    script("app", lang)
}

/// The address of the outbox page's script in `lang`.
#[must_use]
pub fn outbox_js(lang: Lang) -> &'static str {
    script("outbox", lang)
}

fn script(name: &str, lang: Lang) -> &'static str {
    SCRIPTS.iter().find(|script| (script.name, script.lang) == (name, lang)).map_or("", |script| script.path.as_str())
}

/// The worker with the addresses it keeps from the start; they change with every release, which is what
/// makes the browser install the new worker.
fn service_worker(pages: &[(&str, String)]) -> String {
    let kept: Vec<&str> = SCRIPTS.iter().map(|script| script.path.as_str()).chain(["/icons/icon.svg"]).collect();
    let offline: serde_json::Map<String, serde_json::Value> =
        pages.iter().map(|(lang, path)| ((*lang).to_owned(), path.as_str().into())).collect();
    format!(
        "(()=>{{\"use strict\";\nconst KEEP={},OFFLINE={};\n{}}})();",
        serde_json::json!(kept),
        serde_json::Value::Object(offline),
        tighten(&WORKER.concat())
    )
}

/// The words of the page script.
fn words(lang: Lang) -> String {
    serde_json::json!({
        "dirty": t!(lang, "ui.js.dirty"),
        "queued": t!(lang, "ui.js.queued"),
        "sent": t!(lang, "ui.js.sent"),
        "kept": t!(lang, "ui.js.kept"),
        "full": t!(lang, "ui.js.full"),
        "stored": t!(lang, "ui.js.stored"),
        "close": t!(lang, "ui.js.close"),
        "wait": t!(lang, "ui.locate.wait"),
        "good": t!(lang, "ui.locate.good", m = "%m"),
        "denied": t!(lang, "ui.locate.denied"),
        "failed": t!(lang, "ui.locate.failed"),
        "less": t!(lang, "ui.js.less"),
        "more": t!(lang, "ui.js.more"),
        "pushed": t!(lang, "ui.js.pushed"),
        "unpushed": t!(lang, "ui.js.unpushed"),
        "leave": t!(lang, "ui.js.leave", n = "%n"),
    })
    .to_string()
}

/// The words of the outbox page.
fn outbox_words(lang: Lang) -> String {
    serde_json::json!({
        "waiting": t!(lang, "ui.outbox.waiting"),
        "sending": t!(lang, "ui.outbox.sending"),
        "refused": t!(lang, "ui.outbox.refused"),
        "signin": t!(lang, "ui.outbox.signin"),
        "retry": t!(lang, "ui.outbox.retry"),
        "edit": t!(lang, "ui.outbox.edit"),
        "drop": t!(lang, "ui.outbox.drop"),
        "sure": t!(lang, "ui.outbox.sure"),
        "now": t!(lang, "ui.outbox.now"),
        "minutes": t!(lang, "ui.outbox.minutes", n = "%n"),
        "hours": t!(lang, "ui.outbox.hours", n = "%n"),
        "days": t!(lang, "ui.outbox.days", n = "%n"),
        "photos": t!(lang, "ui.outbox.photos", n = "%n"),
    })
    .to_string()
}

/// Takes comment lines, indentation and empty lines out of a script. Safe because our scripts keep comments
/// on lines of their own and hold no text over several lines.
fn tighten(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    for line in source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")) {
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// gzip at its best, for what is compressed once; empty if that fails, which means "send it plain".
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{all, app_js, find, tighten};
    use crate::kernel::i18n::Lang;

    #[test]
    fn scripts_fit_their_budget() {
        for lang in Lang::ALL {
            let app = find(app_js(lang)).and_then(|asset| asset.gzip).map_or(usize::MAX, <[u8]>::len);
            assert!(app <= 5000, "app.js in {lang} is {app} bytes");
        }
        let worker = find("/sw.js").and_then(|asset| asset.gzip).map_or(usize::MAX, <[u8]>::len);
        assert!(worker <= 3000, "the service worker is {worker} bytes");
    }

    #[test]
    fn addresses_are_unique() {
        for asset in all() {
            assert_eq!(all().iter().filter(|other| other.path == asset.path).count(), 1, "{}", asset.path);
        }
    }

    #[test]
    fn comments_go_and_code_stays() {
        assert_eq!(tighten("  // why\n\n  let a = \"//\";\n"), "let a = \"//\";\n");
    }
}
