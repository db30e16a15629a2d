//! How a change is rolled out, and how many workers may be away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::IntOrPercent;
use crate::{
    duration::Span,
    rule::{over_zero, rule, share},
};

/// How a change is rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    share("maxSurge"),
    share("maxUnavailable"),
    rule(
        ".maxUnavailable",
        "!has(self.maxSurge) || !has(self.maxUnavailable) || \
         !(string(self.maxSurge).matches('^0+%?$') && string(self.maxUnavailable).matches('^0+%?$'))",
        "maxUnavailable and maxSurge must not both be 0: a rollout could then replace no pod",
    ),
]))]
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
    #[schemars(extend("x-kubernetes-validations" = [over_zero("progressDeadline")]))]
    pub progress_deadline: Option<Span>,
    /// Old revisions that are kept. Default 3.
    #[serde(default = "three")]
    #[schemars(range(min = 0))]
    pub revision_history_limit: i32,
}

/// How many workers a drain of nodes may take at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [share("maxUnavailable")]))]
pub struct Disruption {
    /// Pods that may be away. Default 1.
    #[serde(default = "one_pod")]
    pub max_unavailable: IntOrPercent,
}

fn three() -> i32 {
    3
}

fn one_pod() -> IntOrPercent {
    IntOrPercent::Int(1)
}
