//! `NotifConsumer`: one queue, its bindings, the workers that drain it, and the inbox API.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    duration::Span,
    ports,
    rule::{BROKER_NAME, not_the_admin_port, over_zero, resource_name, rule, rule_of_value},
    schema::structural,
    secrets::{BrokerRef, PostgresRef, RedisRef},
    status::NotifConsumerStatus,
    worker_config::{
        BindingConfig, CacheConfig, ConsumeConfig, QueuePolicy, QueueType, StoreConfig, default_dead_letter_max_length,
    },
    workload::{Autoscale, Workload},
};

/// What a consumer is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "hoopoe.app",
    version = "v1alpha1",
    kind = "NotifConsumer",
    plural = "notifconsumers",
    shortname = "ncons",
    category = "hoopoe",
    namespaced,
    status = "NotifConsumerStatus",
    derive = "PartialEq",
    doc = "One queue, its bindings, the workers that drain it into Postgres and Redis, and the API workers that serve \
           the inbox.",
    validation = resource_name(),
    selectable = ".spec.queue.name",
    selectable = ".spec.broker.secretRef.name",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Queue", type_ = "string", json_path = ".spec.queue.name"),
    printcolumn(name = "Workers", type_ = "string", json_path = ".status.ready"),
    printcolumn(name = "Backlog", type_ = "string", json_path = ".status.backlog"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Message",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        priority = 1
    )
)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = structural)]
pub struct NotifConsumerSpec {
    /// The RabbitMQ to consume from.
    pub broker: BrokerRef,
    /// The Postgres that keeps the inbox.
    pub postgres: PostgresRef,
    /// The Redis that caches it. Default: no shared cache, everything from Postgres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redis: Option<RedisRef>,
    /// The queue.
    pub queue: Queue,
    /// What the queue is bound to: 1 to 64, no two alike.
    #[schemars(
        length(min = 1, max = 64),
        extend("x-kubernetes-list-type" = "atomic"),
        extend("x-kubernetes-validations" = [rule_of_value(
            // CEL compares only bindings without arguments: API server 1.36 treats maps that differ in unknown keys as
            // equal, so `validate` checks the rest.
            "self.all(a, has(a.arguments) || self.exists_one(b, \
             !has(b.arguments) && a.exchange == b.exchange && a.routingKey == b.routingKey))",
            "bindings must not contain the same binding twice",
        )]),
    )]
    pub bindings: Vec<BindingConfig>,
    /// How the queue is drained.
    #[serde(default)]
    pub consume: ConsumeConfig,
    /// The dead-letter queue, `<queue>.dlq`.
    #[serde(default)]
    pub dead_letter: DeadLetter,
    /// Scaling by backlog. Default off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// How heads and pages are cached.
    #[serde(default)]
    pub cache: CacheConfig,
    /// What the database keeps.
    #[serde(default)]
    pub store: StoreConfig,
    /// The inbox API.
    #[serde(default)]
    pub api: Api,
    /// How the workers run.
    #[serde(flatten)]
    pub workload: Workload,
}

/// The queue of a consumer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    rule(".name", "self.name == oldSelf.name", "name is immutable in v1alpha1: messages do not move to another queue"),
    rule(".name", "!self.name.startsWith('amq.')", "name must not start with amq.: RabbitMQ reserves such names"),
    rule(".type", "self.type == oldSelf.type", "type is immutable in v1alpha1: a queue cannot change its type"),
    rule(
        ".maxPriority",
        "has(self.maxPriority) == has(oldSelf.maxPriority) && \
         (!has(self.maxPriority) || self.maxPriority == oldSelf.maxPriority)",
        "maxPriority is immutable in v1alpha1, and can be neither added nor removed: a queue argument cannot change",
    ),
    rule(
        ".maxPriority",
        "!has(self.maxPriority) || self.type == 'Classic'",
        "maxPriority needs type Classic: a quorum queue has no such argument",
    ),
]))]
pub struct Queue {
    /// Its name, 1–251 of `A-Z a-z 0-9 . _ : / -`, the first a letter or a digit; not `amq.*`. Immutable.
    #[schemars(length(min = 1, max = 251), regex(pattern = BROKER_NAME))]
    pub name: String,
    /// Its type. Immutable. Default `Quorum`.
    #[serde(default, rename = "type")]
    pub kind: QueueType,
    /// Priority levels of a Classic queue, 1–9. Immutable. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 9))]
    pub max_priority: Option<u8>,
    /// What RabbitMQ's policy for it says.
    #[serde(default)]
    pub policy: QueuePolicy,
    /// What happens to the queue when the resource is deleted. Default `DeleteIfEmpty`.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// How long workers may drain it before it is kept instead. Default `5m`.
    #[serde(default = "five_minutes")]
    pub deletion_timeout: Span,
}

/// What happens to a queue when its resource is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// Drained, and deleted once empty; else kept (the default).
    #[default]
    DeleteIfEmpty,
    /// Deleted with what is in it.
    Delete,
    /// Kept, with its policy and bindings.
    Retain,
}

/// The dead-letter queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// The most dead letters kept; when full, consumption stops. Default 100000.
    #[serde(default = "default_dead_letter_max_length")]
    #[schemars(range(min = 1))]
    pub max_length: u32,
}

/// Scaling by backlog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule(".max", "self.min <= self.max", "max must be at least min")]))]
pub struct Scaling {
    /// The fewest workers; 0 lets an idle queue have none. Default 1.
    #[serde(default = "one")]
    #[schemars(range(min = 0))]
    pub min: i32,
    /// The most workers.
    #[schemars(range(min = 1))]
    pub max: i32,
    /// In what time a backlog should be drained. Default `30s`.
    #[serde(default = "thirty_seconds")]
    #[schemars(extend("x-kubernetes-validations" = [over_zero("targetDrain")]))]
    pub target_drain: Span,
    /// How long the need must be lower before workers go. Default `2m`.
    #[serde(default = "two_minutes")]
    pub stabilization: Span,
    /// How long a queue must be empty before the last worker goes. Default `5m`.
    #[serde(default = "five_minutes")]
    pub idle: Span,
}

/// The inbox API: a Deployment and Service of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
#[schemars(extend("x-kubernetes-validations" = [not_the_admin_port()]))]
pub struct Api {
    /// Whether it runs. Default true.
    pub enabled: bool,
    /// Its pods. Default 2.
    #[schemars(range(min = 0))]
    pub replicas: i32,
    /// Its port; not 8081, the admin port. Default 8080.
    #[schemars(range(min = 1))]
    pub port: u16,
    /// Scaling by CPU. Default off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autoscale: Option<Autoscale>,
}

impl Default for DeadLetter {
    fn default() -> Self {
        Self { max_length: default_dead_letter_max_length() }
    }
}

impl Default for Api {
    fn default() -> Self {
        Self { enabled: true, replicas: 2, port: ports::HTTP, autoscale: None }
    }
}

fn one() -> i32 {
    1
}

fn thirty_seconds() -> Span {
    Span::from_secs(30)
}

fn two_minutes() -> Span {
    Span::from_secs(120)
}

fn five_minutes() -> Span {
    Span::from_secs(300)
}
