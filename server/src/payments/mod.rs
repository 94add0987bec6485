//! Payments 回款: what a customer paid, spread over the oldest unpaid orders.
//!
//! What a payment leaves over lowers the arrears too and stands as credit.
//!
//! Tables: payments, payment_matches
//! Events: none
//! Uses: orders, customers

mod pages;
mod rules;
mod seed;
mod store;
mod view;

use crate::kernel::access::{Gate, Scope};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::ui::timeline::Entry;
use crate::web::routes::Routes;

pub use rules::Method;
pub use seed::{NewPayment, insert_payments};

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/payments", Gate::view(Module::Payments), pages::list);
    routes.get("/payments/new", Gate::create(Module::Payments), pages::new);
    routes.post("/payments", Gate::create(Module::Payments), pages::create);
    routes.get("/payments/:id", Gate::view(Module::Payments), pages::show);
}

/// A customer's payments for the timeline, newest first.
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
    let payments = store::of_customer(db, scope, customer, limit).await?;
    Ok(payments
        .into_iter()
        .map(|payment| Entry {
            at: payment.created_at,
            when: clock::brief(payment.created_at, now),
            href: Some(format!("/payments/{}", payment.id)),
            title: t!(lang, "payments.entry", amount = payment.amount).into_owned(),
            text: format!("{} · {}", rules::Method::name_of(&payment.method, lang), payment.number),
            tag: None,
        })
        .collect())
}
