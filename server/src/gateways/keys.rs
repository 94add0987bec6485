//! The key by which boxes know our commands, so that owning the broker does not mean sending SMS.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::OnceLock;

use ed25519_dalek::SigningKey;

use crate::kernel::Kernel;

/// Reads the key file, or makes it with mode 0600.
///
/// # Errors
/// When the file cannot be read or written, or is not 32 bytes.
pub fn open(path: &Path) -> std::io::Result<SigningKey> {
    let seed: [u8; 32] = if path.exists() {
        std::fs::read(path)?
            .try_into()
            .map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "the command key is not 32 bytes"))?
    } else {
        let seed: [u8; 32] = rand::random();
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&seed)?;
        file.sync_all()?;
        seed
    };
    Ok(SigningKey::from_bytes(&seed))
}

/// The key of this office, read once: one process serves one data folder.
pub(super) fn command_key(office: &Kernel) -> std::io::Result<SigningKey> {
    static KEYS: OnceLock<std::sync::Mutex<std::collections::HashMap<std::path::PathBuf, SigningKey>>> = OnceLock::new();
    let path = office.config.data.join("gateway.key");
    let mut keys =
        KEYS.get_or_init(Default::default).lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(key) = keys.get(&path) {
        return Ok(key.clone());
    }
    let key = open(&path)?;
    keys.insert(path, key.clone());
    Ok(key)
}
