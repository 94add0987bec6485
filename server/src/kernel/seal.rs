//! The server's own secret: signs form tokens and seals text that waits in a browser.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

use crate::kernel::durable;

const NONCE: usize = 24;

/// A 256-bit key made at first start.
#[derive(Clone)]
pub struct Seal {
    key: [u8; 32],
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// Reads the key file, or makes it with mode 0600.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is not 32 bytes.
    pub fn open(path: &Path) -> std::io::Result<Seal> {
        Ok(Seal { key: durable::key(path)? })
    }

    /// Eight bytes that only this server can compute for `parts`, as 16 hex digits.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> String {
        let mut hash = Sha256::new();
        hash.update(self.key);
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(self.key);
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Encrypts `text` so that it opens only with the same `owner`.
    #[must_use]
    pub fn seal(&self, owner: &str, text: &str) -> Option<String> {
        let nonce: [u8; NONCE] = rand::random();
        let sealed = self
            .cipher()
            .encrypt(
                XNonce::from_slice(&nonce),
                chacha20poly1305::aead::Payload { msg: text.as_bytes(), aad: owner.as_bytes() },
            )
            .ok()?;
        Some(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what [`Seal::seal`] made for the same `owner`; `None` for anything else.
    #[must_use]
    pub fn open_for(&self, owner: &str, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE)?;
        let opened = self
            .cipher()
            .decrypt(XNonce::from_slice(nonce), chacha20poly1305::aead::Payload { msg: text, aad: owner.as_bytes() })
            .ok()?;
        String::from_utf8(opened).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(Key::from_slice(&self.key))
    }
}

#[cfg(test)]
mod tests {
    use super::Seal;

    #[test]
    fn sealed_text_opens_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let seal = Seal::open(&folder.path().join("secret.key")).expect("a key");
        let sealed = seal.seal("rep1", "写到一半的拜访").expect("sealed");
        assert_eq!(seal.open_for("rep1", &sealed).as_deref(), Some("写到一半的拜访"));
        assert_eq!(seal.open_for("rep2", &sealed), None);
        assert_eq!(seal.open_for("rep1", "AAAA"), None);
        let again = Seal::open(&folder.path().join("secret.key")).expect("the same key");
        assert_eq!(seal.mac(&[b"a", b"bc"]), again.mac(&[b"a", b"bc"]));
        assert_ne!(seal.mac(&[b"a", b"bc"]), seal.mac(&[b"ab", b"c"]));
    }
}
