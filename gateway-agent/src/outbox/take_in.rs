//! Taking messages in: once, cut into parts, with one commit.

use fieldline_protocol::messages::{Class, Policy, SmsCommand};

use super::{Outbox, Tx, count};
use crate::pdu::submit::{self, Submit, Unsendable};
use crate::pdu::to_hex;

/// Why a message is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum NotQueued {
    /// It has no PDU.
    #[error(transparent)]
    Unsendable(#[from] Unsendable),
    /// The disk.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
}

impl Outbox {
    /// Takes a message in, once: a repeat changes nothing.
    ///
    /// # Errors
    /// [`NotQueued`].
    pub async fn queue(&self, sms: &SmsCommand, now: i64) -> Result<(), NotQueued> {
        let mut tx = self.pool.begin().await?;
        self.take_in(&mut tx, sms, now).await?;
        tx.commit().await?;
        self.ring();
        Ok(())
    }

    /// Takes many messages in with one commit, or none of them.
    ///
    /// # Errors
    /// The place of the message that is at fault, from 0, and [`NotQueued`].
    pub async fn queue_all(&self, all: &[SmsCommand], now: i64) -> Result<(), (usize, NotQueued)> {
        let disk = |error: sqlx::Error| (0, NotQueued::Sqlx(error));
        let mut tx = self.pool.begin().await.map_err(disk)?;
        for (place, sms) in all.iter().enumerate() {
            self.take_in(&mut tx, sms, now).await.map_err(|error| (place, error))?;
        }
        tx.commit().await.map_err(disk)?;
        self.ring();
        Ok(())
    }

    async fn take_in(&self, tx: &mut Tx<'_>, sms: &SmsCommand, now: i64) -> Result<(), NotQueued> {
        let reference = count(tx, "reference").await?;
        let submit = Submit {
            report: sms.report,
            validity_s: sms.validity_s,
            reference: u16::try_from(reference & 0xff).unwrap_or_default(),
            ..Submit::new(&sms.to, &sms.text)
        };
        let parts = submit::encode(&submit)?;
        let policy = match sms.policy {
            Policy::AtMostOnce => "at_most_once",
            Policy::AtLeastOnce => "at_least_once",
        };
        let class = match sms.class {
            Class::Service => "service",
            Class::Marketing => "marketing",
        };
        let new = sqlx::query(
            "INSERT INTO messages (id, recipient, text, policy, state, not_before, expires, created_at, wanted, class) \
             VALUES ($1, $2, $3, $4, 'queued', $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
        )
        .bind(sms.id.to_string())
        .bind(&sms.to)
        .bind(&sms.text)
        .bind(policy)
        .bind(sms.not_before)
        .bind(sms.expires)
        .bind(now)
        .bind(&sms.modem)
        .bind(class)
        .execute(&mut **tx)
        .await?
        .rows_affected();
        if new == 1 {
            for (part, n) in parts.iter().zip(1i64..) {
                sqlx::query("INSERT INTO parts (message, n, pdu, state, moved_at) VALUES ($1, $2, $3, 'queued', $4)")
                    .bind(sms.id.to_string())
                    .bind(n)
                    .bind(to_hex(&part.octets))
                    .bind(now)
                    .execute(&mut **tx)
                    .await?;
            }
        }
        Ok(())
    }
}
