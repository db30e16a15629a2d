//! Instruments of a producer.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// What is counted of publishes. One per process, shared by its producers.
#[derive(Clone, Debug)]
pub struct ProducerMetrics {
    /// Publishes by what became of them: `confirmed`, or the code of the problem.
    pub publishes: Family<ResultLabels, Counter>,
    /// From the hand-over to the publisher until the broker's confirm, in seconds; successes only.
    pub confirm_seconds: Histogram,
    /// Notifications that wait for their confirm.
    pub in_flight: Gauge,
}

/// What became of a publish: a bounded set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResultLabels {
    /// `confirmed`, or the code of the problem.
    pub result: &'static str,
}

impl ProducerMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            publishes: Family::default(),
            // From half a millisecond, a confirm on one machine, to the default timeout of 5 s.
            confirm_seconds: Histogram::new([
                0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0,
            ]),
            in_flight: Gauge::default(),
        };
        registry.register("hoopoe_publishes", "Publishes by result", metrics.publishes.clone());
        registry.register(
            "hoopoe_publish_confirm_seconds",
            "From publish to the broker's confirm",
            metrics.confirm_seconds.clone(),
        );
        registry.register(
            "hoopoe_publish_in_flight",
            "Notifications that wait for a confirm",
            metrics.in_flight.clone(),
        );
        metrics
    }
}
