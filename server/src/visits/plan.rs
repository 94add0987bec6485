//! Planning: customers and a day; the quick way from a customer's page; another day; giving a plan up.

use poem::Response;
use poem::http::StatusCode;

use crate::customers;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock;
use crate::kernel::db::Hold;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::visits::check_in;
use crate::visits::pages::{PURPOSE, again, future_day, merged, own, today};
use crate::visits::rules::State;
use crate::visits::store::{self, NewVisit, Visit, Waiting};
use crate::visits::view::{self, Candidate, NewPage};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, html_with};
use crate::web::form::Form;
use crate::web::write::Write;

/// Customers planned at once at most.
const MOST_CUSTOMERS: usize = 50;
/// Customers offered for choosing.
const OFFERED: i64 = 20;

/// `GET /visits/new?customer=&day=`
pub async fn new(cx: Cx) -> Result<Response> {
    let today = today(&cx);
    let day = cx.query("day").and_then(clock::parse_day).filter(|day| *day >= today).unwrap_or(today);
    let chosen: Vec<Id> = cx.query("customer").and_then(|text| text.parse().ok()).into_iter().collect();
    let form = cx.blank().with("planned_on", day.to_string());
    choose(&cx, form, &chosen, StatusCode::OK).await
}

/// The page of a plan: the chosen customers first, then those that were searched for or are due. Where the
/// address names one customer, beginning at once stands on top.
async fn choose(cx: &Cx, form: Form, chosen: &[Id], status: StatusCode) -> Result<Response> {
    let (scope, db) = (cx.scope(), &cx.office.db);
    let mut offered = Vec::new();
    for customer in chosen.iter().take(MOST_CUSTOMERS) {
        let found = customers::find(db, &scope, *customer).await?;
        offered.extend(found.map(|one| Candidate { id: one.id, name: one.name, address: one.address }));
    }
    let picked = offered.len();
    let text = form.value("q").trim().to_owned();
    let own = scope.mine();
    let found = match text.as_str() {
        "" => customers::choices(db, &own, None, OFFERED).await?,
        text => customers::choices(db, &scope, Some(text), OFFERED).await?,
    };
    let nothing = found.is_empty();
    for one in found {
        if offered.iter().all(|other| other.id != one.id) {
            offered.push(Candidate { id: one.id, name: one.name, address: one.address });
        }
    }
    let at_once = cx.query("customer").filter(|_| picked == 1).and_then(|_| offered.first());
    let page = NewPage {
        form: &form,
        offered: &offered,
        picked,
        nothing,
        at_once,
        today: today(cx),
        op_ids: [cx.op_id(), cx.op_id()],
    };
    Ok(html_with(view::new(&cx.frame(), &page), status))
}

/// `POST /visits`: plans visits to the chosen customers. With `?customer=` in the address it is the quick
/// way from a customer's page: a visit today, begun at once if the form says so.
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    if let Some(customer) = cx.query("customer") {
        let customer: Id = customer.parse().map_err(|_| AppError::NotFound)?;
        return create_now(&cx, form, customer).await;
    }
    let today = today(&cx);
    let typed: Vec<Option<Id>> = form.values("customer").map(|text| text.parse().ok()).collect();
    let mut chosen: Vec<Id> = typed.iter().copied().flatten().take(MOST_CUSTOMERS + 1).collect();
    chosen.sort_unstable();
    chosen.dedup();
    if form.flag("find") {
        return choose(&cx, form, &chosen, StatusCode::OK).await;
    }
    let label = t!(cx.lang, "visits.customer");
    let purpose = form.text("purpose", &t!(cx.lang, "visits.purpose"), PURPOSE);
    let day = future_day(&cx, &mut form, "planned_on", &t!(cx.lang, "visits.planned_on"), true);
    if typed.is_empty() {
        form.wrong("customer", t!(cx.lang, "form.required", field = label));
    } else if chosen.len() > MOST_CUSTOMERS {
        form.wrong("customer", t!(cx.lang, "visits.too_many", most = MOST_CUSTOMERS));
    } else if typed.iter().any(Option::is_none) || !all_in_scope(&cx, &chosen).await? {
        form.wrong("customer", t!(cx.lang, "form.choice", field = label));
    }
    let Some(day) = day.filter(|_| form.is_right()) else {
        return choose(&cx, form, &chosen, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&form).await?;
    for customer in chosen.iter().copied() {
        // Changed, not only referred to: two plans for one day must not both find none.
        let Some(held) = customers::hold(&mut write.tx, &cx.scope(), customer, Hold::Changed).await? else {
            drop(write);
            form.wrong("customer", t!(cx.lang, "form.choice", field = label));
            return choose(&cx, form, &chosen, StatusCode::UNPROCESSABLE_ENTITY).await;
        };
        let new = NewVisit { owner: cx.actor().id, customer, planned_on: day, purpose: &purpose, at: cx.now };
        if let Planned::There(other) = add(&mut write, &new, None).await?
            && drops_purpose(&other, &purpose)
        {
            form.wrong("customer", clash(&cx, &held.name, &other));
        }
    }
    if !form.is_right() {
        drop(write);
        return choose(&cx, form, &chosen, StatusCode::CONFLICT).await;
    }
    let view = if cx.scope().sees_others() { "&view=mine" } else { "" };
    let whence = if day == today { String::new() } else { format!("&day={day}") };
    write.finish(&format!("/visits?done=planned{view}{whence}")).await
}

async fn all_in_scope(cx: &Cx, chosen: &[Id]) -> Result<bool> {
    for customer in chosen {
        if customers::find(&cx.office.db, &cx.scope(), *customer).await?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What became of a plan.
pub enum Planned {
    /// It is made.
    New(Id),
    /// There was one already.
    There(Waiting),
}

/// Plans a visit, or finds the one that waits on that day: a customer stands on a day's list once. `after` is the
/// visit at whose end it was agreed.
pub async fn add(write: &mut Write<'_>, new: &NewVisit<'_>, after: Option<Id>) -> Result<Planned> {
    let today = clock::day(new.at);
    if let Some(there) = store::waiting(&mut write.tx, new.owner, new.customer, new.planned_on, today).await? {
        return Ok(Planned::There(there));
    }
    let id = store::create(&mut write.tx, new).await?;
    let mut changes = Changes::new()
        .set("customer_id", new.customer.to_string())
        .set("planned_on", new.planned_on.to_string())
        .set("purpose", new.purpose);
    if let Some(after) = after {
        changes = changes.set("after", after.to_string());
    }
    write.audit(Action::Create, "visit", id, changes).await?;
    Ok(Planned::New(id))
}

/// Whether what was typed would be lost, were it left at the plan that is there.
fn drops_purpose(there: &Waiting, purpose: &str) -> bool {
    !purpose.is_empty() && there.purpose != purpose
}

/// Says what is planned already, and what can be done about it.
fn clash(cx: &Cx, customer: &str, there: &Waiting) -> String {
    let lang = cx.lang;
    if there.purpose.is_empty() {
        t!(lang, "visits.planned_before", customer = customer).into_owned()
    } else {
        t!(lang, "visits.planned_before_for", customer = customer, purpose = there.purpose).into_owned()
    }
}

async fn create_now(cx: &Cx, mut form: Form, customer: Id) -> Result<Response> {
    let mut write = cx.write(&form).await?;
    let held = customers::hold(&mut write.tx, &cx.scope(), customer, Hold::Changed).await?;
    held.ok_or(AppError::NotFound)?;
    let new = NewVisit { owner: cx.actor().id, customer, planned_on: today(cx), purpose: "", at: cx.now };
    let id = match add(&mut write, &new, None).await? {
        Planned::New(id) | Planned::There(Waiting { id, .. }) => id,
    };
    if !form.flag("check_in") {
        return write.finish(&format!("/visits/{id}")).await;
    }
    let visit = own(cx, store::find_for_change(&mut write.tx, &cx.scope(), id).await?)?;
    // One that is under way already is simply opened.
    if visit.row.state(today(cx)) == State::Planned {
        check_in::begin(cx, &mut write, &visit, &form, "").await?;
    }
    write.finish(&format!("/visits/{id}?done=checked_in")).await
}

/// `POST /visits/:id/plan`: another day or purpose.
pub async fn replan(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let visit = own(&cx, store::find(&cx.office.db, &cx.scope(), cx.id()?).await?)?;
    let day = future_day(&cx, &mut form, "planned_on", &t!(cx.lang, "visits.planned_on"), true);
    form.text("purpose", &t!(cx.lang, "visits.purpose"), PURPOSE);
    let Some(day) = day.filter(|_| form.is_right()) else {
        return again(&cx, visit, form, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let mut write = cx.write(&form).await?;
    let visit = own(&cx, store::find_with_customer(&mut write.tx, &cx.scope(), visit.row.id).await?)?;
    still_planned(&cx, &visit)?;
    let mut form = match merged(&cx, form, &visit, &["planned_on", "purpose"]) {
        Ok(form) => form,
        Err(form) => {
            drop(write);
            return again(&cx, visit, *form, StatusCode::CONFLICT).await;
        }
    };
    let purpose = form.text("purpose", &t!(cx.lang, "visits.purpose"), PURPOSE);
    let day = clock::parse_day(form.value("planned_on")).unwrap_or(day);
    let (id, row) = (visit.row.id, &visit.row);
    let other = store::waiting(&mut write.tx, row.owner_id, row.customer_id, day, today(&cx)).await?;
    if let Some(other) = other.filter(|other| other.id != id && day.to_string() != row.planned_on) {
        form.wrong("planned_on", clash(&cx, &row.customer_name, &other));
        drop(write);
        return again(&cx, visit, form, StatusCode::CONFLICT).await;
    }
    store::replan(&mut write.tx, id, day, &purpose, cx.now).await?;
    let changes = Changes::new().moved("planned_on", row.planned_on.as_str(), day.to_string()).moved(
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

/// Refuses what can only be done before the check-in.
pub fn still_planned(cx: &Cx, visit: &Visit) -> Result<()> {
    match visit.row.state(today(cx)) {
        State::Planned | State::Missed => Ok(()),
        State::Open | State::Done => {
            let at = visit.row.checked_in_at.map(|at| clock::brief(at, cx.now)).unwrap_or_default();
            Err(AppError::Refused(t!(cx.lang, "visits.began_already", at = at).into_owned()))
        }
    }
}
