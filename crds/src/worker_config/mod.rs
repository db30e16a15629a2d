//! `WorkerConfig`: the one document that the operator (or `hoopoe dev`) writes and a worker reads.
//!
//! It never holds secrets: a worker takes those from its environment. Keys at their default are omitted, so that an
//! older worker image reads only keys that were set on purpose.

mod consumer;
mod inbox;
mod process;
mod producer;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use consumer::{
    BatchConfig, BindingConfig, ConsumeConfig, ConsumerConfig, Overflow, QueueConfig, QueuePolicy, QueueType,
};
pub use inbox::{ApiConfig, CacheConfig, StoreConfig};
pub use process::{AdminConfig, TelemetryConfig, TlsConfig};
pub use producer::{ExchangeConfig, ExchangeType, HeaderField, LimitsConfig, ProducerConfig, PublishConfig};

pub(crate) use consumer::default_dead_letter_max_length;
pub(crate) use producer::{default_headers, default_routing_key};

/// The version of this document that this build writes, and the newest that it reads.
pub const VERSION: u32 = 1;

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
    #[serde(default, skip_serializing_if = "is_default")]
    pub cache: CacheConfig,
    /// What is kept in the database and for how long, for consumers and inbox APIs alike.
    #[serde(default, skip_serializing_if = "is_default")]
    pub store: StoreConfig,
    /// Where health and metrics are served.
    #[serde(default, skip_serializing_if = "is_default")]
    pub admin: AdminConfig,
    /// TLS to the broker, beside what the `amqps://` URL itself says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub broker_tls: TlsConfig,
    /// TLS to Postgres, beside what the URL's `sslmode` says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub postgres_tls: TlsConfig,
    /// TLS to Redis, beside what the `rediss://` URL itself says.
    #[serde(default, skip_serializing_if = "is_default")]
    pub redis_tls: TlsConfig,
    /// Where traces go.
    #[serde(default, skip_serializing_if = "is_default")]
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

/// Why a text is no [`WorkerConfig`].
#[derive(Debug, thiserror::Error)]
pub enum WorkerConfigError {
    /// Not YAML, a key is missing, or a value has another type.
    #[error("failed to read the worker's config: {0}")]
    Shape(String),
    /// Written by a newer operator.
    #[error(
        "failed to read the worker's config: its version is {0}, but this build reads only version {VERSION}: use a \
         newer one"
    )]
    Version(u32),
}

impl WorkerConfig {
    /// Reads YAML (or JSON, which is YAML). It also returns the paths of keys that this build does not know: a newer
    /// operator may have written them, so a worker only warns about them and counts them.
    pub fn from_yaml(text: &str) -> Result<(Self, Vec<String>), WorkerConfigError> {
        let value = crate::yaml::from_text(text).map_err(WorkerConfigError::Shape)?;
        // Look at the version first: another version may have another shape.
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

/// Keys at their default are omitted.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
