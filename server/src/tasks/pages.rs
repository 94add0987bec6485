//! Handlers, in route order.

use poem::Response;

use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::i18n::t;
use crate::modules::Module;
use crate::tasks::editor::NOTE;
use crate::tasks::rules::State;
use crate::tasks::store::{self, TaskRow, View};
use crate::tasks::view::{self, ListPage, ShowPage};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html};
use crate::web::form::Form;

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

/// `GET /tasks/:id`
pub async fn show(cx: Cx) -> Result<Response> {
    let task = store::find(&cx.office.db, &cx.scope(), cx.actor().id, cx.id()?).await?.ok_or(AppError::NotFound)?;
    let form = cx.blank();
    let mine = task.owner_id == cx.actor().id;
    let document = render(&cx, &task, &form);
    Ok(if mine { cx.offline_page(document) } else { html(document) })
}

fn render(cx: &Cx, task: &TaskRow, form: &Form) -> String {
    let page = ShowPage {
        task,
        form,
        looker: cx.actor().id,
        now: cx.now,
        op_id: cx.op_id(),
        may_edit: cx.may(Gate::edit(Module::Tasks)),
    };
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
