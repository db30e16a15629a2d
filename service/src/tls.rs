//! TLS to the broker and the cache.

use std::{io, path::Path, sync::Arc};

use hoopoe_crds::worker_config::TlsConfig;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

/// The client's side of TLS. Files are read again for each connection, so that a rotated certificate is used.
pub(crate) fn client_config(tls: &TlsConfig) -> io::Result<Arc<ClientConfig>> {
    let TlsConfig { ca_file, cert_file, key_file, server_name: _ } = tls;
    let mut roots = RootCertStore::empty();
    if let Some(file) = ca_file {
        for certificate in certificates(file)? {
            roots.add(certificate).map_err(|error| named(file, error))?;
        }
    } else {
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
    }
    if roots.is_empty() {
        return Err(io::Error::other(
            "there is no certificate authority to trust: set caFile, or install the system's certificates",
        ));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(roots);
    let config = match (cert_file, key_file) {
        (Some(cert), Some(key)) => {
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| named(key, error))?;
            builder.with_client_auth_cert(certificates(cert)?, key).map_err(|error| named(cert, error))?
        }
        (None, None) => builder.with_no_client_auth(),
        (Some(_), None) | (None, Some(_)) => {
            return Err(io::Error::other("certFile and keyFile must be set together: one of them is missing"));
        }
    };
    Ok(Arc::new(config))
}

fn certificates(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect)
        .map_err(|error: rustls_pki_types::pem::Error| named(file, error))
}

fn named(file: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("the file {} cannot be used: {error}", file.display()))
}
