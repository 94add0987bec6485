//! The durable queue: messages to send, and events for the server until it has committed them.
//! SQLite in WAL with synchronous=FULL; every function that changes something returns after its commit.
//!
//! States: `queued → sending (before Ctrl-Z) → sent | failed | unknown → delivered | undelivered | expired`.
//! What was `sending` when the agent or the line died is `unknown`, and is never sent again by itself.
//!
//! Long because: one state machine, whose transitions are each one transaction.

use std::path::Path;
use std::time::Duration;

use fieldline_protocol::messages::{EventHead, Policy, SmsCommand, SmsEvent, SmsPart, SmsState};
use fieldline_protocol::topics::Topic;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, SqlitePool, Transaction};
use uuid::Uuid;

use crate::pdu::deliver::{Delivery, Report};
use crate::pdu::submit::{self, Submit, Unsendable};
use crate::pdu::to_hex;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS messages (
  id TEXT PRIMARY KEY, recipient TEXT NOT NULL, text TEXT NOT NULL, policy TEXT NOT NULL, state TEXT NOT NULL,
  not_before INTEGER, expires INTEGER, modem TEXT, error TEXT, created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS messages_open ON messages (state, created_at);
CREATE TABLE IF NOT EXISTS parts (
  message TEXT NOT NULL, n INTEGER NOT NULL, pdu TEXT NOT NULL, state TEXT NOT NULL, mr INTEGER, cause TEXT,
  moved_at INTEGER NOT NULL, PRIMARY KEY (message, n)
);
CREATE INDEX IF NOT EXISTS parts_by_mr ON parts (mr, state);
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS pieces (
  sender TEXT NOT NULL, reference INTEGER NOT NULL, total INTEGER NOT NULL, n INTEGER NOT NULL, text TEXT NOT NULL,
  pdu TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (sender, reference, total, n)
);
CREATE TABLE IF NOT EXISTS seen (pdu TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS unreadable (pdu TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO counters (name, value) VALUES ('seq', 0), ('reference', 0);
";

/// The queue.
#[derive(Clone, Debug)]
pub struct Outbox {
    pool: SqlitePool,
    boot: Uuid,
}

/// A part that is next.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Due {
    /// The message.
    pub message: String,
    /// The part, from 1.
    pub n: i64,
    /// What `+CMGS` takes, in hex.
    pub pdu: String,
}

/// An event that the server has not committed yet.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    /// Its sequence.
    pub seq: i64,
    /// The topic below the box's name.
    pub topic: String,
    /// JSON.
    pub payload: String,
}

/// A message in the queue, as `gateway-agent queue` shows it.
#[derive(Clone, Debug, serde::Serialize, sqlx::FromRow)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// To whom.
    #[serde(rename = "to")]
    pub recipient: String,
    /// Where it stands.
    pub state: String,
    /// The modem that has or had it.
    pub modem: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// How many parts.
    pub parts: i64,
    /// How many of them the network took.
    pub parts_sent: i64,
    /// When it was taken in, UTC milliseconds.
    pub created_at: i64,
}

/// How a send ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The network took it and gave TP-MR.
    Sent(u8),
    /// Refused: it was not sent.
    Failed(String),
    /// Nobody knows.
    Unknown(String),
}

/// Why a part may not leave now.
#[derive(Debug, thiserror::Error)]
pub enum NotMine {
    /// Taken back, or another modem has it.
    #[error("no longer queued")]
    Taken,
    /// The disk.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
}

/// Why a command is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum NotQueued {
    /// It has no PDU.
    #[error(transparent)]
    Unsendable(#[from] Unsendable),
    /// The disk.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
}

/// The stored word of a state.
#[must_use]
pub fn word(state: SmsState) -> &'static str {
    match state {
        SmsState::Queued => "queued",
        SmsState::Sending => "sending",
        SmsState::Sent => "sent",
        SmsState::Failed => "failed",
        SmsState::Unknown => "unknown",
        SmsState::Delivered => "delivered",
        SmsState::Undelivered => "undelivered",
        SmsState::Expired => "expired",
        SmsState::Cancelled => "cancelled",
    }
}

/// The state of a stored word.
#[must_use]
pub fn state(word: &str) -> SmsState {
    match word {
        "queued" => SmsState::Queued,
        "sending" => SmsState::Sending,
        "sent" => SmsState::Sent,
        "failed" => SmsState::Failed,
        "delivered" => SmsState::Delivered,
        "undelivered" => SmsState::Undelivered,
        "expired" => SmsState::Expired,
        "cancelled" => SmsState::Cancelled,
        _ => SmsState::Unknown,
    }
}

/// A message's state from its parts': the one that matters most to a person.
fn together(parts: &[SmsState]) -> SmsState {
    let any = |state: SmsState| parts.contains(&state);
    let all = |state: SmsState| parts.iter().all(|part| *part == state);
    if any(SmsState::Unknown) {
        SmsState::Unknown
    } else if any(SmsState::Sending) || (any(SmsState::Queued) && !all(SmsState::Queued)) {
        SmsState::Sending
    } else if any(SmsState::Queued) {
        SmsState::Queued
    } else if any(SmsState::Failed) {
        SmsState::Failed
    } else if any(SmsState::Undelivered) {
        SmsState::Undelivered
    } else if any(SmsState::Expired) {
        SmsState::Expired
    } else if all(SmsState::Delivered) {
        SmsState::Delivered
    } else if any(SmsState::Cancelled) {
        SmsState::Cancelled
    } else {
        SmsState::Sent
    }
}

#[derive(sqlx::FromRow)]
struct PartRow {
    n: i64,
    state: String,
    mr: Option<i64>,
    cause: Option<String>,
}

#[derive(sqlx::FromRow)]
struct MessageRow {
    state: String,
    modem: Option<String>,
    error: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Value {
    value: i64,
}

impl Outbox {
    /// Opens the queue in `folder`, which is made where missing.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open(folder: &Path) -> anyhow::Result<Outbox> {
        std::fs::create_dir_all(folder)?;
        let options = SqliteConnectOptions::new()
            .filename(folder.join("queue.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-1024");
        let pool = SqlitePoolOptions::new().max_connections(1).test_before_acquire(false).connect_with(options).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Outbox { pool, boot: Uuid::now_v7() })
    }

    /// This start of the agent.
    #[must_use]
    pub fn boot(&self) -> Uuid {
        self.boot
    }

    /// Takes a message in, once: a repeat changes nothing.
    ///
    /// # Errors
    /// [`NotQueued`].
    pub async fn queue(&self, sms: &SmsCommand, now: i64) -> Result<(), NotQueued> {
        let mut tx = self.pool.begin().await?;
        let reference = count(&mut tx, "reference").await?;
        let submit = Submit {
            to: &sms.to,
            text: &sms.text,
            report: sms.report,
            validity_s: sms.validity_s,
            reference: u8::try_from(reference & 0xff).unwrap_or_default(),
        };
        let parts = submit::encode(&submit)?;
        let policy = match sms.policy {
            Policy::AtMostOnce => "at_most_once",
            Policy::AtLeastOnce => "at_least_once",
        };
        let new = sqlx::query(
            "INSERT INTO messages (id, recipient, text, policy, state, not_before, expires, created_at) \
             VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7) ON CONFLICT (id) DO NOTHING",
        )
        .bind(sms.id.to_string())
        .bind(&sms.to)
        .bind(&sms.text)
        .bind(policy)
        .bind(sms.not_before)
        .bind(sms.expires)
        .bind(now)
        .execute(&mut *tx)
        .await?
        .rows_affected();
        if new == 1 {
            for (part, n) in parts.iter().zip(1i64..) {
                sqlx::query("INSERT INTO parts (message, n, pdu, state, moved_at) VALUES ($1, $2, $3, 'queued', $4)")
                    .bind(sms.id.to_string())
                    .bind(n)
                    .bind(to_hex(&part.octets))
                    .bind(now)
                    .execute(&mut *tx)
                    .await?;
            }
        }
        Ok(tx.commit().await?)
    }

    /// The next part to send, oldest message first. What waited past its time expires here.
    ///
    /// # Errors
    /// The disk.
    pub async fn next(&self, now: i64) -> Result<Option<Due>, sqlx::Error> {
        let late: Option<(String,)> = sqlx::query_as(
            "SELECT m.id FROM messages m WHERE m.state IN ('queued', 'sending', 'unknown') AND m.expires IS NOT NULL \
             AND m.expires < $1 AND EXISTS (SELECT 1 FROM parts p WHERE p.message = m.id AND p.state = 'queued') LIMIT 1",
        )
        .bind(now)
        .fetch_optional(&self.pool)
        .await?;
        if let Some((message,)) = late {
            let mut tx = self.pool.begin().await?;
            sqlx::query("UPDATE parts SET state = 'expired', moved_at = $2 WHERE message = $1 AND state = 'queued'")
                .bind(&message)
                .bind(now)
                .execute(&mut *tx)
                .await?;
            self.settle_message(&mut tx, &message, now, Some("expired in the queue")).await?;
            tx.commit().await?;
        }
        sqlx::query_as(
            "SELECT p.message, p.n, p.pdu FROM messages m JOIN parts p ON p.message = m.id \
             WHERE m.state IN ('queued', 'sending', 'unknown') AND p.state = 'queued' AND (m.not_before IS NULL OR m.not_before <= $1) \
             ORDER BY m.created_at, p.message, p.n LIMIT 1",
        )
        .bind(now)
        .fetch_optional(&self.pool)
        .await
    }

    /// Notes that a part is about to leave: committed before Ctrl-Z.
    ///
    /// # Errors
    /// [`NotMine`]; then Ctrl-Z must not be sent.
    pub async fn sending(&self, due: &Due, modem: &str, now: i64) -> Result<(), NotMine> {
        let mut tx = self.pool.begin().await?;
        let mine = sqlx::query(
            "UPDATE parts SET state = 'sending', moved_at = $3 WHERE message = $1 AND n = $2 AND state = 'queued'",
        )
        .bind(&due.message)
        .bind(due.n)
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

    /// Notes how a part's sending ended, with the event for the server in the same commit.
    ///
    /// # Errors
    /// The disk; the part stays `sending` and is unknown after the next start.
    pub async fn ended(&self, due: &Due, outcome: &Outcome, now: i64) -> Result<(), sqlx::Error> {
        let (state, mr, cause) = match outcome {
            Outcome::Sent(mr) => (SmsState::Sent, Some(i64::from(*mr)), None),
            Outcome::Failed(why) => (SmsState::Failed, None, Some(why.as_str())),
            Outcome::Unknown(why) => (SmsState::Unknown, None, Some(why.as_str())),
        };
        let mut tx = self.pool.begin().await?;
        sqlx::query("UPDATE parts SET state = $3, mr = $4, cause = $5, moved_at = $6 WHERE message = $1 AND n = $2")
            .bind(&due.message)
            .bind(due.n)
            .bind(word(state))
            .bind(mr)
            .bind(cause)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        if state == SmsState::Failed {
            // The rest of a refused message would arrive without its beginning.
            sqlx::query("UPDATE parts SET state = 'failed', moved_at = $2 WHERE message = $1 AND state = 'queued'")
                .bind(&due.message)
                .bind(now)
                .execute(&mut *tx)
                .await?;
        }
        self.settle_message(&mut tx, &due.message, now, cause).await?;
        tx.commit().await
    }

    /// After a modem was opened: what it was `sending` is unknown; by policy it is queued again or left to a
    /// person. Nothing of this modem can be on its way now, since its one task is only beginning.
    ///
    /// # Errors
    /// The disk.
    pub async fn recover(&self, modem: &str, now: i64) -> Result<u64, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let open: Vec<(String, i64, String)> = sqlx::query_as(
            "SELECT p.message, p.n, m.policy FROM parts p JOIN messages m ON m.id = p.message \
             WHERE m.modem = $1 AND (p.state = 'sending' OR (p.state = 'unknown' AND m.policy = 'at_least_once'))",
        )
        .bind(modem)
        .fetch_all(&mut *tx)
        .await?;
        for (message, n, policy) in &open {
            let state = if policy == "at_least_once" { SmsState::Queued } else { SmsState::Unknown };
            sqlx::query("UPDATE parts SET state = $3, cause = 'interrupted while sending', moved_at = $4 WHERE message = $1 AND n = $2")
                .bind(message)
                .bind(n)
                .bind(word(state))
                .bind(now)
                .execute(&mut *tx)
                .await?;
            self.settle_message(&mut tx, message, now, Some("interrupted while sending")).await?;
        }
        tx.commit().await?;
        Ok(u64::try_from(open.len()).unwrap_or_default())
    }

    /// Matches a delivery report: by TP-MR and number among what was sent in the last three days, the newest
    /// first, since TP-MR wraps; else an unknown part to that number, where exactly one fits.
    ///
    /// # Errors
    /// The disk.
    pub async fn reported(&self, report: &Report, now: i64) -> Result<bool, sqlx::Error> {
        let state = match report.status {
            Delivery::Delivered => SmsState::Delivered,
            Delivery::Expired => SmsState::Expired,
            Delivery::Failed(_) => SmsState::Undelivered,
            Delivery::Trying => return Ok(true),
        };
        if report.to.chars().filter(char::is_ascii_digit).count() < 5 {
            return Ok(false);
        }
        let tail: String = report.to.chars().rev().take(8).collect::<String>().chars().rev().collect();
        let mut tx = self.pool.begin().await?;
        let found: Option<(String, i64)> = sqlx::query_as(
            "SELECT p.message, p.n FROM parts p JOIN messages m ON m.id = p.message WHERE p.mr = $1 AND p.state = 'sent' \
             AND m.recipient LIKE '%' || $2 AND p.moved_at > $3 ORDER BY p.moved_at DESC LIMIT 1",
        )
        .bind(i64::from(report.mr))
        .bind(&tail)
        .bind(now - 3 * 86_400_000)
        .fetch_optional(&mut *tx)
        .await?;
        let found = match found {
            Some(found) => Some(found),
            None => {
                let unknown: Vec<(String, i64)> = sqlx::query_as(
                    "SELECT p.message, p.n FROM parts p JOIN messages m ON m.id = p.message WHERE p.state = 'unknown' \
                     AND m.recipient LIKE '%' || $1 AND p.moved_at > $2 LIMIT 2",
                )
                .bind(&tail)
                .bind(now - 3 * 86_400_000)
                .fetch_all(&mut *tx)
                .await?;
                match unknown.as_slice() {
                    [only] => Some(only.clone()),
                    _ => None,
                }
            }
        };
        let Some((message, n)) = found else { return Ok(false) };
        let cause = match report.status {
            Delivery::Failed(code) => Some(format!("TP-ST {code:02X}")),
            Delivery::Delivered | Delivery::Expired | Delivery::Trying => None,
        };
        sqlx::query("UPDATE parts SET state = $3, mr = $4, cause = $5, moved_at = $6 WHERE message = $1 AND n = $2")
            .bind(&message)
            .bind(n)
            .bind(word(state))
            .bind(i64::from(report.mr))
            .bind(&cause)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        self.settle_message(&mut tx, &message, now, cause.as_deref()).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// A person's word on an unknown message: it was sent, it was not, or send it again.
    ///
    /// # Errors
    /// The disk. `Ok(false)` when no part of it is unknown.
    pub async fn settle(&self, id: &str, state: SmsState, now: i64) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let settled = sqlx::query("UPDATE parts SET state = $2, cause = 'settled by a person', moved_at = $3 WHERE message = $1 AND state = 'unknown'")
            .bind(id)
            .bind(word(state))
            .bind(now)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if settled > 0 {
            self.settle_message(&mut tx, id, now, None).await?;
        }
        tx.commit().await?;
        Ok(settled > 0)
    }

    /// Takes a message back that has not begun to leave; `Ok(false)` when it is too late.
    ///
    /// # Errors
    /// The disk.
    pub async fn cancel(&self, id: &str, now: i64) -> Result<bool, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let open: Option<(String,)> = sqlx::query_as("SELECT id FROM messages WHERE id = $1 AND state = 'queued'")
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        if open.is_none() {
            return Ok(false);
        }
        sqlx::query("UPDATE parts SET state = 'cancelled', moved_at = $2 WHERE message = $1")
            .bind(id)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        self.settle_message(&mut tx, id, now, None).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Brings a message's state in line with its parts' and tells the server.
    async fn settle_message(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
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
        sqlx::query("UPDATE messages SET state = $2, error = COALESCE($3, error) WHERE id = $1")
            .bind(id)
            .bind(word(whole))
            .bind(error)
            .execute(&mut **tx)
            .await?;
        let message: MessageRow = sqlx::query_as("SELECT state, modem, error FROM messages WHERE id = $1")
            .bind(id)
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
        let (modem, error, whole) = (message.modem, message.error, state(&message.state));
        let id: Uuid = id.parse().map_err(|_| sqlx::Error::RowNotFound)?;
        self.tell(tx, &Topic::SmsEvent, now, |head| SmsEvent { head, id, state: whole, modem, parts, error }).await
    }

    /// Records an event in a transaction.
    async fn tell<T: serde::Serialize>(
        &self,
        tx: &mut Transaction<'_, Sqlite>,
        topic: &Topic,
        now: i64,
        event: impl FnOnce(EventHead) -> T,
    ) -> Result<(), sqlx::Error> {
        let seq = count(tx, "seq").await?;
        let head =
            EventHead { eid: Uuid::now_v7(), seq: u64::try_from(seq).unwrap_or_default(), boot: self.boot, ts: now };
        let payload = serde_json::to_string(&event(head)).map_err(|error| sqlx::Error::Encode(error.into()))?;
        sqlx::query("INSERT INTO events (seq, topic, payload) VALUES ($1, $2, $3)")
            .bind(seq)
            .bind(topic.to_string())
            .bind(payload)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    /// Records an event of its own, such as a call.
    ///
    /// # Errors
    /// The disk.
    pub async fn happened<T: serde::Serialize>(
        &self,
        topic: &Topic,
        now: i64,
        event: impl FnOnce(EventHead) -> T,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        self.tell(&mut tx, topic, now, event).await?;
        tx.commit().await
    }

    /// Events after `seq`, in order.
    ///
    /// # Errors
    /// The disk.
    pub async fn events_after(&self, seq: i64, most: i64) -> Result<Vec<Waiting>, sqlx::Error> {
        sqlx::query_as("SELECT seq, topic, payload FROM events WHERE seq > $1 ORDER BY seq LIMIT $2")
            .bind(seq)
            .bind(most)
            .fetch_all(&self.pool)
            .await
    }

    /// The server has committed everything up to `seq`.
    ///
    /// # Errors
    /// The disk.
    pub async fn committed(&self, seq: u64) -> Result<(), sqlx::Error> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        sqlx::query("DELETE FROM events WHERE seq <= $1").bind(seq).execute(&self.pool).await?;
        Ok(())
    }

    /// Every message of the queue, newest last.
    ///
    /// # Errors
    /// The disk.
    pub async fn list(&self) -> Result<Vec<Listed>, sqlx::Error> {
        sqlx::query_as(
            "SELECT m.id, m.recipient, m.state, m.modem, m.error, m.created_at, count(p.n) AS parts, \
             COALESCE(sum(p.state IN ('sent', 'delivered', 'undelivered')), 0) AS parts_sent \
             FROM messages m JOIN parts p ON p.message = m.id GROUP BY m.id ORDER BY m.created_at, m.id",
        )
        .fetch_all(&self.pool)
        .await
    }

    /// Where a message stands.
    ///
    /// # Errors
    /// The disk.
    pub async fn state_of(&self, id: Uuid) -> Result<Option<SmsState>, sqlx::Error> {
        let found: Option<(String,)> = sqlx::query_as("SELECT state FROM messages WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.map(|(word,)| state(&word)))
    }

    /// Messages that wait or are under way.
    ///
    /// # Errors
    /// The disk.
    pub async fn waiting(&self) -> Result<u32, sqlx::Error> {
        let row: Value = sqlx::query_as("SELECT count(*) AS value FROM messages WHERE state IN ('queued', 'sending')")
            .fetch_one(&self.pool)
            .await?;
        Ok(u32::try_from(row.value).unwrap_or(u32::MAX))
    }
}

mod inbox;

/// Raises a counter and returns its new value.
async fn count(tx: &mut Transaction<'_, Sqlite>, name: &str) -> Result<i64, sqlx::Error> {
    let row: Value = sqlx::query_as("UPDATE counters SET value = value + 1 WHERE name = $1 RETURNING value")
        .bind(name)
        .fetch_one(&mut **tx)
        .await?;
    Ok(row.value)
}
