//! Reading a posted form: one helper for every handler. It collects what is wrong field by field and keeps
//! what was typed, so that the page can be shown again with nothing lost.

mod phone;
mod read;

use std::sync::Arc;

use chrono::NaiveDate;
use poem::Body;
use poem::http::{HeaderMap, StatusCode};
use sha2::{Digest, Sha256};

use crate::kernel::bodies::Share;
use crate::kernel::clock;
use crate::kernel::crypto::hex::hex;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::media::uploads::Upload;
use crate::kernel::money::{Fen, Milli};
use crate::ui::form::{FieldView, PUT_BACK};
use crate::web::error::Result;
pub(in crate::web) use read::Reading;

/// The field by which a form asks for its page with what was typed.
pub const RESUMED: &str = PUT_BACK;

/// A form: what was typed, what came with it, what is wrong with it.
#[derive(Clone, Debug)]
pub struct Form {
    lang: Lang,
    fields: Arc<Vec<(String, String)>>,
    uploads: Vec<Arc<Upload>>,
    /// The memory of the fields, as the budget knows it.
    share: Option<Arc<Share>>,
    errors: Vec<(String, String)>,
    /// Somebody else changed the record meanwhile.
    conflicting: bool,
    /// It is only to be shown again, with what was typed.
    resumed: bool,
    op: String,
    hash: String,
}

/// What was typed into a posted form, for an answer that gives it back.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The address it was posted to, with its query.
    pub target: String,
    /// The fields, its token among them.
    pub fields: Arc<Vec<(String, String)>>,
    /// Whether it sends files.
    pub multipart: bool,
    /// The fields in which files came.
    pub files: Vec<String>,
}

impl Form {
    /// A form that nobody filled in yet.
    #[must_use]
    pub fn blank(lang: Lang) -> Form {
        Form {
            lang,
            fields: Arc::default(),
            uploads: Vec::new(),
            share: None,
            errors: Vec::new(),
            conflicting: false,
            resumed: false,
            op: String::new(),
            hash: String::new(),
        }
    }

    /// Reads a form that was posted to `action`, which is a method and an address.
    pub(in crate::web) async fn read(
        reading: Reading<'_>,
        headers: &HeaderMap,
        body: Body,
        lang: Lang,
        action: &str,
    ) -> Result<Form> {
        let mut form = Form::blank(lang);
        reading.read(&mut form, headers, body).await?;
        form.op = form.value("op_id").to_owned();
        form.hash = form.digest(action);
        Ok(form)
    }

    /// Reads what fits of a form that will only be given back to its writer.
    pub(in crate::web) async fn read_some(reading: Reading<'_>, headers: &HeaderMap, body: Body, lang: Lang) -> Form {
        let mut form = Form::blank(lang);
        if let Err(error) = reading.read(&mut form, headers, body).await {
            tracing::debug!(%error, "a form was read in part");
        }
        form
    }

    /// What the form says and to which address, without the token: the same content at the same address gives the
    /// same digest.
    fn digest(&self, action: &str) -> String {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        add(action.as_bytes());
        for (name, value) in self.fields.iter().filter(|(name, _)| name != "op_id") {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        for upload in &self.uploads {
            add(upload.field.as_bytes());
            add(upload.hash.as_str().as_bytes());
        }
        hex(&hash.finalize())
    }

    /// The token and digest alone, for the write that will note them.
    #[must_use]
    pub(in crate::web) fn clone_head(&self) -> Form {
        Form { op: self.op.clone(), hash: self.hash.clone(), ..Form::blank(self.lang) }
    }

    /// The form as a form that asks for its page, where it has the field [`RESUMED`]: what was typed before the session
    /// ended, or lies on the phone, is shown again and not written.
    #[must_use]
    pub(in crate::web) fn resumed(mut self) -> Form {
        if self.fields.iter().any(|(name, _)| name == RESUMED) {
            Arc::make_mut(&mut self.fields).retain(|(name, _)| name != RESUMED);
            self.resumed = true;
            self.wrong(RESUMED, t!(self.lang, "form.resumed"));
        }
        self
    }

    /// Whether it is only to be shown again.
    #[must_use]
    pub fn is_resumed(&self) -> bool {
        self.resumed
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
        let fields = Arc::make_mut(&mut self.fields);
        fields.retain(|(field, _)| field != name);
        fields.push((name.to_owned(), value.into()));
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
    pub fn upload(&self, name: &str) -> Option<&Arc<Upload>> {
        self.uploads.iter().find(|upload| upload.field == name)
    }

    /// Says that a field is wrong.
    pub fn wrong(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push((name.to_owned(), message.into()));
    }

    /// Says at a field that somebody else changed the record meanwhile: the form is shown again with what was typed,
    /// and its status is 409.
    pub fn conflict(&mut self, name: &str, message: impl Into<String>) {
        self.conflicting = true;
        self.wrong(name, message);
    }

    /// The status of the page that shows this form.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match (self.is_right(), self.conflicting) {
            (true, _) => StatusCode::OK,
            (false, true) => StatusCode::CONFLICT,
            (false, false) => StatusCode::UNPROCESSABLE_ENTITY,
        }
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

    /// The version of the record that the form was opened on. 0, which no record has, where the form names none or a
    /// word that is none: whatever the record's is, the form is in conflict with it.
    #[must_use]
    pub fn opened(&self) -> i64 {
        self.value("version").trim().parse().unwrap_or(0)
    }

    /// The version that a page writes into the form: the record's, or, where the form was sent and comes back for
    /// another reason than a conflict, the one that it was opened on.
    #[must_use]
    pub fn version_on(&self, record: i64) -> i64 {
        if self.fields().iter().any(|(name, _)| name == "version") { self.opened() } else { record }
    }
}
