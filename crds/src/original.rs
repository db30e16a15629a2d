//! The registration bodies of the original hoopoe service, translated into today's manifests.
//!
//! One body may hold both `producer_info` and `consumer_info`; then both are served. The manifests are JSON and are
//! read like all others, so that each limit is checked in one place.

use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A registration as the original service took it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Original {
    /// A producer to start.
    #[serde(default)]
    pub producer_info: Option<ProducerInfo>,
    /// A consumer to start.
    #[serde(default)]
    pub consumer_info: Option<ConsumerInfo>,
}

/// The original's producer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProducerInfo {
    /// The exchange; on the wire `Hoopoe.notif:<name>`.
    pub exchange_name: String,
    /// `fanout`, `direct`, `headers` or `topic`. Default `topic`.
    #[serde(default)]
    pub exchange_type: OriginalExchangeType,
    /// The routing key of everything that this producer publishes. Default empty.
    #[serde(default)]
    pub routing_key: String,
    /// A notification to send once the producer runs.
    #[serde(default)]
    pub notif_data: Option<Value>,
    /// Accepted with a warning: every worker is a task or a pod.
    #[serde(default)]
    pub local_spawn: Option<bool>,
}

/// The original's consumer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerInfo {
    /// The queue; on the wire `Hoopoe.<tag>:<queue>`.
    pub queue: String,
    /// The consumer's tag, a part of the queue's name on the wire.
    pub tag: String,
    /// The exchange to bind to; on the wire `Hoopoe.notif:<name>`.
    pub exchange_name: String,
    /// The binding's routing key. Default empty.
    #[serde(default)]
    pub routing_key: String,
    /// How long a cache entry outlives its last write, in seconds. Default: the consumer's own default.
    #[serde(default)]
    pub redis_cache_exp: Option<u64>,
    /// Accepted with a warning: everything is stored.
    #[serde(default)]
    pub store_in_db: Option<bool>,
    /// Accepted with a warning: a consumer with a cache always uses it.
    #[serde(default)]
    pub cache_on_redis: Option<bool>,
    /// Accepted with a warning: every worker is a task or a pod.
    #[serde(default)]
    pub local_spawn: Option<bool>,
}

/// The original's exchange types.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OriginalExchangeType {
    /// To every bound queue.
    Fanout,
    /// By the equality of the routing key.
    Direct,
    /// By headers.
    Headers,
    /// By the pattern of the routing key (the default).
    #[default]
    Topic,
}

/// What a registration asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Translated {
    /// Manifests, `NotifProducer` before `NotifConsumer`.
    pub manifests: Vec<Value>,
    /// The notification to send once the producer runs.
    pub notif_data: Option<Value>,
    /// A warning for each field that was accepted and has no effect.
    pub warnings: Vec<String>,
}

/// The `Secret`s that a translated manifest refers to: the original body names none.
#[derive(Clone, Debug)]
pub struct SecretNames<'a> {
    /// The broker's.
    pub broker: &'a str,
    /// The database's.
    pub postgres: &'a str,
    /// The cache's; `None`: no shared cache.
    pub redis: Option<&'a str>,
}

impl Original {
    /// Translates into manifests for this namespace.
    pub fn translate(&self, namespace: &str, secrets: &SecretNames<'_>) -> Translated {
        const NO_SPAWN: &str = "every worker is a task or a pod";
        const STORED: &str = "every notification is stored";
        const CACHED: &str = "a consumer with a cache always uses it";
        let mut out = Translated::default();
        if let Some(producer) = &self.producer_info {
            out.manifests.push(producer.manifest(namespace, secrets));
            out.notif_data.clone_from(&producer.notif_data);
            warn_of(&mut out.warnings, "producer_info.local_spawn", producer.local_spawn, NO_SPAWN);
        }
        if let Some(consumer) = &self.consumer_info {
            out.manifests.push(consumer.manifest(namespace, secrets));
            warn_of(&mut out.warnings, "consumer_info.store_in_db", consumer.store_in_db, STORED);
            warn_of(&mut out.warnings, "consumer_info.cache_on_redis", consumer.cache_on_redis, CACHED);
            warn_of(&mut out.warnings, "consumer_info.local_spawn", consumer.local_spawn, NO_SPAWN);
        }
        out
    }
}

fn warn_of(warnings: &mut Vec<String>, field: &str, given: Option<bool>, why: &str) {
    if given.is_some() {
        warnings.push(format!("{field} is accepted but has no effect: {why}"));
    }
}

impl ProducerInfo {
    fn manifest(&self, namespace: &str, secrets: &SecretNames<'_>) -> Value {
        let kind = match self.exchange_type {
            OriginalExchangeType::Fanout => "Fanout",
            OriginalExchangeType::Direct => "Direct",
            OriginalExchangeType::Headers => "Headers",
            OriginalExchangeType::Topic => "Topic",
        };
        let spec = json!({
            "broker": { "secretRef": { "name": secrets.broker } },
            "exchange": { "name": wire_exchange(&self.exchange_name), "type": kind },
            // Always given, even if it is empty: the original publishes with exactly this key, and its consumers bind
            // to it.
            "routingKey": self.routing_key,
        });
        manifest("NotifProducer", &self.exchange_name, namespace, &spec)
    }
}

impl ConsumerInfo {
    fn manifest(&self, namespace: &str, secrets: &SecretNames<'_>) -> Value {
        let mut binding = Map::new();
        binding.insert("exchange".to_owned(), json!(wire_exchange(&self.exchange_name)));
        if !self.routing_key.is_empty() {
            binding.insert("routingKey".to_owned(), json!(self.routing_key));
        }
        let mut spec = json!({
            "broker": { "secretRef": { "name": secrets.broker } },
            "postgres": { "secretRef": { "name": secrets.postgres } },
            "queue": { "name": format!("Hoopoe.{}:{}", self.tag, self.queue) },
            "bindings": [binding],
        });
        if let Some(redis) = secrets.redis {
            spec["redis"] = json!({ "secretRef": { "name": redis } });
        }
        if let Some(seconds) = self.redis_cache_exp {
            spec["cache"] = json!({ "ttl": format!("{seconds}s") });
        }
        manifest("NotifConsumer", &format!("{}-{}", self.tag, self.queue), namespace, &spec)
    }
}

fn manifest(kind: &str, text: &str, namespace: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "hoopoe.app/v1alpha1",
        "kind": kind,
        "metadata": { "name": resource_name(text), "namespace": namespace },
        "spec": spec,
    })
}

/// The exchange's name on the wire.
fn wire_exchange(name: &str) -> String {
    format!("Hoopoe.notif:{name}")
}

/// A DNS label of at most 40 bytes for any text: the text itself if it is one, otherwise its letters and digits and a
/// short hash, so that two texts do not get the same name by being shortened.
pub fn resource_name(text: &str) -> String {
    const MAX: usize = 40;
    const HASH: usize = 8;
    let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = !text.is_empty()
        && text.len() <= MAX
        && text.bytes().all(label)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if is_label {
        return text.to_owned();
    }
    let clean: String =
        text.chars().map(|c| c.to_ascii_lowercase()).map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let clean = clean.trim_matches('-');
    let clean = clean[..clean.len().min(MAX - HASH - 1)].trim_end_matches('-');
    let hash = fnv1a(text.as_bytes());
    if clean.is_empty() { format!("r-{hash:08x}") } else { format!("{clean}-{hash:08x}") }
}

/// FNV-1a, 32 bits: names have to differ, but not to withstand an attack.
fn fnv1a(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_label_and_differs_where_the_text_does() {
        assert_eq!(resource_name("orders"), "orders");
        let long = "x".repeat(90);
        let names = ["Orders", "orders.", "o_rders", "", "-", long.as_str(), "é"].map(resource_name);
        for name in &names {
            assert!(name.len() <= 40 && !name.starts_with('-') && !name.ends_with('-'), "{name}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'), "{name}");
        }
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len(), "{names:?}");
    }

    #[test]
    fn both_halves_of_a_body_become_manifests_with_the_wire_names_of_the_original() {
        let body = json!({
            "producer_info": {
                "exchange_name": "orders", "exchange_type": "fanout", "routing_key": "",
                "notif_data": { "receiver_info": "1" }, "local_spawn": true,
            },
            "consumer_info": {
                "queue": "mailbox", "tag": "cons_tag", "exchange_name": "orders", "redis_cache_exp": 300,
                "store_in_db": true, "cache_on_redis": true,
            },
        });
        let original: Original = serde_json::from_value(body).unwrap();
        let secrets = SecretNames { broker: "b", postgres: "p", redis: Some("r") };
        let out = original.translate("dev", &secrets);
        assert_eq!(out.manifests.len(), 2);
        assert_eq!(out.manifests[0]["spec"]["exchange"], json!({ "name": "Hoopoe.notif:orders", "type": "Fanout" }));
        assert_eq!(out.manifests[1]["spec"]["queue"]["name"], "Hoopoe.cons_tag:mailbox");
        assert_eq!(out.manifests[1]["spec"]["bindings"], json!([{ "exchange": "Hoopoe.notif:orders" }]));
        assert_eq!(out.manifests[1]["spec"]["cache"]["ttl"], "300s");
        assert_eq!(out.notif_data, Some(json!({ "receiver_info": "1" })));
        assert_eq!(out.warnings.len(), 3);
    }

    #[test]
    fn an_unknown_field_is_named() {
        let body = json!({ "producer_info": { "exchange_name": "a", "exchange": "b" } });
        let error = serde_json::from_value::<Original>(body).unwrap_err().to_string();
        assert!(error.contains("`exchange`"), "{error}");
    }
}
