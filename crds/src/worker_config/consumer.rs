//! What the role `consumer` is told.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::producer::default_body_bytes;
use crate::{
    duration::Span,
    rule::{BROKER_NAME, PRINTABLE, over_zero, rule},
};

/// The role `consumer`: drains one queue into the store and the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsumerConfig {
    /// The queue to drain.
    pub queue: QueueConfig,
    /// What the queue is bound to; used only to declare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bindings: Vec<BindingConfig>,
    /// How the queue is drained.
    #[serde(default)]
    pub consume: ConsumeConfig,
    /// The most dead letters kept in `<queue>.dlq`; when full, consumption stops. Default 100000.
    #[serde(default = "default_dead_letter_max_length")]
    pub dead_letter_max_length: u32,
    /// The largest notification as received, in bytes; a consumer takes 4 KiB more, for what a producer adds. Default
    /// 65536.
    #[serde(default = "default_body_bytes")]
    pub body_bytes: u32,
    /// Declare queue, dead-letter queue, bindings and policy at the start (`hoopoe dev` and register). Default false.
    #[serde(default)]
    pub declare: bool,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct QueueConfig {
    /// The queue's name, 1–251 bytes; its dead letters go to `<name>.dlq`.
    pub name: String,
    /// The queue's type. Default `Quorum`.
    #[serde(default, rename = "type")]
    pub kind: QueueType,
    /// Priority levels of a classic queue, 1–9. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_priority: Option<u8>,
    /// What the broker's policy for this queue says; used to declare, and its delivery limit by the crash-loop guard.
    #[serde(default)]
    pub policy: QueuePolicy,
}

/// The two types of queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum QueueType {
    /// Replicated, with a delivery limit (the default).
    #[default]
    Quorum,
    /// Not replicated and without a delivery limit: the loss of its node loses notifications.
    Classic,
}

/// What the RabbitMQ policy of a queue says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct QueuePolicy {
    /// Messages older than this leave for the dead-letter queue. Default: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-validations" = [over_zero("messageTtl")]))]
    pub message_ttl: Option<Span>,
    /// The most messages in the queue. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_length: Option<u32>,
    /// What a full queue does. Default `RejectPublish`.
    pub overflow: Overflow,
    /// Deliveries before the broker itself dead-letters a message. Default 20.
    #[schemars(range(min = 1))]
    pub delivery_limit: u32,
    /// The policy's priority among the broker's policies. Default 100.
    pub priority: i32,
}

/// What a full queue does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Overflow {
    /// Refuses what is published: the sender is told (the default).
    #[default]
    RejectPublish,
    /// Drops its oldest message: loses notifications.
    DropHead,
}

/// One binding of a queue to an exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BindingConfig {
    /// The exchange's name; the broker's own, such as `amq.topic`, may be bound to.
    #[schemars(length(min = 1, max = 255), regex(pattern = BROKER_NAME))]
    pub exchange: String,
    /// The binding's routing key or pattern. Default empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 255), regex(pattern = PRINTABLE), extend("default" = ""))]
    pub routing_key: String,
    /// Arguments for a headers exchange (`x-match` and header values). Default none.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schemars(schema_with = "arguments")]
    pub arguments: serde_json::Map<String, serde_json::Value>,
}

/// How a queue is drained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeConfig {
    /// Unacknowledged messages per lane, 1–65535. Default 1000.
    #[schemars(range(min = 1))]
    pub prefetch: u16,
    /// Channels that drain the queue side by side, 1–64. Default 2.
    #[schemars(range(min = 1, max = 64))]
    pub lanes: u16,
    /// How deliveries become one transaction.
    pub batch: BatchConfig,
    /// How long a stopping worker may take to finish what it holds. Default `30s`.
    pub drain_timeout: Span,
}

/// How deliveries become one transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct BatchConfig {
    /// The most notifications in one transaction, 1–5000. Default 500.
    #[schemars(range(min = 1, max = 5000))]
    pub max_size: u32,
    /// How long the first notification of a batch waits for others. Default `5ms`.
    pub linger: Span,
}

impl Default for QueuePolicy {
    fn default() -> Self {
        Self { message_ttl: None, max_length: None, overflow: Overflow::default(), delivery_limit: 20, priority: 100 }
    }
}

impl Default for ConsumeConfig {
    fn default() -> Self {
        Self { prefetch: 1000, lanes: 2, batch: BatchConfig::default(), drain_timeout: Span::from_secs(30) }
    }
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self { max_size: 500, linger: Span::from_millis(5) }
    }
}

/// The arguments of a binding: what a rule reads is declared, the rest is open.
fn arguments(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 32,
        "properties": {
            "x-match": {
                "description": "Whether all or any of the other arguments must match a message's headers. `all-with-x` \
                                and `any-with-x` are refused: they would also compare the operator's mark, `x-hoopoe`.",
                "type": "string",
                "enum": ["all", "any"],
            },
            "x-hoopoe": {
                "description": "Refused: the operator marks its own bindings with it.",
                "type": "string",
                "maxLength": 255,
            },
        },
        "x-kubernetes-preserve-unknown-fields": true,
        "x-kubernetes-validations": [rule(
            ".x-hoopoe",
            "!has(self.x__dash__hoopoe)",
            "x-hoopoe must not be set: the operator marks its own bindings with it",
        )],
    })
}

pub(crate) fn default_dead_letter_max_length() -> u32 {
    100_000
}
