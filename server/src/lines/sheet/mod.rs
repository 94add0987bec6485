//! A document with product lines: what every such kind has alike. Its form is in `form`; the page, approval card, copy
//! and print of kinds that are sold are in `sale`. A kind says what it has besides the lines and the note: its terms.

mod copy;
mod form;
pub mod sale;
mod show;

use std::future::Future;

use maud::{Markup, html};
use serde_json::Value;

use super::editor::{self, Prices, Setting};
use super::{NewLine, noted, store, totals};
use crate::customers::{self, Customer};
use crate::documents::{self, Document, Full, NewHead, State};
use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Author, Changes};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::stock::{self, Warehouse};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::form::Form;
use crate::web::routes::Routes;

/// A kind of document with product lines.
pub trait Sheet: Document {
    /// The fields of its form besides the lines and the note.
    type Terms: Send + Sync;

    /// Whether its form names a warehouse.
    const HAS_WAREHOUSE: bool = false;
    /// Whether its form, and the page of a draft, may be read without a network.
    const IS_KEPT: bool = false;
    /// How the outbox knows a new one, where it may be written without a network.
    const OFFLINE: Option<&'static str> = None;
    /// Whether a new one may take over the customer's last order.
    const REPEATS: bool = false;
    /// The title above the stored lines, where somebody else has changed them.
    const CROSSED: &'static str = "lines.crossed";

    /// The customer's price level.
    fn level(body: &Self::Body) -> Option<Id> {
        let _ = body;
        None
    }

    /// The customer's region.
    fn region(body: &Self::Body) -> Option<Id> {
        let _ = body;
        None
    }

    /// Whether its lines have prices, and which.
    fn prices(context: &Context) -> Prices {
        Prices::At(context.level())
    }

    /// What the form of a new one begins with, and its customer, as the address says.
    fn opened(cx: &Cx) -> impl Future<Output = Result<(Form, Option<Id>)>> + Send {
        async move { Ok((cx.blank(), cx.query_id("customer")?)) }
    }

    /// The visit that a new one is written on; it must be the customer's.
    fn visit(cx: &Cx, form: &mut Form, customer: Option<Id>) -> impl Future<Output = Result<Option<Id>>> + Send {
        let _ = (cx, form, customer);
        async { Ok(None) }
    }

    /// The terms of a document.
    fn terms(body: &Self::Body) -> Self::Terms;
    /// Fills a form with terms.
    fn fill(form: Form, terms: &Self::Terms) -> Form;
    /// Reads the terms; what is wrong is said in the form.
    fn read(form: &mut Form, lines: &[NewLine], context: &Context) -> Option<Self::Terms>;

    /// Terms that were read, with those of the draft that its form does not have.
    fn kept(terms: Self::Terms, draft: &Self::Body) -> Self::Terms {
        let _ = draft;
        terms
    }

    /// The fields above the lines, on a card of their own.
    fn fields_above(context: &Context, typed: &Form, is_new: bool) -> Markup {
        let _ = (context, typed, is_new);
        html! {}
    }

    /// The fields below the lines, before the note.
    fn fields(lang: Lang, typed: &Form) -> Markup {
        let _ = (lang, typed);
        html! {}
    }

    /// The terms of a document as cells.
    fn shown(lang: Lang, document: &Full<Self::Body>, now: Millis) -> Markup {
        let _ = (lang, document, now);
        html! {}
    }

    /// What the customer may still buy on credit, where a limit is set.
    fn credit_left(cx: &Cx, customer: Id) -> impl Future<Output = Result<Option<Fen>>> + Send {
        let _ = (cx, customer);
        async { Ok(None) }
    }

    /// The total of the document, from the sum of its lines; `None` for kinds without money.
    fn total(terms: &Self::Terms, sum: Fen) -> Option<Fen>;

    /// The header's title.
    fn title(terms: &Self::Terms) -> String {
        let _ = terms;
        String::new()
    }

    /// The terms in the operation log.
    fn noted(terms: &Self::Terms) -> Vec<(&'static str, Value)>;
    /// Writes the kind's own row, which is new or exists. `cost` is what the goods cost.
    fn store(
        tx: &mut Tx,
        id: Id,
        terms: &Self::Terms,
        cost: Fen,
        is_new: bool,
    ) -> impl Future<Output = Result<(), DbError>> + Send;
}

/// The customer of a document.
#[derive(Clone, Debug)]
pub struct Buyer {
    id: Id,
    name: String,
    level: Option<Id>,
    region: Option<Id>,
}

impl From<Customer> for Buyer {
    fn from(customer: Customer) -> Buyer {
        let Customer { id, name, price_level_id: level, region_id: region, .. } = customer;
        Buyer { id, name, level, region }
    }
}

/// What a form depends on besides its fields.
#[derive(Clone, Debug)]
pub struct Context {
    /// The reader's language.
    pub lang: Lang,
    /// The moment of the request.
    pub now: Millis,
    /// All warehouses, where the kind has one.
    pub warehouses: Vec<Warehouse>,
    buyer: Option<Buyer>,
}

impl Context {
    async fn new<D: Sheet>(cx: &Cx, buyer: Option<Buyer>) -> Result<Context> {
        let warehouses = if D::HAS_WAREHOUSE { stock::warehouses(&cx.office.db).await? } else { Vec::new() };
        Ok(Context { lang: cx.lang, now: cx.now, warehouses, buyer })
    }

    /// For a new document, whose customer must be in the writer's scope.
    async fn for_new<D: Sheet>(cx: &Cx, customer: Option<Id>) -> Result<Context> {
        let buyer = match customer {
            Some(customer) => {
                let found = customers::find(&cx.office.db, &cx.scope(), customer).await?;
                Some(Buyer::from(found.ok_or(AppError::NotFound)?))
            }
            None => None,
        };
        Context::new::<D>(cx, buyer).await
    }

    /// For a document that the reader sees: an approver from another department does not have its customer in their
    /// scope.
    async fn of<D: Sheet>(cx: &Cx, document: &Full<D::Body>) -> Result<Context> {
        let Full { head, body } = document;
        let buyer = head.customer_id.map(|id| Buyer {
            id,
            name: head.customer.clone(),
            level: D::level(body),
            region: D::region(body),
        });
        Context::new::<D>(cx, buyer).await
    }

    /// The customer.
    #[must_use]
    pub fn customer(&self) -> Option<Id> {
        self.buyer.as_ref().map(|buyer| buyer.id)
    }

    /// The customer's price level.
    #[must_use]
    pub fn level(&self) -> Option<Id> {
        self.buyer.as_ref().and_then(|buyer| buyer.level)
    }

    /// The customer's region.
    #[must_use]
    pub fn region(&self) -> Option<Id> {
        self.buyer.as_ref().and_then(|buyer| buyer.region)
    }

    /// The warehouse that a form means.
    fn warehouse(&self, typed: &Form) -> Option<Id> {
        editor::warehouse_of(typed, &self.warehouses, self.region())
    }

    fn setting<D: Sheet>(&self) -> Setting {
        Setting { customer: self.customer(), prices: D::prices(self) }
    }
}

/// A document to be made.
#[derive(Clone, Debug)]
pub struct NewSheet<T> {
    /// Whose it will be.
    pub owner: Id,
    /// The customer, held by the caller.
    pub customer: Option<Id>,
    /// The visit that it is written on.
    pub visit: Option<Id>,
    /// The document that it is made from.
    pub source: Option<(Kind, Id)>,
    /// A draft, or in force at once; then its effects are the caller's.
    pub state: State,
    /// Its lines; their products are held by the caller.
    pub lines: Vec<NewLine>,
    /// Its terms.
    pub terms: T,
    /// What its writer notes.
    pub note: String,
}

/// Makes a document.
///
/// # Returns
/// The id and the number.
pub async fn create<D: Sheet>(tx: &mut Tx, author: &Author, new: &NewSheet<D::Terms>) -> Result<(Id, String), DbError> {
    let (sum, cost) = totals(&new.lines);
    let total = D::total(&new.terms, sum);
    let head = NewHead {
        owner: new.owner,
        customer: new.customer,
        visit: new.visit,
        source: new.source,
        state: new.state,
        day: clock::iso_day(author.at),
        title: <D as Sheet>::title(&new.terms),
        amount: total,
        note: new.note.clone(),
    };
    let (id, number) = documents::insert(tx, D::KIND, &head, author.at).await?;
    D::store(tx, id, &new.terms, cost, true).await?;
    store::insert(tx, id, new.customer, &new.lines).await?;
    let mut changes = Changes::new().set("number", number.clone()).set("lines", noted(&new.lines));
    if let Some(customer) = new.customer {
        changes = changes.set("customer_id", customer.to_string());
    }
    if let Some(total) = total {
        changes = changes.set("total", total.plain());
    }
    for (name, value) in D::noted(&new.terms) {
        changes = changes.set(name, value);
    }
    documents::note(tx, author, Action::Create, D::KIND, id, changes).await?;
    Ok((id, number))
}

/// The addresses of list, form, flow and recycle bin.
pub fn form_routes<D: Sheet>(routes: &mut Routes) {
    let (paths, module) = (D::KIND.paths(), D::KIND.module());
    documents::list_route::<D>(routes);
    routes.get(paths.new, Gate::create(module), form::new::<D>);
    routes.post(paths.list, Gate::create(module), form::post::<D>);
    routes.get(paths.edit, Gate::edit(module), form::edit::<D>);
    routes.post(paths.lines, Gate::edit(module), form::save::<D>);
    documents::flow_routes::<D>(routes);
    documents::bin_routes::<D>(routes);
}
