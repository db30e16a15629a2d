//! What the deletion of a consumer does next. Pure; nothing is remembered but what is on the broker, in the resource's metadata and in the last
//! two reads of its queue, so that an operator that starts anew goes on where the last one was.
//!
//! The order keeps what was published: first the bindings go, so that later publishes come back to their sender; workers drain what is there; they
//! stop; and only what is empty then is deleted. Quorum queues have no `if-empty`, so emptiness is read, twice.

use std::time::Duration;

use hoopoe_crds::{
    consumer::DeletionPolicy,
    policy::{self, Policy},
};

use super::{Change, desired::DesiredQueue, diff};
use crate::broker::{Queue, Snapshot};

/// The counts that a broker reports are at most this old: two empty reads further apart are of two moments.
pub const STATISTICS_INTERVAL: Duration = Duration::from_secs(5);

/// What is known of a resource that is being deleted.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// Its queue.
    pub queue: &'a DesiredQueue,
    /// `namespace/name`, the mark of its bindings.
    pub mark: &'a str,
    /// What becomes of the queue.
    pub policy: DeletionPolicy,
    /// What is on the broker; read after the previous step's writes.
    pub seen: &'a Snapshot,
    /// Another resource holds the queue: nothing of it is ours.
    pub taken: bool,
    /// For how long every read of the queue said that it is empty; `None`: the last one did not.
    pub empty_for: Option<Duration>,
    /// `deletionTimeout` has passed since the deletion was asked for.
    pub timed_out: bool,
    /// Worker pods that exist.
    pub workers: i32,
    /// Worker pods that are asked for: none of them drains nothing.
    pub workers_wanted: i32,
}

/// What the deletion does next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Write these, then read again.
    Write(Vec<Change>),
    /// Workers drain the queue: look again in [`STATISTICS_INTERVAL`].
    Drain {
        /// Messages that are still there.
        messages: u64,
    },
    /// Scale the workers to none, and wait until they are gone.
    StopWorkers,
    /// Nothing is left to do; the finalizer goes.
    Done {
        /// Queues that stay, with the messages in them.
        kept: Vec<(String, u64)>,
    },
}

/// What the deletion does next.
pub fn next(input: &Input) -> Step {
    let Input { queue, mark, policy, seen, taken, empty_for, timed_out, workers, workers_wanted } = input;
    if *taken {
        return Step::Done { kept: Vec::new() };
    }
    let drains = match policy {
        DeletionPolicy::Retain => return retained(queue, seen, *workers),
        DeletionPolicy::Delete => false,
        DeletionPolicy::DeleteIfEmpty => true,
    };
    let bound: Vec<Change> = diff::ours(&queue.name, mark, seen)
        .map(|binding| Change::Unbind { queue: queue.name.clone(), binding: binding.clone() })
        .collect();
    if !bound.is_empty() {
        return Step::Write(bound);
    }
    let there = seen.queues.get(&queue.name);
    let drained = empty_for.is_some_and(|empty| empty > STATISTICS_INTERVAL);
    if drains && there.is_some() && !drained && !timed_out && *workers_wanted > 0 {
        return Step::Drain { messages: there.map_or(0, messages) };
    }
    if *workers > 0 {
        return Step::StopWorkers;
    }
    finish(queue, !drains, seen)
}

/// Workers go with the resource; queue, policy and bindings stay.
fn retained(queue: &DesiredQueue, seen: &Snapshot, workers: i32) -> Step {
    if workers > 0 {
        return Step::StopWorkers;
    }
    let kept = seen.queues.get(&queue.name).map(|there| (there.name.clone(), messages(there)));
    Step::Done { kept: kept.into_iter().collect() }
}

fn finish(queue: &DesiredQueue, even_if_full: bool, seen: &Snapshot) -> Step {
    let dead_letters = policy::dead_letters(&queue.name);
    let mut changes = Vec::new();
    let mut kept = Vec::new();
    for (name, policy) in [(&queue.name, &queue.policy), (&dead_letters, &queue.dead_letter_policy)] {
        let claimed = seen.policies.contains_key(&policy.name);
        match seen.queues.get(name) {
            Some(there) if even_if_full || messages(there) == 0 => {
                changes.push(Change::DeleteQueue { name: name.clone(), messages: messages(there) });
            }
            Some(there) => {
                kept.push((name.clone(), messages(there)));
                let renamed = Policy { name: kept_name(&policy.name), ..policy.clone() };
                if !seen.policies.contains_key(&renamed.name) {
                    changes.push(Change::PutPolicy(renamed));
                }
            }
            None => {}
        }
        if claimed {
            changes.push(Change::DeletePolicy { name: policy.name.clone() });
        }
    }
    if changes.is_empty() { Step::Done { kept } } else { Step::Write(changes) }
}

/// `hoopoe.<namespace>.<name>` → `hoopoe-kept.<namespace>.<name>`: the same limits, and no claim.
fn kept_name(claim: &str) -> String {
    claim.replacen("hoopoe.", "hoopoe-kept.", 1)
}

fn messages(queue: &Queue) -> u64 {
    queue.messages_ready + queue.messages_unacknowledged
}

#[cfg(test)]
mod tests;
