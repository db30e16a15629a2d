//! On which nodes workers run.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pieces::{kubernetes_object, kubernetes_objects};
use crate::rule::OBJECT_NAME;

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
    #[schemars(extend("maxProperties" = 64))]
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
    #[schemars(length(max = 253), regex(pattern = OBJECT_NAME))]
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

fn thirty() -> i64 {
    30
}
