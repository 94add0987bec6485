//! The form of a task: new, create, edit, save.

use poem::Response;
use poem::http::StatusCode;

use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Hold, Tx};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::tasks::form_view::{self, Choice, Offer, Target};
use crate::tasks::rules::{Kind, Priority, State, parse_due};
use crate::tasks::store::{self, NewTask, TaskRow};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html_with};
use crate::web::form::Form;
use crate::web::merge;
use crate::{customers, events, users};

/// Characters of a title at most.
pub const TITLE: usize = 100;
/// Characters of a note or a feedback at most.
pub const NOTE: usize = 2000;
/// Customers offered for choosing, found or not.
const OFFERED: i64 = 6;
/// What two people may change at once.
const FIELDS: [&str; 6] = ["title", "note", "due_at", "priority", "owner_id", "customer_id"];

/// What the form says, checked.
#[derive(Debug)]
struct Entry {
    title: String,
    note: String,
    due_at: Option<Millis>,
    priority: Priority,
    owner: Id,
    customer: Option<Id>,
}

/// `GET /tasks/new?customer=`, and with `find` the same form with the customers that it looks for.
pub async fn new(cx: Cx) -> Result<Response> {
    if cx.query("find").is_some() {
        return ask(&cx, &cx.asked(), &Target::New, StatusCode::OK).await;
    }
    let form = cx
        .blank()
        .with("owner_id", cx.actor().id.to_string())
        .with("customer_id", cx.query("customer").unwrap_or_default())
        .with("priority", Priority::Normal.code());
    ask(&cx, &form, &Target::New, StatusCode::OK).await
}

/// `GET /tasks/:id/edit`
pub async fn edit(cx: Cx) -> Result<Response> {
    let task = changeable(&cx, store::find(&cx.office.db, &cx.scope(), cx.actor().id, cx.id()?).await?)?;
    let form = if cx.query("find").is_some() { cx.asked() } else { filled(&cx, &task) };
    ask(&cx, &form, &Target::Task(&task), StatusCode::OK).await
}

/// A task that the person may change: whoever has it or gave it, while it is open.
fn changeable(cx: &Cx, task: Option<TaskRow>) -> Result<TaskRow> {
    let task = task.ok_or(AppError::NotFound)?;
    if !task.is_of(cx.actor().id) {
        return Err(AppError::Forbidden);
    }
    if task.state != State::Open {
        return Err(AppError::Refused(t!(cx.lang, "tasks.done_already").into_owned()));
    }
    Ok(task)
}

/// The form of a task, with what each field was for merging.
fn filled(cx: &Cx, task: &TaskRow) -> Form {
    let due = task.due_at.map(|at| clock::iso_minute(at).replace(' ', "T")).unwrap_or_default();
    let form = cx
        .blank()
        .with("title", task.title.as_str())
        .with("note", task.note.as_str())
        .with("due_at", due)
        .with("priority", task.priority.code())
        .with("owner_id", task.owner_id.to_string())
        .with("customer_id", task.customer_id.map(|customer| customer.to_string()).unwrap_or_default());
    merge::remember(form.clone(), &FIELDS, &form)
}

/// The page of the form, with what was typed.
async fn ask(cx: &Cx, form: &Form, target: &Target<'_>, status: StatusCode) -> Result<Response> {
    let (scope, db) = (cx.scope(), &cx.office.db);
    let people = if scope.sees_others() { users::people_in_scope(db, &scope).await? } else { Vec::new() };
    let mut people: Vec<Choice> = people.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    // Whoever has the task stays chosen, also from outside the scope: a browser would send the first of the list.
    if let Target::Task(task) = target {
        let owner = task.owner_id.to_string();
        if !people.is_empty() && people.iter().all(|(id, _)| *id != owner) {
            people.insert(0, (owner, task.owner_name.clone()));
        }
    }
    let q = Some(form.value("q").trim()).filter(|q| !q.is_empty());
    let among = if q.is_some() { scope } else { scope.mine() };
    let found = customers::choices(db, &among, q, OFFERED).await?;
    let mut offers: Vec<Offer> =
        found.into_iter().map(|one| Offer { id: one.id.to_string(), name: one.name, address: one.address }).collect();
    // The chosen one is offered even where it is not among the found.
    let chosen = form.value("customer_id").trim();
    if let Ok(id) = chosen.parse::<Id>()
        && offers.iter().all(|one| one.id != chosen)
    {
        let seen = customers::find(db, &cx.scope(), id).await?;
        let seen = seen.map(|one| Offer { id: one.id.to_string(), name: one.name, address: one.address });
        // The task's own customer stays, also where only its name may be seen.
        let own = || match target {
            Target::Task(task) if task.customer_id == Some(id) => {
                task.customer_name.clone().map(|name| Offer { id: id.to_string(), name, address: String::new() })
            }
            Target::Task(_) | Target::New => None,
        };
        if let Some(offer) = seen.or_else(own) {
            offers.insert(0, offer);
        }
    }
    let page = form_view::Page {
        form,
        target,
        people: &people,
        offers: &offers,
        today: clock::day(cx.now),
        op_id: cx.op_id(),
    };
    Ok(html_with(form_view::page(&cx.frame(), &page), status))
}

/// Reads the fields; what is wrong is said in the form. `stays` is whom the task has already.
async fn read(cx: &Cx, form: &mut Form, stays: Option<&TaskRow>) -> Result<Option<Entry>> {
    let (scope, db) = (cx.scope(), &cx.office.db);
    let title = form.required("title", &t!(cx.lang, "tasks.title_label"), TITLE);
    if title.contains('\n') {
        form.wrong("title", t!(cx.lang, "form.control", field = t!(cx.lang, "tasks.title_label")));
    }
    let note = form.text("note", &t!(cx.lang, "tasks.note"), NOTE);
    let due_at = due(cx, form);
    let priority = if form.value("priority").trim().is_empty() {
        Some(Priority::Normal)
    } else {
        form.choice("priority", &t!(cx.lang, "tasks.priority_label"), Priority::from_code)
    };
    let owner_label = t!(cx.lang, "tasks.owner");
    let kept_owner = stays.map_or(cx.actor().id, |task| task.owner_id);
    let owner = form.record("owner_id", &owner_label).unwrap_or(kept_owner);
    if form.error("owner_id").is_none() && owner != kept_owner {
        // A rep's scope holds nobody else; the list is short for everybody.
        let people = users::people_in_scope(db, &scope).await?;
        if people.iter().all(|one| one.id != owner) {
            form.wrong("owner_id", t!(cx.lang, "form.choice", field = owner_label));
        }
    }
    let customer_label = t!(cx.lang, "tasks.customer");
    let customer = form.record("customer_id", &customer_label);
    let kept_customer = stays.and_then(|task| task.customer_id);
    if let Some(customer) = customer.filter(|_| customer != kept_customer)
        && customers::find(db, &scope, customer).await?.is_none()
    {
        form.wrong("customer_id", t!(cx.lang, "form.choice", field = customer_label));
    }
    let entry = priority.map(|priority| Entry { title, note, due_at, priority, owner, customer });
    Ok(entry.filter(|_| form.is_right()))
}

/// The due time; empty is none, nonsense is an error.
fn due(cx: &Cx, form: &mut Form) -> Option<Millis> {
    if form.value("due_at").trim().is_empty() {
        return None;
    }
    let due = parse_due(form.value("due_at"));
    if due.is_none() {
        form.wrong("due_at", t!(cx.lang, "form.date", field = t!(cx.lang, "tasks.due")));
    }
    due
}

/// Holds the customer and the owner that a task will name, or says in the form which of them is gone.
async fn hold(cx: &Cx, tx: &mut Tx, form: &mut Form, entry: &Entry) -> Result<bool> {
    if entry.customer.is_some() && customers::kept(tx, entry.customer, Hold::Referred).await?.is_none() {
        form.wrong("customer_id", t!(cx.lang, "form.choice", field = t!(cx.lang, "tasks.customer")));
    } else if !users::hold(tx, entry.owner).await? {
        form.wrong("owner_id", t!(cx.lang, "form.choice", field = t!(cx.lang, "tasks.owner")));
    }
    Ok(form.is_right())
}

/// `POST /tasks`
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let Some(entry) = read(&cx, &mut form, None).await? else {
        return ask(&cx, &form, &Target::New, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&form).await?;
    if !hold(&cx, &mut write.tx, &mut form, &entry).await? {
        drop(write);
        return ask(&cx, &form, &Target::New, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let me = cx.actor().id;
    let new = NewTask {
        owner: entry.owner,
        giver: Some(me),
        customer: entry.customer,
        kind: Kind::Todo,
        cause: None,
        title: &entry.title,
        note: &entry.note,
        priority: entry.priority,
        due_at: entry.due_at,
        at: cx.now,
    };
    let author = write.author.clone();
    crate::tasks::give(&mut write.tx, &author, &new).await?;
    let view = if entry.owner == me { "" } else { "&view=given" };
    write.finish(&format!("/tasks?done=saved{view}")).await
}

/// `POST /tasks/:id`: what is to be done, by whom, until when.
pub async fn update(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let (id, me) = (cx.id()?, cx.actor().id);
    let task = changeable(&cx, store::find(&cx.office.db, &cx.scope(), me, id).await?)?;
    if read(&cx, &mut form, Some(&task)).await?.is_none() {
        return ask(&cx, &form, &Target::Task(&task), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    // Read against the task as it stands: somebody may have changed it since the form was opened.
    if form.opened() != task.version {
        let (merged, clashes) = merge::merge(form, &FIELDS, &filled(&cx, &task));
        form = merged;
        for clash in &clashes {
            form.wrong(clash.field, t!(cx.lang, "tasks.clash"));
        }
        if !clashes.is_empty() {
            let form = merge::remember(form, &FIELDS, &filled(&cx, &task));
            return ask(&cx, &form, &Target::Task(&task), StatusCode::CONFLICT).await;
        }
    }
    let Some(entry) = read(&cx, &mut form, Some(&task)).await? else {
        return ask(&cx, &form, &Target::Task(&task), StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&form).await?;
    if !hold(&cx, &mut write.tx, &mut form, &entry).await? {
        drop(write);
        return ask(&cx, &form, &Target::Task(&task), StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let held = changeable(&cx, store::find_for_change(&mut write.tx, &cx.scope(), me, id).await?)?;
    if held.version != task.version {
        return Err(AppError::Refused(t!(cx.lang, "tasks.changed_meanwhile").into_owned()));
    }
    store::update(&mut write.tx, id, &entry.content(cx.now)).await?;
    let stored = |customer: Option<Id>| customer.map(|customer| customer.to_string());
    let changes = Changes::new()
        .moved("title", held.title.as_str(), entry.title.as_str())
        .moved("note", held.note.as_str(), entry.note.as_str())
        .moved("due_at", held.due_at, entry.due_at)
        .moved("priority", held.priority.code(), entry.priority.code())
        .moved("owner_id", held.owner_id.to_string(), entry.owner.to_string())
        .moved("customer_id", stored(held.customer_id), stored(entry.customer));
    write.audit(Action::Edit, "task", id, changes).await?;
    if entry.owner != held.owner_id {
        events::raise(&mut write.tx, cx.now, events::Event::TaskGiven { task: id, owner: entry.owner }).await?;
    }
    // Whoever has handed their task on does not see it any more, unless they gave it.
    let sees = entry.owner == me || held.giver_id == Some(me) || cx.scope().sees_others();
    let to = if sees { format!("/tasks/{id}?done=saved") } else { "/tasks?done=saved".to_owned() };
    write.finish(&to).await
}

impl Entry {
    /// As the row is written.
    fn content(&self, at: Millis) -> store::Content<'_> {
        store::Content {
            owner: self.owner,
            customer: self.customer,
            title: &self.title,
            note: &self.note,
            priority: self.priority,
            due_at: self.due_at,
            at,
        }
    }
}
