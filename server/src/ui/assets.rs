//! What a page asks for besides itself: scripts, service worker, manifest, icons. Everything is compiled in,
//! hashed and compressed once at start.

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

use crate::kernel::i18n::Lang;
use crate::ui::{offline, paper, scripts, style};

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

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut assets: Vec<Asset> =
        ICONS.into_iter().map(|(path, kind, body)| Asset::new(path.to_owned(), kind, body.to_vec(), false)).collect();
    assets.push(Asset::new(
        "/manifest.webmanifest".to_owned(),
        "application/manifest+json",
        include_bytes!("../../../pwa/manifest.webmanifest").to_vec(),
        false,
    ));
    assets.push(Asset::new(style::path().to_owned(), "text/css; charset=utf-8", style::css().into(), true));
    assets.push(Asset::new(style::desk_path().to_owned(), "text/css; charset=utf-8", style::desk_css().into(), true));
    assets.push(Asset::new(paper::path().to_owned(), "text/css; charset=utf-8", paper::css().into(), true));
    assets.push(Asset::new(prefetch_path(), "application/speculationrules+json", PREFETCH.into(), true));
    for script in scripts::all() {
        assets.push(Asset::new(script.path.clone(), JS, script.source.clone().into_bytes(), true));
    }
    let mut pages = Vec::new();
    for lang in Lang::ALL {
        let body = offline::offline_page(lang).into_bytes();
        let path = format!("/assets/offline.{}.{}.html", lang.code(), short_hash(&body));
        pages.push((lang.code(), path.clone()));
        assets.push(Asset::new(path, "text/html; charset=utf-8", body, true));
    }
    let worker = scripts::service_worker(&pages);
    assets.push(Asset::new("/sw.js".to_owned(), JS, worker.into_bytes(), false));
    assets
});

/// What a browser may fetch before the tap ends: the page behind the row or tab under the finger. Not conversations,
/// whose opening may say that they were read.
const PREFETCH: &str = r#"{"prefetch":[{"where":{"and":[{"selector_matches":"a.cell,.tab a,.tl a"},{"not":{"href_matches":"/sms/*"}}]},"eagerness":"moderate"}]}"#;

static PREFETCH_HEADER: LazyLock<String> = LazyLock::new(|| format!("\"{}\"", prefetch_path()));

fn prefetch_path() -> String {
    format!("/assets/prefetch.{}.json", short_hash(PREFETCH.as_bytes()))
}

/// The `Speculation-Rules` header of a page.
#[must_use]
pub fn speculation_rules() -> &'static str {
    &PREFETCH_HEADER
}

const JS: &str = "text/javascript; charset=utf-8";

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
#[cfg(test)]
pub fn all() -> &'static [Asset] {
    &ASSETS
}

/// gzip at its best, for what is compressed once; empty if that fails, which means "send it plain".
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

pub(super) fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{all, find};

    #[test]
    fn the_service_worker_fits_its_budget() {
        let worker = find("/sw.js").and_then(|asset| asset.gzip).map_or(usize::MAX, <[u8]>::len);
        assert!(worker <= 3000, "the service worker is {worker} bytes");
    }

    #[test]
    fn addresses_are_unique() {
        for asset in all() {
            assert_eq!(all().iter().filter(|other| other.path == asset.path).count(), 1, "{}", asset.path);
        }
    }
}
