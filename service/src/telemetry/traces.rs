//! Spans over OTLP/HTTP to a collector, sampled by trace id so that every worker keeps the same traces.

use hoopoe_crds::worker_config::TelemetryConfig;
use opentelemetry::{KeyValue, global, trace::TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, registry::LookupSpan};

/// Why traces cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// `telemetry.sampleRatio` is not a number from 0 to 1.
    #[error("failed to read telemetry.sampleRatio: it must be a decimal from \"0\" to \"1\"")]
    Ratio,
    /// `telemetry.otlpEndpoint` cannot be used.
    #[error("failed to use telemetry.otlpEndpoint")]
    Exporter(#[source] ExporterBuildError),
}

/// The provider, where an endpoint is configured.
pub(super) fn provider(service: &str, config: &TelemetryConfig) -> Result<Option<SdkTracerProvider>, TraceError> {
    let ratio: f64 = config.sample_ratio.parse().map_err(|_| TraceError::Ratio)?;
    if !(0.0..=1.0).contains(&ratio) {
        return Err(TraceError::Ratio);
    }
    let Some(endpoint) = &config.otlp_endpoint else { return Ok(None) };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .map_err(TraceError::Exporter)?;
    let resource = Resource::builder()
        .with_service_name(service.to_owned())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))))
        .with_resource(resource)
        .build();
    // Requests and messages carry their trace as W3C says. Without a tracer nothing is set: a sender's own is passed on as it came.
    global::set_text_map_propagator(TraceContextPropagator::new());
    Ok(Some(provider))
}

/// The layer that turns our spans into the collector's. The exporter's own requests make none.
pub(super) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    tracing_opentelemetry::layer().with_tracer(provider.tracer("hoopoe")).with_filter(EnvFilter::new("off,hoopoe=info"))
}
