//! The HTTP client of the tests' own questions.

use std::sync::LazyLock;
use std::time::Duration;

use crate::child::Child;
use crate::error::Result;

/// It keeps no connection: one that was opened in a test's runtime would die with that test.
static CLIENT: LazyLock<std::result::Result<reqwest::Client, reqwest::Error>> = LazyLock::new(|| {
    // Err: the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).timeout(Duration::from_secs(30)).build()
});

/// A client that goes straight to loopback, whatever proxies the environment names.
pub(crate) fn client() -> reqwest::Client {
    match &*CLIENT {
        Ok(client) => client.clone(),
        // The settings above are fixed; the default client says what is wrong when it is used.
        Err(_) => reqwest::Client::new(),
    }
}

/// Waits until `url` answers 200, at most for `limit`. The error holds the end of the process's log.
pub async fn wait_http(child: &Child, url: &str, limit: Duration) -> Result<()> {
    let what = format!("200 from {url}");
    let request = || async { client().get(url).send().await.is_ok_and(|answer| answer.status() == 200) };
    child.wait_until(&what, limit, request).await
}
