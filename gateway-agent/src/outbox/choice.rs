//! Which part is next for a modem.

use std::collections::BTreeSet;

use fieldline_protocol::messages::SmsState;

use super::Outbox;
use super::queue::Due;
use super::state::word;

/// Candidates read at once; nearly always the first one fits.
const PAGE: i64 = 8;

/// The modem that looks for work.
#[derive(Clone, Copy, Debug)]
pub struct Modem<'a> {
    /// Its name.
    pub name: &'a str,
    /// All that this box has.
    pub all: &'a BTreeSet<String>,
    /// Those at work: a correspondent keeps the number that wrote before, while that one is.
    pub at_work: &'a BTreeSet<String>,
    /// Whether messages with a time may go: the clock is trusted.
    pub clock: bool,
}

#[derive(sqlx_macros::FromRow)]
struct Candidate {
    id: String,
    recipient: String,
    class: String,
    wanted: String,
    modem: Option<String>,
    expires: Option<i64>,
    n: i64,
    pdu: String,
}

const CANDIDATES: &str = "SELECT m.id, m.recipient, m.class, m.wanted, m.modem, m.expires, p.n, p.pdu \
     FROM messages m JOIN parts p ON p.message = m.id AND p.n = \
     (SELECT min(q.n) FROM parts q WHERE q.message = m.id AND q.state = 'queued') \
     WHERE m.open = 1 AND m.held_until <= $1 AND (m.not_before IS NULL OR m.not_before <= $1) \
     AND ($2 OR (m.not_before IS NULL AND m.expires IS NULL)) \
     ORDER BY m.class DESC, m.created_at, m.id LIMIT $3 OFFSET $4";

impl Outbox {
    /// The next part for a modem: service before marketing, oldest first. What waited past its time expires
    /// here, and marketing to a number that opted out is taken out, at the last moment before it would leave.
    pub async fn next(&self, modem: Modem<'_>, now: i64) -> Result<Option<Due>, sqlx::Error> {
        self.hands().retain(|_, holder| holder != modem.name);
        if self.rests() {
            return Ok(None);
        }
        let quiet = self.settings.borrow().quiet(now);
        let mut passed = 0;
        loop {
            let page: Vec<Candidate> = sqlx::query_as(CANDIDATES)
                .bind(now)
                .bind(modem.clock)
                .bind(PAGE)
                .bind(passed)
                .fetch_all(&self.pool)
                .await?;
            let last = i64::try_from(page.len()).unwrap_or(PAGE) < PAGE;
            for one in page {
                if one.expires.is_some_and(|expires| expires < now) {
                    self.drop_rest(&one.id, SmsState::Expired, "expired in the queue", now).await?;
                    continue;
                }
                passed += 1;
                if one.modem.is_none() && one.wanted != "auto" && !modem.all.contains(&one.wanted) {
                    self.drop_rest(&one.id, SmsState::Failed, "no such modem", now).await?;
                    passed -= 1;
                    continue;
                }
                let marketing = one.class == "marketing";
                if marketing && self.opted_out(&one.recipient).await? {
                    self.drop_rest(&one.id, SmsState::Cancelled, "optout", now).await?;
                    passed -= 1;
                    continue;
                }
                if (marketing && quiet) || !self.may_take(&modem, &one).await? {
                    continue;
                }
                if self.hands().entry(one.id.clone()).or_insert_with(|| modem.name.to_owned()) != modem.name {
                    continue;
                }
                return Ok(Some(Due { message: one.id, n: one.n, pdu: one.pdu }));
            }
            if last {
                return Ok(None);
            }
        }
    }

    /// Whether this modem may take a message. One that has begun stays with its SIM, since a phone joins parts
    /// of one sender only; a correspondent keeps the SIM that wrote before, while that one is at work.
    async fn may_take(&self, modem: &Modem<'_>, one: &Candidate) -> Result<bool, sqlx::Error> {
        if let Some(begun) = &one.modem {
            return Ok(begun == modem.name);
        }
        if one.wanted != "auto" {
            return Ok(one.wanted == modem.name);
        }
        let before: Option<(String,)> = sqlx::query_as(
            "SELECT modem FROM messages WHERE recipient = $1 AND modem IS NOT NULL ORDER BY created_at DESC LIMIT 1",
        )
        .bind(&one.recipient)
        .fetch_optional(&self.pool)
        .await?;
        Ok(before.is_none_or(|(before,)| before == modem.name || !modem.at_work.contains(&before)))
    }

    /// Ends what is still queued of a message.
    async fn drop_rest(&self, message: &str, to: SmsState, why: &str, now: i64) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("UPDATE parts SET state = $3, cause = $4, moved_at = $2 WHERE message = $1 AND state = 'queued'")
            .bind(message)
            .bind(now)
            .bind(word(to))
            .bind(why)
            .execute(&mut *tx)
            .await?;
        self.settle_message(&mut tx, message, now, Some(why)).await?;
        tx.commit().await?;
        self.tell_news();
        Ok(())
    }
}
