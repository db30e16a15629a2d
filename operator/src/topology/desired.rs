//! What a resource wants of its broker.

use hoopoe_crds::{
    consumer::{NotifConsumerSpec, Queue},
    policy::{self, Policy},
    producer::{NotifProducerSpec, Ownership},
    worker_config::{BindingConfig, ExchangeType, QueueType},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::Claimant;
use crate::{broker::Binding, hexadecimal, resource::Meta, validate::Valid};

/// The argument that marks a binding as ours: `<namespace>/<name>`. Headers exchanges ignore arguments that start with `x-`.
pub const MARK: &str = "x-hoopoe";

/// What a resource wants of its broker.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// Who wants it.
    pub claimant: Claimant,
    /// The id of the cluster that it is in; `None`: the operator may not know it.
    pub cluster: Option<String>,
    /// A producer's exchange.
    pub exchange: Option<DesiredExchange>,
    /// A consumer's queue.
    pub queue: Option<DesiredQueue>,
}

/// A producer's exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DesiredExchange {
    /// Its name.
    pub name: String,
    /// `topic`, `direct`, `fanout` or `headers`.
    pub kind: &'static str,
    /// Who makes and removes it.
    pub ownership: Ownership,
}

/// A consumer's queue with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredQueue {
    /// Its name.
    pub name: String,
    /// Its arguments: its type, and what no policy can say.
    pub arguments: Map<String, Value>,
    /// The claim, and what is in force on the queue.
    pub policy: Policy,
    /// The dead-letter queue's.
    pub dead_letter_policy: Policy,
    /// Marked as ours.
    pub bindings: Vec<Binding>,
}

/// What a producer wants.
pub fn producer(valid: Valid<NotifProducerSpec>) -> Desired {
    let NotifProducerSpec { exchange, .. } = valid.spec();
    let exchange =
        DesiredExchange { name: exchange.name.clone(), kind: kind_of(exchange.kind), ownership: exchange.ownership };
    Desired { claimant: Claimant::of(valid.meta()), cluster: None, exchange: Some(exchange), queue: None }
}

/// What a consumer wants.
pub fn consumer(valid: Valid<NotifConsumerSpec>) -> Desired {
    of_consumer(valid.meta(), valid.spec())
}

/// What a consumer wanted that is being deleted. It is not validated: what is stored must be deletable, whatever today's
/// rules say.
pub fn of_deleted(meta: &Meta, spec: &NotifConsumerSpec) -> Desired {
    of_consumer(meta, spec)
}

fn of_consumer(meta: &Meta, spec: &NotifConsumerSpec) -> Desired {
    let NotifConsumerSpec { queue, bindings, dead_letter, .. } = spec;
    let Queue { name, kind, max_priority, policy, deletion_policy: _, deletion_timeout: _ } = queue;
    let claim = claim_of(meta);
    let queue = DesiredQueue {
        name: name.clone(),
        arguments: arguments(*kind, *max_priority),
        policy: policy::of_queue(claim.clone(), name, *kind, policy),
        dead_letter_policy: policy::of_dead_letters(
            format!("{claim}.dlq"),
            name,
            dead_letter.max_length,
            policy.priority,
        ),
        bindings: bindings.iter().map(|binding| marked(name, binding, &mark_of(meta))).collect(),
    };
    Desired { claimant: Claimant::of(meta), cluster: None, exchange: None, queue: Some(queue) }
}

/// The name of the policy by which a resource claims its queue.
pub fn claim_of(meta: &Meta) -> String {
    format!("hoopoe.{}.{}", meta.id.namespace, meta.id.name)
}

/// The value of [`MARK`] in a resource's bindings.
pub fn mark_of(meta: &Meta) -> String {
    format!("{}/{}", meta.id.namespace, meta.id.name)
}

impl Desired {
    /// The same, wanted by a resource of this cluster: its claims say so.
    #[must_use]
    pub fn in_cluster(mut self, id: Option<&str>) -> Self {
        self.cluster = id.map(str::to_owned);
        if let Some(queue) = &mut self.queue {
            queue.policy.cluster.clone_from(&self.cluster);
            queue.dead_letter_policy.cluster.clone_from(&self.cluster);
        }
        self
    }

    /// A hash of all of it, 16 hexadecimal digits: what stands in `status.topology.hash`.
    pub fn hash(&self) -> String {
        let bytes = Sha256::digest(format!("{:?}{:?}", self.exchange, self.queue));
        hexadecimal(&bytes[..8])
    }
}

/// The arguments of `<queue>.dlq`.
pub fn dead_letter_arguments() -> Map<String, Value> {
    arguments(QueueType::Quorum, None)
}

fn arguments(kind: QueueType, max_priority: Option<u8>) -> Map<String, Value> {
    let kind = match kind {
        QueueType::Quorum => "quorum",
        QueueType::Classic => "classic",
    };
    let mut arguments = Map::from_iter([("x-queue-type".to_owned(), json!(kind))]);
    if let Some(levels) = max_priority {
        arguments.insert("x-max-priority".to_owned(), json!(levels));
    }
    arguments
}

fn marked(queue: &str, binding: &BindingConfig, mark: &str) -> Binding {
    let BindingConfig { exchange, routing_key, arguments } = binding;
    let mut arguments = arguments.clone();
    arguments.insert(MARK.to_owned(), json!(mark));
    Binding {
        source: exchange.clone(),
        destination: queue.to_owned(),
        destination_type: "queue".to_owned(),
        routing_key: routing_key.clone(),
        arguments,
        properties_key: String::new(),
    }
}

fn kind_of(kind: ExchangeType) -> &'static str {
    match kind {
        ExchangeType::Topic => "topic",
        ExchangeType::Direct => "direct",
        ExchangeType::Fanout => "fanout",
        ExchangeType::Headers => "headers",
    }
}
