//! Signatures of commands (Ed25519, RFC 8032). Owning the broker must not mean sending messages, so a box
//! obeys only what the key that it pinned at claiming has signed.
//!
//! What is signed names box, topic, sequence and expiry besides the body, each behind its length, so that no
//! two commands can read as the same bytes, and none can be moved to another box or kind.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use serde::{Deserialize, Serialize};

/// Begins every signed text, so that a signature of ours for another purpose is none for this.
const DOMAIN: &[u8] = b"fieldline gateway command 1";

/// A command as it travels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Rises with each command to a box.
    pub seq: u64,
    /// Not obeyed after this time, UTC milliseconds.
    pub exp: i64,
    /// The box.
    #[serde(rename = "box")]
    pub name: String,
    /// The topic below the box's name, such as `cmd/sms`.
    pub topic: String,
    /// The command's JSON, as text: what is signed is what is read.
    pub body: String,
    /// Base64.
    pub sig: String,
}

/// Why a command is not obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not the JSON of a signed command.
    #[error("malformed")]
    Malformed,
    /// It was signed for another box or topic.
    #[error("address")]
    Address,
    /// The signature is not the pinned key's.
    #[error("signature")]
    Signature,
    /// Its time is over.
    #[error("expired")]
    Expired,
}

fn signed_bytes(seq: u64, exp: i64, name: &str, topic: &str, body: &str) -> Vec<u8> {
    let mut bytes = DOMAIN.to_vec();
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(&exp.to_be_bytes());
    for part in [name, topic, body] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// The server's key.
pub struct CommandSigner(SigningKey);

impl std::fmt::Debug for CommandSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CommandSigner")
    }
}

impl CommandSigner {
    /// Uses a 256-bit secret.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> CommandSigner {
        CommandSigner(SigningKey::from_bytes(secret))
    }

    /// The public key in base64, as boxes pin it.
    #[must_use]
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.verifying_key().as_bytes())
    }

    /// Signs a command for a box.
    #[must_use]
    pub fn sign(&self, name: &str, topic: &str, seq: u64, exp: i64, body: String) -> Signed {
        let signature = self.0.sign(&signed_bytes(seq, exp, name, topic, &body));
        Signed {
            seq,
            exp,
            name: name.to_owned(),
            topic: topic.to_owned(),
            body,
            sig: STANDARD.encode(signature.to_bytes()),
        }
    }
}

/// The box's end: the pinned key and the box's own name.
#[derive(Clone, Debug)]
pub struct CommandVerifier {
    key: VerifyingKey,
    name: String,
}

impl CommandVerifier {
    /// Pins a key in base64; `None` when it is no key.
    #[must_use]
    pub fn new(public_key: &str, name: &str) -> Option<CommandVerifier> {
        let bytes: [u8; 32] = STANDARD.decode(public_key).ok()?.try_into().ok()?;
        Some(CommandVerifier { key: VerifyingKey::from_bytes(&bytes).ok()?, name: name.to_owned() })
    }

    /// Checks a payload that came on `topic` (below the box's name) at `now`. Repeats are not refused here:
    /// the server offers a command again until it is acknowledged, and the box knows it by its id.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify(&self, topic: &str, payload: &[u8], now: i64) -> Result<Signed, Refusal> {
        let signed: Signed = serde_json::from_slice(payload).map_err(|_| Refusal::Malformed)?;
        if signed.name != self.name || signed.topic != topic {
            return Err(Refusal::Address);
        }
        let signature: [u8; 64] =
            STANDARD.decode(&signed.sig).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(Refusal::Malformed)?;
        let bytes = signed_bytes(signed.seq, signed.exp, &signed.name, &signed.topic, &signed.body);
        self.key.verify(&bytes, &Signature::from_bytes(&signature)).map_err(|_| Refusal::Signature)?;
        if now > signed.exp {
            return Err(Refusal::Expired);
        }
        Ok(signed)
    }
}

#[cfg(test)]
mod tests {
    use super::{CommandSigner, CommandVerifier, Refusal, Signed};

    fn pair() -> (CommandSigner, CommandVerifier) {
        let signer = CommandSigner::new(&[7; 32]);
        let verifier = CommandVerifier::new(&signer.public_key(), "box-1").expect("a key");
        (signer, verifier)
    }

    fn bytes(signed: &Signed) -> Vec<u8> {
        serde_json::to_vec(signed).expect("JSON")
    }

    #[test]
    fn the_pinned_key_is_obeyed_in_time_only() {
        let (signer, verifier) = pair();
        let signed = signer.sign("box-1", "cmd/sms", 1, 1000, "{}".to_owned());
        assert_eq!(verifier.verify("cmd/sms", &bytes(&signed), 1000), Ok(signed.clone()));
        assert_eq!(verifier.verify("cmd/sms", &bytes(&signed), 1001), Err(Refusal::Expired));
        let stranger = CommandSigner::new(&[8; 32]).sign("box-1", "cmd/sms", 1, 1000, "{}".to_owned());
        assert_eq!(verifier.verify("cmd/sms", &bytes(&stranger), 0), Err(Refusal::Signature));
    }

    #[test]
    fn a_command_cannot_be_changed_or_moved() {
        let (signer, verifier) = pair();
        let signed = signer.sign("box-1", "cmd/sms", 1, 1000, "{\"to\":\"1\"}".to_owned());
        let changed = [
            Signed { seq: 2, ..signed.clone() },
            Signed { exp: 2000, ..signed.clone() },
            Signed { body: "{\"to\":\"2\"}".to_owned(), ..signed.clone() },
        ];
        for change in changed {
            assert_eq!(verifier.verify("cmd/sms", &bytes(&change), 0), Err(Refusal::Signature));
        }
        assert_eq!(verifier.verify("cmd/update", &bytes(&signed), 0), Err(Refusal::Address));
        let moved = Signed { name: "box-2".to_owned(), ..signed };
        assert_eq!(verifier.verify("cmd/sms", &bytes(&moved), 0), Err(Refusal::Address));
        assert_eq!(verifier.verify("cmd/sms", b"\xff", 0), Err(Refusal::Malformed));
    }

    #[test]
    fn the_vector_is_signed_the_same_everywhere() {
        let (signer, verifier) = pair();
        let vector = include_bytes!("../vectors/signed.json");
        let expected = signer.sign("box-1", "cmd/sms", 42, 1_795_449_600_000, "{\"text\":\"你好\"}".to_owned());
        assert_eq!(verifier.verify("cmd/sms", vector, 0), Ok(expected));
    }
}
