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

/// A certificate authority of its own, its certificates as PEM files in a temporary folder. Copies are the same one.
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

/// A certificate and its private key (PKCS#8), as PEM files that live as long as their [`Ca`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PemPair {
    /// The certificate's file.
    pub certificate: PathBuf,
    /// The private key's file, readable by this process's user only.
    pub key: PathBuf,
}

/// How a server listens with TLS: with a certificate for `localhost` and 127.0.0.1 of that authority.
#[derive(Debug, Clone)]
pub struct TlsOptions {
    /// Who signs the server's certificate, and whose clients it believes.
    pub ca: Ca,
    /// Whether a client must show a certificate of that authority.
    pub client_certs: bool,
}

impl Ca {
    /// A new authority.
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

    /// The file with the authority's own certificate.
    pub fn certificate(&self) -> &Path {
        &self.inner.certificate
    }

    /// A server's certificate for these DNS names and IP addresses.
    pub fn server_cert(&self, names: &[&str]) -> Result<PemPair> {
        let subject = names.first().copied().unwrap_or("server");
        self.sign(params(subject, names)?, subject, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client's certificate with that common name.
    pub fn client_cert(&self, common_name: &str) -> Result<PemPair> {
        self.sign(params(common_name, &[])?, common_name, ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// A client's certificate with that common name, in that organization: a user and its group to Kubernetes.
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
    /// TLS without a look at clients' certificates.
    pub fn new(ca: &Ca) -> Self {
        Self { ca: ca.clone(), client_certs: false }
    }

    /// TLS for clients with a certificate of the same authority only.
    pub fn with_client_certs(ca: &Ca) -> Self {
        Self { ca: ca.clone(), client_certs: true }
    }

    /// A certificate for a server on loopback.
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
