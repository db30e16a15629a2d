//! What the deletion of a consumer does next. Pure. It depends only on the broker's objects, the resource's metadata
//! and the last two reads of its queue, so that an operator that starts again goes on where the last one stopped.
//!
//! The order loses nothing that was published. First the bindings are removed, so that what is published later comes
//! back to its sender. Then workers drain the queue, then they stop, and then the queue is deleted if it is empty.
//! Quorum queues cannot be deleted with `if-empty`, so the operator reads twice that the queue is empty: a count may be
//! 5 s old, and a message that was confirmed a second before the deletion is not counted yet.

use std::time::{Duration, Instant};

use hoopoe_crds::{
    consumer::DeletionPolicy,
    policy::{self, Policy},
};
use serde_json::{Map, Value};

use super::{
    Change, Queue, Snapshot,
    desired::{DesiredQueue, dead_letter_arguments},
    names::kept_name,
    objects::{immutable_differences, ours},
};
use crate::topology::{EmptySince, KeptQueue};

/// The counts that a broker reports are at most this old, so two reads that are further apart show two moments.
pub const STATISTICS_INTERVAL: Duration = Duration::from_secs(5);

/// For how long every read has said that a queue is empty; `None`: the last read did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmptyFor {
    /// The queue itself.
    pub queue: Option<Duration>,
    /// Its dead-letter queue.
    pub dead_letters: Option<Duration>,
}

impl EmptySince {
    /// Takes a read into account that began at `asked`, or later, and ended at `now`. While a binding of ours is there,
    /// nothing counts as empty: a message that it let in a moment ago is not counted yet.
    pub fn observe(&mut self, queue: &str, mark: &str, seen: &Snapshot, asked: Instant, now: Instant) -> EmptyFor {
        let bound = ours(queue, mark, seen).next().is_some();
        let of = |name: &str, since: &mut Option<Instant>| {
            let empty = !bound && seen.queues.get(name).is_none_or(|there| there.messages == Some(0));
            *since = empty.then(|| since.unwrap_or(now));
            since.map(|since| asked.saturating_duration_since(since))
        };
        let dead_letters = of(&policy::dead_letters(queue), &mut self.dead_letters);
        EmptyFor { queue: of(queue, &mut self.queue), dead_letters }
    }
}

/// What is known about a resource that is being deleted.
#[derive(Clone, Debug)]
pub struct DeletionInput<'a> {
    /// Its queue.
    pub queue: &'a DesiredQueue,
    /// `namespace/name`, the mark of its bindings.
    pub mark: &'a str,
    /// What the spec asks to do with the queue.
    pub policy: DeletionPolicy,
    /// What is on the broker; read after the previous step's writes.
    pub seen: &'a Snapshot,
    /// Another resource holds the queue: nothing of it is ours.
    pub taken: bool,
    /// What [`EmptySince::observe`] said of `seen`.
    pub empty_for: EmptyFor,
    /// `deletionTimeout` has passed since the deletion was asked for.
    pub timed_out: bool,
    /// Worker pods that exist.
    pub workers: i32,
    /// Worker pods that are asked for: where there are none, nothing drains the queue.
    pub workers_wanted: i32,
}

/// What the deletion does next.
#[derive(Clone, Debug, PartialEq)]
pub enum DeletionStep {
    /// Write these, then read again.
    Write(Vec<Change>),
    /// Workers drain the queue: look again in [`STATISTICS_INTERVAL`].
    Drain {
        /// Messages that are still there.
        messages: u64,
    },
    /// Scale the workers to zero, and wait until they are gone.
    StopWorkers,
    /// A queue looks empty, but not for long enough: look again in [`STATISTICS_INTERVAL`].
    Confirm,
    /// Nothing is left to do; the finalizer goes.
    Done {
        /// Queues that stay.
        kept: Vec<KeptQueue>,
    },
}

/// What happens to one of the two queues.
enum QueueFate {
    /// It does not exist.
    Gone,
    /// It is deleted, with this many messages.
    Deleted(u64),
    /// It is kept, and its policy renamed.
    Kept(KeptQueue),
    /// It stays as it is: it has another type or other arguments, so it existed before it was claimed.
    Left(KeptQueue),
    /// It is not known yet.
    Open,
}

/// What the deletion does next.
pub fn next(input: &DeletionInput) -> DeletionStep {
    let DeletionInput { queue, mark, policy, seen, taken, empty_for, timed_out, workers, workers_wanted } = input;
    if *taken {
        return DeletionStep::Done { kept: Vec::new() };
    }
    let drains = match policy {
        DeletionPolicy::Retain => return retained(queue, seen, *workers),
        DeletionPolicy::Delete => false,
        DeletionPolicy::DeleteIfEmpty => true,
    };
    let bound: Vec<Change> = ours(&queue.name, mark, seen)
        .map(|binding| Change::Unbind { queue: queue.name.clone(), binding: binding.clone() })
        .collect();
    if !bound.is_empty() {
        return DeletionStep::Write(bound);
    }
    let there = seen.queues.get(&queue.name);
    if drains && there.is_some() && !is_long(empty_for.queue) && !timed_out && *workers_wanted > 0 {
        return DeletionStep::Drain { messages: there.and_then(|there| there.messages).unwrap_or_default() };
    }
    if *workers > 0 {
        return DeletionStep::StopWorkers;
    }
    let dead_letters = policy::dead_letters(&queue.name);
    let fate = |name: &str, arguments: &Map<String, Value>, empty_for: Option<Duration>| {
        fate(seen.queues.get(name), arguments, !drains, is_long(empty_for), *timed_out)
    };
    finish(
        queue,
        seen,
        fate(&queue.name, &queue.arguments, empty_for.queue),
        fate(&dead_letters, &dead_letter_arguments(), empty_for.dead_letters),
    )
}

fn is_long(empty_for: Option<Duration>) -> bool {
    empty_for.is_some_and(|empty| empty > STATISTICS_INTERVAL)
}

/// Workers go with the resource; queue, policy and bindings stay.
fn retained(queue: &DesiredQueue, seen: &Snapshot, workers: i32) -> DeletionStep {
    if workers > 0 {
        return DeletionStep::StopWorkers;
    }
    DeletionStep::Done { kept: seen.queues.get(&queue.name).map(kept).into_iter().collect() }
}

fn fate(
    there: Option<&Queue>,
    wanted: &Map<String, Value>,
    even_if_full: bool,
    empty: bool,
    timed_out: bool,
) -> QueueFate {
    let Some(there) = there else { return QueueFate::Gone };
    if !immutable_differences(&there.name, wanted, there).is_empty() {
        return QueueFate::Left(kept(there));
    }
    match there.messages {
        messages if even_if_full => QueueFate::Deleted(messages.unwrap_or_default()),
        Some(0) if empty => QueueFate::Deleted(0),
        Some(0) => QueueFate::Open,
        None if !timed_out => QueueFate::Open,
        Some(_) | None => QueueFate::Kept(kept(there)),
    }
}

/// First the queue is deleted, then its dead-letter queue, then the claim: an operator that ends between two of these
/// writes still finds the claim.
fn finish(queue: &DesiredQueue, seen: &Snapshot, of_queue: QueueFate, of_dead_letters: QueueFate) -> DeletionStep {
    let dead_letters = policy::dead_letters(&queue.name);
    let of_dead_letters = match (&of_queue, of_dead_letters) {
        // A kept queue needs its dead-letter queue for what expires in it: without one a classic queue would drop it.
        (QueueFate::Kept(_), QueueFate::Deleted(_) | QueueFate::Open) => {
            let messages = seen.queues.get(&dead_letters).and_then(|there| there.messages);
            QueueFate::Kept(KeptQueue { queue: dead_letters.clone(), messages })
        }
        (QueueFate::Open, _) | (_, QueueFate::Open) => return DeletionStep::Confirm,
        (_, fate) => fate,
    };
    let mut changes = Vec::new();
    let mut stays = Vec::new();
    let mut gone = Vec::new();
    let both = [(&queue.name, &queue.policy, of_queue), (&dead_letters, &queue.dead_letter_policy, of_dead_letters)];
    for (name, policy, fate) in both {
        let renamed = kept_name(&policy.name);
        gone.push(policy.name.clone());
        match fate {
            QueueFate::Kept(kept) => {
                stays.push(kept);
                if !seen.policies.contains_key(&renamed) {
                    changes.push(Change::PutPolicy(Policy { name: renamed, ..policy.clone() }));
                }
                continue;
            }
            QueueFate::Deleted(messages) => changes.push(Change::DeleteQueue { name: name.clone(), messages }),
            QueueFate::Left(kept) => stays.push(kept),
            QueueFate::Gone | QueueFate::Open => {}
        }
        // An earlier look that found messages may have left it, or an earlier resource of this name.
        gone.push(renamed);
    }
    gone.reverse();
    let gone = gone.into_iter().filter(|name| seen.policies.contains_key(name));
    changes.extend(gone.map(|name| Change::DeletePolicy { name }));
    if changes.is_empty() { DeletionStep::Done { kept: stays } } else { DeletionStep::Write(changes) }
}

fn kept(there: &Queue) -> KeptQueue {
    KeptQueue { queue: there.name.clone(), messages: there.messages }
}

#[cfg(test)]
mod tests;
