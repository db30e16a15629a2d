//! What a consumer measures.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::broker::LetterClass;

/// The class of a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct DeadLetterLabels {
    /// A closed set; no sender can choose a value.
    pub class: LetterClass,
}

/// The instruments of a consumer.
#[derive(Clone, Debug)]
pub struct ConsumerMetrics {
    /// Deliveries received.
    pub deliveries: Counter,
    /// Deliveries that were delivered before.
    pub redeliveries: Counter,
    /// Notifications stored.
    pub stored: Counter,
    /// Repeats, which changed nothing.
    pub repeats: Counter,
    /// Messages without any id; their id was derived from their bytes.
    pub derived_ids: Counter,
    /// Unknown fields, which are ignored.
    pub unknown_fields: Counter,
    /// Confirmed dead letters, by class.
    pub dead_letters: Family<DeadLetterLabels, Counter>,
    /// Attempts to publish a dead letter that were not confirmed.
    pub dead_letter_failures: Counter,
    /// Notifications per commit.
    pub batch_size: Histogram,
    /// Seconds that a batch's commit takes.
    pub commit_seconds: Histogram,
    /// Failed commits, which are tried again.
    pub commit_failures: Counter,
    /// Deliveries of the batch at work that are held and not acknowledged yet.
    pub in_flight: Gauge,
    /// Open lanes.
    pub lanes: Gauge,
    /// 1 while the guard against crash loops holds the process to one message at a time.
    pub probation: Gauge,
}

impl ConsumerMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            deliveries: Counter::default(),
            redeliveries: Counter::default(),
            stored: Counter::default(),
            repeats: Counter::default(),
            derived_ids: Counter::default(),
            unknown_fields: Counter::default(),
            dead_letters: Family::default(),
            dead_letter_failures: Counter::default(),
            batch_size: Histogram::new([1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 5000.0]),
            commit_seconds: Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]),
            commit_failures: Counter::default(),
            in_flight: Gauge::default(),
            lanes: Gauge::default(),
            probation: Gauge::default(),
        };
        let r = registry;
        r.register("hoopoe_consume_deliveries", "Deliveries received", metrics.deliveries.clone());
        r.register(
            "hoopoe_consume_redeliveries",
            "Deliveries that were delivered before",
            metrics.redeliveries.clone(),
        );
        r.register("hoopoe_consume_stored", "Notifications stored", metrics.stored.clone());
        r.register("hoopoe_consume_repeats", "Repeats, which changed nothing", metrics.repeats.clone());
        r.register(
            "hoopoe_consume_derived_ids",
            "Messages whose id was derived from their bytes",
            metrics.derived_ids.clone(),
        );
        r.register("hoopoe_consume_unknown_fields", "Unknown fields ignored", metrics.unknown_fields.clone());
        r.register("hoopoe_consume_dead_letters", "Dead letters confirmed, by class", metrics.dead_letters.clone());
        r.register(
            "hoopoe_consume_dead_letter_failures",
            "Dead letters not confirmed",
            metrics.dead_letter_failures.clone(),
        );
        r.register("hoopoe_consume_batch_size", "Notifications per commit", metrics.batch_size.clone());
        r.register("hoopoe_consume_commit_seconds", "Seconds per commit", metrics.commit_seconds.clone());
        r.register(
            "hoopoe_consume_commit_failures",
            "Commits that failed and are tried again",
            metrics.commit_failures.clone(),
        );
        r.register("hoopoe_consume_in_flight", "Deliveries held, not yet acknowledged", metrics.in_flight.clone());
        r.register("hoopoe_consume_lanes", "Open lanes", metrics.lanes.clone());
        r.register("hoopoe_consume_probation", "1 while one message is taken at a time", metrics.probation.clone());
        metrics
    }
}
