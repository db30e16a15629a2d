//! Takes notifications and publishes them, whatever protocol they came by. `Ok` means that the broker has the
//! notification.

mod batch;
mod error;
mod metrics;
mod rate;
mod route;
mod routing_key;
mod send;

use std::sync::Arc;

use hoopoe_crds::worker_config::ProducerConfig;

use self::{rate::RateLimit, route::Route};
use crate::broker::Publisher;

pub use error::{IngestError, Refused};
pub use metrics::IngestMetrics;
pub use routing_key::{RoutingKey, TemplateError};
pub use send::{BATCH_ITEMS, TraceHeaders};

/// The most bytes of a batch, however large its notifications may be: 1,000 at the default limit would be 64 MiB in
/// memory for each request.
const BATCH_BYTES_CAP: usize = 16 * 1024 * 1024;
/// The most items of one batch that wait for their confirm at once; also at most a quarter of `maxInFlight`, so that a
/// batch alone never meets that limit. Four groups of 64 keep several channels busy.
const BATCH_WINDOW: usize = 256;

/// One producer: an exchange and its limits. Cheap to clone.
#[derive(Clone)]
pub struct Ingest(Arc<Producer>);

/// What one producer works with.
struct Producer {
    publisher: Arc<dyn Publisher>,
    exchange: String,
    body_bytes: usize,
    batch_window: usize,
    route: Route,
    rate: RateLimit,
    metrics: IngestMetrics,
}

impl Ingest {
    /// Over a publisher to the config's exchange.
    pub fn new(
        config: &ProducerConfig,
        publisher: Arc<dyn Publisher>,
        metrics: IngestMetrics,
    ) -> Result<Self, TemplateError> {
        let in_flight = usize::try_from(config.publish.max_in_flight).unwrap_or(usize::MAX);
        Ok(Self(Arc::new(Producer {
            publisher,
            exchange: config.exchange.name.clone(),
            body_bytes: usize::try_from(config.limits.body_bytes).unwrap_or(usize::MAX),
            batch_window: (in_flight / 4).clamp(1, BATCH_WINDOW),
            route: Route::new(config)?,
            rate: RateLimit::new(config.limits.rate_per_second),
            metrics,
        })))
    }

    /// The most bytes of one notification.
    pub fn body_bytes(&self) -> usize {
        self.0.body_bytes
    }

    /// The most bytes of a batch.
    pub fn batch_bytes(&self) -> usize {
        self.0.body_bytes.saturating_mul(BATCH_ITEMS).min(BATCH_BYTES_CAP)
    }

    /// The counters of what senders were told. Edges count, because faults of a protocol count too.
    pub fn metrics(&self) -> &IngestMetrics {
        &self.0.metrics
    }
}
