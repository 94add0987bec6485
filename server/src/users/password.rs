//! Password rules, and changing one's own.

use poem::Response;
use poem::http::StatusCode;

use crate::kernel::access::auth;
use crate::kernel::i18n::{Lang, t};
use crate::users::{guesses, sign_in, store, view};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html, html_with};
use crate::web::form::Form;

/// Passwords that everybody tries first. The demo's is among them: `serve` refuses it.
const COMMON: [&str; 12] = [
    "fieldline",
    "password",
    "12345678",
    "123456789",
    "1234567890",
    "88888888",
    "11111111",
    "00000000",
    "qwertyui",
    "iloveyou",
    "woaini1314",
    "a1234567",
];
/// Fewest characters.
const SHORTEST: usize = 8;
/// Hashing longer text would let a stranger buy our time.
const LONGEST: usize = 128;

/// What is wrong with a new password, if anything.
pub fn problem(lang: Lang, password: &str, username: &str) -> Option<String> {
    let length = password.chars().count();
    let lower = password.to_lowercase();
    if !(SHORTEST..=LONGEST).contains(&length) {
        Some(t!(lang, "users.password_length", min = SHORTEST, max = LONGEST).into_owned())
    } else if COMMON.contains(&lower.as_str()) || lower == username.to_lowercase() {
        Some(t!(lang, "users.password_common").into_owned())
    } else {
        None
    }
}

/// `GET /me/password`
pub async fn edit(cx: Cx) -> Result<Response> {
    Ok(html(view::password(&cx, &cx.blank())))
}

/// `POST /me/password`: checks the old one, ends every other session, and goes on in a new one.
pub async fn change(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let user = cx.actor().id;
    let turn = cx.office.hashing_turn(&user.to_string()).await?;
    let account = store::account_of(&cx.office.db, user).await?.ok_or(AppError::NotFound)?;
    let Some(guess) = guesses::count_own(&cx, &account.username).await? else {
        form.wrong("current", t!(cx.lang, "users.password_tries"));
        return Ok(again(&cx, form, StatusCode::TOO_MANY_REQUESTS));
    };
    let typed = form.value("current").to_owned();
    if cx.office.verify_password(&turn, Some(account.password_hash.clone()), typed).await? {
        let mut tx = cx.office.db.begin().await?;
        guesses::right(&mut tx, guess, user, "own").await?;
        tx.commit().await?;
    } else {
        form.wrong("current", t!(cx.lang, "users.password_wrong"));
    }
    let new = form.value("new").to_owned();
    check_pair(&mut form, cx.lang, &new, &account.username);
    // Whoever gave it out knows a first password that stays.
    if form.error("new").is_none() && form.value("current") == new {
        form.wrong("new", t!(cx.lang, "users.password_same"));
    }
    if !form.is_right() {
        return Ok(again(&cx, form, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let hash = auth::hash(new).await?;
    drop(turn);
    let mut write = cx.write(&form).await?;
    // Whoever changed it meanwhile has the last word.
    let now = store::account_to_change(&mut write.tx, &account.username).await?;
    if !now.is_some_and(|now| now.still_has(&account.password_hash)) {
        return Err(AppError::OtherContent);
    }
    store::set_password(&mut write.tx, user, &hash, false, cx.now).await?;
    cx.office.end_sessions_of(&mut write.tx, user).await?;
    let device = cx.cookie(sign_in::DEVICE).unwrap_or_default();
    let token = cx.office.open_session(&mut write.tx, user, &device, cx.now).await?;
    write.act("user", user, "password").await?;
    let mut response = write.finish("/me?done=saved").await?;
    // Also a session that was read again while this was being written.
    cx.office.sessions.forget_all();
    sign_in::set_cookie(&mut response, auth::COOKIE, &token, cx.is_tls(), None);
    Ok(response)
}

fn again(cx: &Cx, form: Form, status: StatusCode) -> Response {
    html_with(view::password(cx, &without_passwords(form)), status)
}

/// A password that is used once: 16 characters that are not mistaken for each other, in groups of four.
pub fn one_time() -> String {
    const LETTERS: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).copied().map_or('2', char::from);
    let groups: Vec<String> = (0..4).map(|_| rand::random::<[u8; 4]>().map(letter).iter().collect()).collect();
    groups.join("-")
}

/// The rules for a new password typed twice.
pub fn check_pair(form: &mut Form, lang: Lang, new: &str, username: &str) {
    if let Some(problem) = problem(lang, new, username) {
        form.wrong("new", problem);
    } else if form.value("again") != new {
        form.wrong("again", t!(lang, "users.password_differs"));
    }
}

/// Passwords are never written back into a page.
pub fn without_passwords(form: Form) -> Form {
    form.with("current", "").with("new", "").with("again", "").with("password", "")
}

#[cfg(test)]
mod tests {
    use super::{one_time, problem};
    use crate::kernel::i18n::Lang;

    #[test]
    fn a_password_for_once_is_long_and_never_the_same() {
        let password = one_time();
        assert!(password.len() == 19 && password != one_time());
        assert_eq!(problem(Lang::Zh, &password, "admin"), None);
    }

    #[test]
    fn short_common_and_own_names_are_no_passwords() {
        for bad in ["", "short", "fieldline", "FieldLine", "12345678", "wangfang1"] {
            assert!(problem(Lang::Zh, bad, "WangFang1").is_some(), "{bad}");
        }
        assert_eq!(problem(Lang::Zh, "春种秋收不误农时", "wangfang1"), None);
        assert!(problem(Lang::En, &"x".repeat(129), "").is_some());
    }
}
