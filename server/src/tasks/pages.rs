//! Handlers, in route order.

use poem::Response;
use poem::http::StatusCode;

use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::db::Hold;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::tasks::rules::{Kind, Priority, State, parse_due};
use crate::tasks::store::{self, NewTask, TaskRow, View};
use crate::tasks::view::{self, Choice, ListPage, NewPage, ShowPage};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html, html_with};
use crate::web::form::Form;
use crate::{customers, users};

/// Characters of a title at most.
pub const TITLE: usize = 100;
/// Customers offered for choosing.
const OFFERED: i64 = 30;
/// Characters of a note or a feedback at most.
pub const NOTE: usize = 2000;

/// `GET /tasks?view=&page=`
pub async fn list(cx: Cx) -> Result<Response> {
    let scope = cx.scope();
    let view = match cx.query("view") {
        Some("given") => View::Given,
        Some("done") => View::Done,
        Some("team") if scope.sees_others() => View::Team,
        Some(_) | None => View::Mine,
    };
    let tasks = store::list(&cx.office.db, &scope, cx.actor().id, view, cx.paging()).await?;
    let page = ListPage {
        tasks,
        view,
        looker: cx.actor().id,
        sees_others: scope.sees_others(),
        may_create: cx.may(Gate::create(Module::Tasks)),
        now: cx.now,
    };
    let document = view::list(&cx.frame(), &page);
    Ok(if view == View::Mine { cx.offline_page(document) } else { html(document) })
}

/// `GET /tasks/new?customer=`
pub async fn new(cx: Cx) -> Result<Response> {
    let form = cx
        .blank()
        .with("owner_id", cx.actor().id.to_string())
        .with("customer_id", cx.query("customer").unwrap_or_default())
        .with("priority", Priority::Normal.code());
    ask(&cx, &form, StatusCode::OK).await
}

/// The page of a new task, with what was typed.
async fn ask(cx: &Cx, form: &Form, status: StatusCode) -> Result<Response> {
    let (scope, db) = (cx.scope(), &cx.office.db);
    let people = if scope.sees_others() { users::people_in_scope(db, &scope).await? } else { Vec::new() };
    let people: Vec<Choice> = people.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    let offered = customers::choices(db, &scope.mine(), None, OFFERED).await?;
    let mut customers: Vec<Choice> = offered.into_iter().map(|one| (one.id.to_string(), one.name)).collect();
    // The chosen one is offered even where it is not among the latest.
    if let Ok(chosen) = form.value("customer_id").trim().parse::<Id>()
        && customers.iter().all(|(id, _)| *id != chosen.to_string())
        && let Some(one) = customers::find(db, &scope, chosen).await?
    {
        customers.insert(0, (one.id.to_string(), one.name));
    }
    let page = NewPage { form, people: &people, customers: &customers, op_id: cx.op_id() };
    Ok(html_with(view::new(&cx.frame(), &page), status))
}

/// `POST /tasks`
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let (scope, db) = (cx.scope(), &cx.office.db);
    let title = form.required("title", &t!(cx.lang, "tasks.title_label"), TITLE);
    if title.contains('\n') {
        form.wrong("title", t!(cx.lang, "form.control", field = t!(cx.lang, "tasks.title_label")));
    }
    let note = form.text("note", &t!(cx.lang, "tasks.note"), NOTE);
    let due_at = due(&cx, &mut form);
    let priority = if form.value("priority").trim().is_empty() {
        Some(Priority::Normal)
    } else {
        form.choice("priority", &t!(cx.lang, "tasks.priority_label"), Priority::from_code)
    };
    let me = cx.actor().id;
    let owner_label = t!(cx.lang, "tasks.owner");
    let owner = form.record("owner_id", &owner_label).unwrap_or(me);
    if form.error("owner_id").is_none() && owner != me {
        // A rep's scope holds nobody else; the list is short for everybody.
        let people = users::people_in_scope(db, &scope).await?;
        if people.iter().all(|one| one.id != owner) {
            form.wrong("owner_id", t!(cx.lang, "form.choice", field = owner_label));
        }
    }
    let customer_label = t!(cx.lang, "tasks.customer");
    let customer = form.record("customer_id", &customer_label);
    if let Some(customer) = customer
        && customers::find(db, &scope, customer).await?.is_none()
    {
        form.wrong("customer_id", t!(cx.lang, "form.choice", field = customer_label));
    }
    let Some(priority) = priority.filter(|_| form.is_right()) else {
        return ask(&cx, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&form).await?;
    if !users::hold(&mut write.tx, owner).await? {
        drop(write);
        form.wrong("owner_id", t!(cx.lang, "form.choice", field = owner_label));
        return ask(&cx, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    if customer.is_some() && customers::kept(&mut write.tx, customer, Hold::Referred).await?.is_none() {
        drop(write);
        form.wrong("customer_id", t!(cx.lang, "form.choice", field = customer_label));
        return ask(&cx, &form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let new = NewTask {
        owner,
        giver: Some(me),
        customer,
        kind: Kind::Todo,
        cause: None,
        title: &title,
        note: &note,
        priority,
        due_at,
        at: cx.now,
    };
    let author = write.author.clone();
    crate::tasks::give(&mut write.tx, &author, &new).await?;
    let view = if owner == me { "" } else { "&view=given" };
    write.finish(&format!("/tasks?done=saved{view}")).await
}

/// The due time; empty is none, nonsense is an error.
fn due(cx: &Cx, form: &mut Form) -> Option<i64> {
    if form.value("due_at").trim().is_empty() {
        return None;
    }
    let due = parse_due(form.value("due_at"));
    if due.is_none() {
        form.wrong("due_at", t!(cx.lang, "form.date", field = t!(cx.lang, "tasks.due")));
    }
    due
}

/// `GET /tasks/:id`
pub async fn show(cx: Cx) -> Result<Response> {
    let task = store::find(&cx.office.db, &cx.scope(), cx.actor().id, cx.id()?).await?.ok_or(AppError::NotFound)?;
    let form = cx.blank();
    let mine = task.owner_id == cx.actor().id;
    let document = render(&cx, &task, &form);
    Ok(if mine { cx.offline_page(document) } else { html(document) })
}

fn render(cx: &Cx, task: &TaskRow, form: &Form) -> String {
    let page = ShowPage { task, form, looker: cx.actor().id, now: cx.now, op_id: cx.op_id() };
    view::show(&cx.frame(), &page)
}

/// `POST /tasks/:id/completion`: done, with what came of it.
pub async fn complete(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let (id, me) = (cx.id()?, cx.actor().id);
    let feedback = form.text("feedback", &t!(cx.lang, "tasks.feedback"), NOTE);
    if !form.is_right() {
        let task = store::find(&cx.office.db, &cx.scope(), me, id).await?.ok_or(AppError::NotFound)?;
        return Ok(form_html(render(&cx, &task, &form), &form));
    }
    let mut write = cx.write(&form).await?;
    let task = store::find_for_change(&mut write.tx, &cx.scope(), me, id).await?.ok_or(AppError::NotFound)?;
    if task.owner_id != me {
        return Err(AppError::Forbidden);
    }
    if task.state != State::Open {
        return Err(AppError::Refused(t!(cx.lang, "tasks.done_already").into_owned()));
    }
    store::complete(&mut write.tx, id, &feedback, cx.now).await?;
    let changes = Changes::new().moved("state", task.state.code(), State::Done.code()).set("feedback", feedback);
    write.audit(Action::Edit, "task", id, changes).await?;
    crate::tasks::tell_call(&mut write.tx, cx.now, &task, me).await?;
    write.finish("/tasks?done=done").await
}

/// `POST /tasks/:id/confirmation`: its giver has seen what came of it.
pub async fn confirm(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let (id, me) = (cx.id()?, cx.actor().id);
    let mut write = cx.write(&form).await?;
    let task = store::find_for_change(&mut write.tx, &cx.scope(), me, id).await?.ok_or(AppError::NotFound)?;
    if task.giver_id != Some(me) {
        return Err(AppError::Forbidden);
    }
    if !task.awaits(me) {
        return Err(AppError::Refused(t!(cx.lang, "tasks.not_to_confirm").into_owned()));
    }
    store::confirm(&mut write.tx, id, cx.now).await?;
    let changes = Changes::new().moved("state", task.state.code(), State::Confirmed.code());
    write.audit(Action::Edit, "task", id, changes).await?;
    write.finish(&format!("/tasks/{id}?done=saved")).await
}
