//! HTTP clients.

use std::time::Duration;

/// How long a request may take.
const LIMIT: Duration = Duration::from_mins(1);

/// A client that uses no proxy.
pub fn client() -> reqwest::Client {
    install_crypto();
    reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap()
}

/// Every client needs this provider, also without TLS.
pub fn install_crypto() {
    // An error means that the process has a provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
