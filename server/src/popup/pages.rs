//! The popup as a page, for browsers without scripts, and the hand-over.

use poem::Response;

use super::{card, view};
use crate::calls;
use crate::kernel::access::Role;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::live::push;
use crate::kernel::live::sse::{Live, POPUP};
use crate::users;
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html};

fn call_of(cx: &Cx) -> Result<Id> {
    cx.param("call").parse().map_err(|_| AppError::NotFound)
}

/// To whom this person can hand a call: those in view and the clerks.
async fn people(cx: &Cx) -> Result<Vec<(Id, String)>> {
    let mut people: Vec<(Id, String)> = Vec::new();
    let seen = users::people_in_scope(&cx.office.db, &cx.scope()).await?;
    let clerks = users::names_with_role(&cx.office.db, Role::Clerk).await?;
    for person in seen.into_iter().chain(clerks) {
        if person.id != cx.actor().id && !people.iter().any(|(id, _)| *id == person.id) {
            people.push((person.id, person.name));
        }
    }
    Ok(people)
}

/// `GET /popup/:call`
pub async fn show(cx: Cx) -> Result<Response> {
    let card = card(&cx.office, cx.actor(), call_of(&cx)?).await?.ok_or(AppError::NotFound)?;
    let mut people = people(&cx).await?;
    // The customer's own rep first: the one whom a clerk hands a call to.
    let rep = card.customer.as_ref().map(|customer| customer.owner_id);
    people.sort_by_key(|(id, _)| Some(*id) != rep);
    Ok(html(view::page(&cx, &card, &people)))
}

/// `POST /popup/:call/handover` with `to`.
pub async fn hand_over(cx: Cx) -> Result<Response> {
    let id = call_of(&cx)?;
    let mut form = cx.form().await?;
    let to = form.record("to", &t!(cx.lang, "popup.to"));
    let call = calls::find(&cx.office.db, &cx.scope(), id).await?.ok_or(AppError::NotFound)?;
    let people = people(&cx).await?;
    let Some(to) = to.filter(|to| people.iter().any(|(id, _)| id == to)) else {
        return Err(AppError::Refused(t!(cx.lang, "popup.nobody").into_owned()));
    };
    let mut write = cx.write(&form).await?;
    if !users::hold(&mut write.tx, to).await? {
        return Err(AppError::Refused(t!(cx.lang, "popup.nobody").into_owned()));
    }
    calls::give_to(&mut write.tx, id, to).await?;
    let changes = Changes::new().moved("owner_id", call.owner_id.map(|owner| owner.to_string()), Some(to.to_string()));
    write.audit(Action::Edit, "call", id, changes).await?;
    // Who hands a call over may see it no longer, so the way leads to the list.
    let response = write.finish("/calls?done=done").await?;
    cx.office.badges_changed(to);
    cx.office.hub.tell(to, Live { name: POPUP, data: id.to_string() });
    let who = call.customer.clone().unwrap_or_default();
    let title = t!(cx.lang, "popup.handed_push", from = cx.actor().name, who = who);
    push::notify(&cx.office, to, &title, &view::shown(&call.digits), &format!("/popup/{id}"));
    Ok(response)
}
