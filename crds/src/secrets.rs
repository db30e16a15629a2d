//! How a resource points at its servers: Secrets of the same namespace, and TLS.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::rule::{OBJECT_NAME, rule};

/// A Secret of the resource's own namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// The Secret's name.
    #[schemars(length(max = 253), regex(pattern = OBJECT_NAME))]
    pub name: String,
}

/// The RabbitMQ that a resource uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [rule(
    ".vhost",
    "has(self.vhost) == has(oldSelf.vhost) && (!has(self.vhost) || self.vhost == oldSelf.vhost)",
    "vhost is immutable, and cannot be added or removed: queues and messages do not move to another virtual host",
)]))]
pub struct BrokerRef {
    #[doc = " Keys: `uri`; or the parts `host`, `port`, `username`, `password` (or `connection_string`) as RabbitMQ's \
             cluster operator writes them."]
    pub secret_ref: SecretRef,
    #[doc = " Key: `managementUri`. Default: the broker's own Secret; without that key, the same host on port 15672 \
             (15671 for `amqps`)."]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_secret_ref: Option<SecretRef>,
    /// The virtual host; wins over the URI's path. Immutable. Default: the URI's path, else `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub vhost: Option<String>,
    /// TLS settings, in addition to an `amqps` URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsRef>,
}

/// The Postgres that keeps the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PostgresRef {
    /// Keys: `uri`, `fqdn-uri`, or the parts that CloudNativePG writes.
    pub secret_ref: SecretRef,
    /// Used by migrations; with it the workers need no right to change the schema. Default: the same Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration_secret_ref: Option<SecretRef>,
    /// TLS settings, in addition to the URI's `sslmode`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsRef>,
}

/// The Redis that caches heads and pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RedisRef {
    /// Keys: `uri`; or the parts `host`, `port`, `username`, `password`.
    pub secret_ref: SecretRef,
    /// TLS settings, in addition to a `rediss` URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsRef>,
}

/// TLS to one server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TlsRef {
    /// Key `ca.crt`: the authorities to trust instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<SecretRef>,
    /// Keys `tls.crt`, `tls.key`: the client's certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<SecretRef>,
    /// The name that the server's certificate must carry, when it is not the host of the URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub server_name: Option<String>,
}
