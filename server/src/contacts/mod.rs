//! Contacts 联系人: the people at a customer, their numbers and birthdays.
//!
//! Tables: contacts, contact_consents (their numbers stand in customers' phones)
//! Events: NumbersKnown
//! Uses: customers

mod consent;
mod pages;
mod rules;
mod store;
mod view;

use futures_util::future::BoxFuture;

use crate::customers::{self, FirstPerson, Number};
use crate::kernel::access::{Gate, Scope};
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::china::phone::Phone;
use crate::kernel::db::{DbError, On, Query, Tx};
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::web::routes::Routes;

pub use consent::How;
pub use rules::Birthday;
pub use store::Contact;
pub use view::cells;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/customers/:id/contacts/new", Gate::create(Module::Customers), pages::new);
    routes.post("/customers/:id/contacts", Gate::create(Module::Customers), pages::create);
    // Who keeps the list of those who opted out also enters those who agreed.
    routes.get("/contacts/consents", Gate::export(Module::Sms), consent::show);
    routes.post("/contacts/consents", Gate::export(Module::Sms), consent::update);
    routes.get("/contacts/:id/edit", Gate::edit(Module::Customers), pages::edit);
    routes.post("/contacts/:id", Gate::edit(Module::Customers), pages::update);
    routes.get("/contacts/:id/deletion", Gate::delete(Module::Customers), pages::ask_deletion);
    routes.post("/contacts/:id/deletion", Gate::delete(Module::Customers), pages::delete);
}

/// A person to be added to a customer.
#[derive(Clone, Debug)]
pub struct NewContact {
    /// At which customer.
    pub customer_id: Id,
    /// The name.
    pub name: String,
    /// 职务, may be empty.
    pub position: String,
    /// `m`, `f` or empty.
    pub sex: String,
    /// The birthday, if known.
    pub birthday: Option<Birthday>,
    /// WeChat account, may be empty.
    pub wechat: String,
    /// E-mail, may be empty.
    pub email: String,
    /// The one to talk to first.
    pub is_main: bool,
    /// Whether they agreed to get messages.
    pub sms_consent: bool,
    /// How they said so.
    pub consent_how: How,
    /// Their numbers, the first one first.
    pub phones: Vec<Phone>,
}

impl NewContact {
    /// With a name only.
    #[must_use]
    pub fn named(customer_id: Id, name: impl Into<String>) -> NewContact {
        NewContact {
            customer_id,
            name: name.into(),
            position: String::new(),
            sex: String::new(),
            birthday: None,
            wechat: String::new(),
            email: String::new(),
            is_main: false,
            sms_consent: true,
            consent_how: How::Entry,
            phones: Vec::new(),
        }
    }
}

/// Adds a person to a customer.
pub async fn create(tx: &mut Tx, author: &Author, new: NewContact) -> Result<Id, DbError> {
    let id = Id::new();
    if new.is_main {
        store::clear_main(tx, new.customer_id).await?;
    }
    store::insert(tx, id, author.at, &new).await?;
    customers::set_contact_numbers(tx, new.customer_id, id, &new.phones).await?;
    if new.sms_consent {
        consent::record(tx, author, id, true, (new.consent_how, "")).await?;
    }
    reindex(tx, new.customer_id).await?;
    let changes = Changes::new()
        .set("customer_id", new.customer_id.to_string())
        .set("name", new.name)
        .set("phones", new.phones.iter().map(Phone::to_string).collect::<Vec<_>>());
    audit::record(tx, author, Action::Create, "contact", id, changes).await?;
    Ok(id)
}

/// The first contact of a new customer, in the customer's own write; see [`customers::FirstContact`].
#[must_use]
pub fn first<'a>(tx: &'a mut Tx, author: &'a Author, person: FirstPerson<'a>) -> BoxFuture<'a, Result<(), DbError>> {
    Box::pin(async move {
        let mut new = NewContact::named(person.customer, person.name);
        new.is_main = true;
        new.phones = person.phone.into_iter().cloned().collect();
        create(tx, author, new).await.map(|_| ())
    })
}

/// The people of a customer, the main one first, with their numbers.
pub async fn of_customer(on: impl Into<On<'_>>, scope: &Scope, customer: Id) -> Result<Vec<Contact>, DbError> {
    let mut on = on.into();
    let mut people = store::of_customer(&mut on, scope, customer).await?;
    give_numbers(&mut people, customers::numbers(&mut on, customer).await?);
    Ok(people)
}

/// The people of a customer without their numbers, for a caller who has those; see [`give_numbers`].
pub async fn without_numbers(on: impl Into<On<'_>>, scope: &Scope, customer: Id) -> Result<Vec<Contact>, DbError> {
    store::of_customer(on, scope, customer).await
}

/// Gives people their numbers; those that belong to none of them are returned.
pub fn give_numbers(people: &mut [Contact], numbers: Vec<Number>) -> Vec<Number> {
    let mut own = Vec::new();
    for number in numbers {
        match number.contact_id {
            None => own.push(number),
            Some(id) => {
                people.iter_mut().filter(|person| person.id == id).for_each(|person| person.phones.push(number.clone()))
            }
        }
    }
    own
}

/// A contact inside the scope of its customer.
pub async fn find(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Contact>, DbError> {
    store::find(on, scope, id, "").await
}

/// Appends to a statement the select of every contact `k` (of the customer `c`) in `scope` with its first
/// mobile number: contact_id, customer_id, owner_id, sms_consent, digits (empty where there is none). Its
/// `WHERE` is open, so that the caller can go on with ` AND …`.
#[must_use]
pub fn mobiles(query: Query, scope: &Scope) -> Query {
    store::mobiles(query, scope)
}

async fn reindex(tx: &mut Tx, customer: Id) -> Result<(), DbError> {
    let names = store::names(tx, customer).await?;
    customers::people_changed(tx, customer, &names).await
}
