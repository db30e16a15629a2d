//! The operator's logs and traces: JSON lines on standard error; spans over OTLP/HTTP where an endpoint is given.

use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

/// Keeps the exporter; [`Telemetry::shutdown`] sends what is still in it.
pub struct Telemetry(Option<SdkTracerProvider>);

/// Why there are no logs or traces.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `--otlp-endpoint` cannot be used.
    #[error("failed to use --otlp-endpoint: {0}")]
    Exporter(#[source] ExporterBuildError),
    /// Somebody else has set the process's subscriber.
    #[error("failed to start logging: it was started before")]
    Started(#[from] tracing_subscriber::util::TryInitError),
}

impl Telemetry {
    /// Starts both. `HOOPOE_LOG`: the level of logs, default `info`. `endpoint`: of a collector, e.g. `http://collector:4318`; none, no traces.
    pub fn start(endpoint: Option<&str>) -> Result<Self, TelemetryError> {
        let provider = endpoint.map(provider).transpose().map_err(TelemetryError::Exporter)?;
        // A span a reconcile: 5,000 resources make 83 a second, so all are kept.
        let spans = provider.as_ref().map(|provider| {
            let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("hoopoe-operator"));
            layer.with_filter(EnvFilter::new("off,hoopoe_operator=info"))
        });
        let filter = EnvFilter::try_from_env("HOOPOE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
        let logs = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
        tracing_subscriber::registry().with(logs.with_filter(filter)).with(spans).try_init()?;
        Ok(Self(provider))
    }

    /// Sends the spans that are still in hand; a collector that is away costs its timeout and no more.
    pub fn shutdown(self) {
        if let Some(Err(error)) = self.0.map(|provider| provider.shutdown()) {
            tracing::warn!(%error, "failed to send the last spans");
        }
    }
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, ExporterBuildError> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()?;
    let resource = Resource::builder()
        .with_service_name("hoopoe-operator")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
