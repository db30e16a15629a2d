//! What the deletion of a consumer asks its broker, and what the broker answers.

use std::time::Instant;

/// What is known, apart from the broker, about a consumer that is being deleted.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// `deletionTimeout` has passed since the deletion was asked for.
    pub timed_out: bool,
    /// Worker pods that exist.
    pub workers: i32,
    /// Worker pods that are asked for: where there are none, nothing drains the queue.
    pub workers_wanted: i32,
}

/// Since when every read has shown a queue empty; `None`: the last one did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmptySince {
    /// The queue itself.
    pub queue: Option<Instant>,
    /// Its dead-letter queue.
    pub dead_letters: Option<Instant>,
}

/// The result of one step of a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Something was written: continue at once.
    Wrote,
    /// Workers drain the queue: continue in a few seconds.
    Drain {
        /// Messages that are still there.
        messages: u64,
    },
    /// A queue looks empty, but not for long enough: continue in a few seconds.
    Confirm,
    /// Scale the workers to zero, and continue when they are gone.
    StopWorkers,
    /// Nothing is left to do.
    Done {
        /// Queues that stay.
        kept: Vec<KeptQueue>,
    },
}

/// A queue that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptQueue {
    /// Its name.
    pub queue: String,
    /// The messages in it; `None`: its node is down, so the broker does not know.
    pub messages: Option<u64>,
}
