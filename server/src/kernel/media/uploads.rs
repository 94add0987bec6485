//! Files on their way in: written to disk as they arrive, hashed on the way, and gone with the request.

use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;

use crate::kernel::id::Id;
use crate::kernel::media::files::FileHash;

/// The folder of files on their way in.
#[derive(Clone, Debug)]
pub struct Uploads {
    folder: PathBuf,
}

/// A file that arrived.
#[derive(Debug)]
pub struct Upload {
    /// The field it came in.
    pub field: String,
    /// SHA-256 of its content.
    pub hash: FileHash,
    /// Its length in bytes.
    pub size: u64,
    file: Passing,
}

/// A file that arrives.
#[derive(Debug)]
pub struct Arriving {
    writer: tokio::fs::File,
    hash: Sha256,
    size: u64,
    file: Passing,
}

/// A file that is removed when this is dropped.
#[derive(Debug)]
struct Passing {
    path: PathBuf,
}

impl Drop for Passing {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "a file that was uploaded stays in the data folder until the next start");
        }
    }
}

impl Uploads {
    /// Uses `folder`, and removes what a process that was killed left in it.
    pub fn open(folder: PathBuf) -> io::Result<Uploads> {
        match std::fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        std::fs::DirBuilder::new().mode(0o700).recursive(true).create(&folder)?;
        Ok(Uploads { folder })
    }

    /// Begins a file.
    pub async fn begin(&self) -> io::Result<Arriving> {
        let path = self.folder.join(Id::new().to_string());
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let writer = tokio::fs::OpenOptions::from(options).open(&path).await?;
        Ok(Arriving { writer, hash: Sha256::new(), size: 0, file: Passing { path } })
    }
}

impl Arriving {
    /// Adds what came.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.writer.write_all(bytes).await
    }

    /// The file is complete.
    pub async fn end(mut self, field: String) -> io::Result<Upload> {
        self.writer.flush().await?;
        Ok(Upload { field, hash: FileHash::of_digest(self.hash), size: self.size, file: self.file })
    }
}

impl Upload {
    /// Where it is, as long as this value is there.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file.path
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn a_file_is_there_as_long_as_its_upload_is() {
        let folder = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(folder.path().join("tmp")).unwrap();
        let mut arriving = uploads.begin().await.unwrap();
        arriving.write(b"half and ").await.unwrap();
        arriving.write(b"half").await.unwrap();
        let upload = arriving.end("photo".to_owned()).await.unwrap();
        assert_eq!((upload.size, &upload.hash), (13, &FileHash::of(b"half and half")));
        assert_eq!(std::fs::read(upload.path()).unwrap(), b"half and half");
        drop(uploads.begin().await.unwrap());
        assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 1);
        drop(upload);
        assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }

    #[test]
    fn what_a_killed_process_left_is_removed_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tmp")).unwrap();
        std::fs::write(folder.path().join("tmp/left"), b"x").unwrap();
        Uploads::open(folder.path().join("tmp")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("tmp")).unwrap().count(), 0);
    }
}
