//! Files that are whole or not there: written beside under a temporary name, flushed, then renamed. All of them are the
//! server's own: nobody else on the machine reads them.

use std::io::{Error, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::kernel::id::Id;

/// What a temporary name ends with.
const PASSING: &str = "part";
/// Mode of a file, and of a folder.
const FILE: u32 = 0o600;
const FOLDER: u32 = 0o700;

/// From here on whatever this process and its children make is theirs alone.
pub fn close_to_others() {
    nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o077));
}

/// Writes a file in one step: the whole of it is there or, when the disk is full, nothing.
///
/// # Errors
/// What the file system says; then nothing of it remains.
pub fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    make(path, |passing| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(FILE).open(passing)?;
        file.write_all(bytes)?;
        file.sync_all()
    })
}

/// Lets `fill` make a file under a temporary name and gives it its own.
///
/// # Errors
/// What `fill` or the file system says; then nothing of it remains.
pub fn make(path: &Path, fill: impl FnOnce(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    let passing = passing(path);
    let made = fill(&passing).and_then(|()| finish(&passing, path));
    if made.is_err() {
        discard(&passing);
    }
    made
}

/// A name beside `path` for a file that is being made; [`finish`] gives it its own, [`tidy`] removes what was left.
#[must_use]
pub fn passing(path: &Path) -> PathBuf {
    path.with_file_name(format!(".{}.{PASSING}", Id::new()))
}

/// Flushes a file under its temporary name and gives it its own.
pub fn finish(passing: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(passing, std::fs::Permissions::from_mode(FILE))?;
    std::fs::File::open(passing)?.sync_all()?;
    std::fs::rename(passing, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::File::open(folder)?.sync_all()
}

/// Removes a file that was not finished.
pub fn discard(passing: &Path) {
    match std::fs::remove_file(passing) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => {
            tracing::warn!(file = %passing.display(), %error, "a half-written file stays until the next start")
        }
    }
}

/// Makes a folder and those above it.
pub fn folder(path: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(FOLDER).create(path)
}

/// At start: removes what an earlier run did not finish in this folder, and takes away from others what they may still
/// do with its files. Links are left alone: what they lead to is not ours.
///
/// # Errors
/// When the folder cannot be read.
///
/// # Returns
/// The folders in it, for [`tidy_below`].
pub fn tidy(folder: &Path, before: SystemTime) -> std::io::Result<Vec<PathBuf>> {
    restrict(folder, FOLDER);
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (kind, path) = (entry.file_type()?, entry.path());
        if kind.is_dir() {
            folders.push(path);
        } else if kind.is_file() && is_left(&entry, before) {
            discard(&path);
        } else if kind.is_file() {
            restrict(&path, FILE);
        }
    }
    Ok(folders)
}

/// The same for everything below; a company's photos take a second, so this runs beside the start.
pub fn tidy_below(mut folders: Vec<PathBuf>, before: SystemTime) {
    while let Some(folder) = folders.pop() {
        match tidy(&folder, before) {
            Ok(inner) => folders.extend(inner),
            Err(error) => tracing::debug!(folder = %folder.display(), %error, "a folder went away or cannot be read"),
        }
    }
}

/// Whether a file was left by an earlier run under its temporary name.
fn is_left(entry: &std::fs::DirEntry, before: SystemTime) -> bool {
    let name = entry.file_name();
    let passing = Path::new(&name).extension().is_some_and(|end| end == PASSING);
    let dotted = name.as_encoded_bytes().starts_with(b".");
    passing && dotted && entry.metadata().and_then(|known| known.modified()).is_ok_and(|at| at < before)
}

/// Takes away every right that `most` does not have.
fn restrict(path: &Path, most: u32) {
    let restricted = std::fs::metadata(path).and_then(|known| {
        let mode = known.permissions().mode() & 0o7777;
        // The owner's own right to run a file does no harm.
        let wanted = mode & (most | 0o100);
        if mode == wanted { Ok(()) } else { std::fs::set_permissions(path, std::fs::Permissions::from_mode(wanted)) }
    });
    if let Err(error) = restricted {
        tracing::warn!(file = %path.display(), %error, "others may still read this file or folder");
    }
}

/// Reads a key file of 256 bits, or makes it.
///
/// # Errors
/// What the file system says; a file that holds something else, in words for the person who starts the server.
pub fn key(path: &Path) -> std::io::Result<[u8; 32]> {
    let bytes = read_or_new(path, || rand::random::<[u8; 32]>().to_vec())?;
    let length = bytes.len();
    bytes.try_into().map_err(|_| broken(path, &format!("{length} bytes in place of 32")))
}

/// The content of a key file, made by `new` where there is none. An empty one is what a full disk left of a first
/// start: no key of it was ever in use, so it is made anew.
pub fn read_or_new(path: &Path, new: impl FnOnce() -> Vec<u8>) -> std::io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Ok(bytes) if bytes.is_empty() => {
            tracing::warn!(file = %path.display(), "the key file is empty, as a full disk leaves it; a new key is made");
        }
        Ok(bytes) => return Ok(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let bytes = new();
    write(path, &bytes)?;
    Ok(bytes)
}

/// What is wrong with a file that was named and is not there, or is no such file.
#[must_use]
pub fn unreadable(path: &Path) -> String {
    format!("{} cannot be read", path.display())
}

/// A key file that cannot be used.
#[must_use]
pub fn broken(path: &Path, why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidData,
        format!(
            "{} is no key ({why}). Put it back from a backup; without one, remove it and a new key is made",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_failed_write_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("photo");
        let full = make(&path, |passing| {
            std::fs::write(passing, b"half")?;
            Err(Error::from(ErrorKind::StorageFull))
        });
        assert_eq!(full.unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
        write(&path, b"whole").unwrap();
        assert_eq!((std::fs::read(&path).unwrap().as_slice(), mode(&path)), (b"whole".as_slice(), 0o600));
    }

    #[test]
    fn the_start_takes_rights_away_and_removes_what_was_half_written() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("files/ab");
        std::fs::create_dir_all(&inner).unwrap();
        let (open, half) = (inner.join("photo"), inner.join(".0abc.part"));
        std::fs::write(&open, b"x").unwrap();
        std::fs::write(&half, b"").unwrap();
        for path in [&inner, &open] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
        }
        tidy_below(vec![root.path().to_owned()], SystemTime::now() + std::time::Duration::from_secs(1));
        assert_eq!((mode(&inner), mode(&open) & 0o677, half.exists()), (0o700, 0o600, false));
    }

    #[test]
    fn an_empty_key_file_is_made_anew_and_a_short_one_is_told() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("secret.key");
        std::fs::write(&path, b"").unwrap();
        let made: [u8; 32] = key(&path).unwrap();
        assert_eq!((key(&path).unwrap(), mode(&path)), (made, 0o600));
        std::fs::write(&path, b"short").unwrap();
        let words = key(&path).unwrap_err().to_string();
        assert!(words.contains("secret.key") && words.contains("backup"), "{words}");
    }
}
