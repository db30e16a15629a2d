//! From messages to a batch: links the batch's span to the traces of the senders.

use std::collections::BTreeMap;

use opentelemetry::{
    propagation::{Extractor, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The most links on one span. A batch may come from 500 traces, and collectors cut at 128.
const MAX_LINKS: usize = 32;

struct MessageHeaders<'a>(&'a BTreeMap<String, String>);

impl Extractor for MessageHeaders<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// Adds a link for each message whose trace is sampled, given the messages' headers. If there is only one, the span
/// joins its trace.
pub fn link_senders<'a>(span: &Span, messages: impl Iterator<Item = &'a BTreeMap<String, String>>) {
    let propagator = TraceContextPropagator::new();
    let mut senders = messages
        .filter(|headers| headers.contains_key("traceparent"))
        .map(|headers| propagator.extract(&MessageHeaders(headers)))
        .filter(|context| context.span().span_context().is_sampled())
        .take(MAX_LINKS)
        .peekable();
    let Some(first) = senders.next() else { return };
    if senders.peek().is_none() {
        // A trace backend shows a child inside the sender's trace, but only mentions a link.
        let _ = span.set_parent(first);
        return;
    }
    span.add_link(first.span().span_context().clone());
    for sender in senders {
        span.add_link(sender.span().span_context().clone());
    }
}
