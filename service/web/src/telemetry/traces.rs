//! Spans over OTLP/HTTP to a collector, sampled by trace id so that every process keeps the same traces.

use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, registry::LookupSpan};

use super::TelemetrySettings;

/// The provider, where there is an endpoint.
pub(super) fn provider(settings: &TelemetrySettings<'_>) -> Result<Option<SdkTracerProvider>, ExporterBuildError> {
    let Some(endpoint) = settings.endpoint else { return Ok(None) };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()?;
    let resource = Resource::builder()
        .with_service_name(settings.service.to_owned())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let mut builder = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource);
    if let Some(ratio) = settings.sample_ratio {
        builder = builder.with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(ratio))));
    }
    Ok(Some(builder.build()))
}

/// The layer that turns the program's spans into the collector's. The exporter's own requests make none.
pub(super) fn layer<S>(
    provider: &SdkTracerProvider,
    settings: &TelemetrySettings<'_>,
) -> impl Layer<S> + Send + Sync + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(settings.scope))
        .with_filter(EnvFilter::new(settings.spans))
}
