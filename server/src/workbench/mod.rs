//! Workbench 工作台: the first page, what waits today. It gathers what other features export, by the person's role.
//!
//! Tables: user_functions
//! Events: none.
//! Uses: visits, tasks, approvals, documents, orders, sms, calls, stock, gateways, users, clock_check, dispatch.

mod admin;
mod clerk;
mod day;
mod failures;
mod functions;
mod manager;
mod view;

use std::sync::Arc;

use maud::{Markup, html};
use poem::Response;

use crate::kernel::access::auth::Actor;
use crate::kernel::access::{Gate, Role};
use crate::kernel::clock;
use crate::kernel::db::gather::{self, Gathered};
use crate::kernel::db::{DbError, Query};
use crate::kernel::live::badges::BadgeCounts;
use crate::kernel::{HookFuture, Kernel};
use crate::modules::Module;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::routes::Routes;
use crate::{approvals, calls, gateways, sms, tasks, visits};

/// Rows of one kind on the first page; the lists have the rest.
const FEW: i64 = 3;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/", Gate::SignedIn, show);
    routes.get("/functions", Gate::SignedIn, functions::show);
    routes.post("/functions", Gate::SignedIn, functions::update);
    routes.get("/failures", Gate::view(Module::Settings), failures::list);
    routes.post("/failures/:id/retry", Gate::edit(Module::Settings), failures::retry);
}

/// Appends a select to the statement that gathers the page.
type Select<'a> = Box<dyn FnOnce(Query) -> Query + Send + 'a>;

/// `GET /`
async fn show(cx: Cx) -> Result<Response> {
    let scope = cx.scope();
    let mut selects: Vec<Select<'_>> = day::selects(&cx, &scope);
    selects.push(functions::select(cx.actor().id));
    let role = cx.actor().role;
    match role {
        Role::Manager | Role::Admin => selects.extend(manager::selects(&cx, &scope)),
        Role::Rep | Role::Clerk => {}
    }
    let rows: Vec<Gathered> = match gather::joined(selects) {
        Some(query) => query.all(&cx.office.db).await?,
        None => Vec::new(),
    };
    let day = day::Day::among(&rows, clock::day(cx.now));
    let tiles = functions::tiles(&cx, functions::Chosen::among(&rows, role).as_slice());
    let body: Markup = match role {
        Role::Rep => html! { (day.next(&cx)) (tiles) (day.visits(&cx)) (day.tasks(&cx)) },
        Role::Manager => {
            let team = manager::Team::read(&cx, &rows).await?;
            html! { (team.waiting(&cx)) (team.today(&cx)) (team.month(&cx)) (tiles) (day.next(&cx)) (team.watch(&cx)) (day.tasks(&cx)) }
        }
        Role::Clerk => {
            let desk = clerk::Desk::read(&cx).await?;
            html! { (desk.calls(&cx)) (desk.messages(&cx)) (tiles) (desk.orders(&cx)) (desk.stock(&cx)) (day.tasks(&cx)) }
        }
        Role::Admin => {
            let team = manager::Team::read(&cx, &rows).await?;
            let health = admin::Health::read(&cx).await?;
            html! { (health.failures(&cx)) (team.month(&cx)) (tiles) (team.waiting(&cx)) (health.system(&cx)) (team.today(&cx)) (team.watch(&cx)) (day.tasks(&cx)) }
        }
    };
    let notices = if cx.may(Gate::view(Module::Gateways)) {
        gateways::notices(&cx.office.db, &scope, cx.lang, cx.now).await?
    } else {
        Vec::new()
    };
    Ok(cx.offline_page(view::page(&cx, &day, &notices, body)))
}

/// What waits for a person, by the list that shows it. Only what this person may see is counted.
pub fn count<'a>(kernel: &'a Kernel, actor: &'a Actor) -> HookFuture<'a, Result<BadgeCounts, DbError>> {
    Box::pin(async move {
        let may = |module: Module| Gate::view(module).admits(&actor.rights);
        let (db, user) = (&kernel.db, actor.id);
        let mut counts = Vec::new();
        if may(Module::Visits) {
            let (done, planned) = visits::count_today(db, user, clock::day(kernel.clock.now())).await?;
            counts.push(("/visits", planned - done));
        }
        counts.push(("/tasks", tasks::count_open(db, user).await?));
        if may(Module::Approvals) {
            counts.push(("/approvals", approvals::count_waiting(db, user).await?));
        }
        if may(Module::Sms) {
            counts.push(("/sms", sms::unread(db, actor).await?));
        }
        if may(Module::Calls) {
            counts.push(("/calls", calls::missed(db, actor).await?));
        }
        Ok(Arc::new(counts))
    })
}
