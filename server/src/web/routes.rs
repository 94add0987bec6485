//! The route table: (method, path, gate, handler). It is what is mounted, and what the tests of access,
//! budgets and no-JavaScript walk, so a route cannot exist without its gate.

use std::collections::{BTreeMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use poem::http::{HeaderValue, Method, StatusCode, header};
use poem::{Body, Endpoint, Request, Response, Route, RouteMethod};

use crate::kernel::Office;
use crate::kernel::access::Gate;
use crate::kernel::bodies::GUEST_LIMIT;
use crate::ui::assets;
use crate::ui::layout::csp_style_hash;
use crate::web::compress::compress;
use crate::web::cx::{Cx, Guest};
use crate::web::error::{AppError, PASSWORD_FIELDS, Result, html_with, see_other};
use crate::web::form::RESUMED;
use crate::web::{Interrupted, Shell};

type Answer = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;
type CxHandler = dyn Fn(Cx) -> Answer + Send + Sync;

#[derive(Clone)]
enum Handler {
    Guest(Arc<dyn Fn(Guest) -> Answer + Send + Sync>),
    Cx(Arc<CxHandler>),
}

/// A line of the table.
#[derive(Clone)]
pub struct Entry {
    /// GET or POST.
    pub method: Method,
    /// With `:id` for a record.
    pub path: &'static str,
    /// Who may call it.
    pub gate: Gate,
    handler: Handler,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {:?}", self.method, self.path, self.gate)
    }
}

/// The recorder that each feature's `routes()` writes into.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    entries: Vec<Entry>,
}

/// Two features claim one address; found at boot.
#[derive(Debug, thiserror::Error)]
#[error("{0} is declared twice")]
pub struct DeclaredTwice(String);

impl Routes {
    /// A page or stream for signed-in people.
    pub fn get<F, R>(&mut self, path: &'static str, gate: Gate, handler: F)
    where
        F: Fn(Cx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Response>> + Send + 'static,
    {
        self.add(Method::GET, path, gate, Handler::Cx(Arc::new(move |cx| Box::pin(handler(cx)))));
    }

    /// A change by signed-in people.
    pub fn post<F, R>(&mut self, path: &'static str, gate: Gate, handler: F)
    where
        F: Fn(Cx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Response>> + Send + 'static,
    {
        self.add(Method::POST, path, gate, Handler::Cx(Arc::new(move |cx| Box::pin(handler(cx)))));
    }

    /// A page for anybody.
    pub fn public_get<F, R>(&mut self, path: &'static str, handler: F)
    where
        F: Fn(Guest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Response>> + Send + 'static,
    {
        self.add(Method::GET, path, Gate::Public, Handler::Guest(Arc::new(move |guest| Box::pin(handler(guest)))));
    }

    /// A form for anybody, such as the sign-in.
    pub fn public_post<F, R>(&mut self, path: &'static str, handler: F)
    where
        F: Fn(Guest) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Response>> + Send + 'static,
    {
        self.add(Method::POST, path, Gate::Public, Handler::Guest(Arc::new(move |guest| Box::pin(handler(guest)))));
    }

    fn add(&mut self, method: Method, path: &'static str, gate: Gate, handler: Handler) {
        self.entries.push(Entry { method, path, gate, handler });
    }

    /// The table, for tests and for `server routes`.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Mounts everything.
    ///
    /// # Errors
    /// [`DeclaredTwice`].
    pub fn mount(self, office: &Office, shell: Shell) -> std::result::Result<Route, DeclaredTwice> {
        let mut seen = HashSet::new();
        let mut by_path: BTreeMap<&'static str, RouteMethod> = BTreeMap::new();
        for entry in self.entries {
            if !seen.insert((entry.method.clone(), entry.path)) {
                return Err(DeclaredTwice(format!("{} {}", entry.method, entry.path)));
            }
            let methods = by_path.remove(entry.path).unwrap_or_default();
            let (path, method) = (entry.path, entry.method.clone());
            by_path.insert(path, methods.method(method, Door { office: Arc::clone(office), shell, entry }));
        }
        let mut route = Route::new();
        let root = by_path.remove("/");
        for (path, methods) in by_path {
            route = route.try_at(path, methods).map_err(|error| DeclaredTwice(format!("{path}: {error}")))?;
        }
        let lost = Door {
            office: Arc::clone(office),
            shell,
            entry: Entry {
                method: Method::GET,
                path: "/*",
                gate: Gate::Public,
                handler: Handler::Guest(Arc::new(|_| Box::pin(async { Err(AppError::NotFound) }))),
            },
        };
        route.try_at("/*path", Rest { root, lost }).map_err(|error| DeclaredTwice(error.to_string()))
    }
}

/// What no other address takes. poem gives `/` to a catch-all even where `/` is declared, so the first page
/// stands here.
struct Rest {
    root: Option<RouteMethod>,
    lost: Door,
}

impl Endpoint for Rest {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        match &self.root {
            Some(root) if request.uri().path() == "/" => root.call(request).await,
            Some(_) | None => self.lost.call(request).await,
        }
    }
}

/// Stands before one handler: origin, session, gate; then the answer's headers.
struct Door {
    office: Office,
    shell: Shell,
    entry: Entry,
}

impl Endpoint for Door {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let accepts = request.header(header::ACCEPT_ENCODING).map(str::to_owned);
        let params = self
            .entry
            .path
            .split('/')
            .filter_map(|piece| piece.strip_prefix([':', '*']))
            .filter_map(|name| Some((name.to_owned(), request.raw_path_param(name)?.to_owned())))
            .collect();
        let guest = Guest::new(Arc::clone(&self.office), request, params);
        let response = self.answer(guest).await;
        let mut response = compress(response, accepts.as_deref()).await;
        harden(&mut response, self.office.config.tls());
        Ok(response)
    }
}

impl Door {
    async fn answer(&self, mut guest: Guest) -> Response {
        let reference = guest.reference.clone();
        let frame = guest.frame();
        let typed = Arc::clone(&guest.typed);
        if self.entry.method != Method::GET {
            match cause(&guest) {
                Cause::Here => {}
                Cause::Elsewhere => return AppError::Forbidden.page(&frame, &reference, None),
                Cause::Unsaid => guest.needs_token = true,
            }
        }
        match &self.entry.handler {
            Handler::Guest(handler) => match handler(guest).await {
                Ok(response) => response,
                Err(error) => error.page(&frame, &reference, typed.get()),
            },
            Handler::Cx(handler) => match self.admit(guest).await {
                Ok(Admission::In(cx)) => {
                    let frame = cx.frame();
                    match self.handle(handler.as_ref(), *cx).await {
                        Ok(response) => response,
                        Err(error) => error.page(&frame, &reference, typed.get()),
                    }
                }
                Ok(Admission::Answered(response)) => response,
                Err(error) => error.page(&frame, &reference, typed.get()),
            },
        }
    }

    /// Runs the handler. Where the database undid its write in favour of another, it runs once more on the same form:
    /// nothing that a handler does before its commit needs undoing.
    async fn handle(&self, handler: &CxHandler, cx: Cx) -> Result<Response> {
        if self.entry.method == Method::GET {
            return handler(cx).await;
        }
        for _ in 0..AGAIN {
            let answer = handler(cx.clone()).await;
            let Err(AppError::Undone(why)) = &answer else { return answer };
            tracing::info!(reference = cx.reference, why, "the write is made again");
        }
        handler(cx).await
    }

    /// Session, then gate.
    async fn admit(&self, guest: Guest) -> Result<Admission> {
        let token = guest.cookie(crate::kernel::access::auth::COOKIE);
        // A stream or a reload that no finger caused does not keep the session alive.
        let active = guest.header("accept") != Some("text/event-stream") && guest.query("auto").is_none();
        let session = match &token {
            Some(token) => self.office.session(token, active).await?,
            None => None,
        };
        // An outbox says whose forms it sends: on a shared phone they wait for their own writer.
        let session =
            session.filter(|session| guest.header("x-user").is_none_or(|user| user == session.actor.id.to_string()));
        let Some(session) = session else {
            return self.sign_in(guest).await.map(Admission::Answered);
        };
        if session.actor.must_change_password && !BEFORE_PASSWORD.contains(&self.entry.path) {
            let wants_page = self.entry.method == Method::GET && !wants_data(&guest);
            if !wants_page {
                return Err(AppError::PasswordFirst);
            }
            return Ok(Admission::Answered(see_other(PASSWORD)));
        }
        if !self.entry.gate.admits(&session.actor.rights) {
            return Err(AppError::Forbidden);
        }
        let badges = self.office.badges_of(&session.actor).await?;
        Ok(Admission::In(Box::new(Cx::new(guest, session, badges, self.shell))))
    }

    /// A page leads to the sign-in and back. A form is kept: sealed into the sign-in page for the user whose
    /// session it was, since only that person may go on with it.
    async fn sign_in(&self, guest: Guest) -> Result<Response> {
        if wants_data(&guest) {
            let mut response = Response::builder().status(StatusCode::UNAUTHORIZED).finish();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return Ok(response);
        }
        if guest.method == Method::GET {
            return Err(AppError::SignIn);
        }
        let form = guest.form_to_keep().await?;
        let kept: Vec<(&str, &str)> = form
            .fields()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| !PASSWORD_FIELDS.contains(name) && !["op_id", RESUMED].contains(name))
            .collect();
        let owner = match (guest.owner_of(form.value("op_id")), guest.cookie(crate::kernel::access::auth::COOKIE)) {
            (Some(owner), _) => Some(owner),
            (None, Some(token)) => self.office.session_owner(&token).await?,
            (None, None) => None,
        };
        let text =
            serde_json::json!({ "path": guest.address, "fields": kept, "at": self.office.clock.stamp(), "user": owner })
                .to_string();
        let keep = owner.is_some() && text.len() <= KEPT_LIMIT;
        let files = guest.typed.get().is_some_and(|typed| !typed.files.is_empty());
        let filled = files || kept.iter().any(|(name, value)| *name != "version" && !value.is_empty());
        let sealed = if keep { self.office.seal.seal("form", &text) } else { None };
        let page = (self.shell.sign_in)(&guest, &Interrupted { sealed, filled, files });
        Ok(html_with(page, StatusCode::UNAUTHORIZED))
    }
}

/// How often a write is made again that the database undid in favour of another.
const AGAIN: usize = 2;
/// Whether a script asks, which cannot show a page.
fn wants_data(guest: &Guest) -> bool {
    guest.header("x-requested-with").is_some() || guest.header("accept") == Some("text/event-stream")
}

/// Where somebody goes who must choose a password first.
const PASSWORD: &str = "/me/password";
/// All that is open to them; the language and the files of the pages are open to everybody.
const BEFORE_PASSWORD: [&str; 2] = [PASSWORD, "/logout"];

/// The largest form that is kept through a sign-in. Sealed it is a third longer, and the sign-in form that brings it
/// is read within [`GUEST_LIMIT`].
const KEPT_LIMIT: usize = GUEST_LIMIT / 2;

enum Admission {
    In(Box<Cx>),
    /// Answered before the handler: the sign-in page, or the way to the change of the password.
    Answered(Response),
}

/// What the browser says about where a POST was caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// On a page of ours.
    Here,
    /// On another site.
    Elsewhere,
    /// It does not say; then the form must bring a token that only our pages hold.
    Unsaid,
}

fn cause(guest: &Guest) -> Cause {
    if let Some(site) = guest.header("sec-fetch-site") {
        return if matches!(site, "same-origin" | "none") { Cause::Here } else { Cause::Elsewhere };
    }
    let Some(origin) = guest.header("origin") else { return Cause::Unsaid };
    let host = guest.header("host").unwrap_or_default();
    if origin.split_once("://").is_some_and(|(_, from)| from == host) { Cause::Here } else { Cause::Elsewhere }
}

fn harden(response: &mut Response, tls: bool) {
    let html = response.content_type().is_some_and(|kind| kind.starts_with("text/html"));
    let headers = response.headers_mut();
    let mut set = |name: header::HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.entry(name).or_insert(value);
        }
    };
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "same-origin");
    if html {
        set(
            header::CONTENT_SECURITY_POLICY,
            &format!(
                "default-src 'none'; style-src {} 'self'; script-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
                 worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
                csp_style_hash()
            ),
        );
        set(header::HeaderName::from_static("speculation-rules"), assets::speculation_rules());
        set(
            header::HeaderName::from_static("permissions-policy"),
            "camera=(self), geolocation=(self), microphone=(), payment=()",
        );
    }
    // Answers hold a person's data: the browser's own cache keeps none where the handler says nothing else, the
    // service worker keeps what may be kept.
    set(header::CACHE_CONTROL, "no-store");
    if tls {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

/// An empty body, for addresses that answer with a status only.
#[must_use]
pub fn status(code: StatusCode) -> Response {
    Response::builder().status(code).body(Body::empty())
}
