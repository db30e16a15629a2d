//! `NotifProducer`: an ingest endpoint that publishes to one exchange.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    secrets::BrokerRef,
    status::NotifProducerStatus,
    worker_config::{
        ExchangeType, HeaderField, LimitsConfig, PublishConfig, default_headers, default_port, default_routing_key,
    },
    workload::{Autoscale, Workload},
};

/// What a producer is to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema, CustomResource)]
#[kube(
    group = "hoopoe.app",
    version = "v1alpha1",
    kind = "NotifProducer",
    plural = "notifproducers",
    shortname = "nprod",
    category = "hoopoe",
    namespaced,
    status = "NotifProducerStatus",
    derive = "PartialEq",
    doc = "An ingest endpoint that publishes to one exchange.",
    selectable = ".spec.exchange.name",
    selectable = ".spec.broker.secretRef.name",
    scale(
        spec_replicas_path = ".spec.replicas",
        status_replicas_path = ".status.replicas",
        label_selector_path = ".status.selector"
    ),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status"),
    printcolumn(name = "Exchange", type_ = "string", json_path = ".spec.exchange.name"),
    printcolumn(name = "Workers", type_ = "string", json_path = ".status.ready"),
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
pub struct NotifProducerSpec {
    /// The RabbitMQ to publish to.
    pub broker: BrokerRef,
    /// The exchange to publish to.
    pub exchange: Exchange,
    /// Template of the routing key over `{kind}`, `{owner}`, `{actor}`; unused for Fanout and Headers. Default `{kind}`.
    #[serde(default = "default_routing_key")]
    pub routing_key: String,
    /// The fields that become AMQP headers on a Headers exchange. Default `kind`, `owner`.
    #[serde(default = "default_headers")]
    pub headers: Vec<HeaderField>,
    /// The ingest endpoint.
    #[serde(default)]
    pub ingress: Ingress,
    /// How messages are published. Confirms and `mandatory` are always on.
    #[serde(default)]
    pub publish: PublishConfig,
    /// What one request may ask for.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// Scaling by CPU. Default off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscale: Option<Autoscale>,
    /// How the workers run.
    #[serde(flatten)]
    pub workload: Workload,
}

/// The exchange of a producer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// Its name. Immutable; not `amq.*`.
    pub name: String,
    /// Its type. Immutable. Default `Topic`.
    #[serde(default, rename = "type")]
    pub kind: ExchangeType,
    /// Who makes and removes it. Default `Shared`.
    #[serde(default)]
    pub ownership: Ownership,
}

/// Who makes and removes an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Ownership {
    /// Declared, and deleted with the resource if unused.
    Owned,
    /// Declared, never deleted (the default).
    #[default]
    Shared,
    /// Never declared, only checked.
    External,
}

/// The ingest endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ingress {
    /// HTTP.
    #[serde(default)]
    pub http: HttpIngress,
}

/// The ingest endpoint over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HttpIngress {
    /// Its port; not 8081, the admin port. Default 8080.
    #[serde(default = "default_port")]
    #[schemars(range(min = 1))]
    pub port: u16,
}

impl Default for HttpIngress {
    fn default() -> Self {
        Self { port: default_port() }
    }
}
