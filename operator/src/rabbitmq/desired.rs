//! What a resource wants of its broker, as objects of RabbitMQ.

use hoopoe_crds::{
    consumer::{DeadLetter, Queue},
    policy::{self, Policy},
    producer::{Exchange, Ownership},
    worker_config::{BindingConfig, ExchangeType, QueueType},
};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    Binding,
    names::{MARK, claim_of, dead_letter_claim, mark_of},
};
use crate::{
    hexadecimal,
    resource::ResourceId,
    topology::{Claimant, Held, Wanted, WantedQueue},
};

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

/// What a deleted consumer holds on the broker.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldQueue {
    /// Who holds it.
    pub claimant: Claimant,
    /// The id of the cluster that it is in; `None`: the operator may not know it.
    pub cluster: Option<String>,
    /// The queue.
    pub queue: DesiredQueue,
    /// What marks its bindings.
    pub mark: String,
}

impl HeldQueue {
    /// On RabbitMQ.
    pub fn of(held: &Held<'_>) -> Self {
        let Held { meta, cluster, queue } = held;
        let queue = self::queue(&meta.id, *cluster, *queue);
        let (claimant, cluster) = (Claimant::of(meta), cluster.map(str::to_owned));
        Self { claimant, cluster, queue, mark: mark_of(&meta.id) }
    }
}

impl Desired {
    /// On RabbitMQ.
    pub fn of(wanted: &Wanted<'_>) -> Self {
        let (meta, cluster) = (wanted.meta(), wanted.cluster());
        Self {
            claimant: Claimant::of(meta),
            cluster: cluster.map(str::to_owned),
            exchange: wanted.exchange().map(exchange),
            queue: wanted.queue().map(|queue| self::queue(&meta.id, cluster, queue)),
        }
    }

    /// A hash of all of it, 16 hexadecimal digits, for `status.topology.hash`.
    pub fn hash(&self) -> String {
        let bytes = Sha256::digest(format!("{:?}{:?}", self.exchange, self.queue));
        hexadecimal(&bytes[..8])
    }
}

fn exchange(exchange: &Exchange) -> DesiredExchange {
    let Exchange { name, kind, ownership } = exchange;
    DesiredExchange { name: name.clone(), kind: kind_of(*kind), ownership: *ownership }
}

fn queue(id: &ResourceId, cluster: Option<&str>, wanted: WantedQueue<'_>) -> DesiredQueue {
    let WantedQueue { queue, bindings, dead_letter } = wanted;
    let Queue { name, kind, max_priority, policy, deletion_policy: _, deletion_timeout: _ } = queue;
    let DeadLetter { max_length } = dead_letter;
    let (claim, mark) = (claim_of(id), mark_of(id));
    // The claims say which cluster they are of.
    let of_cluster = |policy: Policy| Policy { cluster: cluster.map(str::to_owned), ..policy };
    let of_dead_letters = policy::of_dead_letters(dead_letter_claim(&claim), name, *max_length, policy.priority);
    DesiredQueue {
        name: name.clone(),
        arguments: arguments(*kind, *max_priority),
        policy: of_cluster(policy::of_queue(claim, name, *kind, policy)),
        dead_letter_policy: of_cluster(of_dead_letters),
        bindings: bindings.iter().map(|binding| marked(name, binding, &mark)).collect(),
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
