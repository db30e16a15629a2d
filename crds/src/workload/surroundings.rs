//! What stands around the workers: account, Service, monitoring, network policy, traces, autoscaler.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pieces::kubernetes_objects;
use crate::{
    duration::Span,
    rule::{OBJECT_NAME, RATIO, over_zero, rule},
};

/// The workers' service account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccount {
    /// An account that exists. Default: one is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253), regex(pattern = OBJECT_NAME))]
    pub name: Option<String>,
    /// Annotations of the one that is made.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
    pub annotations: BTreeMap<String, String>,
}

/// The Service before the workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSettings {
    /// `ClusterIP`, `NodePort` or `LoadBalancer`. Default `ClusterIP`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["ClusterIP", "NodePort", "LoadBalancer"]))]
    pub kind: Option<String>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 64))]
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
    #[schemars(extend("maxProperties" = 64))]
    pub labels: BTreeMap<String, String>,
    /// How often it scrapes. Default: Prometheus' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [over_zero("interval")]))]
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
    #[doc = " Makes a NetworkPolicy. It allows egress to DNS, to the servers in the Secrets and to the collector of \
             traces: to an IP address exactly, for a host name to its port at any address. A policy sees the pods \
             behind a Service: if the Service's `targetPort` differs from its port, or a Secret holds a cluster IP, \
             name these pods in `egressTo`. Default false."]
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
    #[schemars(length(max = 2048), regex(pattern = "^https?://.+$"))]
    pub otlp_endpoint: Option<String>,
    /// The share of traces kept, as a decimal string from `"0"` to `"1"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16), regex(pattern = RATIO))]
    pub sample_ratio: Option<String>,
}

/// A HorizontalPodAutoscaler by CPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule(".max", "self.min <= self.max", "max must be at least min")]))]
pub struct Autoscale {
    /// The fewest pods. Default 1.
    #[serde(default = "one_pod")]
    #[schemars(range(min = 1))]
    pub min: i32,
    /// The most pods.
    #[schemars(range(min = 1))]
    pub max: i32,
    /// The CPU use to keep, in percent of the request. Default 70.
    #[serde(default = "seventy")]
    #[schemars(range(min = 1, max = 100))]
    pub cpu: i32,
}

fn one_pod() -> i32 {
    1
}

fn seventy() -> i32 {
    70
}
