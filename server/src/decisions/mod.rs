//! Decisions by SMS 短信审批: an approver is asked in a message and answers it with the code at its end.
//!
//! Tables: decision_people, decision_codes, decision_answers.
//! Events: none; it hears ApprovalOpened and SmsReceived.
//! Uses: approvals, sms, users

mod answer;
mod ask;
mod pages;
mod rules;
mod store;

pub use answer::heard;
pub use ask::ask;

use crate::kernel::access::Gate;
use crate::kernel::routes::Routes;
use crate::modules::Module;

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.get("/decisions", Gate::approve(Module::Approvals), pages::show);
    routes.post("/decisions", Gate::approve(Module::Approvals), pages::update);
}
