//! The policies that a worker sets where it declares its queue itself (`hoopoe dev` and register).

use hoopoe_crds::{
    policy::{self, Policy},
    worker_config::ConsumerConfig,
};

/// The name of a queue's policy.
pub(super) fn name(namespace: &str, queue: &str) -> String {
    format!("hoopoe.{namespace}.{queue}")
}

/// The policies of a consumer's queue and of its dead-letter queue.
pub(super) fn of_consumer(namespace: &str, consumer: &ConsumerConfig) -> [Policy; 2] {
    let (queue, asked) = (&consumer.queue, &consumer.queue.policy);
    let dead_letters = name(namespace, &policy::dead_letters(&queue.name));
    [
        policy::of_queue(name(namespace, &queue.name), &queue.name, queue.kind, asked),
        policy::of_dead_letters(dead_letters, &queue.name, consumer.dead_letter_max_length, asked.priority),
    ]
}
