//! Orders 订单: what a customer buys, from the rep's draft to the order in force.
//!
//! Tables: orders, order_lines
//! Events: OrderApproved, OrderRefused
//! Uses: approvals, products, stock, customers, visits

pub mod approval;
mod credit;
mod editor;
mod editor_view;
mod pages;
mod rules;
mod seed;
mod store;
mod view;

use crate::kernel::HookFuture;
use crate::kernel::access::{Gate, Scope};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError, On};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::modules::Module;
use crate::ui::timeline::Entry;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::routes::Routes;

pub use approval::facts;
pub use rules::State;
pub use seed::{NewLine, NewOrder, insert_orders};
pub use store::{Line, Order, Unpaid, find, last_of_customer, lines, settle, unpaid};

/// The noun of an order in approvals, audit and events.
pub const KIND: &str = "order";

/// What others know about an order, such as the fate of its text messages, as entries for its page.
pub type Told = for<'a> fn(&'a Cx, Id) -> HookFuture<'a, Result<Vec<Entry>>>;

/// Addresses. `told` gathers what modules downstream of orders have to say about one.
pub fn routes(routes: &mut Routes, told: Told) {
    routes.get("/orders", Gate::view(Module::Orders), pages::list);
    routes.get("/orders/new", Gate::create(Module::Orders), pages::new);
    routes.post("/orders", Gate::create(Module::Orders), pages::create);
    routes.get("/orders/:id", Gate::view(Module::Orders), move |cx| pages::show(cx, told));
    routes.get("/orders/:id/edit", Gate::edit(Module::Orders), pages::edit);
    routes.post("/orders/:id/lines", Gate::edit(Module::Orders), pages::save_lines);
    routes.post("/orders/:id/submission", Gate::edit(Module::Orders), pages::submit);
    routes.post("/orders/:id/withdrawal", Gate::edit(Module::Orders), pages::withdraw);
    routes.post("/orders/:id/cancellation", Gate::edit(Module::Orders), pages::cancel);
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
///
/// # Errors
/// What the database says.
pub async fn summary_for_sms(on: impl Into<On<'_>>, scope: &Scope, order: Id) -> Result<Option<Summary>, DbError> {
    let order = find(on, scope, order).await?;
    Ok(order.map(|order| Summary {
        number: order.number,
        total: order.total,
        customer_id: order.customer_id,
        owner_id: order.owner_id,
    }))
}

/// A customer's orders for the timeline, newest first.
///
/// # Errors
/// What the database says.
pub async fn history(
    db: &Db,
    scope: &Scope,
    customer: Id,
    lang: Lang,
    now: Millis,
    limit: i64,
) -> Result<Vec<Entry>, DbError> {
    let orders = store::of_customer(db, scope, customer, limit).await?;
    Ok(orders
        .into_iter()
        .map(|order| {
            let at = order.submitted_at.unwrap_or(order.created_at);
            Entry {
                at,
                when: clock::brief(at, now),
                href: Some(format!("/orders/{}", order.id)),
                title: t!(lang, "orders.entry", number = order.number).into_owned(),
                text: format!("¥{}", order.total),
                tag: Some((order.state().name(lang).into_owned(), view::tone(order.state()))),
            }
        })
        .collect())
}
