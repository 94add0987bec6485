//! One request: who asks, for what, in which language; and the write it may become.

pub(in crate::web) mod body;
mod token;

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::sync::{Arc, Mutex, OnceLock};

use poem::Response;
use poem::http::{HeaderMap, HeaderValue, Method, Uri, header};

use crate::kernel::Office;
use crate::kernel::access::auth::{Actor, Session};
use crate::kernel::address::local;
use crate::kernel::audit::Author;
use crate::kernel::bodies::Reader;
use crate::kernel::clock::Millis;
use crate::kernel::db::paging::Paging;
use crate::kernel::db::sql;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::live::badges::BadgeCounts;
use crate::kernel::media::uploads::Uploads;
use crate::ui::layout::{Frame, Look, Sheet, TextSize, Theme};
use crate::ui::style;
use crate::web::Shell;
use crate::web::caller::Caller;
use crate::web::error::{AppError, Result, html};
use crate::web::form::{Form, Typed};
use crate::web::write::Write;
use body::Received;

/// The longest `op_id`: ours have 84 characters.
const LONGEST_OP: usize = 100;

/// A request by anybody. Copies share the body, for a handler that runs once more.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The office.
    pub office: Office,
    /// The moment of the request; one request has one time.
    pub now: Millis,
    /// The language of the answer.
    pub lang: Lang,
    /// Text size and colours of this device.
    pub look: Look,
    /// GET or POST.
    pub method: Method,
    /// The path without the query.
    pub path: String,
    /// The path with the query.
    pub address: String,
    /// The client's address without a port, as logs and the audit show it.
    pub from: String,
    /// The request id in logs and on error pages.
    pub reference: String,
    /// The browser did not say where a POST was caused: its form must prove that it is ours.
    pub(in crate::web) needs_token: bool,
    /// What was typed, once the form was read.
    pub(in crate::web) typed: Arc<OnceLock<Typed>>,
    caller: Caller,
    query: Vec<(String, String)>,
    params: Vec<(String, String)>,
    headers: HeaderMap,
    body: Arc<Mutex<Received>>,
}

/// A request by somebody who is signed in and whom the route's gate let through. Having one is the proof.
#[derive(Clone, Debug)]
pub struct Cx {
    guest: Guest,
    /// The session it came in.
    pub session: Arc<Session>,
    /// What waits for this person.
    pub badges: BadgeCounts,
    shell: Shell,
}

impl Deref for Cx {
    type Target = Guest;
    fn deref(&self) -> &Guest {
        &self.guest
    }
}

impl Guest {
    /// Reads the head of a request; the body stays unread.
    pub(in crate::web) fn new(office: Office, mut request: poem::Request, params: Vec<(String, String)>) -> Guest {
        let body = request.take_body();
        let uri: Uri = request.original_uri().clone();
        let query = uri.query().map(|query| serde_urlencoded::from_str(query).unwrap_or_default()).unwrap_or_default();
        let mut headers = request.headers().clone();
        // HTTP/2 names the host in the request's address and sends no header for it.
        if !headers.contains_key(header::HOST)
            && let Some(host) = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok())
        {
            headers.insert(header::HOST, host);
        }
        let peer = request.remote_addr().as_socket_addr().map_or(Ipv4Addr::UNSPECIFIED.into(), |peer| peer.ip());
        let caller = Caller::of(peer, &headers, &office.config.proxies);
        if let Some(host) = caller.host.as_deref().and_then(|host| HeaderValue::from_str(host).ok()) {
            headers.insert(header::HOST, host);
        }
        let cookie = |name: &str| cookie_of(&headers, name);
        let lang = cookie("lang").and_then(|code| Lang::from_code(&code)).unwrap_or_else(|| {
            headers
                .get(header::ACCEPT_LANGUAGE)
                .and_then(|value| value.to_str().ok())
                .map(Lang::from_accept_language)
                .unwrap_or_default()
        });
        let look = look_of(cookie("look").as_deref().unwrap_or_default());
        let now = office.clock.now();
        Guest {
            now,
            lang,
            look,
            method: request.method().clone(),
            path: uri.path().to_owned(),
            address: uri.path_and_query().map_or_else(|| uri.path(), |whole| whole.as_str()).to_owned(),
            from: caller.address.to_string(),
            reference: Id::new().to_string(),
            needs_token: false,
            typed: Arc::default(),
            caller,
            query,
            params,
            headers,
            body: Arc::new(Mutex::new(Received::Unread(body))),
            office,
        }
    }

    /// A value of the query; empty text counts as absent.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// A record that the query names.
    ///
    /// # Errors
    /// [`AppError::NotFound`] where it is no id.
    pub fn query_id(&self, name: &str) -> Result<Option<Id>> {
        self.query(name).map(|id| id.parse().map_err(|_| AppError::NotFound)).transpose()
    }

    /// `?page=`.
    #[must_use]
    pub fn paging(&self) -> Paging {
        Paging::parse(self.query("page"))
    }

    /// A piece of the path, such as `id` in `/orders/:id`.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// The record id in the path.
    ///
    /// # Errors
    /// [`AppError::NotFound`] when it is no id.
    pub fn id(&self) -> Result<Id> {
        self.param("id").parse().map_err(|_| AppError::NotFound)
    }

    /// A request header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A cookie's value.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        cookie_of(&self.headers, name)
    }

    /// Whether the browser came over TLS.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.office.config.tls() || self.caller.secure
    }

    /// Who shares turns with this request: the client's address. Of IPv6 it is the network, since every household has
    /// a whole one.
    #[must_use]
    pub fn asker(&self) -> String {
        match self.caller.address.to_canonical() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => {
                let [a, b, c, d, ..] = v6.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}")
            }
        }
    }

    /// The page of ours from which this one was asked for, with its query.
    #[must_use]
    pub fn came_from(&self) -> Option<String> {
        let (_, rest) = self.header("referer")?.split_once("://")?;
        let (host, _) = rest.split_once('/')?;
        if host == self.header("host")? { local(rest.get(host.len()..)?) } else { None }
    }

    /// What the layout must know of the looker.
    #[must_use]
    pub fn frame(&self) -> Frame {
        Frame {
            lang: self.lang,
            look: self.look,
            sheet: Sheet::of(self.cookie(style::COOKIE).as_deref()),
            tabs: Vec::new(),
            path: self.address.clone(),
            came_from: self.came_from(),
            signed_in: false,
            live: false,
            user_key: String::new(),
            toast: self.toast(),
        }
    }

    /// `?done=saved` after a redirect becomes the toast `toast.saved`; unknown words become nothing.
    fn toast(&self) -> Option<String> {
        let word = self.query("done")?;
        let known = word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let key = format!("toast.{word}");
        let text = if known { t!(self.lang, &key).into_owned() } else { return None };
        (!text.ends_with(&key)).then_some(text)
    }
}

impl Cx {
    pub(in crate::web) fn new(guest: Guest, session: Arc<Session>, badges: BadgeCounts, shell: Shell) -> Cx {
        Cx { guest, session, badges, shell }
    }

    /// The person.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.session.actor
    }

    /// The rows this person sees.
    #[must_use]
    pub fn scope(&self) -> crate::kernel::access::Scope {
        self.actor().scope()
    }

    /// Whether this person may, for showing or hiding a button; the route's gate is what protects.
    #[must_use]
    pub fn may(&self, gate: crate::kernel::access::Gate) -> bool {
        gate.admits(&self.actor().rights)
    }

    /// An empty form to be filled with a record's values and shown.
    #[must_use]
    pub fn blank(&self) -> Form {
        Form::blank(self.lang)
    }

    /// What a form that asked by its address says: its fields travel in the query, and nothing is written.
    #[must_use]
    pub fn asked(&self) -> Form {
        let fields = self.query.iter().filter(|(name, _)| name != "op_id");
        fields.fold(self.blank(), |form, (name, value)| form.with(name, value.as_str()))
    }

    /// What the layout must know of the looker.
    #[must_use]
    pub fn frame(&self) -> Frame {
        Frame {
            tabs: (self.shell.tabs)(self),
            signed_in: true,
            live: true,
            user_key: self.actor().id.to_string(),
            ..self.guest.frame()
        }
    }

    /// Reads the posted form, and answers at once when it came before: a double tap, a phone that sends its
    /// outbox again. Looking first keeps a repeat from being checked against the very row it made.
    ///
    /// # Errors
    /// [`AppError::Repeated`] with the first answer; [`AppError::OtherContent`] when its `op_id` was used for
    /// other content or at another address; [`AppError::WithoutOp`] when it has none; what [`Guest::form`] says.
    pub async fn form(&self) -> Result<Form> {
        self.read(None).await
    }

    /// As [`Cx::form`], for a form with files of together at most `most` bytes.
    ///
    /// # Errors
    /// As [`Cx::form`]; [`AppError::TooLarge`] when the files are longer.
    pub async fn form_with_files(&self, most: u64) -> Result<Form> {
        self.read(Some((&self.office.uploads, most))).await
    }

    async fn read(&self, files: Option<(&Uploads, u64)>) -> Result<Form> {
        let form = self.read_form(Reader::Person, files).await?;
        if self.needs_token && !self.is_token(&self.session.id, form.op()) {
            return Err(AppError::Forbidden);
        }
        if form.op().is_empty() || form.op().len() > LONGEST_OP {
            return Err(AppError::WithoutOp);
        }
        match self.first_answer(&form).await? {
            Some(answer) => Err(answer),
            None => Ok(form.resumed()),
        }
    }

    /// The posted body as bytes, for the few addresses that scripts post JSON to. These bring no `op_id`: what they
    /// ask for is the same when it is done twice.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] when the browser does not say that a page of ours sent it;
    /// [`AppError::TooLarge`] past `most` bytes.
    pub async fn bytes(&self, most: usize) -> Result<Vec<u8>> {
        if self.needs_token {
            return Err(AppError::Forbidden);
        }
        self.guest.bytes(most).await
    }

    /// Begins the one transaction of a POST.
    ///
    /// # Errors
    /// [`AppError::Resumed`] for a form that is only to be shown again.
    pub async fn write(&self, form: &Form) -> Result<Write<'_>> {
        if form.is_resumed() {
            return Err(AppError::Resumed);
        }
        let tx = self.office.db.begin().await?;
        let author = Author { user: Some(self.actor().id), origin: self.from.clone(), at: self.now };
        Ok(Write::new(tx, author, self, form))
    }

    /// What the same form was answered with before, if it came before.
    pub(in crate::web) async fn first_answer(&self, form: &Form) -> Result<Option<AppError>> {
        let known: Option<Op> = sql("SELECT body_hash, location FROM ops WHERE user_id = $1 AND op_id = $2")
            .bind(self.actor().id)
            .bind(form.op())
            .optional(&self.office.db)
            .await?;
        Ok(known.map(|op| {
            if op.body_hash == form.hash() { AppError::Repeated(op.location) } else { AppError::OtherContent }
        }))
    }

    /// A page as the answer, marked as one that may be kept for reading offline.
    #[must_use]
    pub fn offline_page(&self, document: String) -> Response {
        let mut response = html(document);
        response.headers_mut().insert("x-offline", HeaderValue::from_static("1"));
        response
    }
}

#[derive(sqlx_macros::FromRow)]
struct Op {
    body_hash: String,
    location: String,
}

fn cookie_of(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// The `look` cookie: words separated by dots, such as `large.dark`.
fn look_of(words: &str) -> Look {
    let has = |word: &str| words.split('.').any(|w| w == word);
    Look {
        text: if has("large") { TextSize::Large } else { TextSize::Normal },
        theme: match (has("light"), has("dark")) {
            (true, _) => Theme::Light,
            (false, true) => Theme::Dark,
            (false, false) => Theme::Auto,
        },
    }
}
