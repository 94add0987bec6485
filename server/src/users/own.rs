//! 我: who I am here, language, text size, colours, signing out.

use poem::Response;
use poem::http::{HeaderValue, header};

use crate::kernel::access::auth;
use crate::kernel::clock::DAY;
use crate::kernel::i18n::Lang;
use crate::users::sign_in::set_cookie;
use crate::users::view;
use crate::web::cx::{Cx, Guest};
use crate::web::error::{AppError, Result, html, see_other};

/// `GET /me`
pub async fn show(cx: Cx) -> Result<Response> {
    Ok(html(view::me(&cx)))
}

/// `POST /language`: for this device, signed in or not.
pub async fn language(guest: Guest) -> Result<Response> {
    let form = guest.form().await?;
    let lang = Lang::from_code(form.value("lang")).ok_or(AppError::BadRequest("no such language"))?;
    let mut response = see_other(form.value("back"));
    set_cookie(&mut response, "lang", lang.code(), guest.is_tls(), Some(400 * DAY / 1000));
    Ok(response)
}

/// `POST /me/look`: text size and colours of this device.
pub async fn look(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let words: Vec<&str> = ["text", "theme"]
        .iter()
        .map(|field| form.value(field))
        .filter(|word| matches!(*word, "large" | "light" | "dark"))
        .collect();
    let mut response = see_other("/me?done=saved");
    set_cookie(&mut response, "look", &words.join("."), cx.is_tls(), Some(400 * DAY / 1000));
    Ok(response)
}

/// `POST /logout`: ends every session of this person and clears what the browser stored.
pub async fn sign_out(cx: Cx) -> Result<Response> {
    // Read for its token, which shows that a page of ours sent it.
    cx.form().await?;
    let mut tx = cx.office.db.begin().await?;
    cx.office.end_sessions_of(&mut tx, cx.actor().id).await?;
    tx.commit().await?;
    // Also a session that was read again while this was being written.
    cx.office.sessions.forget_all();
    let mut response = see_other("/login");
    set_cookie(&mut response, auth::COOKIE, "", cx.is_tls(), Some(0));
    // Pages kept for reading offline go; the outbox stays for the same person's next sign-in.
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
