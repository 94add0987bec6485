//! Approvals 审批: who is asked about a document, in which order, and what they said.
//!
//! This feature knows a document only as (kind, id). What decides on the card comes from the document's own
//! module through [`Facts`], handed in at boot; what a decision does goes back by `Event::ApprovalDecided`
//! inside the same transaction.
//!
//! Tables: approvals, approval_steps
//! Events: ApprovalOpened, ApprovalDecided
//! Uses: users

mod deciders;
mod decision;
mod pages;
mod reassign;
mod rules;
mod store;
pub mod tell;
mod view;

use std::borrow::Cow;

use maud::Markup;

use crate::kernel::HookFuture;
use crate::kernel::access::Gate;
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kinds::Kind;
use crate::modules::Module;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::routes::Routes;

pub use deciders::manager_of;
pub use decision::decide;
pub use pages::From;
pub use reassign::{LOOK, look, person_changed, settle_stuck};
pub use rules::{State, StepState};
pub use store::{Approval, Step, count_waiting, find, flow, last_of, of_document, open, open_of, waiting, withdraw};
pub use view::{flow_card, waiting_row};

/// Shows what decides about a document: the card's facts, from the module that knows it.
pub type Facts = for<'a> fn(&'a Cx, &'a DocumentAccess) -> HookFuture<'a, Result<Markup>>;

/// Why a document of a kind needs approval, each reason in a word or two, from the codes of its module.
pub type Reasons = fn(Lang, Kind, &str) -> Vec<Cow<'static, str>>;

/// Addresses. `facts` and `reasons` find the module of a document's kind.
pub fn routes(routes: &mut Routes, facts: Facts, reasons: Reasons) {
    routes.get("/approvals", Gate::view(Module::Approvals), move |cx| pages::list(cx, reasons));
    routes.get("/approvals/:id", Gate::view(Module::Approvals), move |cx| pages::show(cx, facts));
    routes.post("/approvals/:id/decision", Gate::approve(Module::Approvals), move |cx| pages::decide(cx, facts));
    routes.get("/approvals/:id/handover", Gate::approve(Module::Approvals), pages::handover);
    routes.post("/approvals/:id/handover", Gate::approve(Module::Approvals), pages::hand_over);
}

/// Proof that the reader may see the document of an approval: they are or were asked about it, they asked,
/// or they see the requester's rows. Only this feature makes one, so a document's module can show its facts
/// to somebody from another department to whom the approval was handed over.
#[derive(Debug)]
pub struct DocumentAccess {
    kind: Kind,
    document: Id,
}

impl DocumentAccess {
    /// The document's kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> Id {
        self.document
    }
}

/// A document that asks to be approved.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its kind.
    pub kind: Kind,
    /// The document.
    pub document: Id,
    /// Who asks.
    pub requester: Id,
    /// What lists show: number and customer.
    pub title: String,
    /// What it is about in money.
    pub amount: Option<Fen>,
    /// Why it needs approval, in the document module's own codes.
    pub reason: String,
    /// What the requester says to the approver.
    pub note: String,
    /// Who is asked, one after the other.
    pub approvers: Vec<Id>,
}
