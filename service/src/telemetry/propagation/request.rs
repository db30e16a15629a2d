//! From a request to a message: the span of the request, and the headers that carry its trace.

use std::collections::{BTreeMap, HashMap};

use http::{HeaderMap, HeaderName};
use opentelemetry::{global, propagation::Extractor};
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The longest `tracestate` that W3C asks every system to carry.
const TRACESTATE_BYTES: usize = 512;

struct RequestHeaders<'a>(&'a HeaderMap);

impl Extractor for RequestHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

/// A span for a request; a child of the sender's span where the request names one.
pub fn request_span(name: &'static str, headers: &HeaderMap) -> tracing::Span {
    let span = tracing::info_span!("request", otel.name = name);
    if headers.contains_key("traceparent") {
        let parent = global::get_text_map_propagator(|propagator| propagator.extract(&RequestHeaders(headers)));
        // It fails where no tracer is set up: then there is no span either.
        let _ = span.set_parent(parent);
    }
    span
}

/// `traceparent` and `tracestate` of the current span; where traces are not set up, those of the request.
pub fn outgoing(headers: &HeaderMap) -> BTreeMap<String, String> {
    let mut current = HashMap::new();
    let context = tracing::Span::current().context();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut current));
    if current.contains_key("traceparent") {
        // A longer value would not fit the frame that holds the properties of a message.
        current.retain(|_, value| !value.is_empty() && value.len() <= TRACESTATE_BYTES);
        return current.into_iter().collect();
    }
    let mut passed = BTreeMap::new();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(parent) = text("traceparent").filter(|parent| is_traceparent(parent)) {
        passed.insert("traceparent".to_owned(), parent.to_owned());
        if let Some(state) = text("tracestate").filter(|state| state.len() <= TRACESTATE_BYTES) {
            passed.insert("tracestate".to_owned(), state.to_owned());
        }
    }
    passed
}

/// `00-<32 hex>-<16 hex>-<2 hex>`, lower case. Any other text would break the programs that read it later.
fn is_traceparent(text: &str) -> bool {
    let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts[..], [version, trace, span, flags]
        if [version.len(), trace.len(), span.len(), flags.len()] == [2, 32, 16, 2]
            && parts.iter().all(|part| hex(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_tracer_the_request_s_own_trace_is_passed_on() {
        let mut headers = HeaderMap::new();
        assert!(outgoing(&headers).is_empty());
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        headers.insert("traceparent", parent.parse().unwrap());
        headers.insert("tracestate", "vendor=value".parse().unwrap());
        let passed = outgoing(&headers);
        assert_eq!(passed["traceparent"], parent);
        assert_eq!(passed["tracestate"], "vendor=value");
        headers.insert("traceparent", "nonsense".parse().unwrap());
        assert!(outgoing(&headers).is_empty());
    }
}
