//! Serves what the pages ask for besides themselves, and the few pages that belong to no feature: the outbox
//! and, in debug builds, the gallery of building blocks.

use poem::Response;
use poem::http::{StatusCode, header};

use crate::kernel::access::Gate;
use crate::ui;
use crate::ui::assets::Asset;
use crate::ui::style;
use crate::web::cx::{Cx, Guest};
use crate::web::error::{AppError, Result, html};
use crate::web::routes::Routes;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.public_get("/sw.js", file);
    routes.public_get("/manifest.webmanifest", file);
    routes.public_get("/assets/:name", file);
    routes.public_get("/icons/:name", file);
    routes.get("/outbox", Gate::SignedIn, outbox);
    if cfg!(debug_assertions) {
        routes.public_get("/gallery", gallery);
    }
}

/// A compiled-in file, compressed where the browser takes it, unchanged where the browser has it.
async fn file(guest: Guest) -> Result<Response> {
    let asset: &Asset = ui::assets::find(&guest.path).ok_or(AppError::NotFound)?;
    let keep = if asset.immutable {
        "public, max-age=31536000, immutable"
    } else {
        // Asked for at every page otherwise, which a thin line pays for. Every version of the worker serves every
        // version of the pages, since what they need is named by its content.
        "public, max-age=3600"
    };
    let response = Response::builder()
        .header(header::CONTENT_TYPE, asset.content_type)
        .header(header::CACHE_CONTROL, keep)
        .header(header::ETAG, &asset.etag)
        .header(header::VARY, "accept-encoding");
    let response = if asset.path == style::path() {
        let secure = if guest.is_tls() { "; Secure" } else { "" };
        let has_it = format!("{}={}; Path=/; Max-Age=31536000; SameSite=Lax{secure}", style::COOKIE, style::version());
        response.header(header::SET_COOKIE, has_it)
    } else {
        response
    };
    if guest.header("if-none-match") == Some(asset.etag.as_str()) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    let takes_gzip = guest.header("accept-encoding").is_some_and(|accepts| accepts.contains("gzip"));
    Ok(match asset.gzip.filter(|_| takes_gzip) {
        Some(packed) => response.header(header::CONTENT_ENCODING, "gzip").body(packed),
        None => response.body(asset.body),
    })
}

/// `GET /outbox`: the shell; the entries lie on the phone.
async fn outbox(cx: Cx) -> Result<Response> {
    Ok(cx.offline_page(ui::outbox_page(&cx.frame())))
}

async fn gallery(guest: Guest) -> Result<Response> {
    Ok(html(ui::gallery(&guest.frame())))
}
