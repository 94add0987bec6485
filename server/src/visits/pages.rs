//! Handlers, in route order.

use chrono::{Days, NaiveDate};
use poem::Response;
use poem::http::StatusCode;

use crate::events::{self, Event};
use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock;
use crate::kernel::cx::Cx;
use crate::kernel::error::{AppError, Result, html};
use crate::kernel::form::Form;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::visits::customers::{self, Candidate};
use crate::visits::rules::{self, Conflict, Fix, Flag, State};
use crate::visits::store::{self, NewVisit, Visit};
use crate::visits::view::{self, Both, ListPage, NewPage, ShowPage, TeamPage, View};

/// Characters of a result at most.
pub const RESULT: usize = 2000;
/// Characters of a purpose or a reason at most.
pub const PURPOSE: usize = 200;
/// Customers planned at once at most.
const MOST_CUSTOMERS: usize = 50;
/// Customers offered for choosing.
const OFFERED: i64 = 20;
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
            let name = store::colleague(db, &scope, owner).await?.ok_or(AppError::NotFound)?;
            (Some(owner), Some(name))
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

/// `GET /visits/new?customer=&day=`
pub async fn new(cx: Cx) -> Result<Response> {
    let today = today(&cx);
    let day = cx.query("day").and_then(clock::parse_day).filter(|day| *day >= today).unwrap_or(today);
    let chosen: Vec<Id> = cx.query("customer").and_then(|text| text.parse().ok()).into_iter().collect();
    let form = cx.blank().with("planned_on", day.to_string());
    choose(&cx, form, &chosen, StatusCode::OK).await
}

/// The page of a plan: the chosen customers first, then those that were searched for or are due.
async fn choose(cx: &Cx, form: Form, chosen: &[Id], status: StatusCode) -> Result<Response> {
    let scope = cx.scope();
    let db = &cx.office.db;
    let mut offered = if chosen.is_empty() { Vec::new() } else { customers::chosen(db, &scope, chosen).await? };
    let picked = offered.len();
    let text = form.value("q").trim();
    let own = scope.mine();
    let found = customers::candidates(db, if text.is_empty() { &own } else { &scope }, text, OFFERED).await?;
    let nothing = found.is_empty();
    let fresh: Vec<Candidate> =
        found.into_iter().filter(|one| offered.iter().all(|other| other.id != one.id)).collect();
    offered.extend(fresh);
    let page = NewPage { form: &form, offered: &offered, picked, nothing, op_id: cx.op_id(), now: cx.now };
    let mut response = html(view::new(&cx.frame(), &page));
    response.set_status(status);
    Ok(response)
}

/// `POST /visits`: plans visits to the chosen customers. With `?customer=` in the address it is the quick
/// way from a customer's page: a visit today, and straight to its check-in.
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    if let Some(customer) = cx.query("customer") {
        let customer: Id = customer.parse().map_err(|_| AppError::NotFound)?;
        return create_now(&cx, &form, customer).await;
    }
    let today = today(&cx);
    let typed: Vec<Option<Id>> = form.values("customer").map(|text| text.parse().ok()).collect();
    let mut chosen: Vec<Id> = typed.iter().copied().flatten().take(MOST_CUSTOMERS + 1).collect();
    chosen.sort_unstable();
    chosen.dedup();
    if form.flag("find") {
        return choose(&cx, form, &chosen, StatusCode::OK).await;
    }
    let customer_label = t!(cx.lang, "visits.customer");
    let purpose = form.text("purpose", &t!(cx.lang, "visits.purpose"), PURPOSE);
    let day = future_day(&cx, &mut form, "planned_on", &t!(cx.lang, "visits.planned_on"), true);
    if chosen.is_empty() && typed.is_empty() {
        form.wrong("customer", t!(cx.lang, "form.required", field = customer_label));
    } else if chosen.len() > MOST_CUSTOMERS {
        form.wrong("customer", t!(cx.lang, "visits.too_many", most = MOST_CUSTOMERS));
    } else if typed.iter().any(Option::is_none)
        || customers::chosen(&cx.office.db, &cx.scope(), &chosen).await?.len() != chosen.len()
    {
        form.wrong("customer", t!(cx.lang, "form.choice", field = customer_label));
    }
    let Some(day) = day.filter(|_| form.is_right()) else {
        return choose(&cx, form, &chosen, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&form).await?;
    let owner = cx.actor().id;
    for customer in chosen {
        // A customer who is on that day's list already stays there once.
        if store::waiting(&mut write.tx, owner, customer, day).await?.is_some() {
            continue;
        }
        let new = NewVisit { owner, customer, planned_on: day, purpose: &purpose, at: cx.now };
        let id = store::create(&mut write.tx, &new).await?;
        let changes = Changes::new().set("customer_id", customer.to_string()).set("planned_on", day.to_string());
        write.audit(Action::Create, "visit", id, changes.set("purpose", purpose.as_str())).await?;
    }
    let view = if cx.scope().sees_others() { "&view=mine" } else { "" };
    let whence = if day == today { String::new() } else { format!("&day={day}") };
    write.finish(&format!("/visits?done=planned{view}{whence}")).await
}

async fn create_now(cx: &Cx, form: &Form, customer: Id) -> Result<Response> {
    let mut write = cx.write(form).await?;
    if customers::chosen(&mut write.tx, &cx.scope(), &[customer]).await?.is_empty() {
        return Err(AppError::NotFound);
    }
    let (owner, day) = (cx.actor().id, today(cx));
    let id = match store::waiting(&mut write.tx, owner, customer, day).await? {
        Some(id) => id,
        None => {
            let new = NewVisit { owner, customer, planned_on: day, purpose: "", at: cx.now };
            let id = store::create(&mut write.tx, &new).await?;
            let changes = Changes::new().set("customer_id", customer.to_string()).set("planned_on", day.to_string());
            write.audit(Action::Create, "visit", id, changes).await?;
            id
        }
    };
    write.finish(&format!("/visits/{id}")).await
}

/// `GET /visits/:id`
pub async fn show(cx: Cx) -> Result<Response> {
    let visit = store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)?;
    let mine = visit.row.owner_id == cx.actor().id;
    let form = filled(&cx, &visit);
    let document = render(&cx, &visit, &form, &[]).await?;
    Ok(if mine { cx.offline_page(document) } else { html(document) })
}

fn filled(cx: &Cx, visit: &Visit) -> Form {
    cx.blank()
        .with("result", visit.result.as_str())
        .with("next_on", visit.next_on.as_deref().unwrap_or_default())
        .with("out_reason", visit.out_reason.as_str())
        .with("planned_on", visit.row.planned_on.as_str())
        .with("purpose", visit.row.purpose.as_str())
}

async fn render(cx: &Cx, visit: &Visit, form: &Form, conflicts: &[Both]) -> Result<String> {
    let photos = store::photos(&cx.office.db, &cx.scope(), visit.row.id).await?;
    let page = ShowPage {
        visit,
        photos: &photos,
        form,
        conflicts,
        mine: visit.row.owner_id == cx.actor().id,
        may_order: cx.may(Gate::create(Module::Orders)),
        today: today(cx),
        now: cx.now,
        op_ids: [cx.op_id(), cx.op_id(), cx.op_id(), cx.op_id()],
    };
    Ok(view::show(&cx.frame(), &page))
}

/// The visit's page once more, with what was typed and what is wrong with it.
pub async fn again(cx: &Cx, visit: Visit, form: Form) -> Result<Response> {
    // Fields of the page's other forms show the record.
    let form = filled(cx, &visit).fields().iter().fold(form, |form, (name, value)| {
        if form.fields().iter().any(|(field, _)| field == name) { form } else { form.with(name, value.as_str()) }
    });
    let mut response = html(retold(cx, &visit, &form, &[]).await?);
    response.set_status(StatusCode::UNPROCESSABLE_ENTITY);
    Ok(response)
}

/// Fields that two devices changed differently: (field, what stands in the record).
struct Conflicts(Vec<Both>);

/// A page with both values of each field in conflict; sending it again decides for what was typed.
async fn conflict(cx: &Cx, visit: &Visit, mut form: Form, conflicts: Conflicts) -> Result<Response> {
    for (field, _) in &conflicts.0 {
        form.wrong(field, t!(cx.lang, "visits.conflict"));
    }
    let mut response = html(retold(cx, visit, &form, &conflicts.0).await?);
    response.set_status(StatusCode::CONFLICT);
    Ok(response)
}

/// The page on which the fields in error stand: a visit that is over has its result on a page of its own.
async fn retold(cx: &Cx, visit: &Visit, form: &Form, conflicts: &[Both]) -> Result<String> {
    let written = form.errors().iter().any(|(field, _)| field == "result" || field == "next_on");
    if written && visit.row.state(today(cx)) == State::Done {
        Ok(view::edit_result(&cx.frame(), visit, form, conflicts, &cx.op_id()))
    } else {
        render(cx, visit, form, conflicts).await
    }
}

/// Merges typed fields into a record that may have changed since the page was opened. The form brings what
/// each field was then as `was_…`.
fn merged<const N: usize>(
    form: &Form,
    version: i64,
    fields: [(&'static str, &str, String); N],
) -> std::result::Result<[String; N], Conflicts> {
    // A form without a version was not opened on a record, so nothing can have moved under it.
    let same = form.value("version").is_empty() || form.value("version") == version.to_string();
    let mut conflicts = Vec::new();
    let values = fields.map(|(field, stored, typed)| {
        if same {
            return typed;
        }
        // Browsers send line ends as CR LF.
        let opened = form.value(&format!("was_{field}")).trim().replace("\r\n", "\n");
        match rules::merge(&opened, stored, &typed) {
            Ok(value) => value,
            Err(Conflict { stored }) => {
                conflicts.push((field, stored));
                typed
            }
        }
    });
    if conflicts.is_empty() { Ok(values) } else { Err(Conflicts(conflicts)) }
}

/// A date from today on; nothing is planned in the past or beyond two years.
fn future_day(cx: &Cx, form: &mut Form, name: &str, label: &str, required: bool) -> Option<NaiveDate> {
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

/// `POST /visits/:id/plan`: another day or purpose.
pub async fn plan(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let visit = own(&cx, store::find(&cx.office.db, &cx.scope(), cx.id()?).await?)?;
    let day = future_day(&cx, &mut form, "planned_on", &t!(cx.lang, "visits.planned_on"), true);
    let purpose = form.text("purpose", &t!(cx.lang, "visits.purpose"), PURPOSE);
    let Some(day) = day.filter(|_| form.is_right()) else {
        return again(&cx, visit, form).await;
    };
    let mut write = cx.write(&form).await?;
    let visit = own(&cx, store::find_for_change(&mut write.tx, &cx.scope(), visit.row.id).await?)?;
    still_planned(&cx, &visit)?;
    let (id, row) = (visit.row.id, &visit.row);
    let fields = [("planned_on", row.planned_on.as_str(), day.to_string()), ("purpose", row.purpose.as_str(), purpose)];
    let [planned_on, purpose] = match merged(&form, visit.version, fields) {
        Ok(values) => values,
        Err(conflicts) => {
            drop(write);
            return conflict(&cx, &visit, form, conflicts).await;
        }
    };
    let day = clock::parse_day(&planned_on).unwrap_or(day);
    store::replan(&mut write.tx, id, day, &purpose, cx.now).await?;
    let changes = Changes::new().moved("planned_on", row.planned_on.as_str(), planned_on).moved(
        "purpose",
        row.purpose.as_str(),
        purpose,
    );
    write.audit(Action::Edit, "visit", id, changes).await?;
    write.finish(&format!("/visits/{id}?done=saved")).await
}

/// `POST /visits/:id/deletion`: a plan that is given up. A visit that took place stays.
pub async fn delete(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let mut write = cx.write(&form).await?;
    let visit = own(&cx, store::find_for_change(&mut write.tx, &cx.scope(), cx.id()?).await?)?;
    still_planned(&cx, &visit)?;
    store::delete(&mut write.tx, visit.row.id, cx.now).await?;
    let changes = Changes::new().set("planned_on", visit.row.planned_on);
    write.audit(Action::Delete, "visit", visit.row.id, changes).await?;
    let view = if cx.scope().sees_others() { "&view=mine" } else { "" };
    write.finish(&format!("/visits?done=deleted{view}")).await
}

fn still_planned(cx: &Cx, visit: &Visit) -> Result<()> {
    match visit.row.state(today(cx)) {
        State::Planned | State::Missed => Ok(()),
        State::Open | State::Done => {
            let at = visit.row.checked_in_at.map(|at| clock::brief(at, cx.now)).unwrap_or_default();
            Err(AppError::Refused(t!(cx.lang, "visits.began_already", at = at).into_owned()))
        }
    }
}

/// `POST /visits/:id/check-in`. It never fails for want of a good position: what is odd is flagged.
pub async fn check_in(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let id = cx.id()?;
    let fix = Fix::parse(form.value("lat"), form.value("lng"), form.value("accuracy"), form.value("fix_at"));
    let reason = form.text("out_reason", &t!(cx.lang, "visits.out_reason"), PURPOSE);
    if !form.is_right() {
        let visit = own(&cx, store::find(&cx.office.db, &cx.scope(), id).await?)?;
        return again(&cx, visit, form).await;
    }
    let mut write = cx.write(&form).await?;
    let visit = own(&cx, store::find_for_change(&mut write.tx, &cx.scope(), id).await?)?;
    still_planned(&cx, &visit)?;
    let day = today(&cx);
    let before = match fix {
        Some(_) => store::last_place(&mut write.tx, visit.row.owner_id, cx.now, day).await?,
        None => None,
    };
    let evidence = rules::judge(fix.as_ref(), visit.point(), before, cx.now);
    store::check_in(&mut write.tx, id, day, cx.now, fix, &evidence, &reason).await?;
    if let Some(fix) = fix
        && visit.point().is_none()
        && fix.can_place(&evidence.flags)
    {
        customers::place(&mut write.tx, visit.row.customer_id, fix.lat, fix.lng, cx.now).await?;
    }
    let changes = Changes::new()
        .moved("state", visit.row.state.as_str(), "open")
        .moved("planned_on", visit.row.planned_on.as_str(), day.to_string())
        .set("in_lat", fix.map(|fix| fix.lat))
        .set("in_lng", fix.map(|fix| fix.lng))
        .set("in_distance", evidence.distance)
        .set("flags", evidence.flags.stored());
    write.audit(Action::Edit, "visit", id, changes).await?;
    write.finish(&format!("/visits/{id}?done=checked_in")).await
}

/// `GET /visits/:id/result`: what was written may be corrected; the log of operations keeps both.
pub async fn edit_result(cx: Cx) -> Result<Response> {
    let visit = own(&cx, store::find(&cx.office.db, &cx.scope(), cx.id()?).await?)?;
    let form = filled(&cx, &visit);
    let op_id = cx.op_id();
    Ok(html(view::edit_result(&cx.frame(), &visit, &form, &[], &op_id)))
}

/// `POST /visits/:id/result`: the draft during the visit, and its correction afterwards.
pub async fn result(cx: Cx) -> Result<Response> {
    write_up(cx, false).await
}

/// `POST /visits/:id/check-out`: the result, the next date, and the end.
pub async fn check_out(cx: Cx) -> Result<Response> {
    write_up(cx, true).await
}

async fn write_up(cx: Cx, ends: bool) -> Result<Response> {
    let mut form = cx.form().await?;
    let visit = own(&cx, store::find(&cx.office.db, &cx.scope(), cx.id()?).await?)?;
    let result = form.text("result", &t!(cx.lang, "visits.result"), RESULT);
    let unchanged = !form.value("next_on").is_empty() && visit.next_on.as_deref() == Some(form.value("next_on"));
    let label = t!(cx.lang, "visits.next_on");
    let next_on =
        if unchanged { form.day("next_on", &label) } else { future_day(&cx, &mut form, "next_on", &label, false) };
    let reason = form.text("out_reason", &t!(cx.lang, "visits.out_reason"), PURPOSE);
    if ends && reason.is_empty() && visit.out_reason.is_empty() && visit.row.flags().has(Flag::Far) {
        form.wrong("out_reason", t!(cx.lang, "visits.reason_needed"));
    }
    if !form.is_right() {
        return again(&cx, visit, form).await;
    }

    let mut write = cx.write(&form).await?;
    let visit = own(&cx, store::find_for_change(&mut write.tx, &cx.scope(), visit.row.id).await?)?;
    let id = visit.row.id;
    let state = visit.row.state(today(&cx));
    match (state, ends) {
        (State::Open, _) | (State::Done, false) => {}
        (State::Done, true) => {
            let at = visit.row.checked_out_at.map(|at| clock::brief(at, cx.now)).unwrap_or_default();
            return Err(AppError::Refused(t!(cx.lang, "visits.ended_already", at = at).into_owned()));
        }
        (State::Planned | State::Missed, _) => {
            return Err(AppError::Refused(t!(cx.lang, "visits.check_in_first").into_owned()));
        }
    }
    let stored_next = visit.next_on.as_deref().unwrap_or_default();
    let typed_next = next_on.map(|day| day.to_string()).unwrap_or_default();
    let fields = [("result", visit.result.as_str(), result), ("next_on", stored_next, typed_next)];
    let [result, next_on] = match merged(&form, visit.version, fields) {
        Ok(values) => values,
        Err(conflicts) => {
            drop(write);
            return conflict(&cx, &visit, form, conflicts).await;
        }
    };
    let next = Some(next_on.as_str()).filter(|day| !day.is_empty());
    let mut changes = Changes::new().moved("result", visit.result.as_str(), result.as_str()).moved(
        "next_on",
        stored_next,
        next_on.as_str(),
    );
    if ends {
        let reason = if reason.is_empty() { visit.out_reason.as_str() } else { reason.as_str() };
        store::check_out(&mut write.tx, id, &result, next, reason, cx.now).await?;
        changes = changes.moved("state", "open", "done").moved("out_reason", visit.out_reason.as_str(), reason);
        customers::visited(&mut write.tx, visit.row.customer_id, next, cx.now).await?;
        if let Some(day) = clock::parse_day(&next_on) {
            plan_next(&cx, &mut write, &visit, day).await?;
        }
        events::raise(&mut write.tx, cx.now, Event::VisitEnded { visit: id }).await?;
    } else {
        store::write_result(&mut write.tx, id, &result, next, cx.now).await?;
    }
    write.audit(Action::Edit, "visit", id, changes).await?;
    let done = if ends { "checked_out" } else { "saved" };
    write.finish(&format!("/visits/{id}?done={done}")).await
}

/// The next visit, unless one is planned for that day already.
async fn plan_next(cx: &Cx, write: &mut crate::kernel::cx::Write<'_>, visit: &Visit, day: NaiveDate) -> Result<()> {
    let (owner, customer) = (visit.row.owner_id, visit.row.customer_id);
    if store::waiting(&mut write.tx, owner, customer, day).await?.is_some() {
        return Ok(());
    }
    let new = NewVisit { owner, customer, planned_on: day, purpose: "", at: cx.now };
    let id = store::create(&mut write.tx, &new).await?;
    let changes = Changes::new()
        .set("customer_id", customer.to_string())
        .set("planned_on", day.to_string())
        .set("after", visit.row.id.to_string());
    write.audit(Action::Create, "visit", id, changes).await
}
