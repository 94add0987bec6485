//! Asking by SMS, after an approval has come to somebody who wants it.

use crate::approvals::{self, State, StepState};
use crate::decisions::store;
use crate::kernel::Office;
use crate::kernel::access::{CompanyKey, Scope};
use crate::kernel::audit::Author;
use crate::kernel::error::Result;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::sms::{self, Class, NewSms, Sent};
use crate::users;

/// After a step was opened for `approver`: one message with a code, if that person wants it and has a mobile.
/// Safe to run twice, since a step has one code.
///
/// # Errors
/// What the database says.
pub async fn ask(office: &Office, key: &CompanyKey, approval: Id, approver: Id) -> Result<()> {
    if !store::wants(&office.db, approver).await? {
        return Ok(());
    }
    let (scope, now, lang) = (Scope::company(key), office.clock.now(), Lang::default());
    let Some(person) = users::find(&office.db, &scope, approver).await? else { return Ok(()) };
    if person.status != "active" || person.mobile.is_empty() {
        return Ok(());
    }
    let mut tx = office.db.begin().await?;
    let found = approvals::find(&mut tx, &scope, approver, approval).await?;
    let Some(found) = found.filter(|found| found.state() == State::Open) else { return Ok(()) };
    let steps = approvals::flow(&mut tx, approval).await?;
    let mine = |step: &&approvals::Step| step.approver_id == approver && step.state() == StepState::Open;
    let Some(step) = steps.iter().find(mine) else { return Ok(()) };
    if store::of_step(&mut tx, step.id).await?.is_some() {
        return Ok(());
    }
    // A code is told apart by the number it was sent to; two open ones of one number must differ.
    let mut code = String::new();
    for _ in 0..20 {
        code = format!("{:04}", rand::random::<u16>() % 10_000);
        if store::sent_to(&mut tx, &person.mobile, &code).await?.is_none() {
            break;
        }
    }
    let amount = found.amount.map(|amount| t!(lang, "decisions.amount", amount = amount)).unwrap_or_default();
    let text = t!(lang, "decisions.ask", name = found.requester, title = found.title, amount = amount, code = code);
    store::insert(&mut tx, (approval, step.id, approver), &person.mobile, &code, now).await?;
    let author = Author { user: None, origin: "approval_opened".to_owned(), at: now };
    let new = NewSms {
        owner: approver,
        customer: None,
        digits: &person.mobile,
        text: &text,
        class: Class::Service,
        cause: Some(("approval_step", step.id)),
    };
    match sms::send(&mut tx, &author, new).await? {
        Sent::Queued(_) | Sent::Before(_) => {}
        Sent::Refused(refusal) => {
            tracing::warn!(%approval, ?refusal, "the approver is not asked by SMS");
            return Ok(());
        }
    }
    tx.commit().await?;
    office.alarm.ring();
    Ok(())
}
