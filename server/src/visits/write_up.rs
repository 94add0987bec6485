//! What came of a visit: its draft, its end, and its correction afterwards.

use chrono::NaiveDate;
use poem::Response;
use poem::http::StatusCode;

use crate::customers;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::visits::pages::{PURPOSE, RESULT, again, filled, future_day, merged, own, today};
use crate::visits::plan;
use crate::visits::rules::{Flag, Progress, State};
use crate::visits::store::{self, NewVisit, Visit, WriteUp};
use crate::visits::view;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};
use crate::web::form::Form;
use crate::web::write::Write;

/// `GET /visits/:id/result`: what was written may be corrected; the log of operations keeps both.
pub async fn edit(cx: Cx) -> Result<Response> {
    let visit = own(&cx, store::find(&cx.office.db, &cx.scope(), cx.id()?).await?)?;
    Ok(html(view::edit_result(&cx.frame(), &visit, &filled(&cx, &visit), &cx.op_id())))
}

/// `POST /visits/:id/result`: the draft during the visit, and its correction afterwards.
pub async fn result(cx: Cx) -> Result<Response> {
    write_up(cx, false).await
}

/// `POST /visits/:id/check-out`: the result, the next date, and the end.
pub async fn check_out(cx: Cx) -> Result<Response> {
    write_up(cx, true).await
}

/// Checks the fields; the reason that was typed.
fn check(cx: &Cx, form: &mut Form, visit: &Visit) -> String {
    form.text("result", &t!(cx.lang, "visits.result"), RESULT);
    // A date that stands in the record already may have passed meanwhile.
    if visit.next_on.as_deref() != Some(form.value("next_on")) {
        future_day(cx, form, "next_on", &t!(cx.lang, "visits.next_on"), false);
    }
    form.text("out_reason", &t!(cx.lang, "visits.out_reason"), PURPOSE)
}

/// What the fields say, merged with the visit as it stands.
struct Written {
    result: String,
    day: Option<NaiveDate>,
    reason: String,
    changes: Changes,
}

/// Merges a checked form with the visit, which is held. `Err` has the form that says where others wrote too.
fn merge(cx: &Cx, form: Form, visit: &Visit) -> std::result::Result<Written, Box<Form>> {
    let mut form = merged(cx, form, visit, &["result", "next_on"])?;
    let result = form.text("result", &t!(cx.lang, "visits.result"), RESULT);
    let day = clock::parse_day(form.value("next_on"));
    let typed = form.text("out_reason", &t!(cx.lang, "visits.out_reason"), PURPOSE);
    let reason = if typed.is_empty() { visit.out_reason.clone() } else { typed };
    let changes = Changes::new()
        .moved("result", visit.result.as_str(), result.as_str())
        .moved("next_on", visit.next_on.clone(), day.map(|day| day.to_string()))
        .moved("out_reason", visit.out_reason.as_str(), reason.as_str());
    Ok(Written { result, day, reason, changes })
}

impl Written {
    fn store(&self, write: &mut Write<'_>, cx: &Cx, id: Id, ends: bool) {
        let next_on = self.day.map(|day| day.to_string());
        let written = WriteUp { result: &self.result, next_on: next_on.as_deref(), reason: &self.reason, ends };
        store::write_up(&mut write.tx, id, written, cx.now);
    }
}

/// Whether a form that sends something else has the fields of the write-up too, which then are checked.
pub fn travels_with(cx: &Cx, form: &mut Form, visit: &Visit) -> bool {
    let has = form.fields().iter().any(|(name, _)| name == "result");
    if has {
        check(cx, form, visit);
    }
    has
}

/// Saves the write-up that came with something else, as the button for the draft does.
pub async fn save_too(
    write: &mut Write<'_>,
    cx: &Cx,
    form: Form,
    visit: &Visit,
) -> Result<std::result::Result<(), Box<Form>>> {
    let said = match merge(cx, form, visit) {
        Ok(said) => said,
        Err(form) => return Ok(Err(form)),
    };
    said.store(write, cx, visit.row.id, false);
    write.audit(Action::Edit, "visit", visit.row.id, said.changes).await?;
    Ok(Ok(()))
}

async fn write_up(cx: Cx, ends: bool) -> Result<Response> {
    let mut form = cx.form().await?;
    let visit = own(&cx, store::find(&cx.office.db, &cx.scope(), cx.id()?).await?)?;
    let reason = check(&cx, &mut form, &visit);
    if ends && reason.is_empty() && visit.out_reason.is_empty() && visit.row.flags().has(Flag::Far) {
        form.wrong("out_reason", t!(cx.lang, "visits.reason_needed"));
    }
    if !form.is_right() {
        return again(&cx, visit, form, StatusCode::UNPROCESSABLE_ENTITY).await;
    }

    let mut write = cx.write(&form).await?;
    let found = if ends {
        store::find_with_customer(&mut write.tx, &cx.scope(), visit.row.id).await?
    } else {
        store::find_for_change(&mut write.tx, &cx.scope(), visit.row.id).await?
    };
    let visit = own(&cx, found)?;
    may_write(&cx, &visit, ends)?;
    let mut said = match merge(&cx, form, &visit) {
        Ok(said) => said,
        Err(form) => {
            drop(write);
            return again(&cx, visit, *form, StatusCode::CONFLICT).await;
        }
    };
    let id = visit.row.id;
    said.store(&mut write, &cx, id, ends);
    if ends {
        let next_on = said.day.map(|day| day.to_string());
        said.changes = said.changes.moved("state", Progress::Open.code(), Progress::Done.code());
        customers::contacted(&mut write.tx, visit.row.customer_id, cx.now, next_on.as_deref()).await?;
        if let Some(planned_on) = said.day {
            let (owner, customer) = (visit.row.owner_id, visit.row.customer_id);
            plan::add(&mut write, &NewVisit { owner, customer, planned_on, purpose: "", at: cx.now }, Some(id)).await?;
        }
    }
    write.audit(Action::Edit, "visit", id, said.changes).await?;
    let done = if ends { "checked_out" } else { "saved" };
    write.finish(&format!("/visits/{id}?done={done}")).await
}

fn may_write(cx: &Cx, visit: &Visit, ends: bool) -> Result<()> {
    let why = match (visit.row.state(today(cx)), ends) {
        (State::Open, _) | (State::Done, false) => return Ok(()),
        (State::Done, true) => {
            let at = visit.row.checked_out_at.map(|at| clock::brief(at, cx.now)).unwrap_or_default();
            t!(cx.lang, "visits.ended_already", at = at)
        }
        (State::Planned | State::Missed, _) => t!(cx.lang, "visits.check_in_first"),
    };
    Err(AppError::Refused(why.into_owned()))
}
