//! Where the producer and the inbox API are, and the HTTP client that reaches them.

use std::{path::PathBuf, time::Duration};

use reqwest::{Certificate, Client, Url, redirect};

use super::ClientError;

/// How long one connection attempt may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The option that says where to send notifications.
#[derive(Clone, Debug, clap::Args)]
pub struct ProducerArg {
    /// The producer's address.
    #[arg(long, env = "HOOPOE_PRODUCER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub producer: Url,
}

/// The option that says where to read inboxes.
#[derive(Clone, Debug, clap::Args)]
pub struct ApiArg {
    /// The inbox API's address.
    #[arg(long, env = "HOOPOE_API", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub api: Url,
}

/// The option that says which authorities to trust.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TrustArg {
    /// PEM file of the certificate authorities to trust instead of the system's.
    #[arg(long, value_name = "FILE")]
    pub cacert: Option<PathBuf>,
}

/// One server: its address, the option that names it, and the client that reaches it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Server {
    client: Client,
    base: Url,
    option: &'static str,
}

/// A client for all servers of one command. `timeout` bounds one request as a whole. The client uses the proxy that the
/// environment names, unless all servers are on this machine.
pub fn http_client(trust: &TrustArg, timeout: Duration, bases: &[Url]) -> Result<Client, ClientError> {
    // Only the first call installs a provider. A later call, in tests or in `hoopoe dev`, fails: the same one is there.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("hoopoe/", env!("CARGO_PKG_VERSION")));
    if bases.iter().all(is_loopback) {
        builder = builder.no_proxy();
    }
    if let Some(path) = &trust.cacert {
        let unusable = |reason: String| ClientError::CaFile { path: path.clone(), reason };
        let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
        let authorities = Certificate::from_pem_bundle(&pem).map_err(|error| unusable(innermost(&error)))?;
        if authorities.is_empty() {
            return Err(unusable("it holds no certificate in PEM form".to_owned()));
        }
        builder = builder.tls_certs_only(authorities);
    }
    builder.build().map_err(ClientError::Https)
}

fn is_loopback(base: &Url) -> bool {
    let host = base.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

impl Server {
    /// The server at `base`, an address that the option `option` gave.
    pub fn new(client: Client, base: &Url, option: &'static str) -> Result<Self, ClientError> {
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            let reason = "it must be an http:// or https:// address".to_owned();
            return Err(ClientError::Option { option, reason });
        }
        let mut base = base.clone();
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self { client, base, option })
    }

    /// The URL of a route. The path segments are given raw, and each is percent-encoded here.
    pub fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // This cannot fail, because `new` accepts only addresses with a host.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// The HTTP client that reaches it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Scheme, host and port: what an error may show. Credentials and path are left out.
    pub fn shown(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// The error that tells a person why a request failed.
    pub fn failure(&self, error: &reqwest::Error) -> ClientError {
        let reason = innermost(error);
        if error.is_connect() && reason.contains("refused") {
            return ClientError::NoListener { url: self.shown(), option: self.option };
        }
        let reason = if error.is_timeout() { "the answer did not come in time".to_owned() } else { reason };
        ClientError::NoAnswer { url: self.shown(), reason }
    }

    /// The error for an answer that Hoopoe would not give.
    pub fn not_ours(&self, reason: impl Into<String>) -> ClientError {
        ClientError::NotOurs { url: self.shown(), reason: reason.into(), option: self.option }
    }
}

/// The innermost cause, because the outer errors of reqwest only repeat the whole URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(base: &str) -> Server {
        let client = http_client(&TrustArg::default(), Duration::from_secs(1), &[]).unwrap();
        Server::new(client, &base.parse().unwrap(), "--api").unwrap()
    }

    #[test]
    fn an_owner_is_one_segment_whatever_is_in_it() {
        let url = server("http://h:1").url(&["v1", "owners", "a/b?c#ä %", "feed:mark"]);
        assert_eq!(url.as_str(), "http://h:1/v1/owners/a%2Fb%3Fc%23%C3%A4%20%25/feed:mark");
        assert_eq!(server("http://h:1/base/").url(&["v1"]).as_str(), "http://h:1/base/v1");
    }

    #[test]
    fn errors_show_no_credentials() {
        assert_eq!(server("http://me:secret@h:1/x").shown(), "http://h:1");
    }

    #[test]
    fn a_wrong_ca_file_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let trust = TrustArg { cacert: Some(file.path().to_owned()) };
        let error = http_client(&trust, Duration::from_secs(1), &[]).unwrap_err().to_string();
        assert!(error.contains(&file.path().display().to_string()) && error.contains("no certificate"), "{error}");
        let trust = TrustArg { cacert: Some("/nowhere/ca.pem".into()) };
        assert!(matches!(http_client(&trust, Duration::from_secs(1), &[]), Err(ClientError::CaFile { .. })));
    }

    #[test]
    fn this_machine_is_known() {
        for (base, loopback) in [
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1", true),
            ("http://localhost", true),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(&base.parse().unwrap()), loopback, "{base}");
        }
    }

    #[test]
    fn another_scheme_is_refused() {
        let client = http_client(&TrustArg::default(), Duration::from_secs(1), &[]).unwrap();
        let error = Server::new(client, &"amqp://h".parse().unwrap(), "--producer").unwrap_err();
        assert!(error.to_string().contains("--producer"), "{error}");
    }
}
