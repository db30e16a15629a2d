//! Connections to a management API: which authorities they trust, which certificate they show, and which name they
//! expect.

use std::{net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    Certificate, Client, Identity,
    dns::{Addrs, Name, Resolve, Resolving},
};
use secrecy::ExposeSecret;
use url::{Host, Url};

use crate::{dereference::TlsMaterial, topology::BrokerError};

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A client whose requests take at most `limit`, and the URL to ask it for.
///
/// reqwest expects the URL's host in the certificate. If the certificate has another name, that name is put into the
/// URL and resolved to the host.
pub(super) fn open(url: &str, tls: Option<&TlsMaterial>, limit: Duration) -> Result<(Client, String), BrokerError> {
    let invalid = |detail: String| BrokerError::CertificatesInvalid { detail };
    let failed = |error: reqwest::Error| invalid(error.to_string());
    let mut builder =
        Client::builder().timeout(limit).connect_timeout(CONNECT_LIMIT).redirect(reqwest::redirect::Policy::none());
    let mut named_url = url.to_owned();
    if let Some(TlsMaterial { ca, identity, server_name }) = tls
        && url.starts_with("https:")
    {
        if let Some(ca) = ca {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(ca).map_err(failed)?);
        }
        if let Some((certificate, key)) = identity {
            let pem = [key.expose_secret().as_bytes(), b"\n", certificate].concat();
            builder = builder.identity(Identity::from_pem(&pem).map_err(failed)?);
        }
        if let Some(name) = server_name {
            let (renamed, host) = rename(url, name).map_err(invalid)?;
            builder = builder.dns_resolver(Arc::new(AlwaysTo(host)));
            named_url = renamed;
        }
    }
    Ok((builder.build().map_err(failed)?, named_url))
}

/// The URL with that name as its host, and the host that it had.
fn rename(url: &str, name: &str) -> Result<(String, String), String> {
    if name.parse::<IpAddr>().is_ok() {
        return Err(format!("serverName is the IP address {name}, but it must be a DNS name"));
    }
    let refused = || format!("serverName is \"{name}\", but it must be a DNS name");
    let mut url = Url::parse(url).map_err(|_| refused())?;
    let host = match url.host().ok_or_else(refused)? {
        Host::Domain(domain) => domain.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    url.set_host(Some(name)).map_err(|_| refused())?;
    Ok((url.as_str().trim_end_matches('/').to_owned(), host))
}

/// Resolves every name to the addresses of one host. The port is the URL's.
struct AlwaysTo(String);

impl Resolve for AlwaysTo {
    fn resolve(&self, _name: Name) -> Resolving {
        let host = self.0.clone();
        Box::pin(async move {
            let addresses = tokio::net::lookup_host((host, 0)).await?;
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_takes_the_hosts_place_and_nothing_elses() {
        let renamed = |url| rename(url, "rabbit.internal").unwrap();
        assert_eq!(
            renamed("https://10.0.0.5:15671/broker"),
            ("https://rabbit.internal:15671/broker".to_owned(), "10.0.0.5".to_owned())
        );
        assert_eq!(renamed("https://[::1]"), ("https://rabbit.internal".to_owned(), "::1".to_owned()));
        for wrong in ["10.0.0.1", "::1", "a b", ""] {
            assert!(rename("https://h", wrong).unwrap_err().contains("serverName"), "{wrong}");
        }
    }
}
