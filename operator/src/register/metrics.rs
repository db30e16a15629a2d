//! Instruments of the register port.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// Instruments of the register port. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RegisterMetrics {
    requests: Family<Labels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: &'static str,
    status: u16,
}

impl RegisterMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let help = "Requests to the register port, by method and answer";
        registry.register("hoopoe_operator_register_requests", help, metrics.requests.clone());
        metrics
    }

    pub(super) fn count(&self, method: &axum::http::Method, status: u16) {
        // A client may send any word as a method, and a label must have few values.
        let method = match method.as_str() {
            "GET" => "GET",
            "POST" => "POST",
            "DELETE" => "DELETE",
            _ => "other",
        };
        self.requests.get_or_create(&Labels { method, status }).inc();
    }
}
