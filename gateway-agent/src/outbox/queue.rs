//! A message's states and what moves it from one to the next, each in one transaction.
//!
//! Long because: one state machine, whose transitions want to be read beside each other.

use fieldline_protocol::messages::{SmsEvent, SmsPart, SmsState};
use fieldline_protocol::topics::Topic;
use uuid::Uuid;

use super::state::{state, together, word};
use super::{Outbox, Tx, Value};

/// How often a message that may be sent more than once is.
const TIMES: i64 = 3;
/// How long a late answer is waited for before such a message is sent again, milliseconds.
const AGAIN_AFTER: i64 = 30_000;

/// A part that is next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The message.
    pub message: String,
    /// The part, from 1.
    pub n: i64,
    /// What `+CMGS` takes, in hex.
    pub pdu: String,
}

/// How sending a part ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The network took it and gave TP-MR, which a slot's status does not tell.
    Sent(Option<u8>),
    /// Refused for good: it was not sent.
    Failed(String),
    /// Nobody knows.
    Unknown(String),
    /// It was not sent, and is queued until then; `tried` counts it as an attempt and tells the server.
    Held {
        /// Why, for people.
        why: String,
        /// Not before this time.
        until: i64,
        /// Whether the message itself was at fault, not the modem.
        tried: bool,
    },
}

/// A part whose sending was cut off, and the slot that it was stored in first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The part.
    pub due: Due,
    /// Where `+CMGW` put it.
    pub slot: u32,
}

/// What became of the wish to take a message back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// It is taken back, now or before.
    Done,
    /// It has begun to leave, or ended.
    TooLate,
    /// There is none of this id.
    NotHere,
}

/// Why a part may not leave now.
#[derive(Debug, thiserror::Error)]
pub enum NotMine {
    /// Taken back meanwhile.
    #[error("no longer queued")]
    Taken,
    /// The disk.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
}

#[derive(sqlx_macros::FromRow)]
struct PartRow {
    n: i64,
    state: String,
    mr: Option<i64>,
    cause: Option<String>,
}

impl Outbox {
    /// Notes that a part is about to leave: committed before Ctrl-Z, or before `+CMSS` of a slot.
    ///
    /// # Errors
    /// [`NotMine`]; then it must not be sent.
    pub async fn sending(&self, due: &Due, modem: &str, slot: Option<u32>, now: i64) -> Result<(), NotMine> {
        // Asked again here: the prompt has taken its time, and what rests must not begin.
        if self.rests() {
            return Err(NotMine::Taken);
        }
        let mut tx = self.pool.begin().await?;
        let mine = sqlx::query(
            "UPDATE parts SET state = 'sending', modem = $3, slot = $4, moved_at = $5 \
             WHERE message = $1 AND n = $2 AND state = 'queued'",
        )
        .bind(&due.message)
        .bind(due.n)
        .bind(modem)
        .bind(slot)
        .bind(now)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if mine == 0 {
            return Err(NotMine::Taken);
        }
        sqlx::query("UPDATE messages SET state = CASE state WHEN 'unknown' THEN state ELSE 'sending' END, modem = $2 WHERE id = $1")
            .bind(&due.message)
            .bind(modem)
            .execute(&mut *tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Notes how a part's sending ended, with the event for the server in the same commit. A late answer
    /// comes here too: what was unknown meanwhile is known then.
    ///
    /// # Errors
    /// The disk; the part stays `sending` and is unknown after the next start.
    pub async fn ended(&self, due: &Due, outcome: &Outcome, now: i64) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        self.end(&mut tx, due, outcome, now).await?;
        tx.commit().await?;
        self.tell_news();
        Ok(())
    }

    async fn end(&self, tx: &mut Tx<'_>, due: &Due, outcome: &Outcome, now: i64) -> Result<(), sqlx::Error> {
        let again = matches!(outcome, Outcome::Unknown(_)) && self.once_more(tx, &due.message).await?;
        let (to, mr, cause, held) = match outcome {
            Outcome::Sent(mr) => (SmsState::Sent, mr.map(i64::from), None, None),
            Outcome::Failed(why) => (SmsState::Failed, None, Some(why.as_str()), None),
            Outcome::Unknown(why) if again => {
                (SmsState::Queued, None, Some(why.as_str()), Some((now + AGAIN_AFTER, true)))
            }
            Outcome::Unknown(why) => (SmsState::Unknown, None, Some(why.as_str()), None),
            Outcome::Held { why, until, tried } => (SmsState::Queued, None, Some(why.as_str()), Some((*until, *tried))),
        };
        let moved = sqlx::query(
            "UPDATE parts SET state = $3, mr = $4, cause = $5, moved_at = $6, sent_at = CASE $3 WHEN 'sent' THEN $6 ELSE sent_at END \
             WHERE message = $1 AND n = $2 AND state IN ('sending', 'unknown', 'queued')",
        )
        .bind(&due.message)
        .bind(due.n)
        .bind(word(to))
        .bind(mr)
        .bind(cause)
        .bind(now)
        .execute(&mut **tx)
        .await?
        .rows_affected();
        if moved == 0 {
            // Settled by a person or by a report meanwhile.
            return Ok(());
        }
        if let Some((until, tried)) = held {
            sqlx::query("UPDATE messages SET held_until = $2, tries = tries + $3 WHERE id = $1")
                .bind(&due.message)
                .bind(until)
                .bind(tried)
                .execute(&mut **tx)
                .await?;
            // A message of which nothing has left belongs to no modem yet.
            sqlx::query(
                "UPDATE messages SET modem = NULL WHERE id = $1 AND NOT EXISTS \
                 (SELECT 1 FROM parts p WHERE p.message = $1 AND p.state != 'queued')",
            )
            .bind(&due.message)
            .execute(&mut **tx)
            .await?;
            if !tried {
                return sqlx::query(
                    "UPDATE messages SET state = CASE WHEN modem IS NULL THEN 'queued' ELSE state END, error = $2 WHERE id = $1",
                )
                .bind(&due.message)
                .bind(cause)
                .execute(&mut **tx)
                .await
                .map(drop);
            }
        }
        if to == SmsState::Sent {
            // What stood against it before is over.
            sqlx::query("UPDATE messages SET error = NULL WHERE id = $1").bind(&due.message).execute(&mut **tx).await?;
        }
        if to == SmsState::Failed {
            // The rest of a refused message would arrive without its beginning.
            sqlx::query("UPDATE parts SET state = 'failed', moved_at = $2 WHERE message = $1 AND state = 'queued'")
                .bind(&due.message)
                .bind(now)
                .execute(&mut **tx)
                .await?;
        }
        self.settle_message(tx, &due.message, now, cause).await
    }

    /// Whether a message's policy lets it be sent once more when nobody knows.
    async fn once_more(&self, tx: &mut Tx<'_>, message: &str) -> Result<bool, sqlx::Error> {
        let found: Option<(String, i64)> = sqlx::query_as("SELECT policy, tries FROM messages WHERE id = $1")
            .bind(message)
            .fetch_optional(&mut **tx)
            .await?;
        Ok(found.is_some_and(|(policy, tries)| policy == "at_least_once" && tries + 1 < TIMES))
    }

    /// How often a message was refused for now.
    pub async fn tries(&self, message: &str) -> Result<i64, sqlx::Error> {
        let row: Value = sqlx::query_as("SELECT tries AS value FROM messages WHERE id = $1")
            .bind(message)
            .fetch_one(&self.pool)
            .await?;
        Ok(row.value)
    }

    /// To whom a message goes.
    pub async fn recipient(&self, message: &str) -> Result<String, sqlx::Error> {
        let (to,): (String,) =
            sqlx::query_as("SELECT recipient FROM messages WHERE id = $1").bind(message).fetch_one(&self.pool).await?;
        Ok(to)
    }

    /// What a modem had stored in a slot and not finished when it was cut off: its slots' status decides.
    pub async fn unfinished(&self, modem: &str) -> Result<Vec<Unfinished>, sqlx::Error> {
        let rows: Vec<(String, i64, String, i64)> = sqlx::query_as(
            "SELECT message, n, pdu, slot FROM parts WHERE state = 'sending' AND modem = $1 AND slot IS NOT NULL",
        )
        .bind(modem)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .into_iter()
            .filter_map(|(message, n, pdu, slot)| {
                Some(Unfinished { due: Due { message, n, pdu }, slot: slot.try_into().ok()? })
            })
            .collect())
    }

    /// What was `sending` and cannot be on its way now is unknown, or queued again where its policy says so.
    /// For one modem, before its task begins; or at the start for all that no task serves, which is those
    /// not among `served`.
    pub async fn recover(&self, which: Recover<'_>, now: i64) -> Result<usize, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let open: Vec<(String, i64, String, Option<String>)> =
            sqlx::query_as("SELECT message, n, pdu, modem FROM parts WHERE state = 'sending'")
                .fetch_all(&mut *tx)
                .await?;
        let mut recovered = 0;
        for (message, n, pdu, modem) in open {
            let modem = modem.unwrap_or_default();
            let meant = match which {
                Recover::Modem(name) => modem == name,
                Recover::AllBut(served) => !served.contains(&modem),
            };
            if meant {
                recovered += 1;
                let why = Outcome::Unknown("interrupted while sending".to_owned());
                self.end(&mut tx, &Due { message, n, pdu }, &why, now).await?;
            }
        }
        tx.commit().await?;
        self.tell_news();
        Ok(recovered)
    }

    /// A person's word on an unknown message: it was sent, it was not, or send it again.
    ///
    /// # Errors
    /// The disk. `Ok(false)` when no part of it is unknown.
    pub async fn settle(&self, id: &str, to: SmsState, now: i64) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let settled = sqlx::query(
            "UPDATE parts SET state = $2, cause = 'settled by a person', moved_at = $3 WHERE message = $1 AND state = 'unknown'",
        )
        .bind(id)
        .bind(word(to))
        .bind(now)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if settled > 0 {
            self.settle_message(&mut tx, id, now, None).await?;
        }
        tx.commit().await?;
        self.ring();
        self.tell_news();
        Ok(settled > 0)
    }

    /// Takes a message back that has not begun to leave.
    pub async fn cancel(&self, id: &str, now: i64) -> Result<Cancel, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let found: Option<(String,)> =
            sqlx::query_as("SELECT state FROM messages WHERE id = $1").bind(id).fetch_optional(&mut *tx).await?;
        let Some((found,)) = found else { return Ok(Cancel::NotHere) };
        match state(&found) {
            SmsState::Queued => {}
            SmsState::Cancelled => return Ok(Cancel::Done),
            SmsState::Sending
            | SmsState::Sent
            | SmsState::Failed
            | SmsState::Unknown
            | SmsState::Delivered
            | SmsState::Undelivered
            | SmsState::Expired => return Ok(Cancel::TooLate),
        }
        sqlx::query("UPDATE parts SET state = 'cancelled', moved_at = $2 WHERE message = $1")
            .bind(id)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        self.settle_message(&mut tx, id, now, None).await?;
        tx.commit().await?;
        self.tell_news();
        Ok(Cancel::Done)
    }

    /// Remembers a message that was taken back before it came, so that it is not sent when it does.
    pub async fn forestall(&self, id: &str, now: i64) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO messages (id, recipient, text, policy, state, created_at, open) \
             VALUES ($1, '', '', 'at_most_once', 'cancelled', $2, 0) ON CONFLICT DO NOTHING",
        )
        .bind(id)
        .bind(now)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Brings a message's state in line with its parts' and tells the server.
    pub(super) async fn settle_message(
        &self,
        tx: &mut Tx<'_>,
        id: &str,
        now: i64,
        error: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        let rows: Vec<PartRow> = sqlx::query_as("SELECT n, state, mr, cause FROM parts WHERE message = $1 ORDER BY n")
            .bind(id)
            .fetch_all(&mut **tx)
            .await?;
        let states: Vec<SmsState> = rows.iter().map(|row| state(&row.state)).collect();
        let whole = together(&states);
        let (modem, error): (Option<String>, Option<String>) = sqlx::query_as(
            "UPDATE messages SET state = $2, error = COALESCE($3, error), open = $4 WHERE id = $1 RETURNING modem, error",
        )
        .bind(id)
        .bind(word(whole))
        .bind(error)
        .bind(states.contains(&SmsState::Queued))
        .fetch_one(&mut **tx)
        .await?;
        let parts = rows
            .iter()
            .map(|row| SmsPart {
                n: u8::try_from(row.n).unwrap_or(u8::MAX),
                state: state(&row.state),
                mr: row.mr.and_then(|mr| u8::try_from(mr).ok()),
                cause: row.cause.clone(),
            })
            .collect();
        let id: Uuid = id.parse().map_err(|_| sqlx::Error::RowNotFound)?;
        self.tell(tx, &Topic::SmsEvent, now, |head| SmsEvent { head, id, state: whole, modem, parts, error }).await
    }
}

/// Whose interrupted parts.
#[derive(Clone, Copy, Debug)]
pub enum Recover<'a> {
    /// This modem's, which begins only now.
    Modem(&'a str),
    /// Those of modems that nobody serves any more.
    AllBut(&'a [String]),
}
