//! The fields that both resources share: how many workers run, where, and as what.

use std::collections::BTreeMap;

mod int_or_percent;
mod pieces;
mod placement;
mod rollout;
mod surroundings;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use int_or_percent::IntOrPercent;
pub use placement::{Placement, Spread};
pub use rollout::{Disruption, Rollout};
pub use surroundings::{
    Autoscale, Monitoring, NetworkPolicySettings, ServiceAccount, ServiceSettings, TelemetrySettings, Toggle,
};

use crate::secrets::SecretRef;
use pieces::{kubernetes_object, kubernetes_objects};

/// How the workers of a resource run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// The workers' image. Default: `--worker-image` of the operator; a new default rolls a few resources at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub image: Option<String>,
    /// When the image is pulled: `Always`, `IfNotPresent` or `Never`. Default: Kubernetes' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["Always", "IfNotPresent", "Never"]))]
    pub image_pull_policy: Option<String>,
    /// Secrets to pull the image with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    pub image_pull_secrets: Vec<SecretRef>,
    /// Worker pods. Ignored while scaling is set. Default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 0))]
    pub replicas: i32,
    /// Whether workers run. Default `Running`.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// Requests and limits of the worker container. Default: small.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes_object")]
    pub resources: Option<Value>,
    /// On which nodes workers run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// How a change is rolled out. Default: a Deployment's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// How many workers a drain of nodes may take at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disruption: Option<Disruption>,
    /// The workers' service account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccount>,
    /// The Service before the workers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceSettings>,
    /// Labels for every child.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
    pub labels: BTreeMap<String, String>,
    /// Annotations for every child.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
    pub annotations: BTreeMap<String, String>,
    /// Further environment variables of the worker container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "kubernetes_objects")]
    pub extra_env: Vec<Value>,
    /// Scraping by Prometheus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitoring: Option<Monitoring>,
    /// Who may reach the workers, and whom they may reach.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_policy: Option<NetworkPolicySettings>,
    /// Where traces go. Default: where the operator's go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<TelemetrySettings>,
    #[doc = " A strategic merge patch over the pod template, applied last. May not touch selector labels or the \
             container's name."]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes_object")]
    pub pod_template: Option<Value>,
}

/// Whether workers run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Lifecycle {
    /// As many as asked for (the default).
    #[default]
    Running,
    /// None; exchange, queue and bindings stay.
    Stopped,
}

fn one() -> i32 {
    1
}
