//! How a log line looks: JSON for a cluster, plain text for a terminal. No payload and no credentials are ever logged.

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry::LookupSpan};

/// Without `HOOPOE_LOG`. The clients' own logs name hosts and statements; their warnings are enough.
const DEFAULT_FILTER: &str = "info,lapin=warn,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,redis=warn,hyper=warn";

/// What no setting turns on: lapin logs a returned message whole, payload and all.
const NEVER: &str = "lapin::returned_messages=off";

/// The levels that `HOOPOE_LOG` asks for; what cannot be read is as if it were not set.
pub(super) fn filter(asked: Option<&str>) -> EnvFilter {
    let filter =
        asked.and_then(|asked| EnvFilter::try_new(asked).ok()).unwrap_or_else(|| EnvFilter::new(DEFAULT_FILTER));
    // A later directive for the same target takes the earlier one's place.
    NEVER.parse().map_or_else(|_| EnvFilter::new(DEFAULT_FILTER), |never| filter.add_directive(never))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_turns_payloads_on() {
        for asked in [None, Some("trace"), Some("lapin::returned_messages=trace"), Some("lapin=debug"), Some("&&&")] {
            let filter = filter(asked).to_string();
            assert!(filter.contains("lapin::returned_messages=off"), "{asked:?}: {filter}");
            assert!(!filter.contains("returned_messages=trace"), "{asked:?}: {filter}");
        }
    }
}
