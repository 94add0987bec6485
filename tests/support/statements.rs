//! The statements that tests ran, kept in a folder for the test that looks at all of them.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Mutex;

use server::testing::kernel::db::Db;

/// What this process has written down.
static KEPT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Where the texts are kept, when they are.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os("FIELDLINE_STATEMENTS").map(PathBuf::from)
}

/// Writes down what a database was asked: a file for each process, a text in JSON on each line.
pub fn keep(db: &Db) {
    let Some(folder) = folder() else { return };
    let mut kept = KEPT.lock().unwrap();
    let before = kept.len();
    kept.extend(db.statements().seen().into_keys());
    if kept.len() > before {
        let lines: String = kept.iter().map(|text| serde_json::json!(text).to_string() + "\n").collect();
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(std::process::id().to_string()), lines).unwrap();
    }
}

/// Everything that was written down.
pub fn kept() -> BTreeSet<String> {
    let files = std::fs::read_dir(folder().expect("FIELDLINE_STATEMENTS names no folder")).unwrap();
    files
        .flat_map(|file| {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            text.lines().map(|line| serde_json::from_str::<String>(line).unwrap()).collect::<Vec<_>>()
        })
        .collect()
}
