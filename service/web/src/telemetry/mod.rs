//! Logs on standard error, traces to a collector.

mod logs;
mod traces;

use opentelemetry_otlp::ExporterBuildError;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::{EnvFilter, Layer, layer::SubscriberExt, util::SubscriberInitExt};

pub use logs::LogFormat;

/// How a program logs and traces.
#[derive(Clone, Copy, Debug)]
pub struct TelemetrySettings<'a> {
    /// The program's name, as traces show it.
    pub service: &'a str,
    /// The name of the instrumentation, as traces show it.
    pub scope: &'static str,
    /// The levels of logs where `HOOPOE_LOG` is not set, or cannot be read.
    pub log_filter: &'a str,
    /// A log directive that holds whatever `HOOPOE_LOG` says.
    pub log_never: Option<&'a str>,
    /// How a log line looks.
    pub log_format: LogFormat,
    /// Which spans are exported, as a filter.
    pub spans: &'a str,
    /// Base URL of an OTLP/HTTP collector. `None`: no traces.
    pub endpoint: Option<&'a str>,
    /// The share of traces that is kept where the caller did not decide. `None`: all.
    pub sample_ratio: Option<f64>,
}

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

impl TelemetrySettings<'_> {
    /// The levels that `HOOPOE_LOG` asks for, or the program's own; what the program forbids stays off.
    pub fn filter(&self, asked: Option<&str>) -> EnvFilter {
        let own = || EnvFilter::new(self.log_filter);
        let filter = asked.and_then(|asked| EnvFilter::try_new(asked).ok()).unwrap_or_else(own);
        let Some(never) = self.log_never else { return filter };
        // A later directive for the same target replaces the earlier one.
        never.parse().map_or_else(|_| own(), |never| filter.add_directive(never))
    }
}

impl Telemetry {
    /// Starts logs, at the levels of `HOOPOE_LOG`, and traces where there is an endpoint. Needs a tokio runtime.
    pub fn start(settings: &TelemetrySettings<'_>) -> Result<Self, TelemetryError> {
        let filter = settings.filter(std::env::var("HOOPOE_LOG").ok().as_deref());
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
