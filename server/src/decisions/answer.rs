//! Taking an answer: the decision runs as the page's does, and a message says what came of it.

use crate::approvals;
use crate::decisions::rules::{self, Answer, GUESSES, Outcome, PATIENCE};
use crate::decisions::store::{self, About, Code};
use crate::kernel::Office;
use crate::kernel::access::{CompanyKey, Gate, Role, Scope};
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::db::Tx;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::modules::{self, Module};
use crate::sms::{self, Cause, Class, NewSms, Sent};
use crate::tasks::{self, NotDone};
use crate::users;
use crate::web::error::{AppError, Result};

/// An answer under judgement.
struct Case<'a> {
    office: &'a Office,
    scope: &'a Scope,
    inbox: Id,
    digits: &'a str,
    answer: &'a Answer,
}

/// After a message came in: where it reads like an answer, it is one. Safe to run twice, since each message is
/// noted in the transaction of what it did.
pub async fn heard(office: &Office, key: &CompanyKey, inbox: Id) -> Result<()> {
    let scope = Scope::company(key);
    let Some((digits, text)) = sms::came_in(&office.db, &scope, inbox).await? else { return Ok(()) };
    let Some(answer) = rules::parse(&text) else { return Ok(()) };
    if store::is_noted(&office.db, inbox).await? {
        return Ok(());
    }
    let case = Case { office, scope: &scope, inbox, digits: &digits, answer: &answer };
    let mut tx = begin(&case).await?;
    let judged = judge(&mut tx, &case).await;
    let (tx, outcome, code) = match judged {
        Ok((outcome, code)) => (tx, outcome, code),
        // What the document refuses undoes what the decision had begun; the refusal itself is told.
        Err(AppError::Refused(why)) => {
            drop(tx);
            let mut tx = begin(&case).await?;
            let code = store::sent_to(&mut tx, &digits, &answer.code).await?;
            (tx, Outcome::Against(why), code)
        }
        Err(other) => return Err(other),
    };
    finish(tx, &case, &outcome, code.as_ref()).await
}

/// Begins the transaction that counts an answer, judges it and notes it. Answers from one number take turns, so that
/// several at once are not all the first of the day.
async fn begin(case: &Case<'_>) -> Result<Tx> {
    let mut tx = case.office.db.begin().await?;
    tx.in_turn(&format!("answers of {}", case.digits)).await?;
    Ok(tx)
}

/// Decides, or says why not.
async fn judge(tx: &mut Tx, case: &Case<'_>) -> Result<(Outcome, Option<Code>)> {
    let now = case.office.clock.now();
    if store::wrong_today(tx, case.digits, now).await? >= GUESSES {
        return Ok((Outcome::Locked, None));
    }
    let Some(code) = store::sent_to(tx, case.digits, &case.answer.code).await? else {
        return Ok((Outcome::Wrong, None));
    };
    let person = users::find(&mut *tx, case.scope, code.user_id).await?;
    let gate = match code.about {
        About::Approval(_) => Gate::approve(Module::Approvals),
        About::Task(..) => Gate::edit(Module::Tasks),
    };
    let allowed = person.is_some_and(|person| {
        let role = Role::from_code(&person.role);
        let may = role.is_some_and(|role| gate.admits(&modules::rights(role)));
        may && person.status == users::Status::Active && person.mobile == case.digits
    });
    let outcome = if !allowed {
        Outcome::NotAllowed
    } else if code.used {
        Outcome::Repeated
    } else if case.office.clock.is_due(code.expires_at) {
        store::expire(tx, &code).await?;
        Outcome::Expired
    } else {
        match code.about {
            About::Task(..) if !case.answer.approved => Outcome::OnlyYes,
            About::Task(task, version) => finish_task(tx, case, &code, (task, version)).await?,
            About::Approval(_) if !case.answer.approved && case.answer.comment.is_empty() => Outcome::NoReason,
            About::Approval(approval) => decide(tx, case, &code, approval).await?,
        }
    };
    Ok((outcome, Some(code)))
}

async fn finish_task(tx: &mut Tx, case: &Case<'_>, code: &Code, task: (Id, i64)) -> Result<Outcome> {
    let lang = Lang::default();
    let author = Author { user: Some(code.user_id), origin: "sms".to_owned(), at: case.office.clock.now() };
    let said = case.answer.comment.as_str();
    let feedback = if said.is_empty() { t!(lang, "decisions.feedback").into_owned() } else { said.to_owned() };
    let against = match tasks::finish(tx, &author, case.scope, task, code.user_id, &feedback).await? {
        Ok(()) => {
            store::use_up(tx, code, Outcome::Done.code()).await?;
            return Ok(Outcome::Done);
        }
        Err(NotDone::Gone) => return Ok(Outcome::NotAllowed),
        Err(NotDone::Changed) => t!(lang, "decisions.task_changed"),
        Err(NotDone::Over) => t!(lang, "decisions.task_over"),
    };
    Ok(Outcome::Against(against.into_owned()))
}

async fn decide(tx: &mut Tx, case: &Case<'_>, code: &Code, approval: Id) -> Result<Outcome> {
    let author = Author { user: Some(code.user_id), origin: "sms".to_owned(), at: case.office.clock.now() };
    let Answer { approved, comment, .. } = case.answer;
    let done = approvals::decide(tx, &author, case.scope, code.user_id, approval, *approved, comment).await?;
    match done {
        Ok(()) => {
            let outcome = if *approved { Outcome::Approved } else { Outcome::Rejected };
            store::use_up(tx, code, outcome.code()).await?;
            Ok(outcome)
        }
        Err(against) => Ok(against.text(Lang::default()).map_or(Outcome::NotAllowed, Outcome::Against)),
    }
}

/// Notes what came of it and answers.
async fn finish(mut tx: Tx, case: &Case<'_>, outcome: &Outcome, code: Option<&Code>) -> Result<()> {
    let now = case.office.clock.now();
    let wrong = store::wrong_today(&mut tx, case.digits, now).await?;
    store::note(&mut tx, case.inbox, case.digits, code, outcome.code(), now).await?;
    let author = Author { user: None, origin: "sms_inbox".to_owned(), at: now };
    let changes = Changes::new().set("outcome", outcome.code());
    let changes = match code.map(|code| code.about) {
        Some(About::Approval(approval)) => changes.set("approval_id", approval.to_string()),
        Some(About::Task(task, _)) => changes.set("task_id", task.to_string()),
        None => changes,
    };
    audit::record(&mut tx, &author, Action::Act, "decision_answer", case.inbox, changes).await?;
    let silent = match outcome {
        Outcome::Wrong | Outcome::NotAllowed => wrong >= PATIENCE,
        Outcome::Locked => true,
        Outcome::Approved
        | Outcome::Rejected
        | Outcome::Done
        | Outcome::OnlyYes
        | Outcome::Repeated
        | Outcome::Expired
        | Outcome::NoReason
        | Outcome::Against(_) => false,
    };
    if silent {
        tracing::warn!(inbox = %case.inbox, outcome = outcome.code(), "an answer by SMS is not answered");
    } else {
        answer(&mut tx, case, &author, outcome, code).await?;
    }
    tx.commit().await?;
    case.office.alarm.ring();
    Ok(())
}

async fn answer(tx: &mut Tx, case: &Case<'_>, author: &Author, outcome: &Outcome, code: Option<&Code>) -> Result<()> {
    let (title, is_task) = match code.map(|code| (code.user_id, code.about)) {
        Some((user, About::Approval(approval))) => {
            (approvals::find(&mut *tx, case.scope, user, approval).await?.map(|approval| approval.title), false)
        }
        Some((user, About::Task(task, _))) => {
            (tasks::find(&mut *tx, case.scope, user, task).await?.map(|task| task.title), true)
        }
        None => (None, false),
    };
    let text = outcome.text(Lang::default(), &title.unwrap_or_default(), &case.answer.code, is_task);
    // An answer to a stranger belongs to nobody in particular: to whoever looks after unknown numbers.
    let owner = match code {
        Some(code) => Some(code.user_id),
        None => users::names_with_role(&mut *tx, Role::Clerk).await?.first().map(|clerk| clerk.id),
    };
    let Some(owner) = owner else { return Ok(()) };
    // An answer to our own people counts apart: other messages to their number never use up its cap.
    let ours = code.is_some() || users::is_staff_number(&mut *tx, case.digits).await?;
    let new = NewSms {
        owner,
        sender: owner,
        customer: None,
        digits: case.digits,
        text: &text,
        class: if ours { Class::Staff } else { Class::Service },
        cause: Some(Cause::Answer(case.inbox)),
    };
    if let Sent::Refused(refusal) = sms::send(tx, author, new).await? {
        tracing::warn!(inbox = %case.inbox, ?refusal, "the answer to an answer is not sent");
    }
    Ok(())
}
