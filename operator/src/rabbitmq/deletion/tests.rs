//! A whole deletion, step by step, on plain data.

use hoopoe_crds::worker_config::{QueuePolicy, QueueType};
use serde_json::json;

use super::*;
use crate::rabbitmq::{self, Binding, names::MARK};

fn wanted() -> DesiredQueue {
    DesiredQueue {
        name: "q".to_owned(),
        arguments: dead_letter_arguments(),
        policy: policy::of_queue("hoopoe.ns.c".to_owned(), "q", QueueType::Quorum, &QueuePolicy::default()),
        dead_letter_policy: policy::of_dead_letters("hoopoe.ns.c.dlq".to_owned(), "q", 10, 100),
        bindings: Vec::new(),
    }
}

/// Both queues with this many messages, both policies, a binding of ours and a binding of another program.
fn seen(messages: u64, dead_letters: u64) -> Snapshot {
    let mut seen = Snapshot::default();
    for (name, messages) in [("q", messages), ("q.dlq", dead_letters)] {
        let queue = Queue {
            name: name.to_owned(),
            kind: "quorum".to_owned(),
            durable: true,
            messages: Some(messages),
            ..Queue::default()
        };
        seen.queues.insert(name.to_owned(), queue);
    }
    for name in ["hoopoe.ns.c", "hoopoe.ns.c.dlq"] {
        seen.policies
            .insert(name.to_owned(), rabbitmq::Policy { name: name.to_owned(), ..rabbitmq::Policy::default() });
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

fn step(seen: &Snapshot, change: impl FnOnce(&mut DeletionInput)) -> DeletionStep {
    let queue = wanted();
    let mut input = DeletionInput {
        queue: &queue,
        mark: "ns/c",
        policy: DeletionPolicy::DeleteIfEmpty,
        seen,
        taken: false,
        empty_for: EmptyFor::default(),
        timed_out: false,
        workers: 2,
        workers_wanted: 2,
    };
    change(&mut input);
    next(&input)
}

fn sentences(step: DeletionStep) -> Vec<String> {
    match step {
        DeletionStep::Write(changes) => changes.iter().map(ToString::to_string).collect(),
        other => panic!("no writes: {other:?}"),
    }
}

/// Both queues have been empty for this long.
fn both(empty_for: Duration) -> EmptyFor {
    EmptyFor { queue: Some(empty_for), dead_letters: Some(empty_for) }
}

const LONG: Duration = Duration::from_millis(5001);

#[test]
fn only_our_bindings_go_first_whatever_is_in_the_queue() {
    let said = sentences(step(&seen(5, 0), |_| ()));
    assert_eq!(said, ["unbind the queue q from e with the key \"\""]);
}

#[test]
fn workers_drain_until_two_reads_more_than_an_interval_apart_are_empty() {
    let full = unbound(seen(5, 0));
    assert_eq!(step(&full, |_| ()), DeletionStep::Drain { messages: 5 });
    let empty = unbound(seen(0, 0));
    assert_eq!(step(&empty, |input| input.empty_for = both(Duration::ZERO)), DeletionStep::Drain { messages: 0 });
    let not_more = both(STATISTICS_INTERVAL);
    assert_eq!(
        step(&empty, |input| input.empty_for = not_more),
        DeletionStep::Drain { messages: 0 },
        "not more than one"
    );
    assert_eq!(step(&empty, |input| input.empty_for = both(LONG)), DeletionStep::StopWorkers);
    let said = sentences(step(&empty, |input| (input.empty_for, input.workers) = (both(LONG), 0)));
    let expected = [
        "delete the queue q with 0 messages",
        "delete the queue q.dlq with 0 messages",
        "delete the policy hoopoe.ns.c.dlq",
        "delete the policy hoopoe.ns.c",
    ];
    assert_eq!(said, expected, "the claim goes last");
}

#[test]
fn nothing_that_looks_empty_goes_before_two_reads_where_nobody_drains_or_time_is_up() {
    let empty = unbound(seen(0, 0));
    for (workers_wanted, timed_out) in [(0, false), (0, true), (2, true)] {
        let at = |empty_for| {
            step(&empty, |input| {
                (input.workers, input.workers_wanted) = (0, workers_wanted);
                (input.timed_out, input.empty_for) = (timed_out, empty_for);
            })
        };
        assert_eq!(at(EmptyFor::default()), DeletionStep::Confirm);
        assert_eq!(at(both(STATISTICS_INTERVAL)), DeletionStep::Confirm);
        let dead_letters_late = EmptyFor { queue: Some(LONG), dead_letters: Some(Duration::ZERO) };
        assert_eq!(at(dead_letters_late), DeletionStep::Confirm, "a dead letter of a moment ago does not show yet");
        assert_eq!(sentences(at(both(LONG))).len(), 4);
    }
}

#[test]
fn what_came_in_just_before_the_bindings_went_has_time_to_show() {
    let start = Instant::now();
    let after = |seconds| start + Duration::from_secs(seconds);
    let mut since = EmptySince::default();
    let mut look = |seen: &Snapshot, seconds| since.observe("q", "ns/c", seen, after(seconds), after(seconds));
    assert_eq!(look(&seen(0, 0), 0), EmptyFor::default(), "still bound");
    assert_eq!(look(&unbound(seen(0, 1)), 10), EmptyFor { queue: Some(Duration::ZERO), dead_letters: None });
    let later = EmptyFor { queue: Some(Duration::from_secs(3)), dead_letters: Some(Duration::ZERO) };
    assert_eq!(look(&unbound(seen(0, 0)), 13), later);
    assert_eq!(look(&unbound(seen(1, 0)), 16).queue, None);
    assert_eq!(look(&unbound(seen(0, 0)), 19).queue, Some(Duration::ZERO), "and the clock starts again");
    let mut down = unbound(seen(0, 0));
    down.queues.get_mut("q").unwrap().messages = None;
    assert_eq!(look(&down, 22).queue, None, "a queue whose node is down is not empty");
    // A read that took ten seconds says what was there when it began, at the earliest.
    let mut slow = EmptySince::default();
    slow.observe("q", "ns/c", &unbound(seen(0, 0)), after(0), after(10));
    assert_eq!(slow.observe("q", "ns/c", &unbound(seen(0, 0)), after(10), after(20)), both(Duration::ZERO));
}

#[test]
fn what_is_published_between_the_last_read_and_the_stop_is_kept() {
    let late = unbound(seen(1, 0));
    let dead_letters = EmptyFor { queue: None, dead_letters: Some(LONG) };
    // The workers were scaled to zero before, so nothing drains the queue.
    let said = sentences(step(&late, |input| {
        (input.empty_for, input.workers, input.workers_wanted) = (dead_letters, 0, 0);
    }));
    assert_eq!(said[0], "set the policy hoopoe-kept.ns.c on the queue q");
    assert!(!said.iter().any(|said| said.starts_with("delete the queue")), "{said:?}");
}

#[test]
fn time_ends_the_drain_and_dead_letters_do_not_hold_the_queue() {
    let stuck = unbound(seen(5, 0));
    assert_eq!(step(&stuck, |input| input.timed_out = true), DeletionStep::StopWorkers);
    // Nothing drains the queue, because no worker is asked for.
    let said = sentences(step(&stuck, |input| (input.workers, input.workers_wanted) = (0, 0)));
    let expected = [
        "set the policy hoopoe-kept.ns.c on the queue q",
        "set the policy hoopoe-kept.ns.c.dlq on the queue q.dlq",
        "delete the policy hoopoe.ns.c.dlq",
        "delete the policy hoopoe.ns.c",
    ];
    assert_eq!(said, expected, "what expires in a queue that stays goes to its dead letters");
    let dead = unbound(seen(0, 3));
    let queue_only = EmptyFor { queue: Some(LONG), dead_letters: None };
    let said = sentences(step(&dead, |input| (input.empty_for, input.workers) = (queue_only, 0)));
    assert_eq!(said[0], "delete the queue q with 0 messages");
    assert_eq!(said[1], "set the policy hoopoe-kept.ns.c.dlq on the queue q.dlq");
}

#[test]
fn a_queue_whose_node_is_down_is_waited_for_and_then_kept() {
    let mut down = unbound(seen(0, 0));
    down.queues.get_mut("q").unwrap().messages = None;
    let at = |timed_out| {
        step(&down, |input| {
            (input.workers, input.workers_wanted, input.timed_out) = (0, 0, timed_out);
            input.empty_for.dead_letters = Some(LONG);
        })
    };
    assert_eq!(at(false), DeletionStep::Confirm);
    assert_eq!(sentences(at(true))[0], "set the policy hoopoe-kept.ns.c on the queue q");
}

#[test]
fn a_queue_of_another_type_was_somebodys_and_is_left_even_when_empty() {
    let mut theirs = unbound(seen(0, 0));
    theirs.queues.get_mut("q").unwrap().kind = "classic".to_owned();
    for policy in [DeletionPolicy::DeleteIfEmpty, DeletionPolicy::Delete] {
        let said = sentences(step(&theirs, |input| {
            (input.workers, input.empty_for, input.policy) = (0, both(LONG), policy);
        }));
        let expected = [
            "delete the queue q.dlq with 0 messages",
            "delete the policy hoopoe.ns.c.dlq",
            "delete the policy hoopoe.ns.c",
        ];
        assert_eq!(said, expected, "{policy:?}");
    }
}

#[test]
fn after_the_last_write_what_stays_is_told() {
    let mut kept = unbound(seen(4, 2));
    kept.policies.clear();
    for name in ["hoopoe-kept.ns.c", "hoopoe-kept.ns.c.dlq"] {
        kept.policies.insert(name.to_owned(), rabbitmq::Policy::default());
    }
    let stays = |queue: &str, messages| KeptQueue { queue: queue.to_owned(), messages: Some(messages) };
    let done = step(&kept, |input| (input.workers, input.workers_wanted) = (0, 0));
    assert_eq!(done, DeletionStep::Done { kept: vec![stays("q", 4), stays("q.dlq", 2)] });
    assert_eq!(step(&Snapshot::default(), |input| input.workers = 0), DeletionStep::Done { kept: Vec::new() });
    // The queue was kept once, and is empty now: nothing of it stays.
    for name in ["q", "q.dlq"] {
        kept.queues.get_mut(name).unwrap().messages = Some(0);
    }
    let said = sentences(step(&kept, |input| (input.workers, input.empty_for) = (0, both(LONG))));
    assert_eq!(said[2..], ["delete the policy hoopoe-kept.ns.c.dlq", "delete the policy hoopoe-kept.ns.c"]);
}

/// If an operator stops after any of its writes, the next operator comes to the same result.
#[test]
fn a_crash_after_any_write_changes_nothing_in_the_end() {
    for (messages, dead_letters) in [(0, 0), (4, 0), (0, 2), (4, 2)] {
        let empty_for =
            EmptyFor { queue: (messages == 0).then_some(LONG), dead_letters: (dead_letters == 0).then_some(LONG) };
        let decide = |seen: &Snapshot| {
            step(seen, |input| (input.workers, input.workers_wanted, input.empty_for) = (0, 0, empty_for))
        };
        let mut ends = Vec::new();
        for writes_a_turn in [1, 2, 3, usize::MAX] {
            let mut there = seen(messages, dead_letters);
            let mut turns = 0;
            while let DeletionStep::Write(changes) = decide(&there) {
                for change in changes.into_iter().take(writes_a_turn) {
                    carry_out(change, &mut there);
                }
                turns += 1;
                assert!(turns < 20, "{there:?}");
            }
            ends.push((decide(&there), there));
        }
        assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
        let claims = ends[0].1.policies.keys().filter(|name| name.starts_with("hoopoe."));
        assert_eq!(claims.count(), 0);
    }
}

fn carry_out(change: Change, there: &mut Snapshot) {
    match change {
        Change::PutPolicy(Policy { name, .. }) => {
            there.policies.insert(name.clone(), rabbitmq::Policy { name, ..rabbitmq::Policy::default() });
        }
        Change::DeletePolicy { name } => drop(there.policies.remove(&name)),
        Change::DeleteQueue { name, .. } => drop(there.queues.remove(&name)),
        Change::Unbind { binding, .. } => there.bindings.retain(|other| *other != binding),
        other @ (Change::DeclareExchange { .. }
        | Change::DeclareQueue { .. }
        | Change::Bind { .. }
        | Change::DeleteExchange { .. }) => panic!("{other}"),
    }
}

#[test]
fn delete_asks_nobody_retain_touches_nothing_and_the_loser_goes_at_once() {
    let full = unbound(seen(5, 1));
    assert_eq!(step(&full, |input| input.policy = DeletionPolicy::Delete), DeletionStep::StopWorkers);
    let said = sentences(step(&full, |input| (input.policy, input.workers) = (DeletionPolicy::Delete, 0)));
    assert_eq!(said[0], "delete the queue q with 5 messages");
    let all = seen(5, 1);
    assert_eq!(step(&all, |input| input.policy = DeletionPolicy::Retain), DeletionStep::StopWorkers);
    let retained = step(&all, |input| (input.policy, input.workers) = (DeletionPolicy::Retain, 0));
    assert_eq!(retained, DeletionStep::Done { kept: vec![KeptQueue { queue: "q".to_owned(), messages: Some(5) }] });
    assert_eq!(step(&all, |input| input.taken = true), DeletionStep::Done { kept: Vec::new() });
}
