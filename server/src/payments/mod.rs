//! Payments 回款: what a customer paid, spread over the oldest unpaid orders.
//!
//! What a payment leaves over lowers the arrears too and stands as credit. The header's title is the payment method.
//!
//! Tables: payments, payment_matches
//! Events: none
//! Uses: documents, orders, customers

mod pages;
mod rules;
mod store;
mod view;

use chrono::NaiveDate;
use maud::{Markup, html};

use crate::documents::{self, Document, Head, List, NewHead, State};
use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Author, Changes};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{DbError, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::orders;
use crate::ui::icon::Icon;
use crate::ui::timeline::Entry;
use crate::web::routes::Routes;

pub use rules::Method;

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

    fn tag(lang: Lang, head: &Head, _now: Millis) -> Markup {
        match head.state {
            State::Cancelled => head.standing().tag(lang),
            State::Draft | State::Approving | State::Active | State::Rejected | State::Closed => {
                html! { small { (Method::name_of(&head.title, lang)) } }
            }
        }
    }

    fn entry(lang: Lang, head: &Head, now: Millis) -> Entry {
        Entry {
            at: head.created_at,
            when: clock::brief(head.created_at, now),
            href: Some(head.address()),
            title: t!(lang, "payments.entry", amount = head.total()).into_owned(),
            text: format!("{} · {}", Method::name_of(&head.title, lang), head.number),
            tag: (head.state == State::Cancelled).then(|| head.standing().tag(lang)),
            icon: Some(Icon::Payment),
        }
    }
}

/// A payment to be entered.
#[derive(Clone, Debug)]
pub struct NewPayment {
    /// Whose it will be.
    pub owner: Id,
    /// Who paid; held by the caller, to be changed.
    pub customer: Id,
    /// How much.
    pub amount: Fen,
    /// How.
    pub method: Method,
    /// When.
    pub paid_on: NaiveDate,
    /// What its writer notes.
    pub note: String,
}

/// Enters a payment and spreads it over the customer's unpaid orders.
pub async fn create(tx: &mut Tx, author: &Author, new: &NewPayment) -> Result<Id, DbError> {
    let parts = orders::settle(tx, new.customer, new.amount).await?;
    let head = NewHead {
        owner: new.owner,
        customer: Some(new.customer),
        visit: None,
        source: None,
        state: State::Active,
        day: new.paid_on.to_string(),
        title: new.method.code().to_owned(),
        amount: Some(new.amount),
        note: new.note.clone(),
    };
    let (id, number) = documents::insert(tx, Kind::Payment, &head, author.at).await?;
    store::insert(tx, id, new.method, &parts).await?;
    let changes = Changes::new()
        .set("number", number)
        .set("customer_id", new.customer.to_string())
        .set("amount", new.amount.plain())
        .set("method", new.method.code())
        .set("paid_on", head.day);
    documents::note(tx, author, Action::Create, Kind::Payment, id, changes).await?;
    Ok(id)
}

/// Addresses.
pub fn routes(routes: &mut Routes) {
    let (paths, module) = (Kind::Payment.paths(), Kind::Payment.module());
    documents::list_route::<Payment>(routes);
    routes.get(paths.new, Gate::create(module), pages::new);
    routes.post(paths.list, Gate::create(module), pages::create);
    routes.get(paths.one, Gate::view(module), pages::show);
    routes.post(paths.cancellation, Gate::edit(module), pages::reverse);
}
