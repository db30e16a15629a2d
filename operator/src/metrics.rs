//! What the operator counts. Labels are kinds and reasons, of which there are few. Only the gauges of resources have
//! namespace and name.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::apply::ApplyMetrics;

/// What the operator counts.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// Reconciles, by kind of resource and outcome (`ok`, or the error's reason).
    pub reconciles: Family<ReconcileLabels, Counter>,
    /// Seconds that one reconcile took.
    pub reconcile_seconds: Family<KindLabel, Histogram, fn() -> Histogram>,
    /// What apply counts.
    pub children: ApplyMetrics,
    /// Writes to brokers, by kind of object.
    pub topology_writes: Family<KindLabel, Counter>,
    /// Those that restored what another client had changed or removed.
    pub topology_drift: Family<KindLabel, Counter>,
    /// Status writes.
    pub status_writes: Family<KindLabel, Counter>,
    /// 1 while a resource is ready, else 0.
    pub ready: Family<ResourceLabels, Gauge>,
    /// Secrets that are kept in memory.
    pub secrets_kept: Gauge,
    /// Watches that are broken now, by kind of object.
    pub watches_broken: Family<KindLabel, Gauge>,
    /// 1 while this process leads.
    pub leader: Gauge,
}

/// A kind of resource and what became of its reconcile.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ReconcileLabels {
    /// `NotifProducer` or `NotifConsumer`.
    pub kind: &'static str,
    /// `ok`, or an error's variant.
    pub result: &'static str,
}

/// A kind of object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct KindLabel {
    /// `Deployment`, `queue` and the like.
    pub kind: &'static str,
}

/// One resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ResourceLabels {
    /// `NotifProducer` or `NotifConsumer`.
    pub kind: &'static str,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Metrics {
    /// Registers all of them.
    pub fn register(registry: &mut Registry) -> Self {
        // 1 ms to 16 s: a reconcile without writes takes about 1 ms, and about 1 s if it waits for a read of the
        // broker.
        let seconds = || Histogram::new(prometheus_client::metrics::histogram::exponential_buckets(0.001, 2.0, 15));
        let metrics = Self {
            reconciles: Family::default(),
            reconcile_seconds: Family::new_with_constructor(seconds as fn() -> Histogram),
            children: ApplyMetrics::default(),
            topology_writes: Family::default(),
            topology_drift: Family::default(),
            status_writes: Family::default(),
            ready: Family::default(),
            watches_broken: Family::default(),
            secrets_kept: Gauge::default(),
            leader: Gauge::default(),
        };
        registry.register("hoopoe_operator_reconciles", "Reconciles by result", metrics.reconciles.clone());
        registry.register(
            "hoopoe_operator_reconcile_seconds",
            "Seconds of one reconcile",
            metrics.reconcile_seconds.clone(),
        );
        metrics.children.register(registry);
        registry.register("hoopoe_operator_topology_writes", "Writes to brokers", metrics.topology_writes.clone());
        registry.register(
            "hoopoe_operator_topology_drift",
            "Broker objects changed by others and put back",
            metrics.topology_drift.clone(),
        );
        registry.register("hoopoe_operator_status_writes", "Status writes", metrics.status_writes.clone());
        registry.register("hoopoe_operator_resource_ready", "1 while the resource is ready", metrics.ready.clone());
        registry.register(
            "hoopoe_operator_watches_broken",
            "Watches that are broken now: what they watch is not reconciled",
            metrics.watches_broken.clone(),
        );
        registry.register(
            "hoopoe_operator_secrets_kept",
            "Secrets that are kept in memory",
            metrics.secrets_kept.clone(),
        );
        registry.register("hoopoe_operator_leader", "1 while this process leads", metrics.leader.clone());
        metrics
    }
}
