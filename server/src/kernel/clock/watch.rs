//! Keeps what the clock's watch knows in the database, so that a jump is noticed across restarts and stays open until
//! a person has looked.

use std::time::Duration;

use crate::kernel::clock::jumps::{Kept, State};
use crate::kernel::clock::{Clock, MINUTE, Millis, Stamp};
use crate::kernel::db::{Db, DbError, Tx, sql};
use crate::kernel::{Kernel, Office};

/// How often the two times are compared.
const LOOK: Duration = Duration::from_secs(1);
/// How often the time is written down.
const KEEP: Millis = MINUTE;

#[derive(sqlx_macros::FromRow)]
struct Reading {
    wall: Millis,
    steady: Millis,
    boot: i64,
    jumped_to: Option<Millis>,
    confirmations: i64,
}

impl Reading {
    fn kept(&self) -> Kept {
        Kept { at: Stamp { wall: self.wall, steady: self.steady, boot: self.boot }, to: self.jumped_to }
    }
}

async fn read(db: &Db) -> Result<Option<Reading>, DbError> {
    sql("SELECT wall, steady, boot, jumped_to, confirmations FROM clock_watch WHERE id = 1").optional(db).await
}

/// Writes down what is known, unless somebody has confirmed a jump since `confirmations` was read.
async fn write(db: &Db, kept: &Kept, confirmations: i64) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    sql("INSERT INTO clock_watch (id, wall, steady, boot, jumped_to, confirmations) VALUES (1, $1, $2, $3, $4, 0) \
         ON CONFLICT (id) DO UPDATE SET wall = excluded.wall, steady = excluded.steady, boot = excluded.boot, \
         jumped_to = excluded.jumped_to WHERE clock_watch.confirmations = $5")
    .bind(kept.at.wall)
    .bind(kept.at.steady)
    .bind(kept.at.boot)
    .bind(kept.to)
    .bind(confirmations)
    .run(&mut tx)
    .await?;
    tx.commit().await
}

/// Goes on from what the last process kept. Called before anything that looks for due work.
pub async fn resume(db: &Db, clock: &Clock) -> Result<(), DbError> {
    clock.resume(read(db).await?.map(|row| row.kept()));
    tell(State::InStep, clock.watched().0);
    Ok(())
}

/// Notes in the transaction of whoever looked that the clock was right at `at`. Call [`Clock::confirm`] after its commit.
pub async fn note_confirmed(tx: &mut Tx, at: Stamp) -> Result<(), DbError> {
    sql(
        "UPDATE clock_watch SET wall = $1, steady = $2, boot = $3, jumped_to = NULL, confirmations = confirmations + 1 \
         WHERE id = 1",
    )
    .bind(at.wall)
    .bind(at.steady)
    .bind(at.boot)
    .run(tx)
    .await?;
    Ok(())
}

/// What one round leaves to the next.
#[derive(Debug)]
struct Round {
    /// The state that was logged last.
    told: State,
    /// The confirmations that this process has acted upon.
    confirmations: Option<i64>,
    /// When the time was written down, in steady time; `None` where that must be done again.
    kept_at: Option<Millis>,
}

/// Runs for ever.
pub async fn run(office: Office) {
    let mut last = Round { told: office.clock.watched().0, confirmations: None, kept_at: None };
    loop {
        if let Err(error) = round(&office, &mut last).await {
            tracing::warn!(%error, "the time is not written down now");
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn round(office: &Kernel, last: &mut Round) -> Result<(), DbError> {
    let (mut state, mut kept) = office.clock.watched();
    let due = last.kept_at.is_none_or(|at| kept.at.steady - at >= KEEP || kept.at.steady < at);
    if !due && matches!((last.told, state), (State::InStep, State::InStep)) {
        return Ok(());
    }
    let row = read(&office.db).await?;
    let count = row.as_ref().map_or(0, |row| row.confirmations);
    if let Some(row) = row.filter(|_| last.confirmations.is_some_and(|known| count > known)) {
        // Somebody confirmed a jump, here or in another process. The watch goes on from that moment: a jump after it is
        // another one.
        office.clock.resume(Some(row.kept()).filter(|confirmed| confirmed.at.boot == kept.at.boot));
        office.alarm.ring();
        (state, kept) = office.clock.watched();
    }
    last.confirmations = Some(count);
    let moved = !is_same(last.told, state);
    if moved {
        tell(last.told, state);
        last.told = state;
    }
    if due || moved {
        last.kept_at = None;
        write(&office.db, &kept, count).await?;
        last.kept_at = Some(kept.at.steady);
    }
    Ok(())
}

/// Whether nothing has to be logged or written down at once: a second jump is as new as the first.
fn is_same(before: State, now: State) -> bool {
    match (before, now) {
        (State::InStep, State::InStep) | (State::Behind { .. }, State::Behind { .. }) => true,
        (State::Ahead(before), State::Ahead(now)) => before.to == now.to,
        (State::InStep | State::Ahead(_) | State::Behind { .. }, _) => false,
    }
}

fn tell(before: State, now: State) {
    match (before, now) {
        (State::InStep, State::InStep) => {}
        (_, State::Ahead(hold)) => {
            tracing::warn!(
                ahead_ms = hold.to - hold.believed,
                "the clock jumped ahead: what that made due waits for a person"
            );
        }
        (_, State::Behind { .. }) => tracing::warn!("the clock was set back"),
        (State::Ahead(_) | State::Behind { .. }, State::InStep) => tracing::info!("the clock is in step again"),
    }
}
