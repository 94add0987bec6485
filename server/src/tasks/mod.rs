//! Tasks 待办: for oneself or given to others, with feedback and confirmation; and calls to return.
//!
//! Tables: tasks
//! Events: TaskGiven, CallReturned
//! Uses: customers, users

mod editor;
mod form_view;
mod history;
mod pages;
mod pressing;
mod rules;
mod store;
mod view;

pub use history::{entry, past};
pub use pressing::{Late, Pressing, late, pressing};
pub use rules::{Kind, Priority, State};
pub use store::{NewTask, TaskRow, awaits, count_open, create, find, open_callbacks_by_owner, open_of};

use crate::customers;
use crate::events::{self, Event};
use crate::kernel::access::{Gate, Scope};
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::Millis;
use crate::kernel::db::{Hold, Tx};
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::users;
use crate::web::error::Result;
use crate::web::routes::Routes;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/tasks", Gate::view(Module::Tasks), pages::list);
    routes.get("/tasks/new", Gate::create(Module::Tasks), editor::new);
    routes.post("/tasks", Gate::create(Module::Tasks), editor::create);
    routes.get("/tasks/:id/edit", Gate::edit(Module::Tasks), editor::edit);
    routes.post("/tasks/:id", Gate::edit(Module::Tasks), editor::update);
    routes.get("/tasks/:id", Gate::view(Module::Tasks), pages::show);
    routes.post("/tasks/:id/completion", Gate::edit(Module::Tasks), pages::complete);
    routes.post("/tasks/:id/confirmation", Gate::edit(Module::Tasks), pages::confirm);
}

/// A call to return.
#[derive(Clone, Debug)]
pub struct NewCallback<'a> {
    /// Who shall call.
    pub owner: Id,
    /// Whom, where the caller is known.
    pub customer: Option<Id>,
    /// The call that nobody took; it makes one task only.
    pub call: Id,
    /// What the list shows, such as the number and the name.
    pub title: &'a str,
    /// More about it.
    pub note: &'a str,
    /// Until when.
    pub due_at: Option<Millis>,
}

/// Gives a task to its owner, or to whoever acts for an owner that is locked, in the transaction of whatever causes
/// it.
pub async fn give(tx: &mut Tx, author: &Author, new: &NewTask<'_>) -> Result<Id> {
    let owner = users::acting_for(&mut *tx, new.owner).await?.unwrap_or(new.owner);
    let new = &NewTask { owner, ..new.clone() };
    let id = create(tx, new).await?;
    let changes = Changes::new()
        .set("owner_id", new.owner.to_string())
        .set("kind", new.kind.code())
        .set("title", new.title)
        .set("priority", new.priority.code())
        .set("due_at", new.due_at)
        .set("customer_id", new.customer.map(|customer| customer.to_string()));
    audit::record(tx, author, Action::Create, "task", id, changes).await?;
    events::raise(tx, author.at, Event::TaskGiven { task: id, owner: new.owner }).await?;
    Ok(id)
}

/// Gives somebody a call to return; `None` when this call made its task before.
pub async fn give_callback(tx: &mut Tx, author: &Author, new: &NewCallback<'_>) -> Result<Option<Id>> {
    if store::of_cause(tx, "call", new.call).await?.is_some() {
        return Ok(None);
    }
    let task = NewTask {
        owner: new.owner,
        giver: None,
        customer: customers::kept(tx, new.customer, Hold::Referred).await?,
        kind: Kind::Callback,
        cause: Some(("call", new.call)),
        title: new.title,
        note: new.note,
        priority: Priority::High,
        due_at: new.due_at,
        at: author.at,
    };
    give(tx, author, &task).await.map(Some)
}

/// Why a task is not done from elsewhere than its page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotDone {
    /// It is gone, or somebody else's now.
    Gone,
    /// It is not what it was when it was told.
    Changed,
    /// It was done before.
    Over,
}

/// Its owner says from elsewhere that a task is done, as it stood in `version`.
///
/// # Errors
/// What the database says; that it cannot be done is an answer.
pub async fn finish(
    tx: &mut Tx,
    author: &Author,
    scope: &Scope,
    (id, version): (Id, i64),
    owner: Id,
    feedback: &str,
) -> Result<std::result::Result<(), NotDone>> {
    let Some(task) = store::find_for_change(tx, scope, owner, id).await?.filter(|task| task.owner_id == owner) else {
        return Ok(Err(NotDone::Gone));
    };
    if task.state != State::Open {
        return Ok(Err(NotDone::Over));
    }
    if task.version != version {
        return Ok(Err(NotDone::Changed));
    }
    store::complete(tx, id, feedback, author.at).await?;
    let changes = Changes::new().moved("state", State::Open.code(), State::Done.code()).set("feedback", feedback);
    audit::record(tx, author, Action::Edit, "task", id, changes).await?;
    tell_call(tx, author.at, &task, owner).await?;
    Ok(Ok(()))
}

/// A call-back was done as a task: the call hears of it.
async fn tell_call(tx: &mut Tx, at: Millis, task: &TaskRow, by: Id) -> Result<()> {
    match (task.kind, task.cause_kind.as_str(), task.cause_id) {
        (Kind::Callback, "call", Some(call)) => events::raise(tx, at, Event::CallReturned { call, by }).await,
        (Kind::Todo | Kind::Callback, _, _) => Ok(()),
    }
}

/// Somebody called back: every open call-back of this customer, and those that `calls` caused, is done.
///
/// # Returns
/// The owners whose lists became shorter.
pub async fn finish_callbacks(
    tx: &mut Tx,
    author: &Author,
    customer: Option<Id>,
    calls: &[Id],
    feedback: &str,
) -> Result<Vec<Id>> {
    let waiting = store::open_callbacks(tx, customer, calls).await?;
    let mut owners = Vec::new();
    for (task, owner) in waiting {
        store::complete(tx, task, feedback, author.at).await?;
        let changes = Changes::new().moved("state", State::Open.code(), State::Done.code()).set("feedback", feedback);
        audit::record(tx, author, Action::Edit, "task", task, changes).await?;
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    Ok(owners)
}
