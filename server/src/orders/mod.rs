//! Orders 订单: what a customer buys, from the rep's draft to the order in force.
//!
//! Tables: orders
//! Events: OrderApproved
//! Uses: approvals, documents, lines, quotes, products, stock, customers, visits

mod approval;
mod credit;
mod form;
pub mod from_quote;
mod pages;
mod rules;
mod short;
mod store;
mod view;

use maud::Markup;
use poem::Response;

use crate::documents::{self, Document, Full, List, NewHead, State};
use crate::kernel::HookFuture;
use crate::kernel::access::{Gate, Scope};
use crate::kernel::audit::{Action, Author, Changes};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{DbError, On, Tx};
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::lines::{self, Discount, NewLine};
use crate::products;
use crate::ui::timeline::Entry;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::routes::Routes;

pub use store::{Unpaid, settle, unpaid};

/// The kind.
#[derive(Debug)]
pub struct Order;

/// The columns of orders alone, and those that decide about the customer's credit.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Body {
    /// Where it is delivered from.
    warehouse_id: Option<Id>,
    /// The name of that.
    warehouse: Option<String>,
    /// The share of the sum of its lines that is charged.
    discount: Discount,
    /// What the goods cost.
    cost: Fen,
    /// What has been paid on it.
    paid: Fen,
    customer_level: Option<Id>,
    customer_region: Option<Id>,
    credit_limit: Fen,
    credit_days: i64,
    arrears: Fen,
    /// The setting: above this total an order needs approval.
    approval_over: Option<String>,
}

impl Document for Order {
    const KIND: Kind = Kind::Order;
    type Body = Body;
    const COLUMNS: &'static str = ", o.warehouse_id, w.name AS warehouse, o.discount, o.cost, o.paid, \
         c.price_level_id AS customer_level, c.region_id AS customer_region, c.credit_limit, c.credit_days, c.arrears, \
         (SELECT value FROM settings WHERE name = 'order_approval_over') AS approval_over";
    const JOINS: &'static str = " JOIN orders o ON o.id = d.id LEFT JOIN warehouses w ON w.id = o.warehouse_id";
    const CUSTOMER_FIRST: &'static str = "orders.choose_customer";
    const LIST: List = List {
        new: "orders.new",
        search: "orders.search",
        none: "orders.none",
        segments: &[State::Draft, State::Approving, State::Active],
    };

    async fn reasons(tx: &mut Tx, order: &Full<Body>, now: Millis, lang: Lang) -> Result<Vec<&'static str>> {
        approval::asked(tx, order, now, lang).await
    }

    async fn in_force(tx: &mut Tx, order: &Full<Body>, now: Millis, lang: Lang) -> Result<()> {
        approval::come_into_force(tx, order, now, lang).await
    }

    async fn undo(tx: &mut Tx, order: &Full<Body>, lang: Lang) -> Result<()> {
        approval::undo(tx, order, lang).await
    }

    async fn refused(cx: &Cx, order: &Full<Body>, why: String) -> Result<Response> {
        pages::refused(cx, order, &why).await
    }

    async fn facts(cx: &Cx, order: &Full<Body>, seen: bool) -> Result<Markup> {
        approval::facts(cx, order, seen).await
    }
}

/// What others know about a document, such as the fate of its text messages, as entries for its page.
pub type Told = for<'a> fn(&'a Cx, Kind, Id) -> HookFuture<'a, Result<Vec<Entry>>>;

/// Addresses. `told` gathers what modules downstream have to say about an order.
pub fn routes(routes: &mut Routes, told: Told) {
    let (paths, module) = (Kind::Order.paths(), Kind::Order.module());
    documents::list_route::<Order>(routes);
    routes.get(paths.new, Gate::create(module), pages::new);
    routes.post(paths.list, Gate::create(module), pages::create);
    routes.post("/quotes/:id/order", Gate::create(module), from_quote::create);
    routes.get(paths.one, Gate::view(module), move |cx| pages::show(cx, told));
    routes.get(paths.edit, Gate::edit(module), pages::edit);
    routes.post(paths.lines, Gate::edit(module), pages::save_lines);
    documents::flow_routes::<Order>(routes);
    documents::bin_routes::<Order>(routes);
}

/// An order to be made.
#[derive(Clone, Debug)]
pub struct NewOrder {
    /// Whose it will be.
    pub owner: Id,
    /// The customer, held by the caller.
    pub customer: Id,
    /// The visit that it is written on.
    pub visit: Option<Id>,
    /// The document that it is made from.
    pub source: Option<(Kind, Id)>,
    /// The level its list prices come from; without one, the company's first.
    pub level: Option<Id>,
    /// What is asked of the sum of its lines.
    pub discount: Discount,
    /// Where it is delivered from.
    pub warehouse: Option<Id>,
    /// What its writer notes.
    pub note: String,
    /// Its lines; their products are held by the caller.
    pub lines: Vec<NewLine>,
}

/// Makes the draft of an order.
pub async fn create(tx: &mut Tx, author: &Author, new: &NewOrder) -> Result<Id, DbError> {
    let (sum, cost) = lines::totals(&new.lines);
    let total = new.discount.of(sum);
    let level = match new.level {
        Some(level) => Some(level),
        None => products::default_level(&mut *tx).await?,
    };
    let head = NewHead {
        owner: new.owner,
        customer: Some(new.customer),
        visit: new.visit,
        source: new.source,
        state: State::Draft,
        day: clock::iso_day(author.at),
        title: String::new(),
        amount: Some(total),
        note: new.note.clone(),
    };
    let (id, number) = documents::insert(tx, Kind::Order, &head, author.at).await?;
    store::insert(tx, id, level, new.warehouse, new.discount, cost).await?;
    lines::insert(tx, id, Some(new.customer), &new.lines).await?;
    let changes = Changes::new()
        .set("number", number)
        .set("customer_id", new.customer.to_string())
        .set("total", total.plain())
        .set("discount", new.discount.percent())
        .set("lines", lines::noted(&new.lines));
    documents::note(tx, author, Action::Create, Kind::Order, id, changes).await?;
    Ok(id)
}

/// What a text message to the customer says of an order.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its number.
    pub number: String,
    /// Its total.
    pub total: Fen,
    /// The customer.
    pub customer_id: Id,
    /// Whose order it is.
    pub owner_id: Id,
}

/// What a text message to the customer says of an order.
pub async fn summary_for_sms(on: impl Into<On<'_>>, scope: &Scope, order: Id) -> Result<Option<Summary>, DbError> {
    let Some(Full { head, .. }) = documents::find::<Order>(on, scope, order).await? else { return Ok(None) };
    let total = head.total();
    Ok(head.customer_id.map(|customer_id| Summary { number: head.number, total, customer_id, owner_id: head.owner_id }))
}
