//! The SQL of who is asked by SMS, of codes and of answers.

use crate::decisions::rules::{LIFE, TASK_LIFE};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError, On, Tx, sql};
use crate::kernel::id::Id;

/// What a person wants to be asked by SMS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct Wants {
    /// Approvals that wait for them.
    pub approvals: bool,
    /// Tasks that others give them.
    pub tasks: bool,
}

/// What a person wants to be asked by SMS; nothing until they say so.
pub async fn wants(on: impl Into<On<'_>>, user: Id) -> Result<Wants, DbError> {
    let row: Option<Wants> =
        sql("SELECT approvals, tasks FROM decision_people WHERE user_id = $1").bind(user).optional(on).await?;
    Ok(row.unwrap_or_default())
}

pub async fn set_wants(tx: &mut Tx, user: Id, wanted: Wants, now: Millis) -> Result<(), DbError> {
    sql("INSERT INTO decision_people (user_id, since, approvals, tasks) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id) DO UPDATE SET approvals = excluded.approvals, tasks = excluded.tasks")
    .bind(user)
    .bind(now)
    .bind(wanted.approvals)
    .bind(wanted.tasks)
    .run(tx)
    .await
    .map(|_| ())
}

/// What a code is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// An approval.
    Approval(Id),
    /// A task, as it stood in this version.
    Task(Id, i64),
}

/// A code that was sent to somebody.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    pub id: Id,
    pub about: About,
    pub user_id: Id,
    pub expires_at: Millis,
    pub used: bool,
}

#[derive(sqlx_macros::FromRow)]
struct CodeRow {
    id: Id,
    record_id: Id,
    version: i64,
    user_id: Id,
    expires_at: Millis,
    used_as: Option<String>,
}

impl CodeRow {
    fn code(self, about: About) -> Code {
        Code { id: self.id, about, user_id: self.user_id, expires_at: self.expires_at, used: self.used_as.is_some() }
    }
}

const APPROVALS: &str = "SELECT id, approval_id AS record_id, CAST(0 AS BIGINT) AS version, user_id, expires_at, used_as \
     FROM decision_codes WHERE ";
const TASKS: &str =
    "SELECT id, task_id AS record_id, version, user_id, expires_at, used_as FROM decision_task_codes WHERE ";

/// Whether a step was asked before.
pub async fn step_was_asked(tx: &mut Tx, step: Id) -> Result<bool, DbError> {
    Ok(sql(APPROVALS).push("step_id = ").arg(step).optional::<CodeRow>(tx).await?.is_some())
}

/// Whether a task was told before.
pub async fn task_was_told(tx: &mut Tx, task: Id) -> Result<bool, DbError> {
    Ok(sql(TASKS).push("task_id = ").arg(task).optional::<CodeRow>(tx).await?.is_some())
}

/// The newest code of these digits that was sent to this number, about to be used.
pub async fn sent_to(tx: &mut Tx, digits: &str, code: &str) -> Result<Option<Code>, DbError> {
    let lock = tx.for_update();
    let newest = |table: &'static str| {
        sql(table)
            .push("digits = ")
            .arg(digits)
            .push(" AND code = ")
            .arg(code)
            .push(" ORDER BY id DESC LIMIT 1")
            .push(lock)
    };
    let approval: Option<CodeRow> = newest(APPROVALS).optional(&mut *tx).await?;
    let task: Option<CodeRow> = newest(TASKS).optional(&mut *tx).await?;
    let approval = approval.map(|row| {
        let about = About::Approval(row.record_id);
        row.code(about)
    });
    let task = task.map(|row| {
        let about = About::Task(row.record_id, row.version);
        row.code(about)
    });
    Ok(approval.into_iter().chain(task).max_by_key(|code| code.id))
}

/// Four digits that tell a question apart from the others that were sent to this number.
pub async fn new_code(tx: &mut Tx, digits: &str) -> Result<String, DbError> {
    let mut code = String::new();
    for _ in 0..20 {
        code = format!("{:04}", rand::random::<u16>() % 10_000);
        if sent_to(tx, digits, &code).await?.is_none() {
            break;
        }
    }
    Ok(code)
}

/// Makes a code for a step.
pub async fn insert(
    tx: &mut Tx,
    (approval, step, user): (Id, Id, Id),
    digits: &str,
    code: &str,
    now: Millis,
) -> Result<(), DbError> {
    sql("INSERT INTO decision_codes (id, approval_id, step_id, user_id, digits, code, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(Id::new())
    .bind(approval)
    .bind(step)
    .bind(user)
    .bind(digits)
    .bind(code)
    .bind(now)
    .bind(now + LIFE)
    .run(tx)
    .await
    .map(|_| ())
}

/// Makes a code for a task as it stands.
pub async fn insert_task(
    tx: &mut Tx,
    (task, version, user): (Id, i64, Id),
    digits: &str,
    code: &str,
    now: Millis,
) -> Result<(), DbError> {
    sql("INSERT INTO decision_task_codes (id, task_id, version, user_id, digits, code, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(Id::new())
    .bind(task)
    .bind(version)
    .bind(user)
    .bind(digits)
    .bind(code)
    .bind(now)
    .bind(now + TASK_LIFE)
    .run(tx)
    .await
    .map(|_| ())
}

/// A code was answered.
pub async fn use_up(tx: &mut Tx, code: &Code, used_as: &str) -> Result<(), DbError> {
    let query = match code.about {
        About::Approval(_) => sql("UPDATE decision_codes SET used_as = $2 WHERE id = $1"),
        About::Task(..) => sql("UPDATE decision_task_codes SET used_as = $2 WHERE id = $1"),
    };
    query.bind(code.id).bind(used_as).run(tx).await.map(|_| ())
}

/// A code that was refused as expired stays so when the clock is set back.
pub async fn expire(tx: &mut Tx, code: &Code) -> Result<(), DbError> {
    let query = match code.about {
        About::Approval(_) => sql("UPDATE decision_codes SET expires_at = 0 WHERE id = $1"),
        About::Task(..) => sql("UPDATE decision_task_codes SET expires_at = 0 WHERE id = $1"),
    };
    query.bind(code.id).run(tx).await.map(|_| ())
}

/// Notes what came of an answer; [`DbError::Duplicate`] when that message was dealt with before.
pub async fn note(
    tx: &mut Tx,
    inbox: Id,
    digits: &str,
    code: Option<&Code>,
    outcome: &str,
    now: Millis,
) -> Result<(), DbError> {
    let (of_approval, of_task) = match code.map(|code| (code.id, code.about)) {
        Some((id, About::Approval(_))) => (Some(id), None),
        Some((id, About::Task(..))) => (None, Some(id)),
        None => (None, None),
    };
    sql("INSERT INTO decision_answers (inbox_id, digits, code_id, task_code_id, user_id, outcome, at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(inbox)
        .bind(digits)
        .bind(of_approval)
        .bind(of_task)
        .bind(code.map(|code| code.user_id))
        .bind(outcome)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}

/// How many wrong answers a number sent in this China day.
pub async fn wrong_today(tx: &mut Tx, digits: &str, now: Millis) -> Result<i64, DbError> {
    sql("SELECT CAST(count(*) AS BIGINT) AS n FROM decision_answers \
         WHERE digits = $1 AND at >= $2 AND outcome IN ('wrong', 'locked')")
    .bind(digits)
    .bind(clock::start_of(clock::day(now)))
    .scalar(tx)
    .await
}

/// Whether this message was dealt with.
pub async fn is_noted(db: &Db, inbox: Id) -> Result<bool, DbError> {
    let count: i64 = sql("SELECT CAST(count(*) AS BIGINT) AS n FROM decision_answers WHERE inbox_id = $1")
        .bind(inbox)
        .scalar(db)
        .await?;
    Ok(count > 0)
}

/// An answer in the log of its person.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Logged {
    pub title: String,
    pub outcome: String,
    pub at: Millis,
}

/// The last answers of a person.
pub async fn log(db: &Db, user: Id) -> Result<Vec<Logged>, DbError> {
    sql("SELECT COALESCE(a.title, t.title, '') AS title, s.outcome, s.at FROM decision_answers s \
         LEFT JOIN decision_codes c ON c.id = s.code_id LEFT JOIN approvals a ON a.id = c.approval_id \
         LEFT JOIN decision_task_codes tc ON tc.id = s.task_code_id LEFT JOIN tasks t ON t.id = tc.task_id \
         WHERE s.user_id = $1 ORDER BY s.at DESC LIMIT 20")
    .bind(user)
    .all(db)
    .await
}
