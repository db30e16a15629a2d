//! Waiting for what a test expects.

use std::time::{Duration, Instant};

use hoopoe_e2e::ControlPlane;

/// Long enough for a busy machine; a test that waits this long fails.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Polls until the answer is true, and fails after a time.
pub async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let found = until(async || ask().await.then_some(())).await;
    assert!(found.is_some(), "it never happened: {what}");
}

/// Polls until there is an answer; `None`: there was none in time.
pub async fn until<T>(mut ask: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return Some(answer);
        }
        if Instant::now() > deadline {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits until the API server serves every definition.
pub async fn established(plane: &ControlPlane) {
    let wait = ["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"];
    // Right after their creation the CRDs have no condition yet, and then `kubectl wait` fails instead of waiting.
    eventually("the definitions are served", async || plane.kubectl(&wait).await.is_ok()).await;
}
