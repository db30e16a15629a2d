//! A Kubernetes object that a resource needs.

use kube::core::{ApiResource, GroupVersionKind};
use serde_json::Value;

/// The kinds of objects that a resource may need, in the order in which they are applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChildKind {
    /// The workers' account.
    ServiceAccount,
    /// A `WorkerConfig`; immutable, named by its hash.
    ConfigMap,
    /// For producers and inbox APIs.
    Service,
    /// Who may reach the workers, and whom they may reach.
    NetworkPolicy,
    /// The workers.
    Deployment,
    /// How many workers a node drain may remove at once.
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
    /// The whole object: `apiVersion`, `kind`, `metadata` (name, namespace, labels, annotations, ownerReferences) and
    /// what we set of the rest.
    pub object: Value,
    /// For a Deployment that an autoscaler scales: the count to write once, under a field manager of its own.
    pub initial_replicas: Option<i32>,
}

impl ChildKind {
    /// Every kind, in the order in which they are applied.
    pub const ALL: [Self; 8] = [
        Self::ServiceAccount,
        Self::ConfigMap,
        Self::Service,
        Self::NetworkPolicy,
        Self::Deployment,
        Self::PodDisruptionBudget,
        Self::HorizontalPodAutoscaler,
        Self::PodMonitor,
    ];

    /// As manifests write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ServiceAccount => "ServiceAccount",
            Self::ConfigMap => "ConfigMap",
            Self::Service => "Service",
            Self::NetworkPolicy => "NetworkPolicy",
            Self::Deployment => "Deployment",
            Self::PodDisruptionBudget => "PodDisruptionBudget",
            Self::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
            Self::PodMonitor => "PodMonitor",
        }
    }

    /// Group, version and plural.
    pub fn resource(self) -> ApiResource {
        let (group, version, plural) = match self {
            Self::ServiceAccount => ("", "v1", "serviceaccounts"),
            Self::ConfigMap => ("", "v1", "configmaps"),
            Self::Service => ("", "v1", "services"),
            Self::NetworkPolicy => ("networking.k8s.io", "v1", "networkpolicies"),
            Self::Deployment => ("apps", "v1", "deployments"),
            Self::PodDisruptionBudget => ("policy", "v1", "poddisruptionbudgets"),
            Self::HorizontalPodAutoscaler => ("autoscaling", "v2", "horizontalpodautoscalers"),
            Self::PodMonitor => ("monitoring.coreos.com", "v1", "podmonitors"),
        };
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(group, version, self.as_str()), plural)
    }
}
