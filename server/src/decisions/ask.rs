//! Asking by SMS, after an approval or a task has come to somebody who wants it.

use crate::approvals::{self, State, StepState};
use crate::decisions::store;
use crate::kernel::Office;
use crate::kernel::access::{CompanyKey, Scope};
use crate::kernel::audit::Author;
use crate::kernel::clock;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::sms::{self, Cause, Class, NewSms, Sent};
use crate::web::error::Result;
use crate::{tasks, users};

/// After a step was opened for `approver`: one message with a code, if that person wants it and has a mobile.
/// Safe to run twice, since a step has one code.
pub async fn ask(office: &Office, key: &CompanyKey, approval: Id, approver: Id) -> Result<()> {
    if !store::wants(&office.db, approver).await?.approvals {
        return Ok(());
    }
    let (scope, now, lang) = (Scope::company(key), office.clock.now(), Lang::default());
    let Some(person) = users::find(&office.db, &scope, approver).await? else { return Ok(()) };
    if person.status != users::Status::Active || person.mobile.is_empty() {
        return Ok(());
    }
    let mut tx = office.db.begin().await?;
    let found = approvals::find(&mut tx, &scope, approver, approval).await?;
    let Some(found) = found.filter(|found| found.state == State::Open) else { return Ok(()) };
    let steps = approvals::flow(&mut tx, approval).await?;
    let mine = |step: &&approvals::Step| step.approver_id == approver && step.state == StepState::Open;
    let Some(step) = steps.iter().find(mine) else { return Ok(()) };
    if store::step_was_asked(&mut tx, step.id).await? {
        return Ok(());
    }
    let code = store::new_code(&mut tx, &person.mobile).await?;
    let amount = found.amount.map(|amount| t!(lang, "decisions.amount", amount = amount)).unwrap_or_default();
    let text = t!(lang, "decisions.ask", name = found.requester, title = found.title, amount = amount, code = code);
    store::insert(&mut tx, (approval, step.id, approver), &person.mobile, &code, now).await?;
    let author = Author { user: None, origin: "approval_opened".to_owned(), at: now };
    let new = NewSms {
        owner: approver,
        sender: approver,
        customer: None,
        digits: &person.mobile,
        text: &text,
        class: Class::Staff,
        cause: Some(Cause::Step(step.id)),
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

/// After somebody was given a task by another: one message with a code, if they want it and have a mobile. Safe
/// to run twice, since a task is told once.
pub async fn tell_task(office: &Office, key: &CompanyKey, task: Id, owner: Id) -> Result<()> {
    if !store::wants(&office.db, owner).await?.tasks {
        return Ok(());
    }
    let (scope, now, lang) = (Scope::company(key), office.clock.now(), Lang::default());
    let Some(person) = users::find(&office.db, &scope, owner).await? else { return Ok(()) };
    if person.status != users::Status::Active || person.mobile.is_empty() {
        return Ok(());
    }
    let mut tx = office.db.begin().await?;
    let Some(found) = tasks::find(&mut tx, &scope, owner, task).await? else { return Ok(()) };
    // Nobody needs to be told of what they noted down themselves.
    let Some(giver) = found.giver_name.as_deref().filter(|_| found.giver_id != Some(owner)) else { return Ok(()) };
    if found.state != tasks::State::Open || store::task_was_told(&mut tx, task).await? {
        return Ok(());
    }
    let code = store::new_code(&mut tx, &person.mobile).await?;
    let due = found.due_at.map(|at| t!(lang, "decisions.due", when = clock::iso_minute(at))).unwrap_or_default();
    let customer = found.customer_name.as_deref().map(|name| t!(lang, "decisions.about_customer", name = name));
    let text = t!(
        lang,
        "decisions.task",
        name = giver,
        title = found.title,
        customer = customer.unwrap_or_default(),
        due = due,
        code = code
    );
    store::insert_task(&mut tx, (task, found.version, owner), &person.mobile, &code, now).await?;
    let author = Author { user: None, origin: "task_given".to_owned(), at: now };
    let new = NewSms {
        owner,
        sender: owner,
        customer: None,
        digits: &person.mobile,
        text: &text,
        class: Class::Staff,
        cause: Some(Cause::Task(task)),
    };
    match sms::send(&mut tx, &author, new).await? {
        Sent::Queued(_) | Sent::Before(_) => {}
        Sent::Refused(refusal) => {
            tracing::warn!(%task, ?refusal, "the owner of a task is not told by SMS");
            return Ok(());
        }
    }
    tx.commit().await?;
    office.alarm.ring();
    Ok(())
}
