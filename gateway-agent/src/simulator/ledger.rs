//! What really went on the air, written down before the modem says so; and how the modem was used.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::Serialize;

/// The ledger's file.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    file: Mutex<File>,
}

/// One message or part.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Entry {
    /// UTC milliseconds.
    pub at: i64,
    /// Microseconds since the simulator began.
    pub us: u64,
    pub modem: String,
    pub mr: u8,
    pub to: String,
    pub text: String,
    pub part: Option<(u8, u8)>,
    pub pdu: String,
    /// The slot that it was sent from, where it was.
    pub slot: Option<u32>,
}

impl Ledger {
    pub(super) fn open(path: &Path) -> std::io::Result<Ledger> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Ledger { path: path.to_owned(), file: Mutex::new(file) })
    }

    /// One write; it outlives the death of this process. Not flushed to the disk, since that would slow down the
    /// program whose own flushes are measured.
    pub(super) fn write(&self, entry: &Entry) -> std::io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(format!("{}\n", serde_json::to_string(entry)?).as_bytes())
    }

    pub(super) fn read(&self) -> std::io::Result<String> {
        std::fs::read_to_string(&self.path)
    }
}

/// Intervals kept for each modem; older ones are forgotten.
const INTERVALS: usize = 20_000;
/// Names of commands kept; noise makes up the rest.
const NAMES: usize = 256;

/// How a modem was used.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Uses {
    /// Command lines by the name of their first command.
    commands: BTreeMap<String, u64>,
    /// From the moment a message was handed over to the moment its answer was said, microseconds since the
    /// simulator began.
    busy: Vec<(u64, u64)>,
    /// Messages that the SIM had no room for and the network keeps.
    pub kept: usize,
}

/// The uses of one modem, and the clock that they are written down by.
#[derive(Debug)]
pub(super) struct Watch {
    begun: Instant,
    uses: Mutex<Uses>,
}

impl Watch {
    pub(super) fn new(begun: Instant) -> Watch {
        Watch { begun, uses: Mutex::default() }
    }

    /// Microseconds since the simulator began.
    pub(super) fn us(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.uses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A command line was heard.
    pub(super) fn command(&self, name: &str) {
        let mut uses = self.uses();
        let known = uses.commands.contains_key(name) || uses.commands.len() < NAMES;
        *uses.commands.entry(if known { name.to_owned() } else { "other".to_owned() }).or_default() += 1;
    }

    /// A message was under way from `since` until now.
    pub(super) fn busy(&self, since: u64) {
        let until = self.us();
        let mut uses = self.uses();
        if uses.busy.len() >= INTERVALS {
            uses.busy.drain(..INTERVALS / 2);
        }
        uses.busy.push((since, until));
    }

    /// How many messages the network keeps.
    pub(super) fn kept(&self, count: usize) {
        self.uses().kept = count;
    }

    pub(super) fn read(&self) -> Uses {
        self.uses().clone()
    }
}
