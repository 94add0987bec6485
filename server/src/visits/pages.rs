//! The list, a visit's page, and what every handler of a visit needs.

use chrono::{Days, NaiveDate};
use poem::Response;
use poem::http::StatusCode;

use crate::documents;
use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::modules::Module;
use crate::users;
use crate::visits::rules::State;
use crate::visits::store::{self, Visit};
use crate::visits::view::{self, ListPage, ShowPage, TeamPage, View};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html, html_with};
use crate::web::form::Form;
use crate::web::merge;

/// Characters of a result at most.
pub const RESULT: usize = 2000;
/// Characters of a purpose or a reason at most.
pub const PURPOSE: usize = 200;
/// How far ahead a visit can be planned.
const AHEAD_DAYS: u64 = 730;

/// The China date of the request.
pub fn today(cx: &Cx) -> NaiveDate {
    clock::day(cx.now)
}

/// The visit, if it is there and the person's own. Somebody else's visit in view can be read, not written.
pub fn own(cx: &Cx, visit: Option<Visit>) -> Result<Visit> {
    let visit = visit.ok_or(AppError::NotFound)?;
    if visit.row.owner_id == cx.actor().id { Ok(visit) } else { Err(AppError::Forbidden) }
}

/// `GET /visits?day=&view=&owner=&page=`
pub async fn list(cx: Cx) -> Result<Response> {
    let scope = cx.scope();
    let db = &cx.office.db;
    let today = today(&cx);
    let day = cx.query("day").and_then(clock::parse_day).unwrap_or(today);
    let owner: Option<Id> = cx.query("owner").and_then(|text| text.parse().ok());
    let view = match (scope.sees_others(), owner, cx.query("view")) {
        (false, _, _) | (true, None, Some("mine")) => View::Mine,
        (true, Some(owner), _) => View::Colleague(owner),
        (true, None, Some("all")) => View::All,
        (true, None, Some(_) | None) => View::Team,
    };
    let frame = cx.frame();
    if view == View::Team {
        let team = store::team_day(db, &scope, day, cx.paging()).await?;
        return Ok(html(view::team(&frame, &TeamPage { team, day, today, now: cx.now })));
    }
    let (whose, name) = match view {
        View::Mine => (Some(cx.actor().id), None),
        View::Colleague(owner) => {
            let people = users::people_in_scope(db, &scope).await?;
            let person = people.into_iter().find(|one| one.id == owner).ok_or(AppError::NotFound)?;
            (Some(owner), Some(person.name))
        }
        View::All | View::Team => (None, None),
    };
    let counts = match whose {
        Some(owner) => Some(store::count_today(db, owner, day).await?),
        None => None,
    };
    let visits = store::of_day(db, &scope, whose, day, today, cx.paging()).await?;
    let page = ListPage {
        visits,
        counts,
        view,
        name,
        day,
        today,
        now: cx.now,
        sees_others: scope.sees_others(),
        may_create: cx.may(Gate::create(Module::Visits)),
    };
    let document = view::list(&frame, &page);
    // One's own days are what a phone needs where there is no signal.
    Ok(if view == View::Mine { cx.offline_page(document) } else { html(document) })
}

/// `GET /visits/:id`
pub async fn show(cx: Cx) -> Result<Response> {
    let visit = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let mine = visit.row.owner_id == cx.actor().id;
    let form = filled(&cx, &visit);
    let document = render(&cx, &visit, &form).await?;
    Ok(if mine { cx.offline_page(document) } else { html(document) })
}

/// The form of a visit's page, filled from the record, with what each field was for merging.
pub fn filled(cx: &Cx, visit: &Visit) -> Form {
    let form = cx
        .blank()
        .with("result", visit.result.as_str())
        .with("next_on", visit.next_on.as_deref().unwrap_or_default())
        .with("out_reason", visit.out_reason.as_str())
        .with("planned_on", visit.row.planned_on.as_str())
        .with("purpose", visit.row.purpose.as_str());
    merge::remember(form.clone(), &["result", "next_on", "planned_on", "purpose"], &form)
}

async fn render(cx: &Cx, visit: &Visit, form: &Form) -> Result<String> {
    let (db, scope, row) = (&cx.office.db, cx.scope(), &visit.row);
    let photos = store::photos(db, &scope, row.id).await?;
    let mine = row.owner_id == cx.actor().id;
    let made = match row.checked_in_at {
        Some(at) => {
            let kinds = [Kind::Order, Kind::Payment].into_iter().filter(|kind| cx.may(Gate::view(kind.module())));
            let (made_at, kinds) = ((row.id, row.customer_id), kinds.collect::<Vec<_>>());
            documents::made_on_visit(db, &scope, made_at, &clock::iso_day(at), &kinds).await?
        }
        None => Vec::new(),
    };
    let over_today = mine && row.checked_out_at.is_some_and(|at| clock::day(at) == today(cx));
    let next = if over_today { store::next_stop(db, row.owner_id, today(cx), visit.point()).await? } else { None };
    let page = ShowPage {
        visit,
        photos: &photos,
        form,
        mine,
        may_order: cx.may(Gate::create(Module::Orders)),
        may_pay: cx.may(Gate::create(Module::Payments)),
        made: &made,
        next: next.as_ref(),
        today: today(cx),
        now: cx.now,
        op_ids: [cx.op_id(), cx.op_id(), cx.op_id()],
    };
    Ok(view::show(&cx.frame(), &page))
}

/// The page on which the fields in error stand once more, with what was typed and what is wrong with it.
pub async fn again(cx: &Cx, visit: Visit, form: Form, status: StatusCode) -> Result<Response> {
    let record = filled(cx, &visit);
    let was = |name: &str| name.starts_with("was.");
    // What was typed stays; fields of the page's other forms, and what the fields are now, come from the record.
    let form = record.fields().iter().fold(form, |form, (name, value)| {
        let typed = form.fields().iter().any(|(field, _)| field == name);
        if typed && !was(name) { form } else { form.with(name, value.as_str()) }
    });
    let written = form.is_resumed() || form.errors().iter().any(|(field, _)| field == "result" || field == "next_on");
    let document = if written && visit.row.state(today(cx)) == State::Done {
        view::edit_result(&cx.frame(), &visit, &form, &cx.op_id())
    } else {
        render(cx, &visit, &form).await?
    };
    Ok(html_with(document, status))
}

/// Merges a form with a record that changed after the page was opened. `Err` has the form in which the fields
/// that both sides changed say so; sending it again decides for what was typed.
pub fn merged(cx: &Cx, form: Form, visit: &Visit, fields: &[&'static str]) -> std::result::Result<Form, Box<Form>> {
    // A form without a version was not opened on a record, so nothing can have moved under it.
    if form.value("version").is_empty() || form.value("version") == visit.version.to_string() {
        return Ok(form);
    }
    let (mut form, clashes) = merge::merge(form, fields, &filled(cx, visit));
    for clash in &clashes {
        form.wrong(clash.field, t!(cx.lang, "visits.clash", theirs = clash.theirs.as_str()));
    }
    if clashes.is_empty() { Ok(form) } else { Err(Box::new(form)) }
}

/// A date from today on; nothing is planned in the past or beyond two years.
pub fn future_day(cx: &Cx, form: &mut Form, name: &str, label: &str, required: bool) -> Option<NaiveDate> {
    let today = today(cx);
    let last = today.checked_add_days(Days::new(AHEAD_DAYS)).unwrap_or(today);
    let day = form.day(name, label);
    match day {
        None if required && form.value(name).trim().is_empty() => {
            form.wrong(name, t!(cx.lang, "form.required", field = label));
        }
        Some(day) if day < today => form.wrong(name, t!(cx.lang, "visits.past", field = label)),
        Some(day) if day > last => form.wrong(name, t!(cx.lang, "visits.too_far", field = label)),
        Some(_) | None => {}
    }
    day
}
