//! Reading a posted form: one helper for every handler. It collects what is wrong field by field and keeps
//! what was typed, so that the page can be shown again with nothing lost.

use chrono::NaiveDate;
use futures_util::StreamExt;
use poem::http::HeaderMap;
use poem::web::Multipart;
use poem::{Body, FromRequest, RequestBody};
use sha2::{Digest, Sha256};

use crate::kernel::clock;
use crate::kernel::error::{AppError, Result};
use crate::kernel::hex::hex;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};
use crate::ui::form::FieldView;

/// The largest form without files: ten thousand emoji, each twelve bytes as a form sends them, in thirty fields
/// are still answered beside each field.
const TEXT_LIMIT: usize = 4 << 20;
/// The largest form with files: a phone's original photo where JavaScript did not shrink it.
const FILES_LIMIT: usize = 24 << 20;

/// How much of a body past the limit is read only to be thrown away.
const DISCARDED: usize = 64 << 20;

/// A file of a form.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The field it came in.
    pub field: String,
    /// Its content; what the phone called it is not used.
    pub bytes: Vec<u8>,
}

/// A form: what was typed, what came with it, what is wrong with it.
#[derive(Clone, Debug)]
pub struct Form {
    lang: Lang,
    fields: Vec<(String, String)>,
    uploads: Vec<Upload>,
    errors: Vec<(String, String)>,
    op: String,
    hash: String,
}

/// Reads a body of at most `limit` bytes. A larger one is read on and thrown away for a while: a browser that
/// is cut off while it sends shows an error of its own in place of our words.
async fn read_up_to(body: Body, limit: usize) -> Result<Vec<u8>> {
    let mut stream = body.into_bytes_stream();
    let (mut bytes, mut seen) = (Vec::new(), 0usize);
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|_| AppError::BadRequest("the body broke off"))?;
        seen += piece.len();
        if seen <= limit {
            bytes.extend_from_slice(&piece);
        } else if seen > limit + DISCARDED {
            break;
        }
    }
    if seen > limit { Err(AppError::TooLarge) } else { Ok(bytes) }
}

impl Form {
    /// A form that nobody filled in yet.
    #[must_use]
    pub fn blank(lang: Lang) -> Form {
        Form {
            lang,
            fields: Vec::new(),
            uploads: Vec::new(),
            errors: Vec::new(),
            op: String::new(),
            hash: String::new(),
        }
    }

    /// Reads a body that was sent to `target`, which is a method and an address.
    pub(in crate::kernel) async fn read(headers: &HeaderMap, body: Body, lang: Lang, target: &str) -> Result<Form> {
        let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let multipart = kind.starts_with("multipart/form-data");
        let limit = if multipart { FILES_LIMIT } else { TEXT_LIMIT };
        let bytes = read_up_to(body, limit).await?;
        let mut form = Form::blank(lang);
        if multipart {
            form.read_parts(kind, bytes.into()).await?;
        } else {
            form.fields = serde_urlencoded::from_bytes(&bytes).map_err(|_| AppError::BadRequest("not a form"))?;
        }
        form.op = form.value("op_id").to_owned();
        form.hash = form.digest(target);
        Ok(form)
    }

    async fn read_parts(&mut self, kind: &str, body: Body) -> Result<()> {
        let unreadable = |_| AppError::BadRequest("not a multipart form");
        let request = poem::Request::builder().content_type(kind).finish();
        let mut parts = Multipart::from_request(&request, &mut RequestBody::new(body))
            .await
            .map_err(|_| AppError::BadRequest("no boundary"))?;
        while let Some(part) = parts.next_field().await.map_err(unreadable)? {
            let field = part.name().unwrap_or_default().to_owned();
            if part.file_name().is_some() {
                let bytes = part.bytes().await.map_err(unreadable)?;
                if !bytes.is_empty() {
                    self.uploads.push(Upload { field, bytes });
                }
            } else {
                let text = part.text().await.map_err(unreadable)?;
                self.fields.push((field, text));
            }
        }
        Ok(())
    }

    /// What the form says and to which address, without the token: the same content at the same address gives the
    /// same digest.
    fn digest(&self, target: &str) -> String {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        add(target.as_bytes());
        for (name, value) in self.fields.iter().filter(|(name, _)| name != "op_id") {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        for upload in &self.uploads {
            add(upload.field.as_bytes());
            add(&upload.bytes);
        }
        hex(&hash.finalize())
    }

    /// The token and digest alone, for the write that will note them.
    #[must_use]
    pub(in crate::kernel) fn clone_head(&self) -> Form {
        Form { op: self.op.clone(), hash: self.hash.clone(), ..Form::blank(self.lang) }
    }

    /// The form's token as posted.
    #[must_use]
    pub fn op(&self) -> &str {
        &self.op
    }

    /// SHA-256 of method, address and content in hex.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// Fills a field before showing the form.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Form {
        self.fields.retain(|(field, _)| field != name);
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    /// The fields as typed, for keeping them through a sign-in.
    #[must_use]
    pub fn fields(&self) -> &[(String, String)] {
        &self.fields
    }

    /// A field as typed; empty when absent.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// Every value of a repeated field, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// The file of a field.
    #[must_use]
    pub fn upload(&self, name: &str) -> Option<&Upload> {
        self.uploads.iter().find(|upload| upload.field == name)
    }

    /// Says that a field is wrong.
    pub fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push((name.to_owned(), message.into()));
    }

    /// Whether files came with it.
    #[must_use]
    pub fn has_uploads(&self) -> bool {
        !self.uploads.is_empty()
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.errors.is_empty()
    }

    /// What is wrong, in the order it was found.
    #[must_use]
    pub fn errors(&self) -> &[(String, String)] {
        &self.errors
    }

    /// What is wrong with one field.
    #[must_use]
    pub fn error(&self, name: &str) -> Option<&str> {
        self.errors.iter().find(|(field, _)| field == name).map(|(_, message)| message.as_str())
    }

    /// A field for the page: value and error.
    #[must_use]
    pub fn field<'a>(&'a self, name: &'a str, label: &'a str) -> FieldView<'a> {
        FieldView { name, label, value: self.value(name), error: self.error(name), hint: None, required: false }
    }

    /// Text of at most `max` characters, trimmed; may be empty. `label` names the field in the message.
    pub fn text(&mut self, name: &str, label: &str, max: usize) -> String {
        let text = self.value(name).trim().replace("\r\n", "\n");
        let length = text.chars().count();
        if length > max {
            self.wrong(name, t!(self.lang, "form.too_long", field = label, max = max, now = length));
        } else if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            self.wrong(name, t!(self.lang, "form.control", field = label));
        }
        text
    }

    /// Text that must not be empty.
    pub fn required(&mut self, name: &str, label: &str, max: usize) -> String {
        let text = self.text(name, label, max);
        if text.is_empty() {
            self.wrong(name, t!(self.lang, "form.required", field = label));
        }
        text
    }

    /// One of a closed set, by `parse`.
    pub fn choice<T>(&mut self, name: &str, label: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let chosen = parse(self.value(name).trim());
        if chosen.is_none() {
            self.wrong(name, t!(self.lang, "form.choice", field = label));
        }
        chosen
    }

    /// A record chosen by its id; empty is `None`, nonsense is an error.
    pub fn record(&mut self, name: &str, label: &str) -> Option<Id> {
        let text = self.value(name).trim();
        if text.is_empty() {
            return None;
        }
        let id = text.parse().ok();
        if id.is_none() {
            self.wrong(name, t!(self.lang, "form.choice", field = label));
        }
        id
    }

    /// A date; empty is `None`, nonsense is an error.
    pub fn day(&mut self, name: &str, label: &str) -> Option<NaiveDate> {
        let text = self.value(name).trim();
        if text.is_empty() {
            return None;
        }
        let day = clock::parse_day(text);
        if day.is_none() {
            self.wrong(name, t!(self.lang, "form.date", field = label));
        }
        day
    }

    /// An amount of money; empty is `None`, nonsense is an error.
    pub fn fen(&mut self, name: &str, label: &str) -> Option<Fen> {
        let text = self.value(name).trim();
        if text.is_empty() {
            return None;
        }
        let fen = Fen::parse(text);
        if fen.is_none() {
            self.wrong(name, t!(self.lang, "form.number", field = label));
        }
        fen
    }

    /// A quantity; empty is `None`, nonsense is an error.
    pub fn milli(&mut self, name: &str, label: &str) -> Option<Milli> {
        let text = self.value(name).trim();
        if text.is_empty() {
            return None;
        }
        let milli = Milli::parse(text);
        if milli.is_none() {
            self.wrong(name, t!(self.lang, "form.quantity", field = label));
        }
        milli
    }

    /// A checkbox or a button: ticked as browsers send it, or left out. Any other word is an error, since nobody
    /// knows which of the two it means.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.value(name) {
            "1" | "on" => true,
            "" => false,
            _ => {
                self.wrong(name, t!(self.lang, "form.choice", field = name));
                false
            }
        }
    }

    /// The version of the record that the form was opened on; `None` where the form names none.
    ///
    /// # Errors
    /// [`AppError::BadRequest`] for a word that is no version: taken for none, it would write over what others changed.
    pub fn version(&self) -> Result<Option<i64>> {
        match self.value("version").trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| AppError::BadRequest("no version")),
        }
    }
}
