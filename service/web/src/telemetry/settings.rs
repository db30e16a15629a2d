//! What a program decides about its logs and traces.

use tracing_subscriber::EnvFilter;

use super::LogFormat;

/// How a program logs and traces.
#[derive(Clone, Copy, Debug)]
pub struct TelemetrySettings<'a> {
    /// The program's name, as traces show it.
    pub service: &'a str,
    /// The name of the instrumentation, as traces show it.
    pub scope: &'static str,
    /// The environment variable that asks for other levels of logs.
    pub log_variable: &'static str,
    /// The levels of logs where that variable is not set, or cannot be read.
    pub log_filter: &'a str,
    /// A log directive that holds whatever the variable asks for.
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

impl TelemetrySettings<'_> {
    /// The levels that the environment asks for, or the program's own; what the program forbids stays off.
    pub fn filter(&self, asked: Option<&str>) -> EnvFilter {
        let own = || EnvFilter::new(self.log_filter);
        let filter = asked.and_then(|asked| EnvFilter::try_new(asked).ok()).unwrap_or_else(own);
        let Some(never) = self.log_never else { return filter };
        // A later directive for the same target replaces the earlier one.
        never.parse().map_or_else(|_| own(), |never| filter.add_directive(never))
    }
}
