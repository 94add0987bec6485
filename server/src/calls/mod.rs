//! Calls 来电: who called, who took it, and what is still to be returned.
//!
//! Tables: calls; rows call_… of settings.
//! Events: CallRinging, CallRangOut, CallEnded, CallUnanswered.
//! Uses: customers, tasks, users.

mod callbacks;
mod closing;
mod from_box;
mod known;
mod pages;
mod rules;
mod settings;
mod store;
mod view;

pub use closing::{LOOK, box_started, look, rang_out};
pub use from_box::heard;
pub use known::numbers_known;
pub use pages::answer_link;
pub use rules::State;
pub use store::{Call, to_return};
pub use view::{line, row};

use crate::customers;
use crate::kernel::Office;
use crate::kernel::access::auth::Actor;
use crate::kernel::access::{Gate, Role, Scope};
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::gather::Gathered;
use crate::kernel::db::{Db, DbError, On, Query, Tx};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::tasks::{self, NewCallback};
use crate::ui::icon::Icon;
use crate::ui::timeline::Entry;
use crate::users;
use crate::web::error::Result;
use crate::web::routes::Routes;
use closing::close;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/calls", Gate::view(Module::Calls), pages::list);
    routes.get("/calls/callbacks", Gate::view(Module::Calls), callbacks::show);
    routes.get("/calls/settings", Gate::edit(Module::Settings), settings::show);
    routes.post("/calls/settings", Gate::edit(Module::Settings), settings::update);
    routes.get("/calls/:id", Gate::view(Module::Calls), pages::show);
    routes.post("/calls/:id/answer", Gate::edit(Module::Calls), pages::answer);
    routes.post("/calls/:id/note", Gate::edit(Module::Calls), pages::note);
    routes.post("/calls/:id/callback", Gate::edit(Module::Calls), pages::call_back);
}

/// The form in which a caller becomes a customer; the call then counts as answered.
#[must_use]
pub fn new_customer_link(call: &Call) -> String {
    format!("/customers/new?phone={}&call={}", call.digits, call.id)
}

/// A call inside `scope`.
pub async fn find(on: impl Into<On<'_>>, scope: &Scope, id: Id) -> Result<Option<Call>, DbError> {
    store::find(on, scope, id).await
}

/// Gives a call to somebody else (弹屏转接); whoever has it sees it.
pub async fn give_to(tx: &mut Tx, call: Id, owner: Id) -> Result<(), DbError> {
    store::set_owner(tx, call, owner).await
}

/// Missed calls that this person has to return; clerks also those of nobody.
pub async fn missed(db: &Db, actor: &Actor) -> Result<i64, DbError> {
    let own = store::missed(db, &actor.scope().mine()).await?;
    match actor.role {
        Role::Clerk => Ok(own + store::missed_of_nobody(db).await?),
        Role::Rep | Role::Manager | Role::Admin => Ok(own),
    }
}

/// Appends the select of a customer's calls, newest first.
#[must_use]
pub fn past(query: Query, scope: &Scope, customer: Id, limit: i64) -> Query {
    let query = query
        .push(
            "SELECT 'call' AS what, k.id, k.started_at AS at, k.ended_at, '' AS person, k.digits AS title, '' AS text, k.state, \
             '' AS more FROM calls k WHERE k.customer_id = ",
        )
        .arg(customer);
    scope.restrict(query, "k.owner_id").push(" ORDER BY k.id DESC LIMIT ").arg(limit)
}

/// The entry of such a row.
#[must_use]
pub fn entry(past: Gathered, lang: Lang, now: Millis) -> Entry {
    let state = State::of(&past.state);
    let rang = past.ended_at.map(|end| (end - past.at).max(0) / 1000);
    Entry {
        at: past.at,
        when: clock::brief(past.at, now),
        href: Some(format!("/calls/{}", past.id)),
        title: t!(lang, "calls.incoming").into_owned(),
        text: rang.map_or_else(|| shown(&past.title), |seconds| t!(lang, "calls.rang", n = seconds).into_owned()),
        tag: Some(state.standing().tag(lang)),
        icon: Some(Icon::Call),
    }
}

/// Stored digits as people read them.
fn shown(digits: &str) -> String {
    Phone::parse(digits).map_or_else(|| digits.to_owned(), |phone| phone.to_string())
}

/// Who calls an unknown number back: whom the settings name, else the clerk with the fewest call-backs to make.
async fn answers_for_unknown(office: &Office, clerks: &[users::Person]) -> Result<Option<Id>> {
    let named = settings::load(&office.db).await?.answers_for_unknown;
    if let Some(named) = named
        && users::is_active(&office.db, named).await?
    {
        return Ok(Some(named));
    }
    let open = tasks::open_callbacks_by_owner(&office.db).await?;
    let burden = |clerk: &Id| open.iter().find(|(owner, _)| owner == clerk).map_or(0, |(_, n)| *n);
    Ok(clerks.iter().map(|clerk| clerk.id).min_by_key(burden))
}

/// The task of a call was done on the list of tasks: whoever did it called back.
pub async fn task_done(tx: &mut Tx, at: Millis, call: Id, by: Id) -> Result<(), DbError> {
    store::settle(tx, &[call], Some(by), at).await?;
    let customer = store::customer_of(tx, call).await?;
    customers::heard_from(tx, customer, at).await
}

/// After [`crate::events::Event::CallUnanswered`]: nobody said that they took it, so it is missed and
/// somebody has to call back: the owner, else whom the settings say. Safe to run twice.
pub async fn unanswered(office: &Office, scope: &Scope, id: Id) -> Result<()> {
    let now = office.clock.now();
    let clerks = users::names_with_role(&office.db, Role::Clerk).await?;
    let stand_in = answers_for_unknown(office, &clerks).await?;
    let mut tx = office.db.begin().await?;
    let Some(call) = store::to_change(&mut tx, scope, id).await? else { return Ok(()) };
    if !matches!(call.state, State::Ended | State::Ringing) {
        return Ok(());
    }
    store::set_state(&mut tx, id, State::Missed, None, now).await?;
    let author = Author { user: None, origin: "calls".to_owned(), at: now };
    let changes = Changes::new().moved("state", call.state.code(), State::Missed.code());
    audit::record(&mut tx, &author, Action::Edit, "call", id, changes).await?;
    // Whose call it is may have left since it rang.
    let acting = match call.owner_id {
        Some(owner) => users::acting_for(&mut tx, owner).await?,
        None => None,
    };
    if let Some(acting) = acting.filter(|acting| Some(*acting) != call.owner_id) {
        store::set_owner(&mut tx, id, acting).await?;
    }
    // A withheld number cannot be called back.
    let owner = acting.or(stand_in);
    if let Some(owner) = owner.filter(|_| !call.digits.is_empty()) {
        let number = shown(&call.digits);
        let title = match &call.customer {
            Some(customer) => t!(Lang::Zh, "calls.task_customer", customer = customer, number = number),
            None => t!(Lang::Zh, "calls.task_number", number = number),
        };
        let task = NewCallback {
            owner,
            customer: call.customer_id,
            call: id,
            title: &title,
            note: "",
            due_at: Some(now + rules::CALL_BACK),
        };
        tasks::give_callback(&mut tx, &author, &task).await?;
    }
    tx.commit().await?;
    office.alarm.ring();
    for reader in owner.into_iter().chain(clerks.into_iter().map(|clerk| clerk.id)) {
        office.badges_changed(reader);
    }
    Ok(())
}
