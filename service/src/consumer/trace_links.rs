//! Links a batch's span to the traces of those who sent its messages.

use opentelemetry::{
    propagation::{Extractor, TextMapPropagator},
    trace::TraceContextExt,
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use std::collections::BTreeMap;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::broker::Delivery;

/// The most links on one span: a batch may come from 500 traces, and a collector cuts at 128.
const MAX_LINKS: usize = 32;

struct Headers<'a>(&'a BTreeMap<String, String>);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }
}

/// Adds a link for each message whose sender's trace is sampled; when there is only one, the span joins its trace.
pub(super) fn link_senders(span: &Span, batch: &[Delivery]) {
    let propagator = TraceContextPropagator::new();
    let mut senders = batch
        .iter()
        .filter(|delivery| delivery.headers.contains_key("traceparent"))
        .map(|delivery| propagator.extract(&Headers(&delivery.headers)))
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
