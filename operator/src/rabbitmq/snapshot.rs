//! The objects of one virtual host, as the management API lists them.

use std::collections::BTreeMap;

use hoopoe_crds::policy;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The objects of one virtual host at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The id that the cluster made for itself: two URLs may lead to one broker.
    pub cluster_id: String,
    /// Queues by name.
    pub queues: BTreeMap<String, Queue>,
    /// Exchanges by name.
    pub exchanges: BTreeMap<String, Exchange>,
    /// All bindings, except those of the default exchange.
    pub bindings: Vec<Binding>,
    /// Policies by name.
    pub policies: BTreeMap<String, Policy>,
}

/// A queue, without statistics.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// `quorum`, `classic` or `stream`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Whether it outlives the broker.
    #[serde(default)]
    pub durable: bool,
    /// Whether it goes with its last consumer.
    #[serde(default)]
    pub auto_delete: bool,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
    /// The policy that is in force on it.
    #[serde(default)]
    pub policy: Option<String>,
    /// Messages that no consumer holds.
    #[serde(default)]
    pub messages_ready: u64,
    /// Messages that a consumer holds.
    #[serde(default)]
    pub messages_unacknowledged: u64,
    /// Both together; `None`: the queue's node is down and its count is not known. A quorum queue counts every 5 s:
    /// what was confirmed since then is missing.
    #[serde(default)]
    pub messages: Option<u64>,
}

/// An exchange.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Exchange {
    /// Its name; the default exchange's is empty.
    pub name: String,
    /// `topic`, `direct`, `fanout`, `headers` or a plugin's.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it outlives the broker.
    #[serde(default)]
    pub durable: bool,
    /// Whether it goes with its last binding.
    #[serde(default)]
    pub auto_delete: bool,
    /// Whether clients cannot publish to it.
    #[serde(default)]
    pub internal: bool,
}

/// A binding.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Binding {
    /// The exchange.
    pub source: String,
    /// The queue, or the exchange, that is bound.
    pub destination: String,
    /// `queue` or `exchange`.
    pub destination_type: String,
    /// Its routing key.
    #[serde(default)]
    pub routing_key: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Map<String, Value>,
    /// The part of the URL of a `DELETE` that distinguishes it from other bindings between the same two.
    #[serde(default)]
    pub properties_key: String,
}

/// A policy.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// The regular expression that queues' names must match.
    pub pattern: String,
    /// `queues`, `all`, `exchanges` and others.
    #[serde(rename = "apply-to", default)]
    pub apply_to: String,
    /// Which of several is in force: the highest.
    #[serde(default)]
    pub priority: i32,
    /// What it says.
    #[serde(default)]
    pub definition: Map<String, Value>,
}

impl Policy {
    /// The regular expression without the mark of a cluster.
    pub fn bare_pattern(&self) -> &str {
        policy::without_cluster(&self.pattern).0
    }

    /// The cluster whose resource claims a queue by it; `None`: it does not say.
    pub fn cluster(&self) -> Option<&str> {
        policy::without_cluster(&self.pattern).1
    }

    /// Whether it is known to be another cluster's. If one of the two ids is missing it is not, and the name decides.
    pub fn is_of_another(&self, cluster: Option<&str>) -> bool {
        matches!((self.cluster(), cluster), (Some(theirs), Some(mine)) if theirs != mine)
    }
}
