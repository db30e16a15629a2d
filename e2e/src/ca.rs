//! A certificate authority for the tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::error::{Error, Result};
use crate::folder::Folder;

/// A certificate authority. Its certificates are PEM files in a temporary folder. A clone is the same authority.
#[derive(Debug, Clone)]
pub struct Ca {
    inner: Arc<Inner>,
}

struct Inner {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: Folder,
    certificate: PathBuf,
    made: AtomicU32,
}

impl std::fmt::Debug for Inner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inner").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

/// A certificate and its private key (PKCS#8), as PEM files that exist as long as their [`Ca`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PemPair {
    /// The path of the certificate.
    pub certificate: PathBuf,
    /// The path of the private key, which only this process's user may read.
    pub key: PathBuf,
}

/// How a server listens with TLS. The authority issues its certificate for `localhost` and 127.0.0.1.
#[derive(Debug, Clone)]
pub struct TlsOptions {
    /// The authority that signs the server's certificate and whose client certificates the server trusts.
    pub ca: Ca,
    /// Whether a client must present a certificate of that authority.
    pub client_certs: bool,
}

impl Ca {
    /// Creates an authority.
    pub fn new() -> Result<Self> {
        let subject = "hoopoe test CA";
        let mut params = params(subject, &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().map_err(certificate_error(subject))?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(certificate_error(subject))?;
        let folder = Folder::new()?;
        let certificate = folder.path().join("ca.pem");
        std::fs::write(&certificate, issuer.pem()).map_err(Error::io("write the test CA's certificate"))?;
        Ok(Self { inner: Arc::new(Inner { issuer, folder, certificate, made: AtomicU32::new(0) }) })
    }

    /// The path of the authority's own certificate.
    pub fn certificate(&self) -> &Path {
        &self.inner.certificate
    }

    /// Issues a server certificate for these DNS names and IP addresses.
    pub fn server_cert(&self, names: &[&str]) -> Result<PemPair> {
        let subject = names.first().copied().unwrap_or("server");
        self.sign(params(subject, names)?, subject, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Issues a client certificate with that common name.
    pub fn client_cert(&self, common_name: &str) -> Result<PemPair> {
        self.sign(params(common_name, &[])?, common_name, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// Issues a client certificate with that common name and organization, which Kubernetes reads as user and group.
    pub fn client_cert_in(&self, common_name: &str, organization: &str) -> Result<PemPair> {
        let mut params = params(common_name, &[])?;
        params.distinguished_name.push(DnType::OrganizationName, organization);
        self.sign(params, common_name, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, mut params: CertificateParams, subject: &str, usage: ExtendedKeyUsagePurpose) -> Result<PemPair> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(certificate_error(subject))?;
        let certificate = params.signed_by(&key, &self.inner.issuer).map_err(certificate_error(subject))?;
        let number = self.inner.made.fetch_add(1, Ordering::Relaxed);
        let path = self.inner.folder.path().join(format!("{number}.pem"));
        std::fs::write(&path, certificate.pem()).map_err(Error::io("write a certificate"))?;
        let key = self.inner.folder.write_private(&format!("{number}.key"), &key.serialize_pem(), None)?;
        Ok(PemPair { certificate: path, key })
    }
}

impl TlsOptions {
    /// TLS that does not ask clients for certificates.
    pub fn new(ca: &Ca) -> Self {
        Self { ca: ca.clone(), client_certs: false }
    }

    /// TLS that only accepts clients with a certificate of the same authority.
    pub fn with_client_certs(ca: &Ca) -> Self {
        Self { ca: ca.clone(), client_certs: true }
    }

    /// Issues a certificate for a server on loopback.
    pub(crate) fn server_cert(&self) -> Result<PemPair> {
        self.ca.server_cert(&["localhost", "127.0.0.1"])
    }
}

fn params(subject: &str, names: &[&str]) -> Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).map_err(certificate_error(subject))?;
    params.distinguished_name.push(DnType::CommonName, subject);
    Ok(params)
}

fn certificate_error(subject: &str) -> impl FnOnce(rcgen::Error) -> Error + use<> {
    let subject = subject.to_owned();
    move |source| Error::Certificate { subject, source }
}
