//! Counts what senders were told. [`crate::broker`] measures what happens between a producer and its broker.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// Counters of notifications. One per process, shared by its producers.
#[derive(Clone, Debug)]
pub struct IngestMetrics {
    /// Notifications by what their sender was told: `accepted`, or the code of the problem.
    pub notifications: Family<ResultLabels, Counter>,
}

/// What a sender was told: a bounded set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResultLabels {
    /// `accepted`, or the code of the problem.
    pub result: &'static str,
}

impl IngestMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self { notifications: Family::default() };
        let help = "Notifications by what their sender was told";
        registry.register("hoopoe_ingest", help, metrics.notifications.clone());
        metrics
    }

    /// Counts a notification that the broker has.
    pub fn accepted(&self) {
        self.notifications.get_or_create(&ResultLabels { result: "accepted" }).inc();
    }

    /// Counts a notification that was refused with this code. Codes are a bounded set.
    pub fn refused(&self, code: &'static str) {
        self.notifications.get_or_create(&ResultLabels { result: code }).inc();
    }
}
