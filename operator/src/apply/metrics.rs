//! The counters of apply.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family},
    registry::Registry,
};

use crate::desired::ChildKind;

/// A child's kind; eight values.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KindLabel {
    kind: &'static str,
}

/// Counters of the children.
#[derive(Clone, Debug, Default)]
pub struct ApplyMetrics {
    /// Apply requests, including those that changed nothing.
    requests: Family<KindLabel, Counter>,
    written: Family<KindLabel, Counter>,
    drifted: Family<KindLabel, Counter>,
    removed: Family<KindLabel, Counter>,
}

impl ApplyMetrics {
    /// Registers the counters.
    pub fn register(&self, registry: &mut Registry) {
        let Self { requests, written, drifted, removed } = self;
        registry.register("hoopoe_operator_child_requests", "Apply requests for children", requests.clone());
        registry.register("hoopoe_operator_child_written", "Children made or changed", written.clone());
        registry.register(
            "hoopoe_operator_child_drifted",
            "Children that somebody else had changed or removed, put right",
            drifted.clone(),
        );
        registry.register("hoopoe_operator_child_removed", "Children of an earlier spec, removed", removed.clone());
    }

    pub(super) fn request(&self, kind: ChildKind) {
        count(&self.requests, kind);
    }

    pub(super) fn written(&self, kind: ChildKind) {
        count(&self.written, kind);
    }

    pub(super) fn drifted(&self, kind: ChildKind) {
        count(&self.drifted, kind);
    }

    pub(super) fn removed(&self, kind: ChildKind) {
        count(&self.removed, kind);
    }
}

fn count(family: &Family<KindLabel, Counter>, kind: ChildKind) {
    family.get_or_create(&KindLabel { kind: kind.as_str() }).inc();
}
