//! Takes notifications and publishes them, whatever protocol they came by. `Ok` means that the broker has the
//! notification.

mod batch;
mod error;
mod metrics;
mod producer;
mod rate;
mod route;
mod routing_key;

pub use error::{IngestError, Refused};
pub use metrics::IngestMetrics;
pub use producer::{BATCH_ITEMS, Ingest};
pub use route::TraceHeaders;
pub use routing_key::{RoutingKey, TemplateError};
