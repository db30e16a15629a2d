//! Step 5: server-side apply of the children, in a fixed order, under our field manager; and the removal of orphans.

mod applier;
mod error;
mod memory;
mod metrics;
mod observed;
mod orphans;
mod ownership;
mod requests;

pub use applier::{Applied, Applier};
pub use error::ApplyError;
pub use metrics::ApplyMetrics;
pub use observed::{Observed, ObservedMeta};

/// The field manager of everything that we apply.
pub const FIELD_MANAGER: &str = "hoopoe-operator";
/// The field manager of a replica count that is written once and then left to an autoscaler.
pub const INITIAL_REPLICAS_MANAGER: &str = "hoopoe-operator-initial-replicas";
