//! Orders 订单: what a customer buys, from the rep's draft to the order in force.
//!
//! Tables: orders
//! Events: OrderApproved
//! Uses: approvals, documents, lines, quotes, products, stock, customers, visits

mod approval;
mod credit;
pub mod from_quote;
mod rules;
mod short;
mod store;
mod view;

use maud::{Markup, html};
use poem::Response;
use serde_json::Value;

use crate::documents::{self, Document, Full, List, State};
use crate::kernel::access::{Gate, Scope};
use crate::kernel::clock::Millis;
use crate::kernel::db::{DbError, On, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::lines::sheet::sale::{self, Checks, Sale, Told};
use crate::lines::sheet::{Context, Sheet};
use crate::lines::view::warehouse_field;
use crate::lines::{self, Discount, NewLine, Weighed, editor};
use crate::ui::form;
use crate::visits;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::form::Form;
use crate::web::routes::Routes;

pub use store::{Overdue, Unpaid, overdue, settle, unpaid, unsettle};
pub use view::short_reasons;

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
        sale::refused::<Order>(cx, order, &why).await
    }

    async fn facts(cx: &Cx, order: &Full<Body>, seen: bool) -> Result<Markup> {
        approval::facts(cx, order, seen).await
    }
}

/// What an order says besides its lines.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// The level its list prices come from; without one, the company's first.
    pub level: Option<Id>,
    /// What is asked of the sum of its lines. Only an order from a quote has one.
    pub discount: Discount,
    /// Where it is delivered from.
    pub warehouse: Option<Id>,
}

impl Sheet for Order {
    type Terms = Terms;
    const HAS_WAREHOUSE: bool = true;
    const IS_KEPT: bool = true;
    const OFFLINE: Option<&'static str> = Some("order_draft");
    const CROSSED: &'static str = "orders.crossed";

    fn level(body: &Body) -> Option<Id> {
        body.customer_level
    }

    fn region(body: &Body) -> Option<Id> {
        body.customer_region
    }

    /// A customer's, a visit's, or one with the lines of an earlier order 再来一单.
    async fn opened(cx: &Cx) -> Result<(Form, Option<Id>)> {
        let (mut typed, mut customer) = (cx.blank(), cx.query_id("customer")?);
        if let Some(visit) = cx.query_id("visit")? {
            let visits = visits::find(&cx.office.db, &cx.scope(), visit).await?;
            customer = Some(visits.ok_or(AppError::NotFound)?.row.customer_id);
            typed = typed.with("visit_id", visit.to_string());
        }
        if let Some(model) = cx.query_id("repeat")? {
            let model = documents::seen::<Order>(cx, model).await?;
            customer = model.head.customer_id;
            let lines = lines::of_document(&cx.office.db, model.head.id).await?;
            typed = Order::fill(editor::filled(typed, &lines, false), &Order::terms(&model.body));
        }
        Ok((typed, customer))
    }

    async fn visit(cx: &Cx, form: &mut Form, customer: Option<Id>) -> Result<Option<Id>> {
        let visit = form.record("visit_id", &t!(cx.lang, "orders.visit"));
        if let Some(visit) = visit {
            let found = visits::find(&cx.office.db, &cx.scope(), visit).await?.ok_or(AppError::NotFound)?;
            if Some(found.row.customer_id) != customer {
                return Err(AppError::NotFound);
            }
        }
        Ok(visit)
    }

    fn terms(body: &Body) -> Terms {
        Terms { level: body.customer_level, discount: body.discount, warehouse: body.warehouse_id }
    }

    fn fill(form: Form, terms: &Terms) -> Form {
        match terms.warehouse {
            Some(warehouse) => form.with("warehouse_id", warehouse.to_string()),
            None => form,
        }
    }

    fn read(form: &mut Form, _: &[NewLine], context: &Context) -> Option<Terms> {
        let warehouse = editor::read_warehouse(form, context.lang, &context.warehouses, context.region());
        Some(Terms { level: context.level(), discount: Discount::NONE, warehouse })
    }

    fn kept(terms: Terms, draft: &Body) -> Terms {
        Terms { discount: draft.discount, ..terms }
    }

    fn fields_above(context: &Context, typed: &Form, is_new: bool) -> Markup {
        html! {
            @if is_new { (form::hidden("visit_id", typed.value("visit_id"))) }
            (warehouse_field(context.lang, &context.warehouses, typed))
        }
    }

    fn shown(lang: Lang, order: &Full<Body>, _: Millis) -> Markup {
        view::terms(lang, order)
    }

    fn repeat(lang: Lang, last: Id) -> Option<Markup> {
        Some(view::repeat_link(lang, last, form::ButtonKind::Quiet))
    }

    fn total(terms: &Terms, sum: Fen) -> Option<Fen> {
        Some(terms.discount.of(sum))
    }

    fn noted(terms: &Terms) -> Vec<(&'static str, Value)> {
        vec![("discount", terms.discount.percent().into())]
    }

    async fn store(tx: &mut Tx, id: Id, terms: &Terms, cost: Fen, is_new: bool) -> Result<(), DbError> {
        if is_new { store::insert(tx, id, terms, cost).await } else { store::update(tx, id, terms, cost).await }
    }
}

impl Sale for Order {
    const OFFLINE_SUBMISSION: Option<&'static str> = Some("order_submission");
    const DAY: &'static str = "orders.date";
    const SUBMIT: &'static str = "orders.submit";

    fn warehouse(body: &Body) -> Option<Id> {
        body.warehouse_id
    }

    async fn checks(cx: &Cx, order: &Full<Body>, lines: &[Weighed]) -> Result<Checks> {
        let weighing = approval::weigh(cx, order, lines).await?;
        let needs: Vec<_> = weighing.reasons.into_iter().map(approval::Reason::code).collect();
        Ok(Checks {
            cells: html! {
                (short::stock_cell(cx.lang, order, lines))
                (view::credit_cells(cx.lang, &weighing.credit))
            },
            held: short::is_held(&needs, lines),
            needs,
        })
    }

    fn reason(lang: Lang, body: &Body, code: &str) -> String {
        match approval::Reason::from_code(code) {
            Some(reason) => view::reason_name(lang, reason, body.over()),
            None => code.to_owned(),
        }
    }

    fn may_cancel(cx: &Cx, body: &Body) -> bool {
        cx.scope().sees_others() && body.paid == Fen::ZERO
    }

    fn ways_out(lang: Lang, order: &Full<Body>, lines: &[Weighed]) -> Markup {
        short::ways_out(lang, order, lines)
    }

    fn acts(cx: &Cx, order: &Full<Body>) -> Markup {
        view::acts(cx, order)
    }
}

/// Addresses. `told` gathers what modules downstream have to say about an order.
pub fn routes(routes: &mut Routes, told: Told) {
    sale::routes::<Order>(routes, None, Some(told));
    routes.post("/quotes/:id/order", Gate::create(Kind::Order.module()), from_quote::create);
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
