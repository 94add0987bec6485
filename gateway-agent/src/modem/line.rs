//! A caller-ID line: an analog modem that says RING and who calls.

use std::time::{Duration, Instant};

use fieldline_protocol::messages::CallEvent;
use fieldline_protocol::settings::Setting;
use fieldline_protocol::topics::Topic;

use super::call::{Calls, Told};
use super::lines::Said;
use super::port::Port;
use crate::clock::now;
use crate::outbox::Outbox;

/// Between attempts to open a line that is gone, milliseconds; the last one goes on.
pub const REOPEN: [u64; 6] = [200, 500, 1_000, 2_000, 5_000, 10_000];
/// How often a ringing line is looked at.
const TICK: Duration = Duration::from_millis(250);

/// Serves one caller-ID line for ever.
pub async fn serve(name: String, path: String, outbox: Outbox) {
    let mut failed = 0usize;
    loop {
        let begun = Instant::now();
        let ended = match Port::open(&path) {
            Ok(port) => listen(&name, port, &outbox).await,
            Err(gone) => Err(gone.into()),
        };
        if begun.elapsed() > Duration::from_secs(60) {
            failed = 0;
        }
        if failed == 0
            && let Err(error) = &ended
        {
            tracing::warn!(name, path, "the caller-ID line is gone; trying again: {error:#}");
        }
        let wait = REOPEN.get(failed).or(REOPEN.last()).copied().unwrap_or(10_000);
        failed += 1;
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
}

async fn listen(name: &str, mut port: Port, outbox: &Outbox) -> anyhow::Result<()> {
    // +VCID is forgotten at every reset, so it is set at every opening.
    port.write(b"ATZ\r").await?;
    port.drain(Duration::from_millis(500)).await?;
    port.write(b"AT+VCID=1\r").await?;
    let origin = Instant::now();
    let settings = outbox.settings();
    let mut calls = Calls::default();
    loop {
        let said = tokio::time::timeout(TICK, port.said()).await;
        let rose = i64::try_from(origin.elapsed().as_millis()).unwrap_or(i64::MAX);
        calls.patience(settings.borrow().number(Setting::RingEnd));
        let told = match said {
            Ok(Ok(Said::Line(text))) => calls.line(&text, rose),
            Ok(Ok(Said::Prompt)) => Vec::new(),
            Ok(Err(gone)) => {
                if let Some(told) = calls.end() {
                    happened(outbox, name, told).await?;
                }
                return Err(gone.into());
            }
            Err(_) => calls.tick(rose).into_iter().collect(),
        };
        for one in told {
            happened(outbox, name, one).await?;
        }
    }
}

/// Records what happened to a call.
///
/// # Errors
/// The disk.
pub async fn happened(outbox: &Outbox, line: &str, told: Told) -> Result<(), sqlx::Error> {
    let Told { call, phase, number, name, withheld, raw } = told;
    let line = line.to_owned();
    outbox
        .happened(&Topic::CallEvent, now(), |head| CallEvent { head, line, call, phase, number, name, withheld, raw })
        .await
}
