//! What reads and writes of inboxes measure.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

/// The layer that an answer came from, a bounded set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct LayerLabels {
    /// `process`, `cache` or `store`.
    pub layer: &'static str,
    /// `head`, `page` or `feed`.
    pub what: &'static str,
}

/// How a raise ended, a bounded set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RaiseLabels {
    /// `raised` or `failed`.
    pub outcome: &'static str,
}

/// The instruments. Clones count into the same instruments.
#[derive(Clone, Debug, Default)]
pub struct InboxMetrics {
    /// Answers, by the layer that they came from.
    pub answers: Family<LayerLabels, Counter>,
    /// Answers from a cache while the pulse could not be read.
    pub stale: Counter,
    /// Reads that were refused because too many waited for the database.
    pub overloaded: Counter,
    /// Raises of the cache generation by this process, apart from those within its own commits.
    pub raises: Family<RaiseLabels, Counter>,
    /// Changes that the cache did not accept before their commit.
    pub unannounced: Counter,
    /// Changes that the cache did not accept after their commit.
    pub unpublished: Counter,
}

impl InboxMetrics {
    /// Registers the instruments.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let Self { answers, stale, overloaded, raises, unannounced, unpublished } = metrics.clone();
        registry.register("hoopoe_inbox_answers", "Answers about inboxes, by where they came from", answers);
        registry.register("hoopoe_inbox_stale_answers", "Answers given while the pulse could not be read", stale);
        registry.register("hoopoe_inbox_overloaded", "Reads turned away before the database", overloaded);
        registry.register("hoopoe_inbox_generation_raises", "Raises of the cache generation, by outcome", raises);
        registry.register("hoopoe_inbox_unannounced", "Commits that the cache did not hear of before", unannounced);
        registry.register("hoopoe_inbox_unpublished", "Commits that the cache did not hear of after", unpublished);
        metrics
    }

    pub(super) fn answer(&self, what: &'static str, layer: &'static str) {
        self.answers.get_or_create(&LayerLabels { layer, what }).inc();
    }

    pub(super) fn raise(&self, outcome: &'static str) {
        self.raises.get_or_create(&RaiseLabels { outcome }).inc();
    }
}
