//! `WorkerConfig`: the one document that the operator (or `hoopoe dev`) writes and a worker reads.
//!
//! Secrets are never in it: a worker takes those from its environment. Keys that stand at their default are omitted, so that an
//! older worker image meets only the keys that somebody really set.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::duration::Span;

/// The version of this document that this build writes, and the newest that it reads.
pub const VERSION: u32 = 1;

macro_rules! default_is_default {
    ($($t:ty),*) => {$(
        impl $t {
            fn is_default(&self) -> bool { *self == Self::default() }
        }
    )*};
}

/// What one worker does, whatever its role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkerConfig {
    /// The version of this document: 1.
    pub version: u32,
    /// The resource that this worker belongs to; appears in logs, traces and dead letters.
    pub resource: ResourceRef,
    /// Set for the role `producer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub producer: Option<ProducerConfig>,
    /// Set for the role `consumer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<ConsumerConfig>,
    /// Set for the role `api`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiConfig>,
    /// How heads and pages are cached, for consumers and inbox APIs alike.
    #[serde(default, skip_serializing_if = "CacheConfig::is_default")]
    pub cache: CacheConfig,
    /// What is kept in the database and for how long, for consumers and inbox APIs alike.
    #[serde(default, skip_serializing_if = "StoreConfig::is_default")]
    pub store: StoreConfig,
    /// Where health and metrics are served.
    #[serde(default, skip_serializing_if = "AdminConfig::is_default")]
    pub admin: AdminConfig,
    /// TLS to the broker, beside what the `amqps://` URL itself says.
    #[serde(default, skip_serializing_if = "TlsConfig::is_default")]
    pub broker_tls: TlsConfig,
    /// TLS to Postgres, beside what the URL's `sslmode` says.
    #[serde(default, skip_serializing_if = "TlsConfig::is_default")]
    pub postgres_tls: TlsConfig,
    /// TLS to Redis, beside what the `rediss://` URL itself says.
    #[serde(default, skip_serializing_if = "TlsConfig::is_default")]
    pub redis_tls: TlsConfig,
    /// Where traces go.
    #[serde(default, skip_serializing_if = "TelemetryConfig::is_default")]
    pub telemetry: TelemetryConfig,
}

/// Which resource a worker belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResourceRef {
    /// The namespace; `dev` outside a cluster.
    pub namespace: String,
    /// The resource's name.
    pub name: String,
}

/// The role `producer`: takes notifications over HTTP and publishes them to one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProducerConfig {
    /// The exchange to publish to.
    pub exchange: ExchangeConfig,
    /// Template of the routing key over `{kind}`, `{owner}`, `{actor}`; unused for fanout and headers exchanges. Default `{kind}`.
    #[serde(default = "default_routing_key")]
    pub routing_key: String,
    /// The fields that become AMQP headers on a headers exchange. Default `kind`, `owner`.
    #[serde(default = "default_headers")]
    pub headers: Vec<HeaderField>,
    /// The port of the ingest endpoint. Default 8080.
    #[serde(default = "default_port")]
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
    pub timeout: Span,
    /// How many notifications may wait for their confirm at once; more get a 503. Default 1024.
    pub max_in_flight: u32,
}

/// What one request to a producer may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LimitsConfig {
    /// The largest notification as received, in bytes, 1–65536. Default 65536.
    pub body_bytes: u32,
    /// Notifications per second that one pod takes; more get a 429. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_per_second: Option<u32>,
}

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
    /// The largest notification as received, in bytes; a consumer takes 4 KiB more, for what a producer adds. Default 65536.
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
    /// Not replicated and without a delivery limit: promise 1 does not hold on it.
    Classic,
}

/// What the RabbitMQ policy of a queue says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct QueuePolicy {
    /// Messages older than this leave for the dead-letter queue. Default: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_ttl: Option<Span>,
    /// The most messages in the queue. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// What a full queue does. Default `RejectPublish`.
    pub overflow: Overflow,
    /// Deliveries before the broker itself dead-letters a message. Default 20.
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
    /// The exchange's name.
    pub exchange: String,
    /// The binding's routing key or pattern. Default empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub routing_key: String,
    /// Arguments for a headers exchange (`x-match` and header values). Default none.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub arguments: serde_json::Map<String, serde_json::Value>,
}

/// How a queue is drained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ConsumeConfig {
    /// Unacknowledged messages per lane, 1–65535. Default 1000.
    pub prefetch: u16,
    /// Channels that drain the queue side by side. Default 2.
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
    pub max_size: u32,
    /// How long the first notification of a batch waits for others. Default `5ms`.
    pub linger: Span,
}

/// The role `api`: serves the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApiConfig {
    /// The port of the inbox API. Default 8080.
    #[serde(default = "default_port")]
    pub port: u16,
}

/// How heads and pages are cached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CacheConfig {
    /// How long an entry outlives its last write, ± 10 %. Default `1h`.
    pub ttl: Span,
    /// How many of an owner's newest items are kept ready to send, 1–200. Default 100.
    pub head_items: u32,
}

/// What the database keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreConfig {
    /// The default expiry of a notification, from its `created_at`; an earlier `expires_at` wins. Default: kept for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retention: Option<Span>,
}

/// Where health and metrics are served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct AdminConfig {
    /// The port of `/healthz`, `/readyz` and `/metrics`. Default 8081.
    pub port: u16,
}

/// Files for TLS to one server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TlsConfig {
    /// PEM file of the authorities to trust instead of the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// PEM file of the client's certificate; needs `keyFile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<PathBuf>,
    /// PEM file of the client's key; needs `certFile`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The name that the server's certificate must carry, when it is not the URL's host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
}

/// Where traces go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TelemetryConfig {
    /// Base URL of an OTLP/HTTP collector, e.g. `http://collector:4318`. Default: no traces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otlp_endpoint: Option<String>,
    /// The share of traces kept, as a decimal string from `"0"` to `"1"`. Default `"0.1"`.
    pub sample_ratio: String,
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

impl Default for ApiConfig {
    fn default() -> Self {
        Self { port: default_port() }
    }
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self { ttl: Span::from_secs(3600), head_items: 100 }
    }
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self { port: 8081 }
    }
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { otlp_endpoint: None, sample_ratio: "0.1".to_owned() }
    }
}

default_is_default!(CacheConfig, StoreConfig, AdminConfig, TlsConfig, TelemetryConfig);

pub(crate) fn default_routing_key() -> String {
    "{kind}".to_owned()
}

pub(crate) fn default_headers() -> Vec<HeaderField> {
    vec![HeaderField::Kind, HeaderField::Owner]
}

pub(crate) fn default_port() -> u16 {
    8080
}

pub(crate) fn default_dead_letter_max_length() -> u32 {
    100_000
}

pub(crate) fn default_body_bytes() -> u32 {
    65_536
}

/// Why a text is no [`WorkerConfig`].
#[derive(Debug, thiserror::Error)]
pub enum WorkerConfigError {
    /// Not YAML, a key is missing, or a value has another type.
    #[error("failed to read the worker's config: {0}")]
    Shape(String),
    /// Written by a newer operator.
    #[error("failed to read the worker's config: its version is {0}, and this build reads up to {VERSION}")]
    Version(u32),
}

impl WorkerConfig {
    /// Reads YAML (or JSON, which is YAML). The paths of keys that this build does not know come beside it: a worker warns about
    /// and counts them, since a newer operator may have written them.
    pub fn from_yaml(text: &str) -> Result<(Self, Vec<String>), WorkerConfigError> {
        let value = crate::yaml::from_text(text).map_err(WorkerConfigError::Shape)?;
        // Before the shape: another version may have another one.
        if let Some(version) = value.get("version").and_then(serde_json::Value::as_u64)
            && version != u64::from(VERSION)
        {
            return Err(WorkerConfigError::Version(u32::try_from(version).unwrap_or(u32::MAX)));
        }
        let unknown = crate::unknown_keys::unknown_keys::<Self>(&value);
        let config =
            serde_path_to_error::deserialize(&value).map_err(|error| WorkerConfigError::Shape(error.to_string()))?;
        Ok((config, unknown))
    }
}
