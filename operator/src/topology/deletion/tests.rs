//! The whole course of a deletion, step by step, on plain data.

use hoopoe_crds::worker_config::{QueuePolicy, QueueType};
use serde_json::{Map, json};

use super::*;
use crate::{
    broker::{self, Binding},
    topology::desired::MARK,
};

fn wanted() -> DesiredQueue {
    DesiredQueue {
        name: "q".to_owned(),
        arguments: Map::new(),
        policy: policy::of_queue("hoopoe.ns.c".to_owned(), "q", QueueType::Quorum, &QueuePolicy::default()),
        dead_letter_policy: policy::of_dead_letters("hoopoe.ns.c.dlq".to_owned(), "q", 10, 100),
        bindings: Vec::new(),
    }
}

/// Both queues with so many messages, both policies, and a binding of ours and one of somebody's.
fn seen(messages: u64, dead_letters: u64) -> Snapshot {
    let mut seen = Snapshot::default();
    for (name, messages) in [("q", messages), ("q.dlq", dead_letters)] {
        let queue = Queue { name: name.to_owned(), messages_ready: messages, ..Queue::default() };
        seen.queues.insert(name.to_owned(), queue);
    }
    for name in ["hoopoe.ns.c", "hoopoe.ns.c.dlq"] {
        seen.policies.insert(name.to_owned(), broker::Policy { name: name.to_owned(), ..broker::Policy::default() });
    }
    let binding = |arguments: serde_json::Value| Binding {
        source: "e".to_owned(),
        destination: "q".to_owned(),
        destination_type: "queue".to_owned(),
        arguments: arguments.as_object().cloned().unwrap_or_default(),
        ..Binding::default()
    };
    seen.bindings = vec![binding(json!({ MARK: "ns/c" })), binding(json!({}))];
    seen
}

fn unbound(mut seen: Snapshot) -> Snapshot {
    seen.bindings.remove(0);
    seen
}

fn step(seen: &Snapshot, change: impl FnOnce(&mut Input)) -> Step {
    let queue = wanted();
    let mut input = Input {
        queue: &queue,
        mark: "ns/c",
        policy: DeletionPolicy::DeleteIfEmpty,
        seen,
        taken: false,
        empty_for: None,
        timed_out: false,
        workers: 2,
        workers_wanted: 2,
    };
    change(&mut input);
    next(&input)
}

fn sentences(step: Step) -> Vec<String> {
    match step {
        Step::Write(changes) => changes.iter().map(ToString::to_string).collect(),
        other => panic!("no writes: {other:?}"),
    }
}

#[test]
fn only_our_bindings_go_first_whatever_is_in_the_queue() {
    let said = sentences(step(&seen(5, 0), |_| ()));
    assert_eq!(said, ["unbind the queue q from e with the key \"\""]);
}

#[test]
fn workers_drain_until_two_reads_more_than_an_interval_apart_are_empty() {
    let full = unbound(seen(5, 0));
    assert_eq!(step(&full, |_| ()), Step::Drain { messages: 5 });
    let empty = unbound(seen(0, 0));
    assert_eq!(step(&empty, |input| input.empty_for = Some(Duration::ZERO)), Step::Drain { messages: 0 });
    let interval = Some(STATISTICS_INTERVAL);
    assert_eq!(step(&empty, |input| input.empty_for = interval), Step::Drain { messages: 0 }, "not more than one");
    let more = Some(STATISTICS_INTERVAL + Duration::from_millis(1));
    assert_eq!(step(&empty, |input| input.empty_for = more), Step::StopWorkers);
    let said = sentences(step(&empty, |input| (input.empty_for, input.workers) = (more, 0)));
    let expected = [
        "delete the queue q with 0 messages",
        "delete the policy hoopoe.ns.c",
        "delete the queue q.dlq with 0 messages",
        "delete the policy hoopoe.ns.c.dlq",
    ];
    assert_eq!(said, expected);
}

#[test]
fn what_is_published_between_the_last_read_and_the_stop_is_kept() {
    let late = unbound(seen(1, 0));
    let more = Some(STATISTICS_INTERVAL * 2);
    let said = sentences(step(&late, |input| (input.empty_for, input.workers) = (more, 0)));
    assert_eq!(said[0], "set the policy hoopoe-kept.ns.c on the queue q");
    assert_eq!(said[1], "delete the policy hoopoe.ns.c");
    assert!(!said.iter().any(|said| said.contains("delete the queue q with")), "{said:?}");
}

#[test]
fn time_ends_the_drain_and_dead_letters_do_not_hold_the_queue() {
    let stuck = unbound(seen(5, 0));
    assert_eq!(step(&stuck, |input| input.timed_out = true), Step::StopWorkers);
    // Nobody drains: no worker is asked for.
    let said = sentences(step(&stuck, |input| (input.workers, input.workers_wanted) = (0, 0)));
    assert!(said[0].contains("hoopoe-kept.ns.c on the queue q"), "{said:?}");
    let dead = unbound(seen(0, 3));
    let more = Some(STATISTICS_INTERVAL * 2);
    let said = sentences(step(&dead, |input| (input.empty_for, input.workers) = (more, 0)));
    assert_eq!(said[0], "delete the queue q with 0 messages");
    assert_eq!(said[2], "set the policy hoopoe-kept.ns.c.dlq on the queue q.dlq");
}

#[test]
fn after_the_last_write_what_stays_is_told() {
    let mut kept = unbound(seen(4, 2));
    kept.policies.clear();
    for name in ["hoopoe-kept.ns.c", "hoopoe-kept.ns.c.dlq"] {
        kept.policies.insert(name.to_owned(), broker::Policy::default());
    }
    let done = step(&kept, |input| (input.workers, input.workers_wanted) = (0, 0));
    assert_eq!(done, Step::Done { kept: vec![("q".to_owned(), 4), ("q.dlq".to_owned(), 2)] });
    assert_eq!(step(&Snapshot::default(), |input| input.workers = 0), Step::Done { kept: Vec::new() });
}

#[test]
fn delete_asks_nobody_retain_touches_nothing_and_the_loser_goes_at_once() {
    let full = unbound(seen(5, 1));
    assert_eq!(step(&full, |input| input.policy = DeletionPolicy::Delete), Step::StopWorkers);
    let said = sentences(step(&full, |input| (input.policy, input.workers) = (DeletionPolicy::Delete, 0)));
    assert_eq!(said[0], "delete the queue q with 5 messages");
    let all = seen(5, 1);
    assert_eq!(step(&all, |input| input.policy = DeletionPolicy::Retain), Step::StopWorkers);
    let retained = step(&all, |input| (input.policy, input.workers) = (DeletionPolicy::Retain, 0));
    assert_eq!(retained, Step::Done { kept: vec![("q".to_owned(), 5)] });
    assert_eq!(step(&all, |input| input.taken = true), Step::Done { kept: Vec::new() });
}
