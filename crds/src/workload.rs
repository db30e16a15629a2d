//! The fields that both resources share: how many workers run, where, and as what.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{duration::Span, secrets::SecretRef};

/// A piece of Kubernetes' own API, checked by the API server when the operator applies it.
fn kubernetes_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

fn kubernetes_objects(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } })
}

/// How the workers of a resource run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// The workers' image. Default: the operator's own; a new default rolls a few resources at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// When the image is pulled: `Always`, `IfNotPresent` or `Never`. Default: Kubernetes' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<String>,
    /// Secrets to pull the image with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
    pub labels: BTreeMap<String, String>,
    /// Annotations for every child.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
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
    /// A strategic merge patch over the pod template, applied last. May not touch selector labels or the container's name.
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

/// On which nodes workers run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Placement {
    /// How workers keep apart from each other. Default `Preferred`.
    #[serde(default)]
    pub spread: Spread,
    /// Affinity beside that of `spread`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "kubernetes_object")]
    pub affinity: Option<Value>,
    /// Labels that a node must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that workers tolerate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "kubernetes_objects")]
    pub tolerations: Vec<Value>,
    /// Seconds on a node that is gone before a worker is replaced. Default 30.
    #[serde(default = "thirty")]
    #[schemars(range(min = 0))]
    pub toleration_seconds: i64,
    /// The pods' priority class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority_class_name: Option<String>,
}

/// How workers keep apart from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Spread {
    /// Pod anti-affinity by node and spread over zones, where there is room (the default).
    #[default]
    Preferred,
    /// Never two on one node.
    Required,
    /// As the scheduler likes.
    None,
}

/// A number, or a percentage such as `25%`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(transform = int_or_string)]
pub enum IntOrPercent {
    /// A number.
    Int(i32),
    /// A percentage.
    Percent(String),
}

/// The one form of "either" that a structural schema has: an API server refuses alternatives without a type.
fn int_or_string(schema: &mut Schema) {
    schema.remove("anyOf");
    schema.insert("x-kubernetes-int-or-string".to_owned(), Value::Bool(true));
}

impl IntOrPercent {
    /// A number from 0, or whole percents up to 100.
    pub(crate) fn is_valid(&self) -> bool {
        match self {
            Self::Int(number) => *number >= 0,
            Self::Percent(text) => percents(text).is_some_and(|percents| percents <= 100),
        }
    }

    /// None at all.
    pub(crate) fn is_zero(&self) -> bool {
        match self {
            Self::Int(number) => *number == 0,
            Self::Percent(text) => percents(text) == Some(0),
        }
    }
}

fn percents(text: &str) -> Option<u32> {
    let digits = text.strip_suffix('%')?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// How a change is rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Pods over the number asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrPercent>,
    /// Pods under the number asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrPercent>,
    /// Seconds for which a pod must stay ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub min_ready_seconds: Option<i32>,
    /// How long a rollout may make no progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress_deadline: Option<Span>,
    /// Old revisions that are kept. Default 3.
    #[serde(default = "three")]
    #[schemars(range(min = 0))]
    pub revision_history_limit: i32,
}

/// How many workers a drain of nodes may take at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Disruption {
    /// Pods that may be away. Default 1.
    #[serde(default = "one_pod")]
    pub max_unavailable: IntOrPercent,
}

/// The workers' service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccount {
    /// An account that exists. Default: one is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Annotations of the one that is made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// The Service before the workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSettings {
    /// `ClusterIP`, `NodePort` or `LoadBalancer`. Default `ClusterIP`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// Scraping by Prometheus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Monitoring {
    /// Whether a PodMonitor is made. Default `Auto`.
    #[serde(default)]
    pub pod_monitor: Toggle,
    /// Labels of the PodMonitor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// How often it scrapes. Default: Prometheus' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Span>,
}

/// Whether something is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Toggle {
    /// If the cluster serves that kind (the default).
    #[default]
    Auto,
    /// Yes.
    Enabled,
    /// No.
    Disabled,
}

/// Who may reach the workers, and whom they may reach.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworkPolicySettings {
    /// Makes a NetworkPolicy; on alone it allows egress to DNS and to what the Secrets name. Default false.
    #[serde(default)]
    pub enabled: bool,
    /// Peers that may reach the workers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "kubernetes_objects")]
    pub ingress_from: Vec<Value>,
    /// Further peers that workers may reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "kubernetes_objects")]
    pub egress_to: Vec<Value>,
}

/// Where traces go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TelemetrySettings {
    /// Base URL of an OTLP/HTTP collector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<String>,
    /// The share of traces kept, as a decimal string from `"0"` to `"1"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample_ratio: Option<String>,
}

/// A HorizontalPodAutoscaler by CPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Autoscale {
    /// The fewest pods. Default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 1))]
    pub min: i32,
    /// The most pods.
    #[schemars(range(min = 1))]
    pub max: i32,
    /// The CPU use to keep, in percent of the request. Default 70.
    #[serde(default = "seventy")]
    #[schemars(range(min = 1))]
    pub cpu: i32,
}

fn one() -> i32 {
    1
}

fn three() -> i32 {
    3
}

fn thirty() -> i64 {
    30
}

fn seventy() -> i32 {
    70
}

fn one_pod() -> IntOrPercent {
    IntOrPercent::Int(1)
}
