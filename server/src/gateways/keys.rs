//! The key by which boxes know our commands, so that owning the broker does not mean sending SMS.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use fieldline_protocol::signing::CommandSigner;

use crate::kernel::{Kernel, durable};

/// Read once for each data folder.
static SIGNERS: Mutex<BTreeMap<PathBuf, Arc<CommandSigner>>> = Mutex::new(BTreeMap::new());

/// The key of this office.
pub(super) fn signer(office: &Kernel) -> std::io::Result<Arc<CommandSigner>> {
    let path = office.config.data.join("gateway.key");
    let mut signers = SIGNERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(signer) = signers.get(&path) {
        return Ok(Arc::clone(signer));
    }
    let signer = Arc::new(CommandSigner::new(&durable::key(&path)?));
    signers.insert(path, Arc::clone(&signer));
    Ok(signer)
}
