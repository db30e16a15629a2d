//! What the broker's clients measure.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use super::PublishError;

/// How a publish ended, a bounded set: `confirmed`, or the name of a [`PublishError`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PublishLabels {
    /// `confirmed`, `unroutable`, `nacked`, `timeout`, `blocked`, `unavailable`, `exchange_missing` or
    /// `too_many_in_flight`.
    pub outcome: &'static str,
}

/// How an attempt to connect ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ConnectLabels {
    /// `connected`, `refused` or `unreachable`.
    pub outcome: &'static str,
}

/// The instruments of the broker's clients. Clones count into the same instruments.
#[derive(Clone, Debug)]
pub struct BrokerMetrics {
    /// Publishes, by how they ended.
    pub published: Family<PublishLabels, Counter>,
    /// Seconds from the call of publish to the confirm of the message.
    pub confirm_seconds: Histogram,
    /// Messages that are waiting for their confirm.
    pub in_flight: Gauge,
    /// Messages per group that was published together.
    pub group_size: Histogram,
    /// Attempts to connect, by how they ended.
    pub connects: Family<ConnectLabels, Counter>,
}

impl BrokerMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            published: Family::default(),
            confirm_seconds: Histogram::new([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0]),
            in_flight: Gauge::default(),
            group_size: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]),
            connects: Family::default(),
        };
        let Self { published, confirm_seconds, in_flight, group_size, connects } = metrics.clone();
        registry.register("hoopoe_publish", "Messages handed over for publishing, by outcome", published);
        registry.register("hoopoe_publish_confirm_seconds", "Seconds from hand-over to confirm", confirm_seconds);
        registry.register("hoopoe_publish_in_flight", "Messages that wait for their confirm", in_flight);
        registry.register("hoopoe_publish_group_size", "Messages published together", group_size);
        registry.register("hoopoe_broker_connects", "Attempts to connect to the broker, by outcome", connects);
        metrics
    }

    /// Counts how one publish ended.
    pub(super) fn count_publish(&self, result: &Result<(), PublishError>) {
        let outcome = match result {
            Ok(()) => "confirmed",
            Err(PublishError::Unroutable) => "unroutable",
            Err(PublishError::Nacked) => "nacked",
            Err(PublishError::Timeout(_)) => "timeout",
            Err(PublishError::Blocked) => "blocked",
            Err(PublishError::Unavailable) => "unavailable",
            Err(PublishError::ExchangeMissing) => "exchange_missing",
            Err(PublishError::TooManyInFlight(_)) => "too_many_in_flight",
        };
        self.published.get_or_create(&PublishLabels { outcome }).inc();
    }

    /// Counts how one attempt to connect ended.
    pub(super) fn count_connect(&self, outcome: &'static str) {
        self.connects.get_or_create(&ConnectLabels { outcome }).inc();
    }
}
