//! Quotes 报价: what is offered to a customer, at which prices and until when. The header's title is its last day.
//!
//! Tables: quotes
//! Events: none
//! Uses: approvals, customers, documents, lines

mod form;
mod pages;
mod store;
mod view;

use chrono::NaiveDate;
use maud::Markup;

use crate::documents::{self, Document, Full, Head, List, NewHead, State};
use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Author, Changes};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::words::words;
use crate::kinds::Kind;
use crate::lines::{self, Discount, Line, NewLine, under_floor};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::routes::Routes;

/// The kind.
#[derive(Debug)]
pub struct Quote;

/// What only quotes have, and what their prices are weighed by.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Body {
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub valid_until: String,
    /// What is asked of the sum of its lines.
    pub discount: Discount,
    /// The customer's price level.
    pub customer_level: Option<Id>,
    /// The customer's region.
    pub customer_region: Option<Id>,
    /// The setting: above this total a sale needs approval.
    approval_over: Option<String>,
}

impl Body {
    /// Whether its last day is past.
    #[must_use]
    pub fn is_expired(&self, now: Millis) -> bool {
        is_past(&self.valid_until, now)
    }

    fn over(&self) -> Fen {
        documents::approval_over(self.approval_over.as_deref())
    }
}

fn is_past(day: &str, now: Millis) -> bool {
    day < clock::iso_day(now).as_str()
}

words! {
    /// Why a quote needs approval.
    pub enum Reason {
        /// The total is over the rule's amount.
        Amount = "amount",
        /// A price is under the floor.
        Floor = "floor",
    }
}

/// Which reasons hold for a quote.
fn reasons(total: Fen, body: &Body, lines: &[Line]) -> Vec<Reason> {
    let asked = |line: &Line| body.discount.of(line.price);
    let holds = |reason: &Reason| match reason {
        Reason::Amount => total > body.over(),
        Reason::Floor => lines.iter().any(|line| under_floor(asked(line), line.ratio, line.floor_price)),
    };
    Reason::ALL.into_iter().filter(holds).collect()
}

impl Document for Quote {
    const KIND: Kind = Kind::Quote;
    type Body = Body;
    const COLUMNS: &'static str = ", q.valid_until, q.discount, c.price_level_id AS customer_level, \
         c.region_id AS customer_region, (SELECT value FROM settings WHERE name = 'order_approval_over') AS approval_over";
    const JOINS: &'static str = " JOIN quotes q ON q.id = d.id";
    const LIST: List = List {
        new: "quotes.new",
        search: "quotes.search",
        none: "quotes.none",
        segments: &[State::Draft, State::Approving, State::Active],
    };

    async fn reasons(tx: &mut Tx, quote: &Full<Body>, now: Millis, lang: Lang) -> Result<Vec<&'static str>> {
        let lines = lines::of_document(tx, quote.head.id).await?;
        if lines.is_empty() {
            return Err(AppError::Refused(t!(lang, "lines.none").into_owned()));
        }
        if quote.body.is_expired(now) {
            return Err(AppError::Refused(t!(lang, "quotes.expired_draft").into_owned()));
        }
        Ok(reasons(quote.head.total(), &quote.body, &lines).into_iter().map(Reason::code).collect())
    }

    async fn facts(cx: &Cx, quote: &Full<Body>, seen: bool) -> Result<Markup> {
        pages::facts(cx, quote, seen).await
    }

    fn tag(lang: Lang, head: &Head, now: Millis) -> Markup {
        view::state_tag(lang, head.state, &head.title, now)
    }
}

/// What a module downstream offers to do with a quote on its page.
pub type Onward = fn(&Cx, &Full<Body>) -> Markup;

/// Addresses. `onward` is what becomes of a quote.
pub fn routes(routes: &mut Routes, onward: Onward) {
    let (paths, module) = (Kind::Quote.paths(), Kind::Quote.module());
    documents::list_route::<Quote>(routes);
    routes.get(paths.new, Gate::create(module), pages::new);
    routes.post(paths.list, Gate::create(module), pages::create);
    routes.get(paths.one, Gate::view(module), move |cx| pages::show(cx, onward));
    routes.get(paths.edit, Gate::edit(module), pages::edit);
    routes.post(paths.lines, Gate::edit(module), pages::save_lines);
    routes.post("/quotes/:id/versions", Gate::create(module), pages::copy);
    routes.get("/quotes/:id/print", Gate::view(module), pages::print);
    documents::flow_routes::<Quote>(routes);
}

/// What the writer of a quote says.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its lines; their products are held by the caller.
    pub lines: Vec<NewLine>,
    /// What is asked of their sum.
    pub discount: Discount,
    /// Its last day.
    pub valid_until: NaiveDate,
    /// A note.
    pub note: String,
}

/// Makes the draft of a quote for a customer whom the caller holds; `source` is the quote that it follows.
pub async fn create(
    tx: &mut Tx,
    author: &Author,
    owner: Id,
    customer: Id,
    source: Option<Id>,
    said: &Said,
) -> Result<Id, DbError> {
    let total = said.discount.of(lines::totals(&said.lines).0);
    let head = NewHead {
        owner,
        customer: Some(customer),
        visit: None,
        source: source.map(|source| (Kind::Quote, source)),
        state: State::Draft,
        day: clock::iso_day(author.at),
        title: said.valid_until.to_string(),
        amount: Some(total),
        note: said.note.clone(),
    };
    let (id, number) = documents::insert(tx, Kind::Quote, &head, author.at).await?;
    store::insert(tx, id, &head.title, said.discount).await?;
    lines::insert(tx, id, Some(customer), &said.lines).await?;
    let changes = Changes::new()
        .set("number", number)
        .set("customer_id", customer.to_string())
        .set("total", total.plain())
        .set("discount", said.discount.percent())
        .set("valid_until", head.title)
        .set("lines", lines::noted(&said.lines));
    documents::note(tx, author, Action::Create, Kind::Quote, id, changes).await?;
    Ok(id)
}
