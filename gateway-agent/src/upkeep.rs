//! Looking after the clock, the settings that are shown, and what is old.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fieldline_protocol::messages::BoxTrouble;

use crate::about::About;
use crate::agent::LONGEST;
use crate::clock::{Belief, Clock, now};
use crate::outbox::Outbox;
use crate::supervisor::Pulse;

/// How often the clock is looked at.
const CLOCK: Duration = Duration::from_secs(5);
/// How often the time to judge by is kept, for a start after a loss of power.
const KEPT: Duration = Duration::from_secs(600);
/// How often what is old is forgotten.
const UPKEEP: Duration = Duration::from_secs(6 * 3600);

/// What the task of upkeep looks after.
#[derive(Clone, Debug)]
pub struct Upkeep {
    /// The queue.
    pub outbox: Outbox,
    /// Where troubles and settings are shown.
    pub about: About,
    /// The time to judge by.
    pub clock: Arc<Clock>,
    /// No server asks for the events.
    pub alone: bool,
}

/// A person's word that the clock is right, in `notes`: the time that it showed then.
pub const CLOCK_IS_RIGHT: &str = "clock_is_right";
/// How old that word may be.
const HEARD_WITHIN: i64 = 600_000;

/// Looks after them for ever.
///
/// # Errors
/// What is kept cannot be written as JSON.
pub async fn keep_up(upkeep: Upkeep, pulse: Pulse) -> anyhow::Result<()> {
    let Upkeep { outbox, about, clock, alone } = upkeep;
    let mut settings = outbox.settings();
    let mut rung = outbox.work();
    let (mut tidied, mut kept): (Option<Instant>, Option<(Instant, Belief)>) = (None, None);
    loop {
        pulse.beat(LONGEST);
        let belief = clock.belief();
        match if belief == Belief::Sure { Ok(false) } else { is_confirmed(&outbox).await } {
            Ok(true) => {
                clock.confirm();
                outbox.ring();
                continue;
            }
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "a person's word about the clock cannot be read"),
        }
        about.trouble(BoxTrouble::Clock, belief != Belief::Sure);
        if kept.is_none_or(|(at, before)| at.elapsed() >= KEPT || before != belief) {
            kept = Some((Instant::now(), belief));
            if belief != Belief::Unset {
                let note = serde_json::to_string(&clock.keep())?;
                if let Err(error) = outbox.set_note(Clock::NOTE, &note).await {
                    tracing::warn!(%error, "the time cannot be kept");
                }
            }
        }
        if settings.has_changed().unwrap_or(false) {
            let all = settings.borrow_and_update().all();
            about.info(|info| info.settings = all);
        }
        if tidied.is_none_or(|tidied| tidied.elapsed() >= UPKEEP) && belief == Belief::Sure {
            tidied = Some(Instant::now());
            if let Err(error) = outbox.forget_old(alone, clock.confirmed_at(), clock.judged()).await {
                tracing::warn!(%error, "what is old cannot be removed");
            }
        }
        rung.mark_unchanged();
        tokio::select! {
            () = tokio::time::sleep(CLOCK) => {}
            // The command `clock` rings the bell too.
            _ = rung.changed(), if belief != Belief::Sure => tokio::time::sleep(Duration::from_millis(100)).await,
            _ = settings.changed() => {
                let all = settings.borrow_and_update().all();
                about.info(|info| info.settings = all);
            }
        }
    }
}

/// Whether a person has said just now that the clock is right; the word is used up.
async fn is_confirmed(outbox: &Outbox) -> Result<bool, sqlx::Error> {
    let said = outbox.note(CLOCK_IS_RIGHT).await?.and_then(|said| said.parse::<i64>().ok());
    let Some(said) = said else { return Ok(false) };
    outbox.set_note(CLOCK_IS_RIGHT, "").await?;
    Ok((now() - said).abs() <= HEARD_WITHIN)
}
