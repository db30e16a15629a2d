//! Instruments of a producer's door; what happens between it and the broker is measured by [`crate::broker`].

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use crate::http::Problem;

/// What is counted of notifications. One per process, shared by its producers.
#[derive(Clone, Debug)]
pub struct ProducerMetrics {
    /// Notifications by what their sender was told: `accepted`, or the code of the problem.
    pub notifications: Family<ResultLabels, Counter>,
}

/// What a sender was told: a bounded set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResultLabels {
    /// `accepted`, or the code of the problem.
    pub result: &'static str,
}

impl ProducerMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self { notifications: Family::default() };
        let help = "Notifications by what their sender was told";
        registry.register("hoopoe_ingest", help, metrics.notifications.clone());
        metrics
    }

    pub(super) fn accepted(&self) {
        self.notifications.get_or_create(&ResultLabels { result: "accepted" }).inc();
    }

    pub(super) fn refused(&self, problem: &Problem) {
        self.notifications.get_or_create(&ResultLabels { result: problem.code() }).inc();
    }
}
