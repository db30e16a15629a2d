//! For the workers of `hoopoe dev`: tasks of one process, which share its cache, its store and its admin port. So only
//! the part of their role comes from the spec, and with it what they have to declare.

use super::parts;
use crate::{
    consumer::NotifConsumerSpec,
    producer::NotifProducerSpec,
    worker_config::{ConsumerConfig, ProducerConfig, QueueConfig},
};

/// What the worker of a producer is told.
pub fn producer(spec: &NotifProducerSpec) -> ProducerConfig {
    parts::producer(spec, true)
}

/// What the worker of a consumer is told.
pub fn consumer(spec: &NotifConsumerSpec) -> ConsumerConfig {
    let queue = &spec.queue;
    ConsumerConfig {
        queue: QueueConfig {
            name: queue.name.clone(),
            kind: queue.kind,
            max_priority: queue.max_priority,
            policy: queue.policy.clone(),
        },
        bindings: spec.bindings.clone(),
        consume: spec.consume.clone(),
        dead_letter_max_length: spec.dead_letter.max_length,
        body_bytes: parts::LARGEST_BODY,
        declare: true,
    }
}
