//! A modem and a caller-ID line on pseudo-terminals, with a ledger of what really went on the air. It shares
//! no AT and no PDU code with the agent, so that an error of the one is not the truth of the other.

pub mod control;
mod ledger;
mod line;
mod modem;
mod pdu;
mod steps;

use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use anyhow::Context;
use nix::pty::openpty;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};
use nix::unistd::ttyname;

use crate::config::Simulate;
use ledger::Ledger;
use steps::Steps;

/// What the network does, set from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// All is well.
    #[default]
    None,
    /// A message goes on the air and the modem never says so: the case that decides about sending twice.
    Hang,
    /// The modem takes a message and neither sends nor answers.
    Deaf,
    /// The network refuses (+CMS ERROR: 38).
    Refuse,
    /// The answer takes 65 s.
    Slow,
}

/// Shared between the threads.
#[derive(Debug)]
struct Shared {
    fault: Mutex<Fault>,
    ledger: Ledger,
    steps: Steps,
    to_modem: mpsc::Sender<modem::Outside>,
    to_line: mpsc::Sender<line::Outside>,
}

impl Shared {
    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pseudo-terminal; the slave stays open here, so that the agent may come and go.
#[derive(Debug)]
struct Terminal {
    master: OwnedFd,
    slave: OwnedFd,
}

fn terminal(link: &Path) -> anyhow::Result<Terminal> {
    let pty = openpty(None, None)?;
    let mut raw = tcgetattr(&pty.slave)?;
    cfmakeraw(&mut raw);
    tcsetattr(&pty.slave, SetArg::TCSANOW, &raw)?;
    let name = ttyname(&pty.slave)?;
    if link.symlink_metadata().is_ok() {
        std::fs::remove_file(link)?;
    }
    symlink(&name, link).with_context(|| format!("{} cannot be made", link.display()))?;
    Ok(Terminal { master: pty.master, slave: pty.slave })
}

/// Runs until the process ends.
///
/// # Errors
/// When the folder, the terminals or the socket cannot be made.
pub fn run(options: &Simulate) -> anyhow::Result<()> {
    std::fs::create_dir_all(&options.dir)?;
    let place = options.dir.join("modem0");
    let modem = terminal(&place)?;
    let line = terminal(&options.dir.join("line0"))?;
    let (to_modem, modem_hears) = mpsc::channel();
    let (to_line, line_hears) = mpsc::channel();
    let ledger = Ledger::open(&options.dir.join("ledger.jsonl"))?;
    let shared = Arc::new(Shared { fault: Mutex::default(), ledger, steps: Steps::default(), to_modem, to_line });
    let times = modem::Times { network_ms: options.network_ms, report_ms: options.report_ms };
    let network = Arc::clone(&shared);
    std::thread::spawn(move || modem::serve(modem, &place, times, &network, &modem_hears));
    std::thread::spawn(move || line::serve(line, &line_hears));
    control::serve(&options.dir, &shared)
}
