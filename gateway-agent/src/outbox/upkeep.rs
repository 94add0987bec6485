//! Forgetting what is old. Ids are remembered for longer than the oldest backup of a server is kept, so that one
//! restored from it can offer nothing that was sent already.

use super::{Outbox, Value};

const DAY: i64 = 86_400_000;
/// Ids of messages, PDUs seen, messages that came.
const REMEMBERED: i64 = 100 * DAY;
/// The note that holds when a doubted clock was last confirmed.
const CONFIRMED: &str = "clock_confirmed";

impl Outbox {
    /// Removes what ended long ago. `alone`: no server will ever ask for the events. `confirmed`: when a doubted clock was
    /// last confirmed in this run. Earlier records have times of the wrong clock. If they were removed as old, messages
    /// would lose their delivery reports, and messages that the server offers again would be sent twice. So nothing is
    /// removed until `REMEMBERED` after the confirmation.
    pub async fn forget_old(&self, alone: bool, confirmed: Option<i64>, now: i64) -> Result<(), sqlx::Error> {
        if let Some(at) = confirmed {
            self.set_note(CONFIRMED, &at.to_string()).await?;
        }
        let confirmed = self.note(CONFIRMED).await?.and_then(|at| at.parse::<i64>().ok());
        let old = match confirmed {
            Some(at) if at > now - REMEMBERED => 0,
            Some(_) | None => now - REMEMBERED,
        };
        let mut tx = self.pool.begin().await?;
        sqlx::query(
            "DELETE FROM parts WHERE message IN (SELECT id FROM messages WHERE created_at < $1 AND open = 0 AND state != 'sending')",
        )
        .bind(old)
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM messages WHERE created_at < $1 AND open = 0 AND state != 'sending'")
            .bind(old)
            .execute(&mut *tx)
            .await?;
        for statement in ["DELETE FROM seen WHERE at < $1", "DELETE FROM inbox WHERE at < $1"] {
            sqlx::query(statement).bind(old).execute(&mut *tx).await?;
        }
        if alone {
            // A box that is claimed later has nothing to tell of the time before.
            sqlx::query("DELETE FROM events").execute(&mut *tx).await?;
        }
        tx.commit().await
    }

    /// The latest time that the queue knows of: a clock that shows an earlier one is wrong.
    pub async fn latest(&self) -> Result<i64, sqlx::Error> {
        let row: Value = sqlx::query_as(
            "SELECT max(COALESCE((SELECT max(moved_at) FROM parts), 0), COALESCE((SELECT max(created_at) FROM messages), 0)) AS value",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(row.value)
    }
}
