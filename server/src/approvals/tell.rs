//! Telling people about approvals, after the commit: the badge on their open pages, and their devices.
//! Safe to run twice: a second notice says the same.

use crate::approvals::rules::State;
use crate::approvals::store;
use crate::kernel::Office;
use crate::kernel::access::{CompanyKey, Scope};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::live::push;

/// A step waits for `approver`.
pub async fn opened(office: &Office, key: &CompanyKey, approval: Id, approver: Id) -> anyhow::Result<()> {
    office.badges_changed(approver);
    let Some(found) = store::find(&office.db, &Scope::company(key), approver, approval).await? else { return Ok(()) };
    if found.state == State::Open {
        let title = t!(Lang::default(), "approvals.tell_opened", name = found.requester);
        push::notify(office, approver, &title, &found.title, &format!("/approvals/{approval}"));
    }
    Ok(())
}

/// It ended: the requester hears how, unless it was the requester who ended it.
pub async fn decided(office: &Office, key: &CompanyKey, approval: Id, by: Id) -> anyhow::Result<()> {
    office.badges_changed(by);
    let Some(found) = store::find(&office.db, &Scope::company(key), by, approval).await? else { return Ok(()) };
    office.badges_changed(found.requester_id);
    let title = match found.state {
        State::Approved => t!(Lang::default(), "approvals.tell_approved"),
        State::Rejected => t!(Lang::default(), "approvals.tell_rejected"),
        State::Open | State::Withdrawn => return Ok(()),
    };
    push::notify(office, found.requester_id, &title, &found.title, &format!("/approvals/{approval}"));
    Ok(())
}
