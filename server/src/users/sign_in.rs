//! Signing in, the first admin, and going on with a form that an expired session interrupted.

use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::events::{self, Event};
use crate::kernel::access::Role;
use crate::kernel::auth;
use crate::kernel::clock::{DAY, HOUR, Millis, start_of};
use crate::kernel::cx::Guest;
use crate::kernel::error::{AppError, Result, html, see_other};
use crate::kernel::form::Form;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::users::{captcha, password, store, view};

/// The cookie by which a device is recognised: strangers who try passwords lock themselves out, not staff.
pub const DEVICE: &str = "device";
/// Wrong passwords a day before the pair of account and unknown device is locked.
const MOST_FAILURES: i64 = 10;
/// A kept form is good for this long.
const KEPT_FOR: Millis = 12 * HOUR;

/// A form that waits for its owner to sign in again.
#[derive(Debug, Deserialize)]
pub struct Kept {
    /// Where it was posted.
    pub path: String,
    /// What was typed.
    pub fields: Vec<(String, String)>,
    at: Millis,
    user: Option<Id>,
}

/// The sign-in page for the kernel: shown in place of a page that needs a session.
#[must_use]
pub fn sign_in_page(guest: &Guest, sealed: Option<String>) -> String {
    let mut form = Form::blank(guest.lang);
    if let Some(sealed) = sealed {
        form = form.with("kept", sealed);
    }
    view::sign_in(guest, &form, Some(&t!(guest.lang, "users.session_ended")), None)
}

/// `GET /login`
pub async fn show(guest: Guest) -> Result<Response> {
    if store::is_empty(&guest.office.db).await? {
        return Ok(see_other("/setup"));
    }
    let form = Form::blank(guest.lang).with("next", guest.query("next").unwrap_or_default());
    Ok(html(view::sign_in(&guest, &form, None, None)))
}

/// The sign-in page after a try that failed, with the question that the next one must answer.
fn again(guest: &Guest, form: Form, username: &str, failures: i64) -> Response {
    let question = captcha::ask(&guest.office.seal, guest.lang, username, failures, guest.now);
    let form = password::without_passwords(form).with("captcha", "");
    let mut response = html(view::sign_in(guest, &form, None, question.as_ref()));
    response.set_status(StatusCode::UNPROCESSABLE_ENTITY);
    response
}

/// `POST /login`: same time and same words for an unknown name, a wrong password and a locked account.
pub async fn submit(guest: Guest) -> Result<Response> {
    let mut form = guest.form().await?;
    let username = form.value("username").trim().to_lowercase();
    let typed = form.value("password").to_owned();
    let device = guest.cookie(DEVICE).filter(|device| device.len() == 13).unwrap_or_else(|| Id::new().to_string());
    let db = &guest.office.db;
    let known = store::knows_device(db, &username, &device).await?;
    let today = start_of(crate::kernel::clock::day(guest.now));
    let failures = store::failures(db, &username, known.then_some(device.as_str()), today).await?;
    let (sealed, answer) = (form.value("captcha_for"), form.value("captcha"));
    if !captcha::passes(&guest.office.seal, &username, failures, sealed, answer, guest.now) {
        form.wrong("captcha", t!(guest.lang, "users.captcha_wrong"));
        return Ok(again(&guest, form, &username, failures));
    }
    let account = if failures < MOST_FAILURES { store::account(db, &username).await? } else { None };
    let account = account.filter(|account| account.status == "active");
    let right = typed.chars().count() <= 128
        && guest.office.verify_password(account.as_ref().map(|a| a.password_hash.clone()), typed).await?;
    let mut tx = db.begin().await?;
    let Some(account) = account.filter(|_| right) else {
        let outcome = if known { "wrong_known" } else { "wrong_unknown" };
        let shown: String = username.chars().take(60).collect();
        store::log_sign_in(&mut tx, guest.now, &shown, None, &guest.from, &device, outcome).await?;
        tx.commit().await?;
        let message = if failures + 1 >= MOST_FAILURES { "users.locked_today" } else { "users.wrong" };
        form.wrong("username", t!(guest.lang, message));
        let mut response = again(&guest, form, &username, failures + 1);
        set_cookie(&mut response, DEVICE, &device, guest.is_tls(), Some(400 * DAY / 1000));
        return Ok(response);
    };
    // A session that the browser still has ends here: the id never survives a change of person.
    if let Some(old) = guest.cookie(auth::COOKIE)
        && let Some(old) = guest.office.session(&old, false).await?
    {
        guest.office.end_session(&mut tx, &old.id).await?;
    }
    let token = guest.office.open_session(&mut tx, account.id, &device, guest.now).await?;
    store::log_sign_in(&mut tx, guest.now, &username, Some(account.id), &guest.from, &device, "in").await?;
    tx.commit().await?;
    let mut response = match kept(&guest, form.value("kept"), account.id) {
        Some(kept) => html(view::go_on(&guest, &kept)),
        None if account.must_change_password => see_other("/me/password"),
        None => see_other(inside(form.value("next"))),
    };
    set_cookie(&mut response, auth::COOKIE, &token, guest.is_tls(), None);
    set_cookie(&mut response, DEVICE, &device, guest.is_tls(), Some(400 * DAY / 1000));
    Ok(response)
}

/// Opens a kept form for the person whose session it was typed in; for anybody else it stays closed.
fn kept(guest: &Guest, sealed: &str, user: Id) -> Option<Kept> {
    let text = guest.office.seal.open_for("form", sealed)?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    let fresh = (0..KEPT_FOR).contains(&(guest.now - kept.at));
    (fresh && kept.user == Some(user)).then_some(kept)
}

/// `next` only ever leads into this site.
fn inside(next: &str) -> &str {
    let clean = next.starts_with('/') && !next.starts_with("//") && !next.contains(['\\', '\r', '\n']);
    if clean { next } else { "/" }
}

/// `GET /setup`: an empty company asks for its first admin.
pub async fn setup(guest: Guest) -> Result<Response> {
    if !store::is_empty(&guest.office.db).await? {
        return Err(AppError::NotFound);
    }
    Ok(html(view::setup(&guest, &Form::blank(guest.lang))))
}

/// `POST /setup`
pub async fn set_up(guest: Guest) -> Result<Response> {
    let mut form = guest.form().await?;
    if !store::is_empty(&guest.office.db).await? {
        return Err(AppError::NotFound);
    }
    let lang = guest.lang;
    let company = form.required("company", &t!(lang, "users.company"), 60);
    let name = form.required("name", &t!(lang, "users.name"), 30);
    let username = form.required("username", &t!(lang, "users.username"), 30).to_lowercase();
    if !is_username(&username) {
        form.wrong("username", t!(lang, "users.username_form"));
    }
    let new = form.value("new").to_owned();
    password::check_pair(&mut form, lang, &new, &username);
    if !form.is_right() {
        let mut response = html(view::setup(&guest, &password::without_passwords(form)));
        response.set_status(StatusCode::UNPROCESSABLE_ENTITY);
        return Ok(response);
    }
    let hash = guest.office.hash_password(new).await?;
    let device = Id::new().to_string();
    let mut tx = guest.office.db.begin().await?;
    let (department_id, _) = store::insert_department(&mut tx, &company, None).await?;
    let admin = store::NewUser {
        username: &username,
        name: &name,
        role: Role::Admin,
        department_id,
        mobile: "",
        password_hash: &hash,
        must_change_password: false,
    };
    let user = store::insert_user(&mut tx, &admin, guest.now).await?;
    let token = guest.office.open_session(&mut tx, user, &device, guest.now).await?;
    store::log_sign_in(&mut tx, guest.now, &username, Some(user), &guest.from, &device, "in").await?;
    events::raise(&mut tx, guest.now, Event::CompanyFounded { lang: lang.code().to_owned() }).await?;
    tx.commit().await?;
    let mut response = see_other("/users");
    set_cookie(&mut response, auth::COOKIE, &token, guest.is_tls(), None);
    set_cookie(&mut response, DEVICE, &device, guest.is_tls(), Some(400 * DAY / 1000));
    Ok(response)
}

/// Sign-in names are what every keyboard can type.
pub fn is_username(text: &str) -> bool {
    (2..=30).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'_'))
}

/// Sets a cookie that scripts cannot read. Without `seconds` it ends with the browser.
pub fn set_cookie(response: &mut Response, name: &str, value: &str, tls: bool, seconds: Option<i64>) {
    let secure = if tls { "; Secure" } else { "" };
    let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let line = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        response.headers_mut().append(header::SET_COOKIE, line);
    }
}

#[cfg(test)]
mod tests {
    use super::{inside, is_username};

    #[test]
    fn sign_in_leads_back_into_this_site_only() {
        assert_eq!(inside("/orders/1?page=2"), "/orders/1?page=2");
        for foreign in ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nSet-Cookie: x"] {
            assert_eq!(inside(foreign), "/", "{foreign}");
        }
    }

    #[test]
    fn sign_in_names_are_plain() {
        assert!(is_username("wang.fang-2"));
        for bad in ["a", "王芳", "a b", "A1", "a'--"] {
            assert!(!is_username(bad), "{bad}");
        }
    }
}
