//! Payments 回款: what a customer paid, spread over the oldest unpaid orders.
//!
//! What a payment leaves over lowers the arrears too and stands as credit. The header's title is the way of paying.
//!
//! Tables: payments, payment_matches
//! Events: none
//! Uses: documents, orders, customers

mod pages;
mod rules;
mod store;
mod view;

use maud::{Markup, html};

use crate::documents::{self, Document, Head, List};
use crate::kernel::access::Gate;
use crate::kernel::clock::{self, Millis};
use crate::kernel::i18n::{Lang, t};
use crate::kinds::Kind;
use crate::ui::timeline::Entry;
use crate::web::routes::Routes;

use rules::Method;

/// The kind.
#[derive(Debug)]
pub struct Payment;

/// What only payments have.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Body {
    method: Method,
}

impl Document for Payment {
    const KIND: Kind = Kind::Payment;
    type Body = Body;
    const COLUMNS: &'static str = ", y.method";
    const JOINS: &'static str = " JOIN payments y ON y.id = d.id";
    const LIST: List = List { new: "payments.new", search: "payments.search", none: "payments.none", segments: &[] };

    fn tag(lang: Lang, head: &Head) -> Markup {
        html! { small { (Method::name_of(&head.title, lang)) } }
    }

    fn entry(lang: Lang, head: &Head, now: Millis) -> Entry {
        Entry {
            at: head.created_at,
            when: clock::brief(head.created_at, now),
            href: Some(head.address()),
            title: t!(lang, "payments.entry", amount = head.total()).into_owned(),
            text: format!("{} · {}", Method::name_of(&head.title, lang), head.number),
            tag: None,
        }
    }
}

/// Addresses.
pub fn routes(routes: &mut Routes) {
    let (paths, module) = (Kind::Payment.paths(), Kind::Payment.module());
    documents::list_route::<Payment>(routes);
    routes.get(paths.new, Gate::create(module), pages::new);
    routes.post(paths.list, Gate::create(module), pages::create);
    routes.get(paths.one, Gate::view(module), pages::show);
}
