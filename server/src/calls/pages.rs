//! Pages of calls.

use poem::Response;

use crate::calls::known::Settled;
use crate::calls::rules::State;
use crate::calls::store::Call;
use crate::calls::{known, store, view};
use crate::kernel::audit::{Action, Changes};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};
use crate::web::form::Form;
use crate::web::write::Write;

/// The longest note.
pub(super) const NOTE: usize = 500;

/// Where 已接听 / 未接 is posted.
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
    let form = cx.blank().with("note", call.note.as_str());
    Ok(view::show(&cx, &call, &form))
}

/// `POST /calls/:id/answer` with `answer=yes|no`: 已接听 or 未接.
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
    let call = open_call(&cx, &mut write, &mut form, id).await?;
    if !form.is_right() {
        drop(write);
        return Ok(view::show(&cx, &call, &form));
    }
    if taken {
        return settle(&cx, write, &call, State::Answered, &t!(cx.lang, "calls.feedback_answered")).await;
    }
    // The call counts as missed without waiting for its timer.
    write.act("call", id, "not_taken").await?;
    crate::events::raise(&mut write.tx, cx.now, crate::events::Event::CallUnanswered { call: id }).await?;
    finish(&cx, write, id, call.owner_id).await
}

/// `POST /calls/:id/callback`: somebody called back.
pub async fn call_back(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let mut form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let call = open_call(&cx, &mut write, &mut form, id).await?;
    if !form.is_right() {
        drop(write);
        return Ok(view::show(&cx, &call, &form));
    }
    settle(&cx, write, &call, State::CalledBack, &t!(cx.lang, "calls.feedback_called_back")).await
}

/// The call that a form settles, with the form's note written.
async fn open_call(cx: &Cx, write: &mut Write<'_>, form: &mut Form, id: Id) -> Result<Call> {
    let call = store::to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    if !call.state.is_open() {
        return Err(AppError::Refused(t!(cx.lang, "calls.settled_before").into_owned()));
    }
    keep_note(cx, write, form, &call).await?;
    Ok(call)
}

async fn settle(cx: &Cx, mut write: Write<'_>, call: &Call, state: State, feedback: &str) -> Result<Response> {
    let author = write.author.clone();
    let settled = Settled { by: cx.actor().id, state, feedback };
    let told = known::settle(&mut write.tx, &author, call, settled).await?;
    finish(cx, write, call.id, told).await
}

/// Commits, and tells the pages of those whose counts changed.
async fn finish(cx: &Cx, write: Write<'_>, call: Id, told: impl IntoIterator<Item = Id>) -> Result<Response> {
    let response = write.finish(&format!("/calls/{call}?done=done")).await?;
    for user in told {
        cx.office.badges_changed(user);
    }
    Ok(response)
}

/// `POST /calls/:id/note`: 通话记录
pub async fn note(cx: Cx) -> Result<Response> {
    let id = cx.id()?;
    let mut form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let call = store::to_change(&mut write.tx, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    keep_note(&cx, &mut write, &mut form, &call).await?;
    if !form.is_right() {
        drop(write);
        return Ok(view::show(&cx, &call, &form));
    }
    write.finish(&format!("/calls/{id}?done=saved")).await
}

/// Writes the note of a form, if the form has one and it changed. A note that is too long is an error of its field.
async fn keep_note(cx: &Cx, write: &mut Write<'_>, form: &mut Form, call: &Call) -> Result<()> {
    if form.fields().iter().all(|(name, _)| name != "note") {
        return Ok(());
    }
    let note = form.text("note", &t!(cx.lang, "calls.note"), NOTE);
    if form.is_right() && note != call.note {
        store::set_note(&mut write.tx, call.id, &note).await?;
        let changes = Changes::new().moved("note", call.note.clone(), note);
        write.audit(Action::Edit, "call", call.id, changes).await?;
    }
    Ok(())
}
