//! Customers 客户: whom we sell to, whose they are, on which terms, and how to find them.
//!
//! Tables: customers, phones, regions; pieces of kind `c` in search_terms
//! Events: NumbersKnown
//! Uses: nothing; the page of one customer is `timeline`'s, the people are `contacts`'

mod history;
mod pages;
mod pocket;
mod rules;
mod sought;
mod store;
mod view;

use futures_util::future::BoxFuture;

use crate::kernel::access::{Gate, Scope};
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::china::geo::Point;
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError, Hold, On, Query, Tx};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::search::{self, Place};
use crate::modules::Module;
use crate::web::routes::Routes;

pub use history::{entry, number_rows, numbers_among};
pub use rules::{Class, Heat, Kind, Level, Settlement, View};
pub use sought::Sought;
pub use store::{Brief, Caller, Choice, Customer, Named, Number, Selection};
pub use view::{heat_tag, quiet_tag};

/// Days without contact after which a customer is called quiet (30 天未联系).
pub const QUIET_DAYS: i64 = 30;

/// Makes a new customer's first contact in the same write; `contacts` gives it, since it stands downstream.
pub type FirstContact = for<'a> fn(&'a mut Tx, &'a Author, FirstPerson<'a>) -> BoxFuture<'a, Result<(), DbError>>;

/// What the form for a new customer says of the person one talks to there.
#[derive(Clone, Copy, Debug)]
pub struct FirstPerson<'a> {
    /// The new customer.
    pub customer: Id,
    /// The person's name.
    pub name: &'a str,
    /// The person's number, if one was given.
    pub phone: Option<&'a Phone>,
}

/// Why a customer stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// Documents name it and would have no customer.
    Documents,
    /// A visit or a task for it is open.
    Awaited,
}

/// Who names a customer that is about to be deleted. It is held, and so does whoever makes a record for it. Those who
/// know stand downstream.
pub type UsedBy = for<'a> fn(&'a mut Tx, Id) -> BoxFuture<'a, Result<Option<Used>, DbError>>;

/// Addresses. `used_by` is asked before a customer is deleted. `GET /customers/:id` is in `timeline`, which gathers what the others know of a customer.
pub fn routes(routes: &mut Routes, first_contact: FirstContact, used_by: UsedBy) {
    routes.get("/customers", Gate::view(Module::Customers), pages::list);
    routes.get("/customers/pocket", Gate::view(Module::Customers), pocket::show);
    routes.get("/customers/new", Gate::create(Module::Customers), pages::new);
    routes.post("/customers", Gate::create(Module::Customers), move |cx| pages::create(cx, first_contact));
    routes.get("/customers/:id/edit", Gate::edit(Module::Customers), pages::edit);
    routes.post("/customers/:id", Gate::edit(Module::Customers), pages::update);
    routes.get("/customers/:id/deletion", Gate::delete(Module::Customers), pages::ask_deletion);
    routes.post("/customers/:id/deletion", Gate::delete(Module::Customers), move |cx| pages::delete(cx, used_by));
}

/// A customer to be made.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    /// Whose it will be.
    pub owner_id: Id,
    /// 企业名称
    pub name: String,
    /// 简称, may be empty.
    pub short_name: String,
    /// 助记码; empty: made from the name.
    pub mnemonic: String,
    /// 企业/个人/供应商
    pub class: Class,
    /// 零售商/经销商/…
    pub kind: Option<Kind>,
    /// 甲/乙/丙级
    pub level: Option<Level>,
    /// 热度
    pub heat: Heat,
    /// Its region.
    pub region_id: Option<Id>,
    /// Street and number.
    pub address: String,
    /// Its place, WGS-84; usually unknown until the first visit.
    pub point: Option<Point>,
    /// The prices it gets.
    pub price_level_id: Option<Id>,
    /// What it may owe.
    pub credit_limit: Fen,
    /// For how many days.
    pub credit_days: i64,
    /// 现金/赊销/预付
    pub settlement: Settlement,
    /// Anything else.
    pub description: String,
    /// Its own lines; those of its people are made with `contacts`.
    pub phones: Vec<Phone>,
}

impl NewCustomer {
    /// With a name, an owner and what a new customer usually has.
    #[must_use]
    pub fn named(owner_id: Id, name: impl Into<String>) -> NewCustomer {
        NewCustomer {
            owner_id,
            name: name.into(),
            short_name: String::new(),
            mnemonic: String::new(),
            class: Class::Company,
            kind: None,
            level: None,
            heat: Heat::None,
            region_id: None,
            address: String::new(),
            point: None,
            price_level_id: None,
            credit_limit: Fen::ZERO,
            credit_days: 30,
            settlement: Settlement::Credit,
            description: String::new(),
            phones: Vec::new(),
        }
    }
}

/// Makes a customer. The caller has looked for duplicates where a person asks.
pub async fn create(tx: &mut Tx, author: &Author, mut new: NewCustomer) -> Result<Id, DbError> {
    if new.mnemonic.is_empty() {
        new.mnemonic = search::initials(&new.name);
    }
    let id = Id::new();
    let card = search::SearchEntry::new(
        [new.name.as_str(), &new.short_name, &new.mnemonic],
        [],
        new.phones.iter().map(Phone::digits),
    );
    let place = Place { sort_key: new.mnemonic.clone(), owner_id: new.owner_id };
    search::reindex(tx, store::KIND, id, None, &card, &place).await?;
    store::insert(tx, id, author.at, &new, &card.text()).await?;
    for phone in &new.phones {
        store::insert_phone(tx, id, None, phone).await?;
    }
    let changes = Changes::new()
        .set("name", new.name.as_str())
        .set("owner_id", new.owner_id.to_string())
        .set("credit_limit", new.credit_limit.0);
    audit::record(tx, author, Action::Create, "customer", id, changes).await?;
    Ok(id)
}

/// A customer inside `scope`.
pub async fn find(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Customer>, DbError> {
    store::find(on, scope, id, "").await
}

/// A customer inside `scope` for which a record is made in this transaction. It is held until the commit, so that
/// nobody deletes it meanwhile; `None` says that somebody did.
pub async fn hold(tx: &mut Tx, scope: &Scope, id: Id, hold: Hold) -> Result<Option<Customer>, DbError> {
    let lock = tx.hold(hold);
    store::find(tx, scope, id, lock).await
}

/// `customer`, held, where it is still there: for records that the system makes with a customer or without.
pub async fn kept(tx: &mut Tx, customer: Option<Id>, hold: Hold) -> Result<Option<Id>, DbError> {
    match customer {
        Some(customer) => store::kept(tx, customer, hold).await,
        None => Ok(None),
    }
}

/// The few words about a customer that cards of other records show.
pub async fn brief(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Brief>, DbError> {
    store::brief(on, scope, id).await
}

/// Customers to choose from, found by `q` as in the list; without `q` those whose turn is longest past.
pub async fn choices(db: &Db, scope: &Scope, q: Option<&str>, limit: i64) -> Result<Vec<Choice>, DbError> {
    store::choices(db, scope, q, limit).await
}

/// The customers of the list with `view` and `q`, for statements over them.
pub async fn selection(on: impl Into<On<'_>>, view: View, q: Option<&str>, now: Millis) -> Result<Selection, DbError> {
    store::selection(on, view, q, now).await
}

/// Appends the condition that `column` names `region` or one below it; no region holds nobody.
#[must_use]
pub fn in_region(query: Query, column: &'static str, region: Option<Id>) -> Query {
    store::in_region(query, column, region)
}

/// Sets a customer's place, WGS-84; the first visit does.
pub async fn set_point(tx: &mut Tx, id: Id, lat: f64, lng: f64) -> Result<(), DbError> {
    store::set_point(tx, id, lat, lng).await
}

/// Notes that somebody was with the customer at `at`. `next_on` (`YYYY-MM-DD`) is the agreed next time; without one
/// an earlier agreement stays unless it was for this day or before.
pub async fn contacted(tx: &mut Tx, id: Id, at: Millis, next_on: Option<&str>) -> Result<(), DbError> {
    store::contacted(tx, id, at, &clock::iso_day(at), next_on).await
}

/// Notes that somebody spoke with the customer on the telephone, or that it wrote. What was agreed for the next
/// time stays: a call in between is not the visit. With nobody known at the other end there is nothing to note.
pub async fn heard_from(tx: &mut Tx, id: Option<Id>, at: Millis) -> Result<(), DbError> {
    match id {
        Some(id) => store::heard_from(tx, id, at).await,
        None => Ok(()),
    }
}

/// Moves what a customer owes; negative for a payment.
pub async fn add_arrears(tx: &mut Tx, id: Id, by: Fen) -> Result<(), DbError> {
    store::add_arrears(tx, id, by).await
}

/// Counts an order that came into force; negative for one that was undone.
pub async fn add_purchase(tx: &mut Tx, id: Id, by: Fen, at: Millis) -> Result<(), DbError> {
    store::add_purchase(tx, id, by, at).await
}

/// Who may be calling from a number in national form ([`Phone::digits`]); company-wide, for the popup and
/// the inbox, which decide who sees it by `owner_id`.
pub async fn by_phone(on: impl Into<On<'_>>, digits: &str) -> Result<Vec<Caller>, DbError> {
    store::by_phone(on, digits).await
}

/// The numbers of a customer, each with the caller that it stands for: another customer may have the same number.
pub async fn callers(tx: &mut Tx, customer: Id) -> Result<Vec<(String, Caller)>, DbError> {
    let mut callers = Vec::new();
    for number in numbers(&mut *tx, customer).await? {
        if let Some(caller) = by_phone(&mut *tx, &number.digits).await?.into_iter().next() {
            callers.push((number.digits, caller));
        }
    }
    Ok(callers)
}

/// The regions, each named with those above it: 潍坊/临朐.
pub async fn regions(on: impl Into<On<'_>>) -> Result<Vec<Named>, DbError> {
    store::regions(on).await
}

/// The numbers of a customer and its contacts.
pub async fn numbers(on: impl Into<On<'_>>, customer: Id) -> Result<Vec<Number>, DbError> {
    store::numbers(on, customer).await
}

/// The numbers of one contact as they will be: those given, in their order.
pub async fn set_contact_numbers(tx: &mut Tx, customer: Id, contact: Id, phones: &[Phone]) -> Result<(), DbError> {
    store::set_numbers(tx, customer, Some(contact), phones).await
}

/// The owner of another customer that has one of these numbers already (防撞单): name of the owner only.
pub async fn taken_number(tx: &mut Tx, customer: Id, phones: &[Phone]) -> Result<Option<(String, String)>, DbError> {
    store::taken_number(tx, Some(customer), phones).await
}

/// Brings search up to date after a change of a customer's people; `names` are theirs.
pub async fn people_changed(tx: &mut Tx, customer: Id, names: &[String]) -> Result<(), DbError> {
    store::reindex(tx, customer, None, names).await
}
