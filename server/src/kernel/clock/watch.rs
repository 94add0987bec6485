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
struct Row {
    wall: Millis,
    steady: Millis,
    boot: i64,
    jumped_to: Option<Millis>,
    confirmations: i64,
}

async fn read(db: &Db) -> Result<Option<Row>, DbError> {
    sql("SELECT wall, steady, boot, jumped_to, confirmations FROM clock_watch WHERE id = 1").optional(db).await
}

async fn write(db: &Db, kept: &Kept) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    sql("INSERT INTO clock_watch (id, wall, steady, boot, jumped_to, confirmations) VALUES (1, $1, $2, $3, $4, 0) \
         ON CONFLICT (id) DO UPDATE SET wall = excluded.wall, steady = excluded.steady, boot = excluded.boot, \
         jumped_to = excluded.jumped_to")
    .bind(kept.at.wall)
    .bind(kept.at.steady)
    .bind(kept.at.boot)
    .bind(kept.to)
    .run(&mut tx)
    .await?;
    tx.commit().await
}

/// Goes on from what the last process kept. Called before anything that looks for due work.
///
/// # Errors
/// What the database says.
pub async fn resume(db: &Db, clock: &Clock) -> Result<(), DbError> {
    let kept = read(db)
        .await?
        .map(|row| Kept { at: Stamp { wall: row.wall, steady: row.steady, boot: row.boot }, to: row.jumped_to });
    clock.resume(kept);
    tell(State::InStep, clock.watched().0);
    Ok(())
}

/// Notes in the transaction of whoever looked that the clock is right. Call [`Clock::confirm`] after its commit.
///
/// # Errors
/// What the database says.
pub async fn note_confirmed(tx: &mut Tx) -> Result<(), DbError> {
    sql("UPDATE clock_watch SET jumped_to = NULL, confirmations = confirmations + 1 WHERE id = 1").run(tx).await?;
    Ok(())
}

/// Runs for ever.
pub async fn run(office: Office) {
    let mut told = office.clock.watched().0;
    let mut confirmed = None;
    let mut kept_at = None;
    loop {
        let (state, kept) = office.clock.watched();
        let moved = std::mem::discriminant(&state) != std::mem::discriminant(&told);
        if moved {
            tell(told, state);
            told = state;
            confirmed = None;
        }
        let due = kept_at.is_none_or(|at| kept.at.steady - at >= KEEP || kept.at.steady < at);
        if let Err(error) = round(&office, state, &kept, moved || due, &mut confirmed).await {
            tracing::warn!(%error, "the time is not written down now");
        } else if moved || due {
            kept_at = Some(kept.at.steady);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn round(
    office: &Kernel,
    state: State,
    kept: &Kept,
    write_down: bool,
    confirmed: &mut Option<i64>,
) -> Result<(), DbError> {
    if write_down {
        write(&office.db, kept).await?;
    }
    let open = match state {
        State::InStep => false,
        State::Ahead(_) | State::Behind { .. } => true,
    };
    // Somebody may have confirmed it in another process.
    if open || confirmed.is_none() {
        let count = read(&office.db).await?.map_or(0, |row| row.confirmations);
        if confirmed.is_some_and(|before| count > before) {
            office.clock.confirm();
            office.alarm.ring();
        }
        *confirmed = Some(count);
    }
    Ok(())
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
