//! Logs to standard output, traces to a collector.

mod logs;
mod traces;

use hoopoe_crds::worker_config::TelemetryConfig;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub use logs::LogFormat;
pub use traces::TraceError;

/// Why telemetry did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// Traces cannot be exported as configured.
    #[error(transparent)]
    Traces(#[from] TraceError),
    /// Somebody else has set the process's subscriber.
    #[error("failed to start logging: it was started before")]
    Started(#[from] tracing_subscriber::util::TryInitError),
}

/// Keeps the exporter; [`Telemetry::shutdown`] sends what is still in it.
pub struct Telemetry {
    tracer: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts logs (level from `HOOPOE_LOG`, default `info`) and, where an endpoint is configured, traces. Needs a tokio runtime.
    pub fn start(service: &str, config: &TelemetryConfig, format: LogFormat) -> Result<Self, TelemetryError> {
        let filter = logs::filter(std::env::var("HOOPOE_LOG").ok().as_deref());
        let tracer = traces::provider(service, config)?;
        let span_layer = tracer.as_ref().map(traces::layer);
        tracing_subscriber::registry().with(logs::layer(format).with_filter(filter)).with(span_layer).try_init()?;
        Ok(Self { tracer })
    }

    /// Sends the spans that are still in hand; a collector that is away costs its timeout and no more.
    pub fn shutdown(self) {
        if let Some(Err(error)) = self.tracer.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "failed to send the last spans");
        }
    }
}
