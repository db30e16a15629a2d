//! What the role `producer` is told.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{duration::Span, ports, rule::over_zero};

/// The role `producer`: takes notifications over HTTP and publishes them to one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProducerConfig {
    /// The exchange to publish to.
    pub exchange: ExchangeConfig,
    /// Template of the routing key over `{kind}`, `{owner}`, `{actor}`; unused for fanout and headers exchanges.
    /// Default `{kind}`.
    #[serde(default = "default_routing_key")]
    pub routing_key: String,
    /// The fields that become AMQP headers on a headers exchange. Default `kind`, `owner`.
    #[serde(default = "default_headers")]
    pub headers: Vec<HeaderField>,
    /// The port of the ingest endpoint. Default 8080.
    #[serde(default = "ports::default_http")]
    pub port: u16,
    /// How messages are published.
    #[serde(default)]
    pub publish: PublishConfig,
    /// What one request may ask for.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// Declare the exchange at the start (`hoopoe dev` and register); in a cluster the operator does. Default false.
    #[serde(default)]
    pub declare: bool,
}

/// An exchange and its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExchangeConfig {
    /// The exchange's name, 1–251 bytes.
    pub name: String,
    /// The exchange's type. Default `Topic`.
    #[serde(default, rename = "type")]
    pub kind: ExchangeType,
}

/// The four types of exchange that AMQP 0.9.1 has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ExchangeType {
    /// Routes by a pattern over the dotted words of the routing key (the default).
    #[default]
    Topic,
    /// Routes by the equality of the routing key.
    Direct,
    /// Routes to every bound queue.
    Fanout,
    /// Routes by the message's headers.
    Headers,
}

/// A field of a notification that may become an AMQP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HeaderField {
    /// What happened.
    Kind,
    /// Who it is for.
    Owner,
    /// Who caused it.
    Actor,
    /// 0–9.
    Priority,
}

/// How a producer publishes. Confirms and `mandatory` are always on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PublishConfig {
    /// How long a confirm may take before the sender gets a 503. Default `5s`.
    #[schemars(extend("x-kubernetes-validations" = [over_zero("timeout")]))]
    pub timeout: Span,
    /// How many notifications may wait for their confirm at once; more get a 503. Default 1024.
    #[schemars(range(min = 1))]
    pub max_in_flight: u32,
}

/// What one request to a producer may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitsConfig {
    /// The largest notification as received, in bytes, 1–65536. Default 65536.
    #[schemars(range(min = 1, max = 65536))]
    pub body_bytes: u32,
    /// Notifications per second that one pod takes; more get a 429. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub rate_per_second: Option<u32>,
}

impl Default for PublishConfig {
    fn default() -> Self {
        Self { timeout: Span::from_secs(5), max_in_flight: 1024 }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { body_bytes: default_body_bytes(), rate_per_second: None }
    }
}

pub(crate) fn default_routing_key() -> String {
    "{kind}".to_owned()
}

pub(crate) fn default_headers() -> Vec<HeaderField> {
    vec![HeaderField::Kind, HeaderField::Owner]
}

pub(crate) fn default_body_bytes() -> u32 {
    65_536
}
