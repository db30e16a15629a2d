//! Waiting for what a test expects.

use std::time::{Duration, Instant};

/// Longer than anything takes that happens at all, even on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

/// Polls until `so` is true, and returns whether that happened in time.
pub async fn within(limit: Duration, so: impl AsyncFn() -> bool) -> bool {
    let start = Instant::now();
    while !so().await {
        if start.elapsed() > limit {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    true
}

/// Polls until `so` is true, and fails after a time.
pub async fn until(what: &str, so: impl AsyncFn() -> bool) {
    assert!(within(SOON, so).await, "did not happen within {SOON:?}: {what}");
}

/// Awaits something that must not hang.
pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, work).await.expect("the work does not hang")
}
