//! Signing in, the first admin, and going on with a form that an expired session interrupted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use poem::Response;
use poem::http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use crate::events::{self, Event};
use crate::kernel::access::Role;
use crate::kernel::access::auth;
use crate::kernel::address::local;
use crate::kernel::clock::{DAY, HOUR, Millis, Stamp};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::users::guesses::{self, Counts, Verdict};
use crate::users::{captcha, password, store, view};
use crate::web::Interrupted;
use crate::web::cx::Guest;
use crate::web::error::{AppError, Result, form_html, html, html_with, see_other};
use crate::web::form::Form;

/// The cookie by which a device is recognised: strangers who try passwords lock themselves out, not staff.
pub const DEVICE: &str = "device";
/// Characters of its value, 128 random bits: who guessed the value of a known device could try as that device.
const DEVICE_LENGTH: usize = 22;
/// A kept form is good for this long.
const KEPT_FOR: Millis = 12 * HOUR;

/// A form that waits for its owner to sign in again.
#[derive(Debug, Deserialize)]
pub struct Kept {
    /// Where it was posted.
    pub path: String,
    /// What was typed.
    pub fields: Vec<(String, String)>,
    at: Stamp,
    user: Option<Id>,
}

/// The sign-in page for the kernel: shown in place of a page that needs a session.
#[must_use]
pub fn sign_in_page(guest: &Guest, interrupted: &Interrupted) -> String {
    let mut form = Form::blank(guest.lang).with("next", guest.came_from().unwrap_or_default());
    if let Some(sealed) = &interrupted.sealed {
        form = form.with("kept", sealed.as_str());
    }
    let notice = match (interrupted.filled, interrupted.sealed.is_some(), interrupted.files) {
        (false, _, _) => t!(guest.lang, "users.session_ended"),
        (true, true, false) => t!(guest.lang, "users.session_ended_kept"),
        (true, true, true) => t!(guest.lang, "users.session_ended_files"),
        (true, false, _) => t!(guest.lang, "users.session_ended_lost"),
    };
    view::sign_in(guest, &form, Some(&notice), None)
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
fn again(guest: &Guest, form: Form, username: &str, counts: Counts) -> Response {
    let question = captcha::ask(&guest.office.seal, guest.lang, username, counts, &guest.office.clock);
    let form = password::without_passwords(form).with("captcha", "");
    form_html(view::sign_in(guest, &form, None, question.as_ref()), &form)
}

/// The sign-in page when too many wait before this one: nothing was looked at, nothing is counted.
fn later(guest: &Guest, mut form: Form) -> Response {
    form.wrong("username", t!(guest.lang, "users.too_many"));
    let mut response = again(guest, form, "", Counts::default());
    response.set_status(StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn new_device() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())
}

/// `POST /login`: same time and same words for an unknown name, a wrong password and a locked account.
pub async fn submit(guest: Guest) -> Result<Response> {
    let mut form = guest.form().await?;
    let username: String = form.value("username").trim().to_lowercase().chars().take(60).collect();
    let typed = form.value("password").to_owned();
    let device = guest.cookie(DEVICE).filter(|device| device.len() == DEVICE_LENGTH).unwrap_or_else(new_device);
    let office = &guest.office;
    let Ok(turn) = office.hashing_turn(&guest.asker()).await else { return Ok(later(&guest, form)) };
    let (id, counts) = match guesses::count(&guest, &form, &username, &device).await? {
        Verdict::Counted { id, counts } => (id, counts),
        Verdict::Question(counts) => {
            form.wrong("captcha", t!(guest.lang, "users.captcha_wrong"));
            return Ok(again(&guest, form, &username, counts));
        }
        Verdict::Locked => {
            form.wrong("username", t!(guest.lang, "users.locked_today"));
            return Ok(again(&guest, form, &username, Counts::default()));
        }
    };
    let account =
        store::account(&office.db, &username).await?.filter(|account| account.status == store::Status::Active);
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let right = typed.chars().count() <= 128 && office.verify_password(&turn, stored, typed).await?;
    drop(turn);
    let mut tx = office.db.begin().await?;
    // The account may have been locked, or its password changed, while this one was looked at.
    let now = match account.filter(|_| right) {
        Some(then) => {
            store::account_to_change(&mut tx, &username).await?.filter(|now| now.still_has(&then.password_hash))
        }
        None => None,
    };
    let Some(account) = now else {
        drop(tx);
        let message = if counts.is_locked() { "users.locked_today" } else { "users.wrong" };
        form.wrong("username", t!(guest.lang, message));
        let counts = if counts.is_locked() { Counts::default() } else { counts };
        let mut response = again(&guest, form, &username, counts);
        set_cookie(&mut response, DEVICE, &device, guest.is_tls(), Some(400 * DAY / 1000));
        return Ok(response);
    };
    // A session that the browser still has ends here: the id never survives a change of person.
    if let Some(old) = guest.cookie(auth::COOKIE) {
        office.end_session_of_cookie(&mut tx, &old).await?;
    }
    let token = office.open_session(&mut tx, account.id, &device, guest.now).await?;
    guesses::right(&mut tx, id, account.id, "in").await?;
    tx.commit().await?;
    let mut response = match kept(&guest, form.value("kept"), account.id) {
        // Nothing else is answered before the change, so a kept form could not be sent.
        _ if account.must_change_password => see_other("/me/password"),
        Some(kept) => html(view::go_on(&guest, &kept)),
        // A page that was left by somebody else is not the way of whoever signs in here.
        None if form.value("kept").is_empty() => see_other(form.value("next")),
        None => see_other("/"),
    };
    set_cookie(&mut response, auth::COOKIE, &token, guest.is_tls(), None);
    set_cookie(&mut response, DEVICE, &device, guest.is_tls(), Some(400 * DAY / 1000));
    Ok(response)
}

/// Opens a kept form for the person whose session it was typed in; for anybody else it stays closed.
fn kept(guest: &Guest, sealed: &str, user: Id) -> Option<Kept> {
    let text = guest.office.seal.open_for("form", sealed)?;
    let kept: Kept = serde_json::from_str(&text).ok()?;
    let fresh = guest.office.clock.since(&kept.at).is_some_and(|age| age <= KEPT_FOR);
    let kept = Kept { path: local(&kept.path)?, ..kept };
    (fresh && kept.user == Some(user)).then_some(kept)
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
        return Ok(html_with(
            view::setup(&guest, &password::without_passwords(form)),
            StatusCode::UNPROCESSABLE_ENTITY,
        ));
    }
    let hash = guest.office.hash_password(new).await?;
    let device = new_device();
    let mut tx = guest.office.db.begin().await?;
    // Forms that come together found the company empty, all of them.
    tx.in_turn("setup").await?;
    if !store::is_empty(&mut tx).await? {
        return Err(AppError::NotFound);
    }
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
    use super::is_username;

    #[test]
    fn sign_in_names_are_plain() {
        assert!(is_username("wang.fang-2"));
        for bad in ["a", "王芳", "a b", "A1", "a'--"] {
            assert!(!is_username(bad), "{bad}");
        }
    }
}
