//! What the operator says of a resource.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::structural;

/// What the operator found of a `NotifProducer`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = structural)]
pub struct NotifProducerStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Worker pods that exist; what the scale subresource reads.
    #[serde(default)]
    pub replicas: i32,
    /// Worker pods that are ready.
    #[serde(default)]
    pub ready_replicas: i32,
    /// The label selector of the worker pods, as text; what a HorizontalPodAutoscaler reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Ready and desired worker pods, such as `2/3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
    /// The conditions of the resource, such as `Ready` and `TopologyReady`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

/// What the operator found of a `NotifConsumer`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = structural)]
pub struct NotifConsumerStatus {
    /// The generation of the spec that this status speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Worker pods that exist; what the scale subresource reads.
    #[serde(default)]
    pub replicas: i32,
    /// What the scaler decided; absent while `scaling` is unset or nothing was decided yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desired_replicas: Option<i32>,
    /// Worker pods that are ready.
    #[serde(default)]
    pub ready_replicas: i32,
    /// The label selector of the worker pods, as text; what a HorizontalPodAutoscaler reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// Ready and desired worker pods, such as `2/3`; without the pods of the inbox API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
    /// How much waits in the queue, as a band; absent while the depth of the queue is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backlog: Option<Backlog>,
    /// What is in force on the broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology: Option<TopologyStatus>,
    /// The conditions of the resource, such as `Ready` and `TopologyReady`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32), extend("x-kubernetes-list-type" = "map", "x-kubernetes-list-map-keys" = ["type"]))]
    pub conditions: Vec<Condition>,
}

#[doc = " How much waits in a queue, compared with what its workers get done. A band changes only once its edge is \
         clearly passed."]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Backlog {
    /// Nothing waits.
    Idle,
    /// Drained within `targetDrain` at the present rate.
    Low,
    /// It takes longer.
    High,
    /// It takes more than ten times as long.
    Critical,
}

/// What is in force on the broker for a consumer's queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TopologyStatus {
    /// The name of our policy for the queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_name: Option<String>,
    /// The policy that the broker applies to the queue; if it is not ours, a condition says `PolicyShadowed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_policy: Option<String>,
    /// A hash of the topology that was last brought about: queue, bindings and policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// The types of conditions. `Reconciling` and `Stalled` are absent when they are false, the others are always there. A
/// producer has neither `ScalingActive`, `DeadLettersPresent` nor `MessagesMayDrop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConditionType {
    /// Everything is as the spec asks. This includes a resource that is stopped or scaled to zero.
    Ready,
    /// Work is going on.
    Reconciling,
    /// There is a problem that no retry can solve.
    Stalled,
    /// The broker's management API answers.
    BrokerReachable,
    /// The broker accepts the credentials.
    CredentialsValid,
    /// Exchange, queue, bindings and policies are as asked.
    TopologyReady,
    /// As many workers are ready as asked for.
    WorkersAvailable,
    /// `scaling` is set and has what it needs to decide.
    ScalingActive,
    /// Dead letters wait in `<queue>.dlq`.
    DeadLettersPresent,
    /// A full queue drops its oldest message: `overflow: DropHead`.
    MessagesMayDrop,
    /// The annotation `hoopoe.app/paused` is `true`.
    Paused,
}

impl ConditionType {
    /// As it stands in `conditions[].type`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "Ready",
            Self::Reconciling => "Reconciling",
            Self::Stalled => "Stalled",
            Self::BrokerReachable => "BrokerReachable",
            Self::CredentialsValid => "CredentialsValid",
            Self::TopologyReady => "TopologyReady",
            Self::WorkersAvailable => "WorkersAvailable",
            Self::ScalingActive => "ScalingActive",
            Self::DeadLettersPresent => "DeadLettersPresent",
            Self::MessagesMayDrop => "MessagesMayDrop",
            Self::Paused => "Paused",
        }
    }
}
