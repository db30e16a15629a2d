//! Instruments of every HTTP surface.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::Gauge,
        histogram::Histogram,
    },
    registry::Registry,
};

/// Counters of requests. One per process, shared by its surfaces.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    /// Answered requests, by route and status.
    pub requests: Family<RequestLabels, Counter>,
    /// Seconds until an answer was ready, by route.
    pub seconds: Family<RouteLabels, Histogram, Buckets>,
    /// Requests in progress, until the body of the answer has ended.
    pub in_flight: Gauge,
}

/// A route's template and the status of the answer. Both are bounded sets.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The route's template, or `unmatched`.
    pub route: &'static str,
    /// The status code.
    pub status: u16,
}

/// A route's template.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RouteLabels {
    /// The route's template, or `unmatched`.
    pub route: &'static str,
}

/// From 100 µs, the time of a 304, to 10 s, longer than any timeout allows.
#[derive(Clone, Debug)]
pub struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new([0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
    }
}

impl HttpMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(Buckets),
            in_flight: Gauge::default(),
        };
        registry.register("hoopoe_http_requests", "Requests answered", metrics.requests.clone());
        registry.register("hoopoe_http_request_seconds", "How long an answer took", metrics.seconds.clone());
        registry.register("hoopoe_http_in_flight", "Requests being served", metrics.in_flight.clone());
        metrics
    }
}
