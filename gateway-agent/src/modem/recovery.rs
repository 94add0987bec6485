//! A modem that lost its network is switched off and on; one that answers nothing is reset. Both in ever longer
//! pauses: most often it is the network.

use std::time::{Duration, Instant};

use super::driver::Fault;
use super::setup::RADIO;
use super::work::Shift;

/// The longest pause between two attempts.
const LONGEST: Duration = Duration::from_secs(3600);
/// Between off and on.
const OFF: Duration = Duration::from_secs(2);

/// Something that lasts, and when something is to be done about it.
#[derive(Clone, Copy, Debug)]
struct Lasting {
    since: Option<Instant>,
    patience: Duration,
    times: u32,
}

impl Lasting {
    fn new(patience: Duration) -> Lasting {
        Lasting { since: None, patience, times: 0 }
    }

    /// Whether it has lasted for long enough at `now`; then it begins anew, with twice the patience.
    fn is_over(&mut self, lasts: bool, now: Instant) -> bool {
        if !lasts {
            (self.since, self.times) = (None, 0);
            return false;
        }
        let since = *self.since.get_or_insert(now);
        let patience = self.patience.saturating_mul(1 << self.times.min(16)).min(LONGEST.max(self.patience));
        if now.saturating_duration_since(since) < patience {
            return false;
        }
        self.since = Some(now);
        self.times += 1;
        true
    }
}

/// Since when a modem has no network; outlives its being set up anew.
#[derive(Debug)]
pub(super) struct Lost(Lasting);

impl Lost {
    pub(super) fn new(patience: Duration) -> Lost {
        Lost(Lasting::new(patience))
    }
}

/// Since when a modem answers nothing.
#[derive(Debug)]
pub(super) struct Silence(Lasting);

impl Silence {
    pub(super) fn new(patience: Duration) -> Silence {
        Silence(Lasting::new(patience))
    }

    /// Whether it is to be reset now.
    pub(super) fn is_over(&mut self, silent: bool) -> bool {
        self.0.is_over(silent, Instant::now())
    }
}

impl Shift<'_> {
    /// Switches the radio off and on where there was no network for minutes: some modems stay on a cell that is gone.
    pub(super) async fn find_network(&mut self, has_network: bool) -> anyhow::Result<()> {
        if !self.lost.0.is_over(!has_network, Instant::now()) {
            return Ok(());
        }
        tracing::warn!(name = self.seat.name, "no network for long: the radio is switched off and on");
        for (command, pause) in [("AT+CFUN=4", OFF), ("AT+CFUN=1", Duration::ZERO)] {
            match self.modem.command(command, RADIO).await {
                Ok(_) | Err(Fault::Refused(_)) => {}
                Err(fault) => return Err(fault.into()),
            }
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::{LONGEST, Lasting};
    use std::time::{Duration, Instant};

    #[test]
    fn attempts_come_in_ever_longer_pauses_until_it_is_well_again() {
        let (begin, patience) = (Instant::now(), Duration::from_secs(180));
        let mut lasting = Lasting::new(patience);
        let mut at = Vec::new();
        for second in (0u64..40_000).step_by(30) {
            if lasting.is_over(true, begin + Duration::from_secs(second)) {
                at.push(second);
            }
        }
        assert_eq!(at[..4], [180, 540, 1260, 2700]);
        assert!(at.windows(2).all(|pair| pair[1] - pair[0] <= LONGEST.as_secs() + 30));
        assert!(!lasting.is_over(false, begin + Duration::from_secs(40_000)));
        assert!(!lasting.is_over(true, begin + Duration::from_secs(40_001)));
        assert!(lasting.is_over(true, begin + Duration::from_secs(40_181)));
    }
}
