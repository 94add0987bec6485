//! Workbench 工作台: the first page, what waits today. It gathers what other features export and owns nothing.
//!
//! Tables: none.
//! Events: none.
//! Uses: visits, tasks, approvals, sms, calls, gateways, users, clock_check.

mod failures;
mod view;

use std::sync::Arc;

use poem::Response;

use crate::kernel::access::Gate;
use crate::kernel::access::auth::Actor;
use crate::kernel::background::outbox;
use crate::kernel::clock;
use crate::kernel::db::gather::{self, Gathered};
use crate::kernel::db::{DbError, Query};
use crate::kernel::live::badges::BadgeCounts;
use crate::kernel::{HookFuture, Kernel};
use crate::modules::Module;
use crate::tasks::Pressing;
use crate::visits::Stop;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::routes::Routes;
use crate::{approvals, calls, gateways, sms, tasks, visits};

/// Tasks shown on the first page; the list has the rest.
const TASKS: i64 = 5;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/", Gate::SignedIn, show);
    routes.get("/failures", Gate::view(Module::Settings), failures::list);
    routes.post("/failures/:id/retry", Gate::edit(Module::Settings), failures::retry);
}

/// `GET /`
async fn show(cx: Cx) -> Result<Response> {
    let db = &cx.office.db;
    let user = cx.actor().id;
    let today = clock::day(cx.now);
    let scope = cx.scope();
    let mut selects: Vec<Box<dyn FnOnce(Query) -> Query + Send + '_>> =
        vec![Box::new(|query| tasks::pressing(query, user, TASKS))];
    if cx.may(Gate::view(Module::Visits)) {
        selects.push(Box::new(|query| visits::stops(query, &scope, user, today)));
    }
    let rows: Vec<Gathered> = match gather::joined(selects) {
        Some(query) => query.all(db).await?,
        None => Vec::new(),
    };
    let (visits, tasks) = (Stop::among(&rows, today), Pressing::among(&rows));
    let boxes = if cx.may(Gate::view(Module::Gateways)) {
        gateways::notices(db, &cx.scope(), cx.lang, cx.now).await?
    } else {
        Vec::new()
    };
    let failures = if cx.may(Gate::view(Module::Settings)) { outbox::count_set_aside(db).await? } else { 0 };
    Ok(cx.offline_page(view::workbench(&cx, &visits, &tasks, &boxes, failures)))
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
