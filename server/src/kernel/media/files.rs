//! Stored files: named by their content, never by what a phone called them.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::kernel::crypto::hex::hex;
use crate::kernel::durable;

/// The folder of stored files.
#[derive(Clone, Debug)]
pub struct Files {
    root: PathBuf,
}

/// A stored file's name: the SHA-256 of its content in hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileHash(String);

impl FileHash {
    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> FileHash {
        FileHash(hex(&Sha256::digest(bytes)))
    }

    /// The hash of what was fed to `digest`.
    #[must_use]
    pub fn of_digest(digest: Sha256) -> FileHash {
        FileHash(hex(&digest.finalize()))
    }

    /// A hash read back from the database; `None` unless it is 64 hex digits, so that no row can name a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<FileHash> {
        (text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit())).then(|| FileHash(text.to_owned()))
    }

    /// The hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Files {
    /// Uses `root`, which is made on the first write.
    #[must_use]
    pub fn new(root: PathBuf) -> Files {
        Files { root }
    }

    fn path(&self, hash: &FileHash) -> PathBuf {
        let (folder, name) = hash.0.split_at_checked(2).unwrap_or(("00", &hash.0));
        self.root.join(folder).join(name)
    }

    /// Writes the bytes durably and returns their name. Writing the same content twice keeps one file.
    pub async fn put(&self, bytes: Vec<u8>) -> std::io::Result<FileHash> {
        let hash = FileHash::of(&bytes);
        let path = self.path(&hash);
        let written = tokio::task::spawn_blocking(move || put_at(&path, &bytes)).await;
        written.map_err(std::io::Error::other)??;
        Ok(hash)
    }

    /// Reads a file back.
    ///
    /// # Errors
    /// What the file system says; `NotFound` when it was never written.
    pub async fn get(&self, hash: &FileHash) -> std::io::Result<Vec<u8>> {
        tokio::fs::read(self.path(hash)).await
    }
}

fn put_at(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    durable::folder(path.parent().unwrap_or(Path::new(".")))?;
    durable::write(path, bytes)
}
