//! Instruments of the inbox API.

use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue},
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// Counters of polls. One per process.
#[derive(Clone, Debug)]
pub struct ApiMetrics {
    /// Answered polls, by status and by source of the answer.
    pub polls: Family<PollLabels, Counter>,
}

/// How a poll was answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct PollLabels {
    /// The status code.
    pub status: u16,
    /// The source of the answer.
    pub source: Source,
}

/// The source of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[allow(non_camel_case_types, reason = "the names are the label's values")]
pub enum Source {
    /// The head alone: a 304, or the badge.
    head,
    /// The newest page as bytes.
    page,
    /// A query of rows.
    store,
}

impl ApiMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self { polls: Family::default() };
        registry.register("hoopoe_polls", "Polls answered, by status and source", metrics.polls.clone());
        metrics
    }

    pub(in crate::edge::http) fn count(&self, status: u16, source: Source) {
        self.polls.get_or_create(&PollLabels { status, source }).inc();
    }
}
