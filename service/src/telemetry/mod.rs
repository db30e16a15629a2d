//! The service's logs and traces, and how a trace goes from a request to a message to a batch.

pub mod propagation;

use hoopoe_crds::{environment, worker_config::TelemetryConfig};
use hoopoe_web::telemetry::{self, LogFormat, Telemetry, TelemetrySettings};
use opentelemetry::global;
use opentelemetry_sdk::propagation::TraceContextPropagator;

/// The log levels without `HOOPOE_LOG`. The clients' own logs name hosts and statements; their warnings are enough.
const LOG_FILTER: &str = "info,lapin=warn,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,redis=warn,hyper=warn";

/// No setting turns this on: lapin logs a returned message with its payload.
const LOG_NEVER: &str = "lapin::returned_messages=off";

/// Why telemetry did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `telemetry.sampleRatio` is not a number from 0 to 1.
    #[error("failed to read telemetry.sampleRatio: it must be a decimal from \"0\" to \"1\"")]
    Ratio,
    /// `telemetry.otlpEndpoint` cannot be used.
    #[error("failed to use telemetry.otlpEndpoint")]
    Endpoint(#[source] telemetry::TelemetryError),
    /// The process has a subscriber already.
    #[error(transparent)]
    Started(telemetry::TelemetryError),
}

/// Starts logs, at the levels of `HOOPOE_LOG`, and traces where an endpoint is configured. Needs a tokio runtime.
pub fn start(service: &str, config: &TelemetryConfig, log_format: LogFormat) -> Result<Telemetry, TelemetryError> {
    let started = Telemetry::start(&settings(service, config, log_format)?).map_err(|error| match error {
        error @ telemetry::TelemetryError::Exporter(_) => TelemetryError::Endpoint(error),
        error @ telemetry::TelemetryError::Started(_) => TelemetryError::Started(error),
    })?;
    if config.otlp_endpoint.is_some() {
        // Requests and messages carry their trace as W3C says. Without a tracer, the sender's trace is passed on.
        global::set_text_map_propagator(TraceContextPropagator::new());
    }
    Ok(started)
}

fn settings<'a>(
    service: &'a str,
    config: &'a TelemetryConfig,
    log_format: LogFormat,
) -> Result<TelemetrySettings<'a>, TelemetryError> {
    let ratio: f64 = config.sample_ratio.parse().map_err(|_| TelemetryError::Ratio)?;
    if !(0.0..=1.0).contains(&ratio) {
        return Err(TelemetryError::Ratio);
    }
    Ok(TelemetrySettings {
        service,
        scope: "hoopoe",
        log_variable: environment::LOG,
        log_filter: LOG_FILTER,
        log_never: Some(LOG_NEVER),
        log_format,
        spans: "off,hoopoe=info",
        endpoint: config.otlp_endpoint.as_deref(),
        sample_ratio: Some(ratio),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_turns_payloads_on() {
        let config = TelemetryConfig::default();
        let settings = settings("test", &config, LogFormat::Json).unwrap();
        for asked in [None, Some("trace"), Some("lapin::returned_messages=trace"), Some("lapin=debug"), Some("&&&")] {
            let filter = settings.filter(asked).to_string();
            assert!(filter.contains("lapin::returned_messages=off"), "{asked:?}: {filter}");
            assert!(!filter.contains("returned_messages=trace"), "{asked:?}: {filter}");
        }
    }
}
