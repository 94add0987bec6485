//! The one error type of handlers, and the page each becomes.

use maud::{Markup, html};
use poem::http::{StatusCode, header};
use poem::{IntoResponse, Response};

use crate::kernel::access::auth::Unhashed;
use crate::kernel::address::{address, local};
use crate::kernel::bodies::NoRoom;
use crate::kernel::crypto::hashing::Busy;
use crate::kernel::db::DbError;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::quiet;
use crate::ui::button::link_button;
use crate::ui::empty;
use crate::ui::form::{self, ButtonKind, FieldView};
use crate::ui::layout::{Frame, Page};
use crate::web::form::{Form, RESUMED, Typed};

/// Why a request was not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Not there, or outside the reader's scope: the two look the same. 404.
    #[error("not found")]
    NotFound,
    /// There, but not allowed. 403.
    #[error("forbidden")]
    Forbidden,
    /// Nobody is signed in: to the sign-in page, and back here afterwards.
    #[error("sign in first")]
    SignIn,
    /// The same form came before; here is the first answer again. 303.
    #[error("done before")]
    Repeated(String),
    /// The form's op_id was used with other content. 409.
    #[error("the form was sent before with other content")]
    OtherContent,
    /// Somebody made the same record at the same moment. 409.
    #[error("a key exists already")]
    Taken,
    /// A rule of the business stands against it; the text is for the person. 409.
    #[error("refused by a rule")]
    Refused(String),
    /// The request cannot be read. 400; the text is for the log.
    #[error("bad request: {0}")]
    BadRequest(&'static str),
    /// A form that changes something came without the token that keeps it from being done twice. 400.
    #[error("a form without an op_id")]
    WithoutOp,
    /// The person must choose a password of their own before anything else. To that page; 403 where something was
    /// to be done.
    #[error("the password is to be changed first")]
    PasswordFirst,
    /// Too many passwords wait to be checked, or too many guesses were made. 429 with Retry-After.
    #[error("too many tries")]
    TooMany,
    /// The form is only to be shown again, and its handler has no page for that. 422; the page gives it back.
    #[error("the form is to be shown again")]
    Resumed,
    /// More than this form accepts. 413.
    #[error("too large")]
    TooLarge,
    /// The database cannot write now. 503 with Retry-After.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// The database undid this write in favour of another one. The route makes it again; 503 where that did not help.
    #[error("undone: {0}")]
    Undone(String),
    /// A fault of ours. 500; logged once, here.
    #[error("fault: {0:#}")]
    Fault(anyhow::Error),
}

/// The names of the fields in which passwords are typed.
pub const PASSWORD_FIELDS: [&str; 4] = ["password", "current", "new", "again"];

/// What handlers return.
pub type Result<T, E = AppError> = std::result::Result<T, E>;

impl From<DbError> for AppError {
    fn from(error: DbError) -> AppError {
        match error {
            DbError::Unavailable(why) => AppError::Unavailable(why),
            DbError::Undone(why) => AppError::Undone(why),
            DbError::Duplicate => AppError::Taken,
            DbError::Sqlx(_) => AppError::Fault(error.into()),
        }
    }
}

impl From<Busy> for AppError {
    fn from(_: Busy) -> AppError {
        AppError::TooMany
    }
}

impl From<Unhashed> for AppError {
    fn from(error: Unhashed) -> AppError {
        match error {
            Unhashed::Busy => AppError::TooMany,
            Unhashed::Fault(error) => AppError::Fault(error),
        }
    }
}

impl From<NoRoom> for AppError {
    fn from(error: NoRoom) -> AppError {
        AppError::Unavailable(error.to_string())
    }
}

impl From<anyhow::Error> for AppError {
    fn from(error: anyhow::Error) -> AppError {
        AppError::Fault(error)
    }
}

// The kinds are the standard library's, and more are added with each release.
#[allow(clippy::wildcard_enum_match_arm)]
impl From<std::io::Error> for AppError {
    fn from(error: std::io::Error) -> AppError {
        match error.kind() {
            std::io::ErrorKind::StorageFull => AppError::Unavailable(error.to_string()),
            _ => AppError::Fault(error.into()),
        }
    }
}

impl AppError {
    /// The HTTP status of this error.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            AppError::NotFound => StatusCode::NOT_FOUND,
            AppError::Forbidden | AppError::PasswordFirst => StatusCode::FORBIDDEN,
            AppError::SignIn | AppError::Repeated(_) => StatusCode::SEE_OTHER,
            AppError::OtherContent | AppError::Taken | AppError::Refused(_) => StatusCode::CONFLICT,
            AppError::BadRequest(_) | AppError::WithoutOp => StatusCode::BAD_REQUEST,
            AppError::TooMany => StatusCode::TOO_MANY_REQUESTS,
            AppError::Resumed => StatusCode::UNPROCESSABLE_ENTITY,
            AppError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            AppError::Unavailable(_) | AppError::Undone(_) => StatusCode::SERVICE_UNAVAILABLE,
            AppError::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Whether the page for this error gives a form back. Passwords are never written into a page.
    fn gives_back(&self, typed: &Typed) -> bool {
        let secret = typed.fields.iter().any(|(name, _)| PASSWORD_FIELDS.contains(&name.as_str()));
        let asks_again = match self {
            AppError::Unavailable(_) | AppError::Undone(_) | AppError::Resumed => true,
            AppError::TooLarge => !typed.files.is_empty(),
            AppError::NotFound
            | AppError::Forbidden
            | AppError::SignIn
            | AppError::Repeated(_)
            | AppError::OtherContent
            | AppError::Taken
            | AppError::Refused(_)
            | AppError::BadRequest(_)
            | AppError::WithoutOp
            | AppError::PasswordFirst
            | AppError::TooMany
            | AppError::Fault(_) => false,
        };
        asks_again && !secret
    }

    /// Renders the page. `reference` is the request id: it stands on the page and in the log, so that a
    /// person can tell support which one it was. `typed` is the form that was read, if one was: a page that says to
    /// send it once more gives it back.
    #[must_use]
    pub fn page(&self, frame: &Frame, reference: &str, typed: Option<&Typed>) -> Response {
        let again = typed.filter(|typed| self.gives_back(typed));
        let lang = frame.lang;
        let (title, text) = match self {
            AppError::SignIn => return see_other(&sign_in_address(&frame.path)),
            AppError::Repeated(location) => return see_other(location),
            AppError::NotFound => (t!(lang, "error.not_found"), t!(lang, "error.not_found_text")),
            AppError::Forbidden => (t!(lang, "error.forbidden"), t!(lang, "error.forbidden_text")),
            AppError::OtherContent => (t!(lang, "error.other_content"), t!(lang, "error.other_content_text")),
            AppError::Taken => (t!(lang, "error.taken"), t!(lang, "error.taken_text")),
            AppError::Refused(why) => (t!(lang, "error.refused"), why.as_str().into()),
            AppError::BadRequest(_) => (t!(lang, "error.bad_request"), t!(lang, "error.bad_request_text")),
            AppError::WithoutOp => (t!(lang, "error.bad_request"), t!(lang, "error.without_op_text")),
            AppError::PasswordFirst => (t!(lang, "error.password_first"), t!(lang, "error.password_first_text")),
            AppError::TooMany => (t!(lang, "error.too_many"), t!(lang, "error.too_many_text")),
            AppError::Resumed => (t!(lang, "error.resumed"), t!(lang, "error.resumed_text")),
            AppError::TooLarge if again.is_some() => (t!(lang, "error.too_large"), t!(lang, "error.too_large_again")),
            AppError::TooLarge => (t!(lang, "error.too_large"), t!(lang, "error.too_large_text")),
            AppError::Unavailable(_) | AppError::Undone(_) if again.is_some() => {
                (t!(lang, "error.unavailable"), t!(lang, "error.unavailable_again"))
            }
            AppError::Unavailable(_) | AppError::Undone(_) => {
                (t!(lang, "error.unavailable"), t!(lang, "error.unavailable_text"))
            }
            AppError::Fault(_) => (t!(lang, "error.fault"), t!(lang, "error.fault_text")),
        };
        let path = quiet::name(frame.path.split('?').next().unwrap_or_default());
        match self {
            AppError::Fault(error) => tracing::error!(reference, path, "{error:#}"),
            AppError::Unavailable(why) | AppError::Undone(why) => {
                tracing::warn!(reference, path, why, "answered 503");
            }
            AppError::BadRequest(why) => tracing::info!(reference, path, why, "bad request"),
            AppError::NotFound
            | AppError::Forbidden
            | AppError::SignIn
            | AppError::Repeated(_)
            | AppError::OtherContent
            | AppError::Taken
            | AppError::Refused(_)
            | AppError::WithoutOp
            | AppError::PasswordFirst
            | AppError::TooMany
            | AppError::Resumed
            | AppError::TooLarge => {}
        }
        let body = maud::html! {
            section.card data-refusal[!matches!(self, AppError::Resumed)] {
                @if matches!(self, AppError::NotFound) { (empty(&text, Some(("/", &t!(lang, "error.home"))))) }
                @else { div.cell { div.g { p { (text) } } } }
                @if let Some(typed) = again { (once_more(typed, lang)) }
                @if let Some(from) = frame.came_from.as_ref().filter(|_| again.is_none()) {
                    div.row { (link_button(from, t!(lang, "error.go_back"), ButtonKind::Primary)) }
                }
                @if self.status().is_server_error() {
                    div.cell { small { (t!(lang, "error.reference")) " " (reference) } }
                }
            }
        };
        let back = frame.came_from.clone().unwrap_or_else(|| "/".to_owned());
        let page = Page::new(frame, title).back(back).error_title().render(body);
        let mut response = html(page);
        response.set_status(self.status());
        if matches!(self.status(), StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().insert(header::RETRY_AFTER, header::HeaderValue::from_static("5"));
        }
        response
    }
}

/// The same form again, its fields hidden, with its token: sent twice it is still done once. Files cannot be given
/// back to a browser; they are chosen again.
fn once_more(typed: &Typed, lang: Lang) -> Markup {
    let label = t!(lang, "error.file_again");
    html! {
        form method="post" action=(typed.target) enctype=[typed.multipart.then_some("multipart/form-data")] {
            @for (name, value) in typed.fields.iter().filter(|(name, _)| name != RESUMED) { (form::hidden(name, value)) }
            @for name in &typed.files { (form::file(&FieldView::new(name, &label), "")) }
            (form::submit(t!(lang, "error.again"), ButtonKind::Primary))
        }
    }
}

/// The sign-in page that leads back to `path`, which may have a query.
fn sign_in_address(path: &str) -> String {
    address("/login", &[("next", if path == "/" { "" } else { path })])
}

/// 303 to `location`: what every successful POST answers. One that leads out of this site leads to the first page.
#[must_use]
pub fn see_other(location: &str) -> Response {
    let inside = local(location).unwrap_or_else(|| "/".to_owned());
    Response::builder().status(StatusCode::SEE_OTHER).header(header::LOCATION, inside).finish()
}

/// A page with a form as a response. Its status is the form's own ([`Form::status`]), and the page's title says
/// where something is wrong.
#[must_use]
pub fn form_page(page: Page<'_>, body: Markup, form: &Form) -> Response {
    let page = if form.is_right() { page } else { page.error_title() };
    form_html(page.render(body), form)
}

/// A document with a form, rendered already, as a response with the form's own status.
#[must_use]
pub fn form_html(document: String, form: &Form) -> Response {
    html_with(document, form.status())
}

/// An HTML document as a response with a status.
#[must_use]
pub fn html_with(document: String, status: StatusCode) -> Response {
    let mut response = html(document);
    response.set_status(status);
    response
}

/// An HTML document as a response.
#[must_use]
pub fn html(document: String) -> Response {
    poem::web::Html(document).into_response()
}
