//! What came in: parts are kept until the message is whole, across restarts and in any order.

use fieldline_protocol::messages::InboxEvent;
use fieldline_protocol::topics::Topic;

use super::{Outbox, Tx};
use crate::pdu::deliver::{Deliver, Incoming, decode};
use crate::pdu::header::Concatenation;
use crate::pdu::{data, from_hex};

/// A message whose parts do not come is shown as it is after this time, milliseconds.
const PATIENCE: i64 = 10 * 60_000;
/// The centre had the parts of one message within this time of one another, milliseconds: a phone sends them one
/// behind the other. A part of another time with the same reference is of another message.
const APART: i64 = 90_000;

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
    /// Why it cannot be read; then sender and text are what could be made out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// What the modem gave, where that cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
}

/// What cannot be read, with what could be made out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// From whom; empty where that is not known.
    pub from: String,
    /// As much of the text as there is.
    pub text: String,
    /// The service centre's time.
    pub at: Option<i64>,
    /// What the modem gave.
    pub raw: String,
    /// Why it cannot be read.
    pub why: String,
}

#[derive(sqlx_macros::FromRow)]
struct Piece {
    text: String,
    pdu: String,
}

/// Parts of one message that came so far.
#[derive(sqlx_macros::FromRow)]
struct Assembly {
    id: i64,
    sender: String,
    modem: String,
    at: i64,
}

impl Outbox {
    /// Takes a part or a whole message in; returns after the commit, so that the modem's slot may be freed.
    ///
    /// # Errors
    /// The disk; then the slot must be kept.
    pub async fn received(&self, deliver: &Deliver, pdu: &str, modem: &str, now: i64) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        if !is_new(&mut tx, pdu, now).await? {
            return Ok(());
        }
        let from = deliver.from.to_string();
        // Some centres give no time; then it is when it came.
        let at = deliver.at.unwrap_or(now);
        match deliver.part() {
            None => {
                let came = Came::new(&from, deliver.text(), at, modem);
                self.hand_on(&mut tx, came, vec![pdu.to_owned()], now).await?;
            }
            Some(part) => {
                let assembly = assembly(&mut tx, &from, part, modem, (at, now)).await?;
                sqlx::query("INSERT INTO assembled (assembly, n, text, pdu) VALUES ($1, $2, $3, $4)")
                    .bind(assembly)
                    .bind(i64::from(part.n))
                    .bind(deliver.text())
                    .bind(pdu)
                    .execute(&mut *tx)
                    .await?;
                let pieces = pieces(&mut tx, assembly).await?;
                if pieces.len() == usize::from(part.total) {
                    let (text, pdus) = join(pieces);
                    forget(&mut tx, assembly).await?;
                    self.hand_on(&mut tx, Came::new(&from, text, at, modem), pdus, now).await?;
                }
            }
        }
        tx.commit().await?;
        self.tell_news();
        Ok(())
    }

    /// A message is whole, or all that there will be of it: kept here, told to the server, and heeded.
    async fn hand_on(&self, tx: &mut Tx<'_>, came: Came<'_>, pdus: Vec<String>, now: i64) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO inbox (sender, text, sent_at, modem, incomplete, at, unreadable, raw) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(came.from)
        .bind(&came.text)
        .bind(came.at)
        .bind(came.modem)
        .bind(came.incomplete)
        .bind(now)
        .bind(came.unreadable)
        .bind(came.unreadable.and(Some(pdus.join("\n"))))
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
            unreadable: came.unreadable.map(str::to_owned),
        };
        self.tell(tx, &Topic::InboxEvent, now, event).await
    }

    /// What came in, oldest first.
    pub async fn came_in(&self) -> Result<Vec<Kept>, sqlx::Error> {
        sqlx::query_as("SELECT sender, text, sent_at, modem, incomplete, at, unreadable, raw FROM inbox ORDER BY id")
            .fetch_all(&self.pool)
            .await
    }

    /// Hands on what stayed incomplete for too long, saying so.
    pub async fn give_up_waiting(&self, modem: &str, now: i64) -> Result<(), sqlx::Error> {
        let stale: Vec<Assembly> =
            sqlx::query_as("SELECT id, sender, modem, sent_from AS at FROM assemblies WHERE at < $1")
                .bind(now - PATIENCE)
                .fetch_all(&self.pool)
                .await?;
        for one in stale {
            let mut tx = self.pool.begin().await?;
            let (text, pdus) = join(pieces(&mut tx, one.id).await?);
            forget(&mut tx, one.id).await?;
            let by = if one.modem.is_empty() { modem } else { &one.modem };
            let came = Came { incomplete: true, ..Came::new(&one.sender, text, one.at, by) };
            self.hand_on(&mut tx, came, pdus, now).await?;
            tx.commit().await?;
            self.tell_news();
        }
        Ok(())
    }

    /// Keeps and shows what cannot be read, so that freeing its slot loses nothing.
    ///
    /// # Errors
    /// The disk; then the slot must be kept.
    pub async fn unreadable(&self, one: &Unreadable, modem: &str, now: i64) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        if !is_new(&mut tx, &one.raw, now).await? {
            return Ok(());
        }
        let came =
            Came { unreadable: Some(&one.why), ..Came::new(&one.from, one.text.clone(), one.at.unwrap_or(now), modem) };
        self.hand_on(&mut tx, came, vec![one.raw.clone()], now).await?;
        tx.commit().await?;
        self.tell_news();
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
    unreadable: Option<&'a str>,
}

impl<'a> Came<'a> {
    fn new(from: &'a str, text: String, at: i64, modem: &'a str) -> Came<'a> {
        Came { from, text, at, modem, incomplete: false, unreadable: None }
    }
}

/// Whether this was not received before: the agent may have died between an earlier commit and freeing the slot.
async fn is_new(tx: &mut Tx<'_>, pdu: &str, now: i64) -> Result<bool, sqlx::Error> {
    let new = sqlx::query("INSERT INTO seen (pdu, at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(pdu)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(new.rows_affected() > 0)
}

/// The message that a part belongs to: the one of this sender and reference whose other parts the centre had at about
/// the same time, and which has no such part yet; else a new one.
async fn assembly(
    tx: &mut Tx<'_>,
    from: &str,
    part: Concatenation,
    modem: &str,
    (sent, now): (i64, i64),
) -> Result<i64, sqlx::Error> {
    let known: Option<(i64,)> = sqlx::query_as(
        "SELECT a.id FROM assemblies a WHERE a.sender = $1 AND a.reference = $2 AND a.total = $3 \
         AND a.modem IN ($7, '') AND $4 BETWEEN a.sent_from - $5 AND a.sent_until + $5 \
         AND NOT EXISTS (SELECT 1 FROM assembled p WHERE p.assembly = a.id AND p.n = $6) \
         ORDER BY min(abs($4 - a.sent_from), abs($4 - a.sent_until)), a.id LIMIT 1",
    )
    .bind(from)
    .bind(i64::from(part.reference))
    .bind(i64::from(part.total))
    .bind(sent)
    .bind(APART)
    .bind(i64::from(part.n))
    .bind(modem)
    .fetch_optional(&mut **tx)
    .await?;
    if let Some((id,)) = known {
        sqlx::query(
            "UPDATE assemblies SET at = $2, sent_from = min(sent_from, $3), sent_until = max(sent_until, $3) WHERE id = $1",
        )
        .bind(id)
        .bind(now)
        .bind(sent)
        .execute(&mut **tx)
        .await?;
        return Ok(id);
    }
    let (id,): (i64,) = sqlx::query_as(
        "INSERT INTO assemblies (sender, reference, total, modem, sent_from, sent_until, at) \
         VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id",
    )
    .bind(from)
    .bind(i64::from(part.reference))
    .bind(i64::from(part.total))
    .bind(modem)
    .bind(sent)
    .bind(now)
    .fetch_one(&mut **tx)
    .await?;
    Ok(id)
}

async fn pieces(tx: &mut Tx<'_>, assembly: i64) -> Result<Vec<Piece>, sqlx::Error> {
    sqlx::query_as("SELECT text, pdu FROM assembled WHERE assembly = $1 ORDER BY n")
        .bind(assembly)
        .fetch_all(&mut **tx)
        .await
}

async fn forget(tx: &mut Tx<'_>, assembly: i64) -> Result<(), sqlx::Error> {
    for statement in ["DELETE FROM assembled WHERE assembly = $1", "DELETE FROM assemblies WHERE id = $1"] {
        sqlx::query(statement).bind(assembly).execute(&mut **tx).await?;
    }
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
