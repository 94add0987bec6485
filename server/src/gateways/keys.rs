//! The key by which boxes know our commands, so that owning the broker does not mean sending SMS.

use std::sync::Arc;

use fieldline_protocol::signing::CommandSigner;

use crate::kernel::{Kernel, durable};

/// Read once.
#[derive(Default)]
struct Signer(Option<Arc<CommandSigner>>);

/// The key of this office.
pub(super) fn signer(office: &Kernel) -> std::io::Result<Arc<CommandSigner>> {
    office.memory.with(|known: &mut Signer| {
        if let Some(signer) = &known.0 {
            return Ok(Arc::clone(signer));
        }
        let signer = Arc::new(CommandSigner::new(&durable::key(&office.config.data.join("gateway.key"))?));
        known.0 = Some(Arc::clone(&signer));
        Ok(signer)
    })
}
