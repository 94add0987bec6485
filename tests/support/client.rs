//! A browser without JavaScript: cookies, forms as they stand on the page, redirects followed by hand.
#![allow(dead_code)] // A vocabulary; not every word is in use at every time.

use std::collections::BTreeMap;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use scraper::{ElementRef, Html, Selector};
use server::testing::kernel::id::Id;

/// A browser.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub struct Page {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
    /// Where it was asked for.
    pub path: String,
}

/// A form on a page, with what stands in it.
#[derive(Clone, Debug)]
pub struct FormOnPage {
    /// Where it goes.
    pub action: String,
    /// What it would send untouched.
    pub fields: Vec<(String, String)>,
    /// Whether it sends files.
    pub multipart: bool,
}

/// A file to send: field, name, type, bytes.
pub type File<'a> = (&'a str, &'a str, &'a str, Vec<u8>);

impl Client {
    /// A browser with an empty cookie jar. It never follows a redirect by itself.
    pub fn new(base: &str) -> Client {
        let http = builder().cookie_store(true).build().unwrap();
        Client { http, base: base.to_owned() }
    }

    /// The same on another machine, at this address of the loopback network.
    pub fn at(base: &str, address: [u8; 4]) -> Client {
        let http = builder().cookie_store(true).local_address(std::net::IpAddr::from(address)).build().unwrap();
        Client { http, base: base.to_owned() }
    }

    /// Asks for a page.
    pub async fn get(&self, path: &str) -> Page {
        self.read(path, self.http.get(self.url(path))).await
    }

    /// Asks for a page with further headers.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Page {
        self.read(path, with_headers(self.http.get(self.url(path)), headers)).await
    }

    /// Goes on with a session that exists already.
    pub fn with_session(base: &str, token: &str) -> Client {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_str(&format!("sid={token}")).unwrap());
        let http = builder().default_headers(headers).build().unwrap();
        Client { http, base: base.to_owned() }
    }

    /// As [`Client::with_session`], over HTTP/2.
    pub fn over_http_2(base: &str, token: &str) -> Client {
        let mut headers = HeaderMap::new();
        headers.insert("cookie", HeaderValue::from_str(&format!("sid={token}")).unwrap());
        let http = builder().default_headers(headers).http2_prior_knowledge().build().unwrap();
        Client { http, base: base.to_owned() }
    }

    /// The raw answer, for streams and pictures.
    pub async fn raw(&self, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        with_headers(self.http.get(self.url(path)), headers).send().await.unwrap()
    }

    /// Sends exactly these fields.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.post_with(path, fields, &[("origin", &self.base)]).await
    }

    /// Sends these fields with these headers in place of the `Origin` that a browser sends.
    pub async fn post_with(&self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        self.read(path, with_headers(self.http.post(self.url(path)).form(fields), headers)).await
    }

    /// Sends JSON, as a page's script does.
    pub async fn post_json(&self, path: &str, value: &serde_json::Value) -> Page {
        let body = value.to_string();
        let request = self.http.post(self.url(path)).header("content-type", "application/json").body(body);
        self.read(path, with_headers(request, &[("origin", &self.base)])).await
    }

    /// Sends these fields to a server that may die meanwhile; the status, or nothing.
    pub async fn try_post(&self, path: &str, fields: &[(&str, &str)]) -> Result<u16, ()> {
        let sent = self.http.post(self.url(path)).header("origin", &self.base).form(fields).send().await;
        sent.map(|answer| answer.status().as_u16()).map_err(|_| ())
    }

    /// Sends fields and files.
    pub async fn post_parts(&self, path: &str, fields: &[(&str, &str)], files: &[File<'_>]) -> Page {
        let mut parts = reqwest::multipart::Form::new();
        for (name, value) in fields {
            parts = parts.text((*name).to_owned(), (*value).to_owned());
        }
        for (field, name, kind, bytes) in files {
            let part = reqwest::multipart::Part::bytes(bytes.clone()).file_name((*name).to_owned());
            parts = parts.part((*field).to_owned(), part.mime_str(kind).unwrap());
        }
        self.read(path, self.http.post(self.url(path)).header("origin", &self.base).multipart(parts)).await
    }

    /// Sends a form with some fields changed; a field that the form does not have is added.
    pub async fn submit(&self, form: &FormOnPage, change: &[(&str, &str)]) -> Page {
        let form = form.clone().with(change);
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        if form.multipart {
            self.post_parts(&form.action, &fields, &[]).await
        } else {
            self.post(&form.action, &fields).await
        }
    }

    /// Sends a form with files.
    pub async fn submit_files(&self, form: &FormOnPage, change: &[(&str, &str)], files: &[File<'_>]) -> Page {
        let form = form.clone().with(change);
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post_parts(&form.action, &fields, files).await
    }

    /// Follows the redirect that a page answered with.
    pub async fn follow(&self, page: &Page) -> Page {
        self.get(&page.location()).await
    }

    /// Fills in and sends the sign-in form.
    pub async fn sign_in(&self, username: &str, password: &str) -> Page {
        let form = self.get("/login").await.form("/login");
        self.submit(&form, &[("username", username), ("password", password)]).await
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) }
    }

    async fn read(&self, path: &str, request: reqwest::RequestBuilder) -> Page {
        let response = request.send().await.unwrap_or_else(|error| panic!("{path}: {error:?}"));
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await.unwrap();
        Page { status, headers, body: String::from_utf8_lossy(&body).into_owned(), path: path.to_owned() }
    }
}

fn builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        // For each read, not for the whole answer: a live stream stays open as long as its test runs.
        .read_timeout(super::PATIENCE)
        .no_proxy()
}

fn with_headers(mut request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> reqwest::RequestBuilder {
    for (name, value) in headers {
        request = request.header(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
    }
    request
}

impl FormOnPage {
    /// The form with some fields changed.
    pub fn with(mut self, change: &[(&str, &str)]) -> FormOnPage {
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, value) in change {
            // A name that comes several times changes its first, second, … place.
            let nth = seen.entry(name).or_default();
            let place = self.fields.iter_mut().filter(|(field, _)| field == name).nth(*nth);
            *nth += 1;
            match place {
                Some((_, old)) => *old = (*value).to_owned(),
                None => self.fields.push(((*name).to_owned(), (*value).to_owned())),
            }
        }
        self
    }

    /// What a field would send.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The form's token.
    pub fn op_id(&self) -> &str {
        self.value("op_id").expect("every form has an op_id")
    }
}

impl Page {
    /// Holds the status against what is expected.
    #[track_caller]
    pub fn expect(self, status: u16) -> Page {
        assert_eq!(self.status, status, "{}: {}", self.path, self.text());
        self
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn location(&self) -> String {
        assert_eq!(self.status, 303, "{} is no redirect: {}", self.path, self.text());
        self.headers.get("location").unwrap().to_str().unwrap().to_owned()
    }

    /// The id of the record that a redirect leads to: `/orders/0abc…?done=saved` gives `0abc…`.
    #[track_caller]
    pub fn new_id(&self) -> String {
        let location = self.location();
        let path = location.split('?').next().unwrap();
        let id = path.split('/').find(|piece| piece.parse::<server::testing::kernel::id::Id>().is_ok());
        id.unwrap_or_else(|| panic!("{location} names no record")).to_owned()
    }

    fn html(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// What a person reads, spaces squeezed.
    pub fn text(&self) -> String {
        let html = self.html();
        let body = Selector::parse("body").unwrap();
        let words: Vec<&str> =
            html.select(&body).flat_map(|body| body.text()).flat_map(str::split_whitespace).collect();
        words.join(" ")
    }

    /// Whether a person reads this.
    pub fn says(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// The text of each element that matches.
    pub fn texts(&self, css: &str) -> Vec<String> {
        let html = self.html();
        let wanted = Selector::parse(css).unwrap();
        html.select(&wanted)
            .map(|element| element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" "))
            .collect()
    }

    /// An attribute of each element that matches and has it.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        let html = self.html();
        let wanted = Selector::parse(css).unwrap();
        html.select(&wanted).filter_map(|e| e.value().attr(name)).map(str::to_owned).collect()
    }

    /// Whether an element matches.
    pub fn has(&self, css: &str) -> bool {
        self.html().select(&Selector::parse(css).unwrap()).next().is_some()
    }

    /// Addresses of links that begin with `start`.
    pub fn links(&self, start: &str) -> Vec<String> {
        self.attributes("a[href]", "href").into_iter().filter(|href| href.starts_with(start)).collect()
    }

    /// Addresses of the records of a kind that are linked, such as `/visits/0123456789abc` for `/visits`.
    pub fn records(&self, list: &str) -> Vec<String> {
        let id = |href: &str| href.strip_prefix(list)?.strip_prefix('/')?.parse::<Id>().ok();
        self.links(list).into_iter().filter(|href| id(href).is_some()).collect()
    }

    /// Every form that posts, and each once more for every button that sends it elsewhere.
    pub fn forms(&self) -> Vec<FormOnPage> {
        let html = self.html();
        let posting = Selector::parse("form[method=post]").unwrap();
        let elsewhere = Selector::parse("button[formaction]").unwrap();
        let mut forms: Vec<FormOnPage> = html.select(&posting).map(read_form).collect();
        for form in html.select(&posting) {
            for button in form.select(&elsewhere) {
                let button = button.value();
                let mut sent = read_form(form);
                sent.action = button.attr("formaction").unwrap_or_default().to_owned();
                if let Some(name) = button.attr("name") {
                    sent.fields.push((name.to_owned(), button.attr("value").unwrap_or_default().to_owned()));
                }
                forms.push(sent);
            }
        }
        forms
    }

    /// The form whose action is this (a query in the action is not looked at).
    #[track_caller]
    pub fn form(&self, action: &str) -> FormOnPage {
        let forms = self.forms();
        let all: Vec<&str> = forms.iter().map(|form| form.action.as_str()).collect();
        let exact = forms.iter().find(|form| form.action == action);
        let found = exact.or_else(|| forms.iter().find(|form| form.action.split('?').next() == Some(action)));
        found.cloned().unwrap_or_else(|| {
            panic!("{} ({}) has no form to {action}, only to {all:?}: {}", self.path, self.status, self.text())
        })
    }

    /// The form whose action ends with this.
    #[track_caller]
    pub fn form_ending(&self, end: &str) -> FormOnPage {
        let forms = self.forms();
        let all: Vec<&str> = forms.iter().map(|form| form.action.as_str()).collect();
        let found = forms.iter().find(|form| form.action.split('?').next().unwrap_or_default().ends_with(end));
        found.cloned().unwrap_or_else(|| {
            panic!("{} ({}) has no form to …{end}, only to {all:?}: {}", self.path, self.status, self.text())
        })
    }
}

fn read_form(form: ElementRef<'_>) -> FormOnPage {
    let inputs = Selector::parse("input[name], textarea[name], select[name]").unwrap();
    let options = Selector::parse("option").unwrap();
    let mut fields = Vec::new();
    for input in form.select(&inputs) {
        let element = input.value();
        let name = element.attr("name").unwrap_or_default().to_owned();
        let value = match element.name() {
            "textarea" => Some(input.text().collect::<String>()),
            "select" => {
                let all: Vec<ElementRef<'_>> = input.select(&options).collect();
                let chosen =
                    all.iter().find(|option| option.value().attr("selected").is_some()).or_else(|| all.first());
                chosen.map(|option| match option.value().attr("value") {
                    Some(value) => value.to_owned(),
                    None => option.text().collect(),
                })
            }
            _ => match element.attr("type") {
                Some("checkbox" | "radio") if element.attr("checked").is_none() => None,
                Some("file" | "submit" | "button" | "image") => None,
                Some(_) | None => Some(element.attr("value").unwrap_or_default().to_owned()),
            },
        };
        if let Some(value) = value {
            fields.push((name, value));
        }
    }
    FormOnPage {
        action: form.value().attr("action").unwrap_or_default().to_owned(),
        fields,
        multipart: form.value().attr("enctype") == Some("multipart/form-data"),
    }
}
