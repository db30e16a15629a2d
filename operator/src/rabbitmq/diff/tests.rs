//! What is written, and in which order, from plain data. The same on real brokers: `operator/tests/topology`.

use hoopoe_crds::{
    policy,
    worker_config::{QueuePolicy, QueueType},
};

use serde_json::{Map, Value};

use super::*;
use crate::{
    rabbitmq::{self, Exchange, Queue},
    resource::{Kind, ResourceId},
    topology::Claimant,
};

fn claimant() -> Claimant {
    let id = ResourceId { kind: Kind::Consumer, namespace: "ns".to_owned(), name: "c".to_owned() };
    Claimant { created_at: 1, id }
}

fn binding(key: &str) -> Binding {
    Binding {
        source: "e".to_owned(),
        destination: "q".to_owned(),
        destination_type: "queue".to_owned(),
        routing_key: key.to_owned(),
        arguments: Map::from_iter([(MARK.to_owned(), Value::from("ns/c"))]),
        properties_key: String::new(),
    }
}

fn consumer(keys: &[&str]) -> Desired {
    let queue = DesiredQueue {
        name: "q".to_owned(),
        arguments: dead_letter_arguments(),
        policy: policy::of_queue("hoopoe.ns.c".to_owned(), "q", QueueType::Quorum, &QueuePolicy::default()),
        dead_letter_policy: policy::of_dead_letters("hoopoe.ns.c.dlq".to_owned(), "q", 10, 100),
        bindings: keys.iter().map(|key| binding(key)).collect(),
    };
    Desired { claimant: claimant(), cluster: None, exchange: None, queue: Some(queue) }
}

fn producer(ownership: Ownership) -> Desired {
    let exchange = DesiredExchange { name: "e".to_owned(), kind: "topic", ownership };
    Desired { claimant: claimant(), cluster: None, exchange: Some(exchange), queue: None }
}

fn exchange(kind: &str) -> Snapshot {
    let exchange = Exchange { name: "e".to_owned(), kind: kind.to_owned(), durable: true, ..Exchange::default() };
    Snapshot { exchanges: [("e".to_owned(), exchange)].into(), ..Snapshot::default() }
}

/// The snapshot after the broker has carried out every change.
fn carried_out(desired: &Desired, mut seen: Snapshot) -> Snapshot {
    for change in difference(desired, &seen).changes {
        match change {
            Change::DeclareExchange { name, kind } => {
                let made = Exchange { name: name.clone(), kind: kind.to_owned(), durable: true, ..Exchange::default() };
                seen.exchanges.insert(name, made);
            }
            Change::PutPolicy(policy) => {
                let (pattern, name) = (policy.pattern(), policy.name);
                let put = rabbitmq::Policy {
                    name: name.clone(),
                    pattern,
                    apply_to: "queues".to_owned(),
                    priority: policy.priority,
                    definition: policy.definition,
                };
                seen.policies.insert(name, put);
            }
            Change::DeclareQueue { name, arguments } => {
                let policy = if name == "q" { "hoopoe.ns.c" } else { "hoopoe.ns.c.dlq" };
                let queue = Queue {
                    name: name.clone(),
                    kind: "quorum".to_owned(),
                    durable: true,
                    arguments,
                    policy: Some(policy.to_owned()),
                    ..Queue::default()
                };
                seen.queues.insert(name, queue);
            }
            Change::Bind { binding, .. } => seen.bindings.push(binding),
            Change::Unbind { binding, .. } => seen.bindings.retain(|there| *there != binding),
            other @ (Change::DeletePolicy { .. } | Change::DeleteQueue { .. } | Change::DeleteExchange { .. }) => {
                panic!("{other}")
            }
        }
    }
    seen
}

#[test]
fn claims_come_before_queues_and_queues_before_bindings() {
    let difference = difference(&consumer(&["a"]), &exchange("topic"));
    let kinds: Vec<_> = difference.changes.iter().map(Change::kind).collect();
    assert_eq!(kinds, ["policy", "policy", "queue", "queue", "binding"]);
    assert!(difference.findings.is_empty());
}

#[test]
fn what_was_carried_out_leaves_no_difference() {
    for desired in [consumer(&["a", "b"]), producer(Ownership::Owned), producer(Ownership::Shared)] {
        let seen = carried_out(&desired, exchange("topic"));
        assert_eq!(difference(&desired, &seen), Difference::default());
    }
}

#[test]
fn a_binding_that_left_the_spec_goes_after_the_new_one_is_there() {
    let seen = carried_out(&consumer(&["old"]), exchange("topic"));
    let texts: Vec<_> = difference(&consumer(&["new"]), &seen).changes.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["bind the queue q to e with the key \"new\"", "unbind the queue q from e with the key \"old\""]);
}

#[test]
fn an_exchange_of_anothers_making_is_only_looked_at() {
    let missing = RabbitFinding::ExchangeMissing { name: "e".to_owned() };
    assert_eq!(
        difference(&producer(Ownership::External), &Snapshot::default()).findings,
        std::slice::from_ref(&missing)
    );
    assert!(difference(&producer(Ownership::External), &Snapshot::default()).changes.is_empty());
    let of_consumer = difference(&consumer(&["a", "b"]), &Snapshot::default());
    assert_eq!(of_consumer.findings, [missing], "said once for both bindings");
    assert_eq!(of_consumer.changes.len(), 4, "policies and queues do not wait for it");
}

#[test]
fn another_type_is_told_with_both_values() {
    let found = difference(&producer(Ownership::Shared), &exchange("fanout"));
    assert!(found.changes.is_empty());
    let text = found.findings[0].to_string();
    assert!(text.contains("fanout") && text.contains("topic is asked for"), "{text}");
    let mut seen = carried_out(&consumer(&[]), exchange("topic"));
    seen.queues.get_mut("q").unwrap().arguments.insert("x-max-length".to_owned(), Value::from(9));
    let text = difference(&consumer(&[]), &seen).findings[0].to_string();
    assert!(text.contains("x-max-length 9") && text.contains("none is asked for"), "{text}");
}

#[test]
fn a_policy_of_somebodys_that_is_in_force_is_told_and_bindings_of_others_are_a_note() {
    let mut seen = carried_out(&consumer(&["a"]), exchange("topic"));
    seen.queues.get_mut("q").unwrap().policy = Some("theirs".to_owned());
    seen.bindings.push(Binding { arguments: Map::new(), ..binding("theirs") });
    let found = difference(&consumer(&["a"]), &seen);
    let reasons: Vec<_> = found.findings.iter().map(RabbitFinding::reason).collect();
    assert_eq!(reasons, ["PolicyShadowed", "ForeignBindings"]);
    assert!(found.findings[1].to_finding().problem().is_none() && found.changes.is_empty());
}
