//! The queue as people and the box's own state see it.

use fieldline_protocol::messages::SmsState;

use super::state::state;
use super::{Outbox, Value};

/// A message of the queue, as `gateway-agent queue` shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// To whom.
    pub to: String,
    /// Where it stands.
    pub state: SmsState,
    /// The modem that has or had it.
    pub modem: Option<String>,
    /// What went wrong last.
    pub error: Option<String>,
    /// When it was accepted, UTC milliseconds.
    pub created_at: i64,
    /// Its parts.
    pub parts: Vec<ListedPart>,
}

/// A part of a [`Listed`] message.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ListedPart {
    /// From 1.
    pub n: i64,
    /// Where it stands.
    pub state: SmsState,
    /// TP-MR.
    pub mr: Option<i64>,
    /// What the network or the modem said against it.
    pub cause: Option<String>,
}

#[derive(sqlx_macros::FromRow)]
struct MessageRow {
    id: String,
    recipient: String,
    state: String,
    modem: Option<String>,
    error: Option<String>,
    created_at: i64,
}

#[derive(sqlx_macros::FromRow)]
struct PartRow {
    message: String,
    n: i64,
    state: String,
    mr: Option<i64>,
    cause: Option<String>,
}

impl Outbox {
    /// Every message of the queue, newest last.
    pub async fn list(&self) -> Result<Vec<Listed>, sqlx::Error> {
        let messages: Vec<MessageRow> = sqlx::query_as(
            "SELECT id, recipient, state, modem, error, created_at FROM messages WHERE recipient != '' ORDER BY created_at, id",
        )
        .fetch_all(&self.pool)
        .await?;
        let rows: Vec<PartRow> = sqlx::query_as(
            "SELECT p.message, p.n, p.state, p.mr, p.cause FROM parts p JOIN messages m ON m.id = p.message \
             ORDER BY m.created_at, m.id, p.n",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut rows = rows.into_iter().peekable();
        let mut listed = Vec::with_capacity(messages.len());
        for message in messages {
            let mut parts = Vec::new();
            while let Some(row) = rows.next_if(|row| row.message == message.id) {
                parts.push(ListedPart { n: row.n, state: state(&row.state), mr: row.mr, cause: row.cause });
            }
            listed.push(Listed {
                id: message.id,
                to: message.recipient,
                state: state(&message.state),
                modem: message.modem,
                error: message.error,
                created_at: message.created_at,
                parts,
            });
        }
        Ok(listed)
    }

    /// Messages that still have parts to send.
    pub async fn waiting(&self) -> Result<u32, sqlx::Error> {
        let row: Value =
            sqlx::query_as("SELECT count(*) AS value FROM messages WHERE open = 1").fetch_one(&self.pool).await?;
        Ok(u32::try_from(row.value).unwrap_or(u32::MAX))
    }

    /// When a modem's parts were taken by the network, oldest first: what its limits count.
    pub async fn sent_since(&self, modem: &str, since: i64) -> Result<Vec<i64>, sqlx::Error> {
        let rows: Vec<Value> =
            sqlx::query_as("SELECT sent_at AS value FROM parts WHERE modem = $1 AND sent_at >= $2 ORDER BY sent_at")
                .bind(modem)
                .bind(since)
                .fetch_all(&self.pool)
                .await?;
        Ok(rows.into_iter().map(|row| row.value).collect())
    }
}
