//! A document with a customer and product lines: what every such kind has alike. Its form and copy are in `form`, its
//! page, approval card and print in `show`. A kind says what it has besides the lines and the note: its terms.

mod form;
mod show;

use std::future::Future;

use maud::Markup;
use serde_json::Value;

use super::{Line, NewLine, noted, store, totals};
use crate::documents::{self, Document, Full, NewHead, State};
use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Author, Changes};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::form::Form;
use crate::web::routes::Routes;

pub use show::facts;

/// A kind of document with a customer and product lines.
pub trait Sheet: Document {
    /// The fields of its form besides the lines and the note.
    type Terms: Send + Sync;

    /// The customer's price level.
    fn level(body: &Self::Body) -> Option<Id>;
    /// The terms that a new document's form begins with.
    fn begin(now: Millis) -> Self::Terms;
    /// The terms of a document.
    fn terms(body: &Self::Body) -> Self::Terms;
    /// The terms of its copy.
    fn renewed(terms: Self::Terms, now: Millis) -> Self::Terms;
    /// Fills a form with terms.
    fn fill(form: Form, terms: &Self::Terms) -> Form;
    /// Reads the terms; what is wrong is said in the form.
    fn read(form: &mut Form, lang: Lang, now: Millis) -> Option<Self::Terms>;
    /// The terms of a document as cells of its page.
    fn shown(lang: Lang, document: &Full<Self::Body>, now: Millis) -> Markup;
    /// A mark for the print besides the state, such as 已过期.
    fn mark(lang: Lang, document: &Full<Self::Body>, now: Millis) -> Option<String>;
    /// Why it needs approval, as codes.
    fn needs(document: &Full<Self::Body>, lines: &[Line]) -> Vec<&'static str>;
    /// A code of [`Sheet::needs`] in words.
    fn reason(lang: Lang, body: &Self::Body, code: &str) -> String;
    /// Their fields.
    fn fields(lang: Lang, typed: &Form) -> Markup;
    /// The total of the document, from the sum of its lines.
    fn total(terms: &Self::Terms, sum: Fen) -> Fen;
    /// The header's title.
    fn title(terms: &Self::Terms) -> String;
    /// The terms in the operation log.
    fn noted(terms: &Self::Terms) -> Vec<(&'static str, Value)>;
    /// Writes the kind's own row, which is new or exists.
    fn store(
        tx: &mut Tx,
        id: Id,
        terms: &Self::Terms,
        is_new: bool,
    ) -> impl Future<Output = Result<(), DbError>> + Send;
}

/// What the writer of a document entered.
#[derive(Clone, Debug)]
pub struct Said<T> {
    /// Its lines; their products are held by the caller.
    pub lines: Vec<NewLine>,
    /// Its terms.
    pub terms: T,
    /// A note.
    pub note: String,
}

/// The acts that a module downstream adds to a document's page.
pub type Onward<B> = fn(&Cx, &Full<B>) -> Markup;

/// The addresses of list, form, page, copy, print, flow and recycle bin. `onward` adds the acts of modules downstream.
pub fn routes<D: Sheet>(routes: &mut Routes, versions: &'static str, print: &'static str, onward: Onward<D::Body>) {
    let (paths, module) = (D::KIND.paths(), D::KIND.module());
    documents::list_route::<D>(routes);
    routes.get(paths.new, Gate::create(module), form::new::<D>);
    routes.post(paths.list, Gate::create(module), form::post::<D>);
    routes.get(paths.one, Gate::view(module), move |cx| show::page::<D>(cx, onward));
    routes.get(paths.edit, Gate::edit(module), form::edit::<D>);
    routes.post(paths.lines, Gate::edit(module), form::save::<D>);
    routes.post(versions, Gate::create(module), form::copy::<D>);
    routes.get(print, Gate::view(module), show::print::<D>);
    documents::flow_routes::<D>(routes);
    documents::bin_routes::<D>(routes);
}

/// Makes a draft for a customer whom the caller holds; `source` is the document of the same kind that it follows.
pub async fn create<D: Sheet>(
    tx: &mut Tx,
    author: &Author,
    owner: Id,
    customer: Id,
    source: Option<Id>,
    said: &Said<D::Terms>,
) -> Result<Id, DbError> {
    let total = D::total(&said.terms, totals(&said.lines).0);
    let head = NewHead {
        owner,
        customer: Some(customer),
        visit: None,
        source: source.map(|source| (D::KIND, source)),
        state: State::Draft,
        day: clock::iso_day(author.at),
        title: <D as Sheet>::title(&said.terms),
        amount: Some(total),
        note: said.note.clone(),
    };
    let (id, number) = documents::insert(tx, D::KIND, &head, author.at).await?;
    D::store(tx, id, &said.terms, true).await?;
    store::insert(tx, id, Some(customer), &said.lines).await?;
    let mut changes = Changes::new()
        .set("number", number)
        .set("customer_id", customer.to_string())
        .set("total", total.plain())
        .set("lines", noted(&said.lines));
    for (name, value) in D::noted(&said.terms) {
        changes = changes.set(name, value);
    }
    documents::note(tx, author, Action::Create, D::KIND, id, changes).await?;
    Ok(id)
}
