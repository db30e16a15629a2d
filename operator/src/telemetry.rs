//! The operator's logs and traces: JSON lines on standard error; spans over OTLP/HTTP where an endpoint is given.

use hoopoe_crds::environment;
use hoopoe_web::telemetry::{self, LogFormat, Telemetry, TelemetrySettings};

/// Why there are no logs or traces.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `--otlp-endpoint` cannot be used.
    #[error("failed to use --otlp-endpoint: {0}")]
    Endpoint(#[source] telemetry::TelemetryError),
    /// The process has a subscriber already.
    #[error(transparent)]
    Started(telemetry::TelemetryError),
}

/// Starts both. `HOOPOE_LOG`: the level of logs, default `info`. `endpoint`: of a collector, e.g.
/// `http://collector:4318`; without one there are no traces.
pub fn start(endpoint: Option<&str>) -> Result<Telemetry, TelemetryError> {
    let settings = TelemetrySettings {
        service: "hoopoe-operator",
        scope: "hoopoe-operator",
        log_variable: environment::LOG,
        log_filter: "info",
        log_never: None,
        log_format: LogFormat::JsonWithSpans,
        spans: "off,hoopoe_operator=info",
        endpoint,
        // One span a reconcile: 5,000 resources make 83 a second, so all are kept.
        sample_ratio: None,
    };
    Telemetry::start(&settings).map_err(|error| match error {
        error @ telemetry::TelemetryError::Exporter(_) => TelemetryError::Endpoint(error),
        error @ telemetry::TelemetryError::Started(_) => TelemetryError::Started(error),
    })
}
