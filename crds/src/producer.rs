//! `NotifProducer`: an ingest endpoint that publishes to one exchange.

use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ports,
    rule::{BROKER_NAME, PRINTABLE, not_the_admin_port, resource_name, rule, rule_of_value},
    schema::structural,
    secrets::BrokerRef,
    status::NotifProducerStatus,
    worker_config::{ExchangeType, HeaderField, LimitsConfig, PublishConfig, default_headers, default_routing_key},
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
    validation = resource_name(),
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
#[schemars(transform = structural)]
pub struct NotifProducerSpec {
    /// The RabbitMQ to publish to.
    pub broker: BrokerRef,
    /// The exchange to publish to.
    pub exchange: Exchange,
    #[doc = " Template of the routing key over `{kind}`, `{owner}`, `{actor}`; unused for Fanout and Headers. Default \
             `{kind}`."]
    #[serde(default = "default_routing_key")]
    #[schemars(
        length(max = 255),
        regex(pattern = PRINTABLE),
        extend("x-kubernetes-validations" = [rule_of_value(
            r"self.matches('^([^{}]|\\{kind\\}|\\{owner\\}|\\{actor\\})*$')",
            "routingKey may have { and } only in the placeholders {kind}, {owner} and {actor}",
        )]),
    )]
    pub routing_key: String,
    /// The fields that become AMQP headers on a Headers exchange. Default `kind`, `owner`.
    #[serde(default = "default_headers")]
    #[schemars(length(max = 4))]
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
#[schemars(extend("x-kubernetes-validations" = [
    rule(".name", "self.name == oldSelf.name", "name is immutable: bindings of consumers point at it"),
    rule(".name", "!self.name.startsWith('amq.')", "name must not start with amq.: RabbitMQ reserves such names"),
    rule(".type", "self.type == oldSelf.type", "type is immutable: an exchange cannot change its type"),
]))]
pub struct Exchange {
    /// Its name, 1–255 of `A-Z a-z 0-9 . _ : / -`, the first a letter or a digit. Immutable; not `amq.*`.
    #[schemars(length(min = 1, max = 255), regex(pattern = BROKER_NAME))]
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
#[schemars(extend("x-kubernetes-validations" = [not_the_admin_port()]))]
pub struct HttpIngress {
    /// Its port; not 8081, the admin port. Default 8080.
    #[serde(default = "ports::default_http")]
    #[schemars(range(min = 1))]
    pub port: u16,
}

impl Default for HttpIngress {
    fn default() -> Self {
        Self { port: ports::HTTP }
    }
}
