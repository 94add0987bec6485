//! Modems and caller-ID lines on pseudo-terminals, with a ledger of what really went on the air. It shares no AT
//! and no PDU code with the agent, so that an error of the one is not the truth of the other.

mod arriving;
mod calls;
mod codes;
pub mod control;
mod dialogue;
pub mod faults;
mod ledger;
mod line;
mod modem;
mod modes;
mod network;
mod pdu;
pub mod personalities;
mod reply;
mod script;
mod sending;
mod sim;
mod steps;
mod storage;
mod stores;
mod terminal;
mod text;

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use anyhow::Context;

use crate::config::Simulate;
use ledger::{Ledger, Watch};
use steps::Steps;

/// What the threads share.
#[derive(Debug)]
struct Shared {
    ledger: Ledger,
    steps: Steps,
    modems: Vec<ModemDoor>,
    lines: Vec<LineDoor>,
    /// Reference of the next long message.
    reference: Mutex<u16>,
}

/// Where a modem is reached.
#[derive(Debug)]
struct ModemDoor {
    name: String,
    to: Mutex<Sender<modem::Outside>>,
    watch: Arc<Watch>,
}

/// Where a line is reached.
#[derive(Debug)]
struct LineDoor {
    name: String,
    to: Mutex<Sender<line::Outside>>,
}

/// Runs until the process ends.
///
/// # Errors
/// When the folder, the terminals or the socket cannot be made.
pub fn run(options: &Simulate) -> anyhow::Result<()> {
    std::fs::create_dir_all(&options.dir).with_context(|| format!("{}", options.dir.display()))?;
    let begun = Instant::now();
    let (mut modems, mut lines, mut modems_hear, mut lines_hear) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for n in 0..options.modems {
        let (to, hears) = channel();
        let (name, watch) = (format!("modem{n}"), Arc::new(Watch::new(begun)));
        modems.push(ModemDoor { name: name.clone(), to: Mutex::new(to.clone()), watch: Arc::clone(&watch) });
        let make = modem::Make {
            name,
            number: u32::from(n),
            personality: options.vendor.personality(),
            times: modem::Times { network_ms: options.network_ms, report_ms: options.report_ms },
            slots: u32::from(options.slots),
            pin: options.pin.clone(),
        };
        modems_hear.push((make, watch, to, hears));
    }
    for n in 0..options.lines {
        let (to, hears) = channel();
        let name = format!("line{n}");
        lines.push(LineDoor { name: name.clone(), to: Mutex::new(to.clone()) });
        lines_hear.push((name, to, hears));
    }
    let ledger = Ledger::open(&options.dir.join("ledger.jsonl"))?;
    let shared = Arc::new(Shared { ledger, steps: Steps::default(), modems, lines, reference: Mutex::new(0) });
    for (make, watch, to, hears) in modems_hear {
        let (shared, place) = (Arc::clone(&shared), options.dir.join(&make.name));
        std::thread::spawn(move || modem::serve(make, &place, &shared, watch, to, &hears));
    }
    for (name, to, hears) in lines_hear {
        let place = options.dir.join(name);
        std::thread::spawn(move || line::serve(&place, to, &hears));
    }
    control::serve(&options.dir, &shared)
}
