//! The HTTP client that the tests use.

use std::sync::LazyLock;
use std::time::Duration;

use crate::child::Child;
use crate::error::Result;

/// The client keeps no idle connections, because a connection that one test's runtime opened would break with that
/// test.
static CLIENT: LazyLock<std::result::Result<reqwest::Client, reqwest::Error>> = LazyLock::new(|| {
    install_crypto();
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(30)).build()
});

/// Every client with TLS needs this provider.
pub(crate) fn install_crypto() {
    // An error means that the process has a provider already, which works as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client that connects to loopback directly, even if the environment names a proxy.
pub(crate) fn client() -> reqwest::Client {
    match &*CLIENT {
        Ok(client) => client.clone(),
        // The settings above are fixed, so this does not fail. If it did, the default client would report the error.
        Err(_) => reqwest::Client::new(),
    }
}

/// Waits until `url` answers 200, at most for `limit`. The error contains the end of the process's log.
pub async fn wait_http(child: &Child, url: &str, limit: Duration) -> Result<()> {
    let what = format!("200 from {url}");
    let request = || async { client().get(url).send().await.is_ok_and(|answer| answer.status() == 200) };
    child.wait_until(&what, limit, request).await
}
