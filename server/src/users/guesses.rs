//! Guesses of passwords: each try is counted before its password is looked at. It is written down as a wrong one
//! first and set right afterwards, so that tries that arrive at the same moment count each other.
//!
//! A try counts for the pair of account and device. All devices that never signed in to the account count as one:
//! strangers who try passwords lock themselves out, not staff.

use crate::kernel::clock::{Millis, day, start_of};
use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::id::Id;
use crate::users::captcha::{self, Answer};
use crate::users::store;
use crate::web::cx::{Cx, Guest};
use crate::web::error::Result;
use crate::web::form::Form;

/// Wrong passwords a day before the pair of account and device is locked; also of one's own password in a session.
pub const MOST: i64 = 10;
/// Wrong answers to the question a day before it is.
const MOST_ANSWERS: i64 = 20;

/// What was tried in vain today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx_macros::FromRow)]
pub struct Counts {
    /// Wrong passwords.
    pub passwords: i64,
    /// Wrong answers to the question.
    pub answers: i64,
}

impl Counts {
    /// Whether no further try is looked at today.
    #[must_use]
    pub fn is_locked(self) -> bool {
        self.passwords >= MOST || self.answers >= MOST_ANSWERS
    }
}

/// Whether a password may be looked at.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// It may: the try is written down as a wrong one. [`right`] sets it right.
    Counted {
        /// Its row.
        id: Id,
        /// What was tried in vain before and with it.
        counts: Counts,
    },
    /// The question is to be answered first.
    Question(Counts),
    /// No more today.
    Locked,
}

/// Counts a try to sign in.
pub async fn count(guest: &Guest, form: &Form, username: &str, device: &str) -> Result<Verdict> {
    let today = start_of(day(guest.now));
    let mut tx = guest.office.db.begin().await?;
    tx.in_turn(&format!("sign-in {username}")).await?;
    let known = knows_device(&mut tx, username, device).await?;
    let mut counts = of_today(&mut tx, username, known.then_some(device), today).await?;
    if counts.is_locked() {
        return Ok(Verdict::Locked);
    }
    let outcome = |known_word, word| if known { known_word } else { word };
    if counts.passwords >= captcha::AFTER {
        let (sealed, typed) = (form.value("captcha_for"), form.value("captcha"));
        match captcha::judge(&guest.office.seal, username, counts, sealed, typed, &guest.office.clock) {
            Answer::Right => {}
            Answer::None => return Ok(Verdict::Question(counts)),
            Answer::Wrong => {
                let outcome = outcome("answer_known", "answer_unknown");
                log(&mut tx, guest, username, None, device, outcome).await?;
                tx.commit().await?;
                counts.answers += 1;
                return Ok(if counts.is_locked() { Verdict::Locked } else { Verdict::Question(counts) });
            }
        }
    }
    let id = log(&mut tx, guest, username, None, device, outcome("wrong_known", "wrong_unknown")).await?;
    tx.commit().await?;
    counts.passwords += 1;
    Ok(Verdict::Counted { id, counts })
}

/// Counts a try of one's own password in a session; `None` when there were too many today.
pub async fn count_own(cx: &Cx, username: &str) -> Result<Option<Id>> {
    let today = start_of(day(cx.now));
    let mut tx = cx.office.db.begin().await?;
    tx.in_turn(&format!("own password {username}")).await?;
    let before = sql("SELECT count(*) AS passwords, CAST(0 AS BIGINT) AS answers FROM login_log \
         WHERE username = $1 AND at >= $2 AND outcome = 'wrong_own'")
    .bind(username)
    .bind(today)
    .one::<Counts>(&mut tx)
    .await?;
    if before.passwords >= MOST {
        return Ok(None);
    }
    let device = cx.cookie(super::sign_in::DEVICE).unwrap_or_default();
    let id = log(&mut tx, cx, username, Some(cx.actor().id), &device, "wrong_own").await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// The password of a counted try was right: `outcome` says what it opened.
pub async fn right(tx: &mut Tx, id: Id, user: Id, outcome: &str) -> Result<(), DbError> {
    sql("UPDATE login_log SET outcome = $2, user_id = $3 WHERE id = $1")
        .bind(id)
        .bind(outcome)
        .bind(user)
        .run(tx)
        .await?;
    Ok(())
}

/// An administrator gave the person a new password: what was tried with the old one counts no more.
pub async fn forgive(tx: &mut Tx, username: &str, now: Millis) -> Result<(), DbError> {
    sql("UPDATE login_log SET outcome = 'forgiven' WHERE username = $1 AND at >= $2 AND outcome <> 'in' AND outcome <> 'own'")
        .bind(username)
        .bind(start_of(day(now)))
        .run(tx)
        .await?;
    Ok(())
}

async fn log(
    tx: &mut Tx,
    guest: &Guest,
    username: &str,
    user: Option<Id>,
    device: &str,
    outcome: &str,
) -> Result<Id, DbError> {
    store::log_sign_in(tx, guest.now, username, user, &guest.from, device, outcome).await
}

/// Whether this device signed in to this account before.
async fn knows_device(tx: &mut Tx, username: &str, device: &str) -> Result<bool, DbError> {
    let known: Option<Id> =
        sql("SELECT id FROM login_log WHERE username = $1 AND device = $2 AND outcome = 'in' LIMIT 1")
            .bind(username)
            .bind(device)
            .optional_scalar(tx)
            .await?;
    Ok(known.is_some())
}

/// What was tried in vain since `since`: by this device when it is known, else by all unknown ones.
async fn of_today(tx: &mut Tx, username: &str, device: Option<&str>, since: Millis) -> Result<Counts, DbError> {
    let query = sql("SELECT CAST(COALESCE(sum(CASE WHEN outcome IN ('wrong_known', 'wrong_unknown') THEN 1 ELSE 0 END), 0) AS BIGINT) \
         AS passwords, CAST(COALESCE(sum(CASE WHEN outcome IN ('answer_known', 'answer_unknown') THEN 1 ELSE 0 END), 0) AS BIGINT) \
         AS answers FROM login_log WHERE username = $1 AND at >= $2")
    .bind(username)
    .bind(since);
    let query = match device {
        Some(device) => query.push(" AND outcome IN ('wrong_known', 'answer_known') AND device = ").arg(device),
        None => query.push(" AND outcome IN ('wrong_unknown', 'answer_unknown')"),
    };
    query.one(tx).await
}
