//! The SQL of who is asked by SMS, of codes and of answers.

use crate::decisions::rules::LIFE;
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError, On, Tx, sql};
use crate::kernel::id::Id;

#[derive(sqlx::FromRow)]
struct Wants {
    #[allow(dead_code, reason = "only whether the row is there matters")]
    user_id: Id,
}

/// Whether a person wants to be asked by SMS.
pub async fn wants(on: impl Into<On<'_>>, user: Id) -> Result<bool, DbError> {
    let row: Option<Wants> =
        sql("SELECT user_id FROM decision_people WHERE user_id = $1").bind(user).optional(on).await?;
    Ok(row.is_some())
}

pub async fn set_wants(tx: &mut Tx, user: Id, wanted: bool, now: Millis) -> Result<(), DbError> {
    let query = if wanted {
        sql("INSERT INTO decision_people (user_id, since) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING")
            .bind(user)
            .bind(now)
    } else {
        sql("DELETE FROM decision_people WHERE user_id = $1").bind(user)
    };
    query.run(tx).await.map(|_| ())
}

/// The code of a step.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Code {
    pub id: Id,
    pub approval_id: Id,
    pub user_id: Id,
    pub expires_at: Millis,
    pub used_as: Option<String>,
}

const CODE: &str = "SELECT id, approval_id, user_id, expires_at, used_as FROM decision_codes WHERE ";

/// The code of a step, if it was asked before.
pub async fn of_step(tx: &mut Tx, step: Id) -> Result<Option<Code>, DbError> {
    sql(CODE).push("step_id = ").arg(step).optional(tx).await
}

/// The newest code of these digits that was sent to this number, about to be used.
pub async fn sent_to(tx: &mut Tx, digits: &str, code: &str) -> Result<Option<Code>, DbError> {
    let lock = tx.for_update();
    sql(CODE)
        .push("digits = ")
        .arg(digits)
        .push(" AND code = ")
        .arg(code)
        .push(" ORDER BY id DESC LIMIT 1")
        .push(lock)
        .optional(tx)
        .await
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

/// A code was answered.
pub async fn use_up(tx: &mut Tx, id: Id, used_as: &str) -> Result<(), DbError> {
    sql("UPDATE decision_codes SET used_as = $2 WHERE id = $1").bind(id).bind(used_as).run(tx).await.map(|_| ())
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
    sql("INSERT INTO decision_answers (inbox_id, digits, code_id, user_id, outcome, at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(inbox)
        .bind(digits)
        .bind(code.map(|code| code.id))
        .bind(code.map(|code| code.user_id))
        .bind(outcome)
        .bind(now)
        .run(tx)
        .await
        .map(|_| ())
}

#[derive(sqlx::FromRow)]
struct Count {
    n: i64,
}

/// How many wrong answers a number sent in this China day.
pub async fn wrong_today(tx: &mut Tx, digits: &str, now: Millis) -> Result<i64, DbError> {
    let count: Count = sql("SELECT CAST(count(*) AS BIGINT) AS n FROM decision_answers \
         WHERE digits = $1 AND at >= $2 AND outcome IN ('wrong', 'locked')")
    .bind(digits)
    .bind(clock::start_of(clock::day(now)))
    .one(tx)
    .await?;
    Ok(count.n)
}

/// Whether this message was dealt with.
pub async fn is_noted(db: &Db, inbox: Id) -> Result<bool, DbError> {
    let count: Count = sql("SELECT CAST(count(*) AS BIGINT) AS n FROM decision_answers WHERE inbox_id = $1")
        .bind(inbox)
        .one(db)
        .await?;
    Ok(count.n > 0)
}

/// An answer in the log of its person.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Logged {
    pub title: String,
    pub outcome: String,
    pub at: Millis,
}

/// The last answers of a person.
pub async fn log(db: &Db, user: Id) -> Result<Vec<Logged>, DbError> {
    sql("SELECT a.title, s.outcome, s.at FROM decision_answers s JOIN decision_codes c ON c.id = s.code_id \
         JOIN approvals a ON a.id = c.approval_id WHERE s.user_id = $1 ORDER BY s.at DESC LIMIT 20")
    .bind(user)
    .all(db)
    .await
}
