//! Delivery reports to the parts that they speak of.

use fieldline_protocol::messages::SmsState;

use super::Outbox;
use super::state::word;
use crate::pdu::report::{Delivery, Report};

/// Networks try for three days at most where nothing else was asked.
const WINDOW: i64 = 3 * 86_400_000;

impl Outbox {
    /// Matches a delivery report: by TP-MR, modem and number among what was sent in the last three days, the
    /// newest first, since TP-MR is 8 bits and wraps; else an unknown part to that number, or one without an mr, where
    /// exactly one fits. `Ok(false)` when nothing does.
    pub async fn reported(&self, report: &Report, modem: &str, now: i64) -> Result<bool, sqlx::Error> {
        let state = match report.status {
            Delivery::Delivered => SmsState::Delivered,
            Delivery::Expired => SmsState::Expired,
            Delivery::Failed(_) => SmsState::Undelivered,
            Delivery::Trying => return Ok(true),
        };
        let digits: String = report.to.text.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return Ok(false);
        }
        // The network may add or drop the country's code. A short number is a short number, and no end of another.
        let (exact, like) = match digits.get(digits.len().saturating_sub(8)..) {
            Some(tail) if digits.len() >= 7 => (String::new(), format!("%{tail}")),
            Some(_) | None => (digits, String::new()),
        };
        let mut tx = self.pool.begin().await?;
        let found: Option<(String, i64)> = sqlx::query_as(
            "SELECT p.message, p.n FROM parts p JOIN messages m ON m.id = p.message WHERE p.mr = $1 AND p.state = 'sent' \
             AND p.modem = $2 AND (m.recipient LIKE $3 OR ltrim(m.recipient, '+') = $5) AND p.moved_at > $4 \
             ORDER BY p.moved_at DESC LIMIT 1",
        )
        .bind(i64::from(report.mr))
        .bind(modem)
        .bind(&like)
        .bind(now - WINDOW)
        .bind(&exact)
        .fetch_optional(&mut *tx)
        .await?;
        let found = match found {
            Some(found) => Some(found),
            None => {
                // Unknown, or sent by a modem that gave no mr.
                let without: Vec<(String, i64)> = sqlx::query_as(
                    "SELECT p.message, p.n FROM parts p JOIN messages m ON m.id = p.message \
                     WHERE (p.state = 'unknown' OR (p.state = 'sent' AND p.mr IS NULL)) \
                     AND p.modem = $1 AND (m.recipient LIKE $2 OR ltrim(m.recipient, '+') = $4) AND p.moved_at > $3 LIMIT 2",
                )
                .bind(modem)
                .bind(&like)
                .bind(now - WINDOW)
                .bind(&exact)
                .fetch_all(&mut *tx)
                .await?;
                match without.as_slice() {
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
        self.tell_news();
        Ok(true)
    }
}
