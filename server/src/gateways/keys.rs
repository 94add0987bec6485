//! The key by which boxes know our commands, so that owning the broker does not mean sending SMS.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use fieldline_protocol::signing::CommandSigner;

use crate::kernel::Kernel;

/// Reads the key file, or makes it with mode 0600.
fn open(path: &Path) -> std::io::Result<CommandSigner> {
    let secret: [u8; 32] = if path.exists() {
        std::fs::read(path)?
            .try_into()
            .map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, "the command key is not 32 bytes"))?
    } else {
        let secret: [u8; 32] = rand::random();
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&secret)?;
        file.sync_all()?;
        secret
    };
    Ok(CommandSigner::new(&secret))
}

/// Read once for each data folder.
static SIGNERS: Mutex<BTreeMap<PathBuf, Arc<CommandSigner>>> = Mutex::new(BTreeMap::new());

/// The key of this office.
pub(super) fn signer(office: &Kernel) -> std::io::Result<Arc<CommandSigner>> {
    let path = office.config.data.join("gateway.key");
    let mut signers = SIGNERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(signer) = signers.get(&path) {
        return Ok(Arc::clone(signer));
    }
    let signer = Arc::new(open(&path)?);
    signers.insert(path, Arc::clone(&signer));
    Ok(signer)
}
