//! What the box says of itself: hardware, modems and their health, troubles. Kept here, told by the wire.

use std::collections::BTreeSet;

use fieldline_protocol::messages::{BoxTrouble, Info, ModemHealth, ModemInfo, ModemState, ModemTrouble, Registration};
use tokio::sync::watch;

use crate::clock::now;

/// Everything that is retained about this box.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Hardware, modems, lines, settings.
    pub info: Info,
    /// Each modem's state.
    pub modems: Vec<(String, ModemState)>,
}

/// The one place where it is kept.
#[derive(Clone, Debug)]
pub struct About(watch::Sender<Standing>);

impl About {
    /// Begins with what is known without asking anybody.
    #[must_use]
    pub fn new(info: Info) -> About {
        About(watch::Sender::new(Standing { info, modems: Vec::new() }))
    }

    /// What is known, and every change of it.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.0.subscribe()
    }

    /// Says how a modem is; only a change is told.
    pub fn modem(&self, name: &str, change: impl FnOnce(&mut ModemState)) {
        self.0.send_if_modified(|standing| {
            if !standing.modems.iter().any(|(known, _)| known == name) {
                standing.modems.push((name.to_owned(), unknown()));
            }
            let Some((_, state)) = standing.modems.iter_mut().find(|(known, _)| known == name) else { return false };
            let before = state.clone();
            change(state);
            if *state == before {
                return false;
            }
            state.ts = now();
            true
        });
    }

    /// The modems that are at work.
    #[must_use]
    pub fn at_work(&self) -> BTreeSet<String> {
        let ready = |(name, state): &(String, ModemState)| (state.health == ModemHealth::Ready).then(|| name.clone());
        self.0.borrow().modems.iter().filter_map(ready).collect()
    }

    /// Says what a modem is.
    pub fn identified(&self, modem: ModemInfo) {
        self.info(|info| {
            info.modems.retain(|known| known.id != modem.id);
            info.modems.push(modem);
            info.modems.sort_by(|one, other| one.id.cmp(&other.id));
        });
    }

    /// Says that something is wrong with the box, or no longer.
    pub fn trouble(&self, trouble: BoxTrouble, there: bool) {
        self.info(|info| {
            info.troubles.retain(|known| *known != trouble);
            if there {
                info.troubles.push(trouble);
            }
        });
    }

    /// Changes what the box is made of; only a change is told.
    pub fn info(&self, change: impl FnOnce(&mut Info)) {
        self.0.send_if_modified(|standing| {
            let before = standing.info.clone();
            change(&mut standing.info);
            standing.info != before
        });
    }
}

/// A modem in trouble: its health follows from what is wrong.
pub fn troubled(state: &mut ModemState, trouble: ModemTrouble, words: &str) {
    state.health = match trouble {
        ModemTrouble::Unplugged => ModemHealth::Absent,
        ModemTrouble::NoNetwork | ModemTrouble::Denied => ModemHealth::Waiting,
        ModemTrouble::Limit => ModemHealth::Ready,
        ModemTrouble::Silent
        | ModemTrouble::Refusing
        | ModemTrouble::NoSim
        | ModemTrouble::PinNeeded
        | ModemTrouble::PinWrong
        | ModemTrouble::PukNeeded
        | ModemTrouble::NoCredit
        | ModemTrouble::SimFull
        | ModemTrouble::Other => ModemHealth::Degraded,
    };
    state.trouble = Some(trouble);
    state.error = Some(words.to_owned());
}

fn unknown() -> ModemState {
    ModemState {
        health: ModemHealth::Starting,
        registration: Registration::Unknown,
        operator: String::new(),
        signal_dbm: None,
        sim_used: None,
        sim_capacity: None,
        queue: 0,
        sent_hour: 0,
        trouble: None,
        error: None,
        balance: None,
        ts: now(),
    }
}
