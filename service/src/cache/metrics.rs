//! What the cache measures.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

/// Why a call failed, a bounded set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ErrorLabels {
    /// `down`, `timeout`, `lost`, `demoted` or `refused`.
    pub reason: &'static str,
}

/// Why a write was not accepted, a bounded set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RefusedLabels {
    /// `gone`, `dirty`, `older` (fills), or `publish_gone` (a writer's entry was evicted).
    pub reason: &'static str,
}

/// The instruments of a cache. Clones count into the same instruments.
#[derive(Clone, Debug, Default)]
pub struct CacheMetrics {
    /// Calls that failed, by reason.
    pub errors: Family<ErrorLabels, Counter>,
    /// Writes that were not accepted, by reason.
    pub refused: Family<RefusedLabels, Counter>,
    /// How often writes may have been lost.
    pub breaks: Counter,
    /// Whether there is a connection.
    pub connected: Gauge,
}

impl CacheMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let Self { errors, refused, breaks, connected } = metrics.clone();
        registry.register("hoopoe_cache_errors", "Calls of the cache that failed, by reason", errors);
        registry.register("hoopoe_cache_refused_writes", "Writes that the cache did not take, by reason", refused);
        registry.register("hoopoe_cache_breaks", "Times at which the cache may have lost writes", breaks);
        registry.register("hoopoe_cache_connected", "Whether the cache is connected", connected);
        metrics
    }

    pub(super) fn error(&self, reason: &'static str) {
        self.errors.get_or_create(&ErrorLabels { reason }).inc();
    }

    pub(super) fn refused(&self, reason: &'static str, count: u64) {
        if count > 0 {
            self.refused.get_or_create(&RefusedLabels { reason }).inc_by(count);
        }
    }
}
