//! Numbers that get no marketing (退订): asked at the moment of sending, whether the server is there or not.

use std::collections::BTreeSet;

use fieldline_protocol::messages::{OptoutCommand, OptoutEvent};
use fieldline_protocol::optout::{Wish, wish};
use fieldline_protocol::topics::Topic;

use super::{Outbox, Tx};

/// A number without the ways of writing it: digits, a mainland mobile's without the country's code.
fn canonical(number: &str) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    match digits.strip_prefix("86") {
        Some(national) if national.len() == 11 => national.to_owned(),
        Some(_) | None => digits.to_owned(),
    }
}

impl Outbox {
    /// Whether a number gets no marketing.
    pub async fn opted_out(&self, number: &str) -> Result<bool, sqlx::Error> {
        let found: Option<(i64,)> = sqlx::query_as("SELECT at FROM optouts WHERE number = $1")
            .bind(canonical(number))
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }

    /// What the server says about numbers; saying it twice does no harm.
    pub async fn set_optouts(&self, command: &OptoutCommand, now: i64) -> Result<(), sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        for number in &command.add {
            add(&mut tx, number, now).await?;
        }
        let unheard = unheard(&mut tx).await?;
        for number in command.remove.iter().filter(|number| !unheard.contains(&canonical(number))) {
            remove(&mut tx, number).await?;
        }
        tx.commit().await
    }

    /// A message that came in may be a wish about marketing: it holds from this commit on.
    pub(super) async fn heed(&self, tx: &mut Tx<'_>, from: &str, text: &str, now: i64) -> Result<(), sqlx::Error> {
        let Some((wish, word)) = wish(text) else { return Ok(()) };
        // Names and short codes send no wishes of a person.
        if canonical(from).len() < 7 {
            return Ok(());
        }
        match wish {
            Wish::Out => add(tx, from, now).await?,
            Wish::In => remove(tx, from).await?,
        }
        let (number, word, out) = (from.to_owned(), word.to_owned(), wish == Wish::Out);
        self.tell(tx, &Topic::OptoutEvent, now, |head| OptoutEvent { head, number, word, out }).await
    }
}

/// Numbers that opted out and of which the server has yet to hear: what it says of their endings is older.
async fn unheard(tx: &mut Tx<'_>) -> Result<BTreeSet<String>, sqlx::Error> {
    let rows: Vec<(String,)> = sqlx::query_as("SELECT payload FROM events WHERE topic = $1 ORDER BY seq")
        .bind(Topic::OptoutEvent.to_string())
        .fetch_all(&mut **tx)
        .await?;
    let mut numbers = BTreeSet::new();
    for event in rows.iter().filter_map(|(payload,)| serde_json::from_str::<OptoutEvent>(payload).ok()) {
        if event.out {
            numbers.insert(canonical(&event.number));
        } else {
            numbers.remove(&canonical(&event.number));
        }
    }
    Ok(numbers)
}

async fn add(tx: &mut Tx<'_>, number: &str, now: i64) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO optouts (number, at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(canonical(number))
        .bind(now)
        .execute(&mut **tx)
        .await
        .map(drop)
}

async fn remove(tx: &mut Tx<'_>, number: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM optouts WHERE number = $1").bind(canonical(number)).execute(&mut **tx).await.map(drop)
}
