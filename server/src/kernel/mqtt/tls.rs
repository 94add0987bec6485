//! The certificate of the embedded broker, from an authority of its own that is made at first start. Boxes get the
//! authority at claiming and trust nothing else, so no name has to be known in advance and no certificate runs out
//! on a box whose clock was never set.

use std::path::{Path, PathBuf};

use anyhow::Context;
use fieldline_protocol::messages::BROKER_NAME;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use crate::kernel::durable;

/// The files by which the broker speaks TLS, and the authority that boxes trust.
#[derive(Debug)]
pub(super) struct Identity {
    /// Certificate chain (PEM).
    pub cert: PathBuf,
    /// Private key (PEM).
    pub key: PathBuf,
    /// The authority's certificate (PEM).
    pub ca: String,
}

/// The authority, always the same but for its key.
fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Fieldline boxes");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// Opens the identity in the data folder; makes what is missing. The broker's own certificate is made anew each time,
/// since it names the address that is listened on.
pub(super) fn open(data: &Path, address: std::net::IpAddr) -> anyhow::Result<Identity> {
    let (ca_cert, ca_key) = (data.join("mqtt-ca.pem"), data.join("mqtt-ca.key"));
    if !ca_key.exists() || !ca_cert.exists() {
        let key = KeyPair::generate()?;
        let cert = authority().self_signed(&key)?;
        write(&ca_key, &key.serialize_pem())?;
        write(&ca_cert, &cert.pem())?;
    }
    let ca = std::fs::read_to_string(&ca_cert).with_context(|| durable::unreadable(&ca_cert))?;
    let ca_text = std::fs::read_to_string(&ca_key).with_context(|| durable::unreadable(&ca_key))?;
    let issuer = Issuer::new(authority(), KeyPair::from_pem(&ca_text).with_context(|| durable::unreadable(&ca_key))?);
    let mut names = vec![BROKER_NAME.to_owned(), "localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if !address.is_unspecified() && !address.is_loopback() {
        names.push(address.to_string());
    }
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Fieldline broker");
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let cert = params.signed_by(&key, &issuer)?;
    let identity = Identity { cert: data.join("mqtt-broker.pem"), key: data.join("mqtt-broker.key"), ca };
    write(&identity.key, &key.serialize_pem())?;
    write(&identity.cert, &cert.pem())?;
    Ok(identity)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    durable::write(path, text.as_bytes()).with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::os::unix::fs::PermissionsExt;

    use super::open;

    #[test]
    fn the_authority_stays_and_its_keys_are_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), [0, 0, 0, 0].into()).unwrap();
        let second = open(folder.path(), [192, 168, 1, 2].into()).unwrap();
        assert_eq!(first.ca, second.ca);
        for file in ["mqtt-ca.key", "mqtt-broker.key"] {
            let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}
