//! Tells a long response that its listener stops.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

/// Learns when the listener stops. From then on a body has [`hoopoe_web::ServerLimits::drain`] to end itself; then the
/// connection is cut. A handler takes it as an argument. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Draining(Arc<CancellationToken>);

impl Draining {
    /// For a listener that is served until `stop` is cancelled.
    pub(super) fn of(stop: &CancellationToken) -> Self {
        Self(Arc::new(stop.clone()))
    }

    /// Returns once the listener stops.
    pub async fn told(&self) {
        self.0.cancelled().await;
    }

    /// Whether the listener stops.
    pub fn is_told(&self) -> bool {
        self.0.is_cancelled()
    }
}
