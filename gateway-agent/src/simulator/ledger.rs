//! What really went on the air, written down before the modem says so.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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
    pub at: i64,
    pub mr: u8,
    pub to: String,
    pub text: String,
    pub part: Option<(u8, u8)>,
    pub pdu: String,
}

impl Ledger {
    pub(super) fn open(path: &Path) -> std::io::Result<Ledger> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Ledger { path: path.to_owned(), file: Mutex::new(file) })
    }

    pub(super) fn write(&self, entry: &Entry) -> std::io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(file, "{}", serde_json::to_string(entry)?)?;
        file.sync_data()
    }

    pub(super) fn read(&self) -> std::io::Result<String> {
        std::fs::read_to_string(&self.path)
    }
}
