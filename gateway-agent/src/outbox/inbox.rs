//! What came in: parts are kept until the message is whole, across restarts and in any order.

use fieldline_protocol::messages::InboxEvent;
use fieldline_protocol::topics::Topic;

use super::{Outbox, Tx};
use crate::pdu::deliver::{Deliver, Incoming, decode};
use crate::pdu::{data, from_hex};

/// A message whose parts do not come is shown as it is after this time, milliseconds.
const PATIENCE: i64 = 10 * 60_000;

/// A message that came, as `gateway-agent inbox` shows it.
#[derive(Clone, Debug, serde::Serialize, sqlx_macros::FromRow)]
pub struct Kept {
    /// From whom.
    #[serde(rename = "from")]
    pub sender: String,
    /// Its text.
    pub text: String,
    /// The service centre's time, UTC milliseconds.
    pub sent_at: i64,
    /// The modem.
    pub modem: String,
    /// Whether parts are missing.
    pub incomplete: bool,
    /// When it was whole, or given up.
    pub at: i64,
}

#[derive(sqlx_macros::FromRow)]
struct Piece {
    text: String,
    pdu: String,
}

#[derive(sqlx_macros::FromRow)]
struct Stale {
    sender: String,
    reference: i64,
    total: i64,
    at: i64,
}

impl Outbox {
    /// Takes a part or a whole message in; returns after the commit, so that the modem's slot may be freed.
    ///
    /// # Errors
    /// The disk; then the slot must be kept.
    pub async fn received(&self, deliver: &Deliver, pdu: &str, modem: &str, now: i64) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        // The agent may have died between an earlier commit and freeing the slot.
        let new = sqlx::query("INSERT INTO seen (pdu, at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(pdu)
            .bind(now)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if new == 0 {
            return Ok(());
        }
        let from = deliver.from.to_string();
        // Some centres give no time; then it is when it came.
        let at = deliver.at.unwrap_or(now);
        let Some(part) = deliver.part() else {
            let came = Came { from: &from, text: deliver.text(), at, modem, incomplete: false };
            self.hand_on(&mut tx, came, vec![pdu.to_owned()], now).await?;
            tx.commit().await?;
            self.tell_news();
            return Ok(());
        };
        if taken(&mut tx, &from, i64::from(part.reference), i64::from(part.total), i64::from(part.n)).await? {
            // The sender began to count anew: what there is of the older message is all there will be.
            self.hand_on_incomplete(&mut tx, &from, (i64::from(part.reference), i64::from(part.total)), modem, at, now)
                .await?;
        }
        sqlx::query(
            "INSERT INTO pieces (sender, reference, total, n, text, pdu, at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT DO NOTHING",
        )
        .bind(&from)
        .bind(i64::from(part.reference))
        .bind(i64::from(part.total))
        .bind(i64::from(part.n))
        .bind(deliver.text())
        .bind(pdu)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        let pieces = pieces(&mut tx, &from, i64::from(part.reference), i64::from(part.total)).await?;
        if pieces.len() == usize::from(part.total) {
            let (text, pdus) = join(pieces);
            forget(&mut tx, &from, i64::from(part.reference), i64::from(part.total)).await?;
            let came = Came { from: &from, text, at, modem, incomplete: false };
            self.hand_on(&mut tx, came, pdus, now).await?;
        }
        tx.commit().await?;
        self.tell_news();
        Ok(())
    }

    /// A message is whole, or all that there will be of it: kept here, told to the server, and heeded.
    async fn hand_on(&self, tx: &mut Tx<'_>, came: Came<'_>, pdus: Vec<String>, now: i64) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO inbox (sender, text, sent_at, modem, incomplete, at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(came.from)
            .bind(&came.text)
            .bind(came.at)
            .bind(came.modem)
            .bind(came.incomplete)
            .bind(now)
            .execute(&mut **tx)
            .await?;
        self.heed(tx, came.from, &came.text, now).await?;
        let event = |head| InboxEvent {
            head,
            from: came.from.to_owned(),
            text: came.text,
            smsc_ts: came.at,
            modem: came.modem.to_owned(),
            incomplete: came.incomplete,
            pdus,
        };
        self.tell(tx, &Topic::InboxEvent, now, event).await
    }

    /// What came in, oldest first.
    ///
    /// # Errors
    /// The disk.
    pub async fn came_in(&self) -> Result<Vec<Kept>, sqlx::Error> {
        sqlx::query_as("SELECT sender, text, sent_at, modem, incomplete, at FROM inbox ORDER BY id")
            .fetch_all(&self.pool)
            .await
    }

    /// Hands on what stayed incomplete for too long, saying so.
    ///
    /// # Errors
    /// The disk.
    pub async fn give_up_waiting(&self, modem: &str, now: i64) -> Result<(), sqlx::Error> {
        let stale: Vec<Stale> = sqlx::query_as(
            "SELECT sender, reference, total, max(at) AS at FROM pieces GROUP BY sender, reference, total HAVING max(at) < $1",
        )
        .bind(now - PATIENCE)
        .fetch_all(&self.pool)
        .await?;
        for one in stale {
            let mut tx = self.pool.begin().await?;
            self.hand_on_incomplete(&mut tx, &one.sender, (one.reference, one.total), modem, one.at, now).await?;
            tx.commit().await?;
            self.tell_news();
        }
        Ok(())
    }

    /// Hands on what there is of a message, saying that it is not all.
    async fn hand_on_incomplete(
        &self,
        tx: &mut Tx<'_>,
        sender: &str,
        (reference, total): (i64, i64),
        modem: &str,
        at: i64,
        now: i64,
    ) -> Result<(), sqlx::Error> {
        let (text, pdus) = join(pieces(tx, sender, reference, total).await?);
        forget(tx, sender, reference, total).await?;
        self.hand_on(tx, Came { from: sender, text, at, modem, incomplete: true }, pdus, now).await
    }

    /// Keeps a PDU that cannot be read, so that freeing its slot loses nothing.
    ///
    /// # Errors
    /// The disk; then the slot must be kept.
    pub async fn unreadable(&self, pdu: &str, now: i64) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT INTO unreadable (pdu, at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(pdu)
            .bind(now)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

/// A message as it is handed on.
struct Came<'a> {
    from: &'a str,
    text: String,
    at: i64,
    modem: &'a str,
    incomplete: bool,
}

/// Whether another part has this part's place already.
async fn taken(tx: &mut Tx<'_>, from: &str, reference: i64, total: i64, n: i64) -> Result<bool, sqlx::Error> {
    let there: Option<(String,)> =
        sqlx::query_as("SELECT pdu FROM pieces WHERE sender = $1 AND reference = $2 AND total = $3 AND n = $4")
            .bind(from)
            .bind(reference)
            .bind(total)
            .bind(n)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(there.is_some())
}

async fn pieces(tx: &mut Tx<'_>, sender: &str, reference: i64, total: i64) -> Result<Vec<Piece>, sqlx::Error> {
    sqlx::query_as("SELECT text, pdu FROM pieces WHERE sender = $1 AND reference = $2 AND total = $3 ORDER BY n")
        .bind(sender)
        .bind(reference)
        .bind(total)
        .fetch_all(&mut **tx)
        .await
}

async fn forget(tx: &mut Tx<'_>, sender: &str, reference: i64, total: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM pieces WHERE sender = $1 AND reference = $2 AND total = $3")
        .bind(sender)
        .bind(reference)
        .bind(total)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The whole text, read from the parts together: some senders cut a character in two.
fn join(pieces: Vec<Piece>) -> (String, Vec<String>) {
    let read = |piece: &Piece| match decode(&from_hex(&piece.pdu)?) {
        Ok(Incoming::Deliver(deliver)) => Some(deliver.data.body),
        Ok(Incoming::Report(_)) | Err(_) => None,
    };
    let bodies: Option<Vec<data::Body>> = pieces.iter().map(read).collect();
    let text = match bodies {
        Some(bodies) => data::text(&bodies),
        None => pieces.iter().map(|piece| piece.text.as_str()).collect(),
    };
    (text, pieces.into_iter().map(|piece| piece.pdu).collect())
}
