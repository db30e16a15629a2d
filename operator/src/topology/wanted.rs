//! What a resource wants of its broker, as its spec says it.

use hoopoe_crds::{
    consumer::{DeadLetter, NotifConsumerSpec, Queue},
    producer::{Exchange, NotifProducerSpec},
    worker_config::BindingConfig,
};

use crate::{resource::Meta, validate::Valid};

/// What a valid resource wants of its broker.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    meta: &'a Meta,
    cluster: Option<&'a str>,
    exchange: Option<&'a Exchange>,
    queue: Option<WantedQueue<'a>>,
}

/// A consumer's queue with all that belongs to it.
#[derive(Clone, Copy, Debug)]
pub struct WantedQueue<'a> {
    /// The queue itself.
    pub queue: &'a Queue,
    /// What it is bound to.
    pub bindings: &'a [BindingConfig],
    /// Its dead-letter queue.
    pub dead_letter: &'a DeadLetter,
}

/// What a deleted consumer holds on its broker. It is not validated: a stored resource must be deletable, whatever
/// today's rules say.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// Which resource.
    pub meta: &'a Meta,
    /// The id of the cluster that it is in; `None`: the operator may not know it.
    pub cluster: Option<&'a str>,
    /// Its queue.
    pub queue: WantedQueue<'a>,
}

impl<'a> Wanted<'a> {
    /// What a producer wants. `cluster`: the id of the cluster that it is in; `None`: the operator may not know it.
    pub fn of_producer(valid: Valid<'a, NotifProducerSpec>, cluster: Option<&'a str>) -> Self {
        Self { meta: valid.meta(), cluster, exchange: Some(&valid.spec().exchange), queue: None }
    }

    /// What a consumer wants. `cluster`: as for [`Self::of_producer`].
    pub fn of_consumer(valid: Valid<'a, NotifConsumerSpec>, cluster: Option<&'a str>) -> Self {
        Self { meta: valid.meta(), cluster, exchange: None, queue: Some(WantedQueue::of(valid.spec())) }
    }

    /// Which resource.
    pub fn meta(&self) -> &'a Meta {
        self.meta
    }

    /// The id of the cluster that it is in; `None`: the operator may not know it.
    pub fn cluster(&self) -> Option<&'a str> {
        self.cluster
    }

    /// A producer's exchange.
    pub fn exchange(&self) -> Option<&'a Exchange> {
        self.exchange
    }

    /// A consumer's queue.
    pub fn queue(&self) -> Option<WantedQueue<'a>> {
        self.queue
    }
}

impl<'a> WantedQueue<'a> {
    fn of(spec: &'a NotifConsumerSpec) -> Self {
        Self { queue: &spec.queue, bindings: &spec.bindings, dead_letter: &spec.dead_letter }
    }
}

impl<'a> Held<'a> {
    /// What a consumer holds on its broker.
    pub fn of_consumer(meta: &'a Meta, spec: &'a NotifConsumerSpec, cluster: Option<&'a str>) -> Self {
        Self { meta, cluster, queue: WantedQueue::of(spec) }
    }
}
