//! Devices register for web push 推送 here, and show that a test push reached them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::http::StatusCode;
use poem::{IntoResponse, Response};
use serde::Deserialize;

use crate::kernel::access::Gate;
use crate::kernel::id::Id;
use crate::kernel::live::push::{self, Refused};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::routes::{Routes, status};

/// The longest posted subscription.
const LARGEST: usize = 4096;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/me/push", Gate::SignedIn, key);
    routes.post("/me/push", Gate::SignedIn, subscribe);
    routes.post("/me/push/confirmation", Gate::SignedIn, confirm);
}

/// The public key, for a page that is about to subscribe.
async fn key(cx: Cx) -> Result<Response> {
    Ok(poem::web::Json(serde_json::json!({ "key": cx.office.push.public_key() })).into_response())
}

#[derive(Deserialize)]
struct Posted {
    endpoint: String,
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    p256dh: String,
    auth: String,
}

fn wrong(why: &Refused) -> Response {
    let body = serde_json::json!({ "error": why.to_string() });
    poem::web::Json(body).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response()
}

/// Stores what the browser's push manager gave, and sends a test push that the device confirms.
async fn subscribe(cx: Cx) -> Result<Response> {
    let bytes = cx.bytes(LARGEST).await?;
    let posted: Posted = serde_json::from_slice(&bytes).map_err(|_| AppError::BadRequest("not a push subscription"))?;
    let decoded = |text: &str| URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
    let keys = (decoded(&posted.keys.p256dh), decoded(&posted.keys.auth));
    let (Ok(point), Ok(secret)) = keys else { return Err(AppError::BadRequest("push keys are not base64")) };
    if point.len() != 65 || secret.len() != 16 {
        return Err(AppError::BadRequest("push keys have the wrong length"));
    }
    if let Err(why) = cx.office.push.accepts(&posted.endpoint) {
        return Ok(wrong(&why));
    }
    let keys = (URL_SAFE_NO_PAD.encode(point), URL_SAFE_NO_PAD.encode(secret));
    push::subscribe(&cx.office, cx.actor().id, posted.endpoint, keys, &cx.from, cx.now).await?;
    Ok(status(StatusCode::NO_CONTENT))
}

#[derive(Deserialize)]
struct Confirmed {
    confirm: String,
}

/// The device shows that the test push reached it.
async fn confirm(cx: Cx) -> Result<Response> {
    let bytes = cx.bytes(LARGEST).await?;
    let posted: Confirmed = serde_json::from_slice(&bytes).map_err(|_| AppError::BadRequest("not a confirmation"))?;
    let (id, mac) = posted.confirm.split_once('.').ok_or(AppError::BadRequest("not a confirmation"))?;
    let id: Id = id.parse().map_err(|_| AppError::BadRequest("not a confirmation"))?;
    if !push::confirm(&cx.office, cx.actor().id, id, mac, cx.now).await? {
        return Err(AppError::BadRequest("a confirmation of something else"));
    }
    Ok(status(StatusCode::NO_CONTENT))
}
