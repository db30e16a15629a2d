//! How a log line looks: JSON for a cluster, plain text for a terminal. No payload and no credentials are ever logged.

use tracing::Subscriber;
use tracing_subscriber::{Layer, fmt, registry::LookupSpan};

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// One JSON object a line, with the fields of the spans that it was logged in.
    JsonWithSpans,
    /// For people.
    Text,
}

/// The layer that writes to standard error, so that standard output stays for what a command prints.
pub(super) fn layer<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let json = || fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
    match format {
        LogFormat::Json => Box::new(json().with_current_span(false)),
        LogFormat::JsonWithSpans => Box::new(json()),
        LogFormat::Text => Box::new(fmt::layer().compact().with_target(false).with_writer(std::io::stderr)),
    }
}
