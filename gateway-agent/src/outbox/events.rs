//! Events for the server, in sequence, until it has committed them.

use fieldline_protocol::messages::EventHead;
use fieldline_protocol::topics::Topic;
use uuid::Uuid;

use super::{Outbox, Tx, count};

/// An event that the server has not committed yet.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Waiting {
    /// Its sequence.
    pub seq: i64,
    /// The topic below the box's name.
    pub topic: String,
    /// JSON.
    payload: String,
    /// The lowest sequence in the queue.
    floor: i64,
}

impl Waiting {
    /// The event as it is offered: with the floor of the queue, which rises while the event waits.
    ///
    /// # Errors
    /// The queue holds something else than an event.
    pub fn offer(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut event: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&self.payload)?;
        event.insert("floor".to_owned(), self.floor.into());
        serde_json::to_vec(&event)
    }
}

impl Outbox {
    /// Records an event in a transaction.
    pub(super) async fn tell<T: serde::Serialize>(
        &self,
        tx: &mut Tx<'_>,
        topic: &Topic,
        now: i64,
        event: impl FnOnce(EventHead) -> T,
    ) -> Result<(), sqlx::Error> {
        let seq = count(tx, "seq").await?;
        let head = EventHead {
            eid: Uuid::now_v7(),
            seq: u64::try_from(seq).unwrap_or_default(),
            floor: 0,
            boot: self.boot(),
            ts: now,
        };
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
    pub async fn happened<T: serde::Serialize>(
        &self,
        topic: &Topic,
        now: i64,
        event: impl FnOnce(EventHead) -> T,
    ) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        self.tell(&mut tx, topic, now, event).await?;
        tx.commit().await?;
        self.tell_news();
        Ok(())
    }

    /// Events after `seq`, in order.
    pub async fn events_after(&self, seq: i64, most: i64) -> Result<Vec<Waiting>, sqlx::Error> {
        sqlx::query_as(
            "SELECT seq, topic, payload, (SELECT min(seq) FROM events) AS floor \
             FROM events WHERE seq > $1 ORDER BY seq LIMIT $2",
        )
        .bind(seq)
        .bind(most)
        .fetch_all(&self.pool)
        .await
    }

    /// The server has committed everything up to `seq`.
    pub async fn committed(&self, seq: u64) -> Result<(), sqlx::Error> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        sqlx::query("DELETE FROM events WHERE seq <= $1").bind(seq).execute(&self.pool).await?;
        Ok(())
    }
}
