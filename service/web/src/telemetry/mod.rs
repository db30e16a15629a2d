//! Logs on standard error, traces to a collector.

mod logs;
mod settings;
mod traces;

use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub use logs::LogFormat;
pub use settings::TelemetrySettings;

/// Why telemetry did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The collector's endpoint cannot be used.
    #[error(transparent)]
    Exporter(ExporterBuildError),
    /// The process has a subscriber already.
    #[error("failed to start logging: it was started before")]
    Started(#[from] tracing_subscriber::util::TryInitError),
}

/// Keeps the exporter; [`Telemetry::shutdown`] sends what is still in it.
pub struct Telemetry {
    tracer: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts logs, at the levels that the environment asks for, and traces where there is an endpoint. Needs a tokio
    /// runtime.
    pub fn start(settings: &TelemetrySettings<'_>) -> Result<Self, TelemetryError> {
        let filter = settings.filter(std::env::var(settings.log_variable).ok().as_deref());
        let tracer = traces::provider(settings).map_err(TelemetryError::Exporter)?;
        let spans = tracer.as_ref().map(|provider| traces::layer(provider, settings));
        tracing_subscriber::registry()
            .with(logs::layer(settings.log_format).with_filter(filter))
            .with(spans)
            .try_init()?;
        Ok(Self { tracer })
    }

    /// Sends the spans that are still in hand. It blocks until the collector answered or did not answer in time.
    pub fn shutdown(self) {
        if let Some(Err(error)) = self.tracer.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "failed to send the last spans");
        }
    }
}
