//! Pages of calls.

use poem::Response;

use crate::calls::rules::State;
use crate::calls::{store, view};
use crate::customers;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::tasks;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};

/// Where 接了 / 没接 is posted.
#[must_use]
pub fn answer_link(call: Id) -> String {
    format!("/calls/{call}/answer")
}

/// Where 已回拨 is posted.
#[must_use]
pub fn callback_link(call: Id) -> String {
    format!("/calls/{call}/callback")
}

/// `GET /calls`
pub async fn list(cx: Cx) -> Result<Response> {
    let missed = cx.query("view") == Some("missed");
    let calls = store::list(&cx.office.db, &cx.scope(), missed, cx.paging()).await?;
    Ok(html(view::list(&cx, &calls, missed)))
}

/// `GET /calls/:id`
pub async fn show(cx: Cx) -> Result<Response> {
    let call = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    Ok(html(view::show(&cx, &call)))
}

/// `POST /calls/:id/answer` with `answer=yes|no`: 接了 or 没接.
pub async fn answer(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let mut form = cx.form().await?;
    let taken = form.choice("answer", &t!(cx.lang, "calls.taken"), |word| match word {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    });
    let Some(taken) = taken else { return Err(AppError::BadRequest("neither yes nor no")) };
    let mut write = cx.write(&form).await?;
    let call = store::to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    if !call.state.is_open() {
        return Err(AppError::Refused(t!(cx.lang, "calls.settled_before").into_owned()));
    }
    let by = cx.actor().id;
    let author = write.author.clone();
    let mut told: Vec<Id> = call.owner_id.into_iter().collect();
    if taken {
        store::set_state(&mut write.tx, id, State::Answered, Some(by), cx.now).await?;
        let mut settled = store::waiting_of(&mut write.tx, &call.digits, call.customer_id).await?;
        store::settle(&mut write.tx, &settled, Some(cx.actor().id), cx.now).await?;
        customers::heard_from(&mut write.tx, call.customer_id, call.started_at).await?;
        // The call's own task too, where it was missed for a moment.
        settled.push(id);
        let feedback = t!(cx.lang, "calls.feedback_answered");
        told.extend(tasks::finish_callbacks(&mut write.tx, &author, call.customer_id, &settled, &feedback).await?);
        let changes = Changes::new().moved("state", call.state.code(), State::Answered.code());
        write.audit(Action::Edit, "call", id, changes).await?;
    } else {
        // Nobody took it: the timer need not be waited for. It finds its work done.
        write.act("call", id, "not_taken").await?;
        crate::events::raise(&mut write.tx, cx.now, crate::events::Event::CallUnanswered { call: id }).await?;
    }
    let response = write.finish(&format!("/calls/{id}?done=done")).await?;
    for user in told {
        cx.office.badges_changed(user);
    }
    Ok(response)
}

/// `POST /calls/:id/callback`: somebody called back.
pub async fn call_back(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let call = store::to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    if !call.state.is_open() {
        return Err(AppError::Refused(t!(cx.lang, "calls.settled_before").into_owned()));
    }
    let author = write.author.clone();
    let mut settled = store::waiting_of(&mut write.tx, &call.digits, call.customer_id).await?;
    store::settle(&mut write.tx, &settled, Some(cx.actor().id), cx.now).await?;
    store::set_state(&mut write.tx, id, State::CalledBack, Some(cx.actor().id), cx.now).await?;
    customers::heard_from(&mut write.tx, call.customer_id, cx.now).await?;
    settled.push(id);
    let feedback = t!(cx.lang, "calls.feedback_called_back");
    let mut told = tasks::finish_callbacks(&mut write.tx, &author, call.customer_id, &settled, &feedback).await?;
    told.extend(call.owner_id);
    let changes = Changes::new().moved("state", call.state.code(), State::CalledBack.code());
    write.audit(Action::Edit, "call", id, changes).await?;
    let response = write.finish(&format!("/calls/{id}?done=done")).await?;
    for user in told {
        cx.office.badges_changed(user);
    }
    Ok(response)
}
