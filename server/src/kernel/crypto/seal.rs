//! The server's own secret: signs form tokens and seals text that waits in a browser.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::kernel::crypto::hex::hex;

use crate::kernel::durable;

const NONCE: usize = 24;
/// Bytes of a MAC that are shown; guessing one takes 2^63 requests.
const SHOWN: usize = 8;

/// Two keys derived from the 256-bit secret of the first start: what is learned about one says nothing about the
/// other.
#[derive(Clone)]
pub struct Seal {
    sealing: [u8; 32],
    signing: [u8; 32],
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
        Seal::of(&durable::key(path)?)
    }

    fn of(secret: &[u8; 32]) -> std::io::Result<Seal> {
        let derive = Hkdf::<Sha256>::new(None, secret);
        let key = |purpose: &[u8]| {
            let mut key = [0; 32];
            derive.expand(purpose, &mut key).map_err(|error| std::io::Error::other(error.to_string()))?;
            Ok::<_, std::io::Error>(key)
        };
        Ok(Seal { sealing: key(b"fieldline sealing")?, signing: key(b"fieldline signing")? })
    }

    fn over(&self, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
        // An HMAC takes a key of any length, so there always is one.
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.signing).ok()?;
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Some(mac)
    }

    /// Eight bytes that only this server can compute for `parts`, as 16 hex digits. Compare with
    /// [`Seal::is_mac`].
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> String {
        let bytes = self.over(parts).map(|mac| mac.finalize().into_bytes());
        bytes.map(|bytes| hex(bytes.get(..SHOWN).unwrap_or_default())).unwrap_or_default()
    }

    /// Whether `given` is the MAC of `parts`, in the same time wherever they differ.
    #[must_use]
    pub fn is_mac(&self, parts: &[&[u8]], given: &str) -> bool {
        let Some(given) = unhex(given) else { return false };
        self.over(parts).is_some_and(|mac| mac.verify_truncated_left(&given).is_ok())
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
        XChaCha20Poly1305::new(Key::from_slice(&self.sealing))
    }
}

/// The bytes of a shown MAC; `None` for a text of any other form.
fn unhex(text: &str) -> Option<[u8; SHOWN]> {
    let lower = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    let number = if lower && text.len() == 2 * SHOWN { u64::from_str_radix(text, 16).ok()? } else { return None };
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::Seal;

    #[test]
    fn a_mac_is_known_from_every_other_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let seal = Seal::open(&folder.path().join("secret.key")).expect("a key");
        let mac = seal.mac(&[b"form", b"1"]);
        assert!(mac.len() == 16 && seal.is_mac(&[b"form", b"1"], &mac));
        let mut last = mac.clone();
        last.replace_range(15.., if mac.ends_with('0') { "1" } else { "0" });
        for wrong in ["", "00", last.as_str(), &mac[..14], &format!("{mac}00"), "ABCDEF0123456789"] {
            assert!(!seal.is_mac(&[b"form", b"1"], wrong), "{wrong}");
        }
        assert!(!seal.is_mac(&[b"form1", b""], &mac));
    }

    #[test]
    fn sealing_and_signing_have_keys_of_their_own() {
        let seal = Seal::of(&[7; 32]).expect("keys");
        assert!(seal.sealing != seal.signing && seal.sealing != [7; 32] && seal.signing != [7; 32]);
    }

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
