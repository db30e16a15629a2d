//! The certificates that `tls` names: files of a pod, and material of the operator's own connection.

use hoopoe_crds::{environment::Server, secrets::TlsRef};
use secrecy::SecretString;

use super::{DereferenceError, SecretFile, Secrets, TlsMaterial};

/// The key of the authorities to trust.
pub const CA: &str = "ca.crt";
/// The key of a client's certificate.
pub const CERTIFICATE: &str = "tls.crt";
/// The key of a client's private key.
pub const KEY: &str = "tls.key";

pub(super) fn files(
    secrets: &Secrets,
    server: Server,
    tls: Option<&TlsRef>,
) -> Result<Vec<SecretFile>, DereferenceError> {
    let Some(TlsRef { ca_secret_ref, cert_secret_ref, server_name: _ }) = tls else { return Ok(Vec::new()) };
    let wanted = [(ca_secret_ref, CA), (cert_secret_ref, CERTIFICATE), (cert_secret_ref, KEY)];
    let mut files = Vec::new();
    for (reference, key) in wanted {
        if let Some(reference) = reference {
            secrets.need(reference, key)?;
            files.push(SecretFile { server, secret: reference.name.clone(), key });
        }
    }
    Ok(files)
}

pub(super) fn material(secrets: &Secrets, tls: Option<&TlsRef>) -> Result<Option<TlsMaterial>, DereferenceError> {
    let Some(TlsRef { ca_secret_ref, cert_secret_ref, server_name }) = tls else { return Ok(None) };
    let ca = ca_secret_ref.as_ref().map(|reference| secrets.need(reference, CA)).transpose()?;
    let identity = match cert_secret_ref {
        None => None,
        Some(reference) => {
            let invalid = |_| DereferenceError::SecretKeyInvalid {
                secret: reference.name.clone(),
                key: KEY,
                detail: "it must be PEM text",
            };
            let certificate = secrets.need(reference, CERTIFICATE)?.to_vec();
            let key = std::str::from_utf8(secrets.need(reference, KEY)?).map_err(invalid)?;
            Some((certificate, SecretString::from(key)))
        }
    };
    Ok(Some(TlsMaterial { ca: ca.map(<[u8]>::to_vec), identity, server_name: server_name.clone() }))
}
