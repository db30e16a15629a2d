//! A Kubernetes object that a resource needs.

use serde_json::Value;

/// The kinds of objects that a resource may need, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChildKind {
    /// The workers' account.
    ServiceAccount,
    /// A `WorkerConfig`; immutable, named by its hash.
    ConfigMap,
    /// Before producers and inbox APIs.
    Service,
    /// Who may reach the workers, and whom they may reach.
    NetworkPolicy,
    /// The workers.
    Deployment,
    /// How many of them a drain may take.
    PodDisruptionBudget,
    /// Scaling by CPU.
    HorizontalPodAutoscaler,
    /// Scraping; only where that kind is served.
    PodMonitor,
}

/// A desired object: what is sent to the API server by server-side apply, with the owner reference in it.
#[derive(Clone, Debug, PartialEq)]
pub struct Child {
    /// Its kind.
    pub kind: ChildKind,
    /// Its name.
    pub name: String,
    /// The whole object: `apiVersion`, `kind`, `metadata` (name, namespace, labels, annotations, ownerReferences) and what we set of the rest.
    pub object: Value,
    /// For a Deployment that an autoscaler scales: the count to write once, under a field manager of its own.
    pub initial_replicas: Option<i32>,
}
