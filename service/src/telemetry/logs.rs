//! How a log line looks: JSON for a cluster, plain text for a terminal. No payload and no credentials are ever logged.

use tracing::Subscriber;
use tracing_subscriber::{Layer, fmt, registry::LookupSpan};

/// Without `HOOPOE_LOG`. The clients' own logs name hosts and statements; their warnings are enough.
pub(super) const DEFAULT_FILTER: &str =
    "info,lapin=warn,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,redis=warn,hyper=warn";

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line: the roles.
    Json,
    /// For people: `hoopoe dev`.
    Text,
}

/// The layer that writes to standard error, so that standard output stays for what a command prints.
pub(super) fn layer<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    match format {
        LogFormat::Json => {
            Box::new(fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(std::io::stderr))
        }
        LogFormat::Text => Box::new(fmt::layer().compact().with_target(false).with_writer(std::io::stderr)),
    }
}
