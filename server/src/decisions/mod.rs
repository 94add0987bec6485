//! Decisions by SMS 短信答复: an approver, or whoever was given a task, is told in a message and answers it with
//! the code at its end.
//!
//! Tables: decision_people, decision_codes, decision_task_codes, decision_answers.
//! Events: none; it hears ApprovalOpened, TaskGiven and SmsReceived.
//! Uses: approvals, sms, tasks, users

mod answer;
mod ask;
mod pages;
mod rules;
mod store;

pub use answer::heard;
pub use ask::{ask, tell_task};

use crate::kernel::access::Gate;
use crate::modules::Module;
use crate::web::routes::Routes;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/decisions", Gate::approve(Module::Approvals), pages::show);
    routes.post("/decisions", Gate::approve(Module::Approvals), pages::update);
}
