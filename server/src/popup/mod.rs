//! Popup 来电弹屏: who is calling, on every open page of the owner and of the clerks, and the stream that
//! brings it and the badges. Downstream of all: it reads what the others export.
//!
//! Tables: none.
//! Events: none.
//! Uses: calls, customers, documents, tasks, users.

mod live;
mod pages;
mod view;

use crate::calls::{self, Call};
use crate::customers::{self, Brief};
use crate::documents::{self, Head};
use crate::kernel::Office;
use crate::kernel::access::auth::Actor;
use crate::kernel::access::{Gate, Role, Scope};
use crate::kernel::db::DbError;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::live::push;
use crate::kernel::live::sse::{Live, POPUP};
use crate::kinds::Kind;
use crate::modules::Module;
use crate::tasks::{self, TaskRow};
use crate::users;
use crate::web::routes::Routes;

/// Open tasks on the card.
const TASKS: usize = 3;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/live", Gate::SignedIn, live::stream);
    routes.get("/popup/:call", Gate::view(Module::Calls), pages::show);
    routes.post("/popup/:call/handover", Gate::edit(Module::Calls), pages::hand_over);
}

/// What the card shows.
#[derive(Debug)]
struct CallCard {
    call: Call,
    customer: Option<Brief>,
    contact: String,
    last_order: Option<Head>,
    tasks: Vec<TaskRow>,
}

/// Gathers the card of a call as this person may see it.
async fn card(office: &Office, actor: &Actor, call: Id) -> Result<Option<CallCard>, DbError> {
    let (db, scope) = (&office.db, actor.scope());
    let Some(call) = calls::find(db, &scope, call).await? else { return Ok(None) };
    let customer = match call.customer_id {
        Some(id) => customers::brief(db, &scope, id).await?,
        None => None,
    };
    let (mut contact, mut last_order, mut open) = (String::new(), None, Vec::new());
    if let Some(customer) = &customer {
        let people = customers::by_phone(db, &call.digits).await?;
        contact = people
            .into_iter()
            .find(|person| person.customer_id == customer.id)
            .map(|person| format!("{} {}", person.contact_name, person.position).trim().to_owned())
            .unwrap_or_default();
        last_order = documents::last_of_customer(db, &scope, Kind::Order, customer.id).await?;
        open = tasks::open_of(db, customer.owner_id, 100).await?;
        open.retain(|task| task.customer_id == Some(customer.id));
        open.truncate(TASKS);
    }
    Ok(Some(CallCard { call, customer, contact, last_order, tasks: open }))
}

/// The people on whose pages a call pops up: its owner and every clerk.
async fn readers(office: &Office, call: &Call) -> Result<Vec<Id>, DbError> {
    let mut readers: Vec<Id> =
        users::names_with_role(&office.db, Role::Clerk).await?.into_iter().map(|user| user.id).collect();
    if let Some(owner) = call.owner_id
        && !readers.contains(&owner)
    {
        readers.push(owner);
    }
    Ok(readers)
}

/// After [`crate::events::Event::CallRinging`]: every open page of the owner and of the clerks, and the
/// owner's phone where it is subscribed. Each page's own stream draws the card, in its language and within
/// its reader's rights.
pub async fn ring(office: &Office, scope: &Scope, id: Id) -> Result<(), DbError> {
    let Some(call) = calls::find(&office.db, scope, id).await? else { return Ok(()) };
    for reader in readers(office, &call).await? {
        office.hub.tell(reader, Live { name: POPUP, data: id.to_string() });
    }
    if let Some(owner) = call.owner_id {
        let lang = Lang::Zh;
        let who = call.customer.clone().unwrap_or_default();
        push::notify(
            office,
            owner,
            &t!(lang, "popup.push", who = who),
            &view::shown(&call.digits),
            &format!("/popup/{id}"),
        );
    }
    Ok(())
}

/// After [`crate::events::Event::CallEnded`]: open popups learn that the ringing stopped and ask 接了/没接.
pub async fn hang_up(office: &Office, scope: &Scope, id: Id) -> Result<(), DbError> {
    let Some(call) = calls::find(&office.db, scope, id).await? else { return Ok(()) };
    for reader in readers(office, &call).await? {
        office.hub.tell(reader, Live { name: POPUP, data: id.to_string() });
    }
    Ok(())
}
