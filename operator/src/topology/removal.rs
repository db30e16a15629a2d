//! What the deletion of a consumer says to its broker, and what it hears.

use std::time::Instant;

/// What is known, beside the broker, of a consumer that is being deleted.
#[derive(Clone, Copy, Debug)]
pub struct Situation {
    /// `deletionTimeout` has passed since the deletion was asked for.
    pub timed_out: bool,
    /// Worker pods that exist.
    pub workers: i32,
    /// Worker pods that are asked for: where there are none, nothing drains the queue.
    pub workers_wanted: i32,
}

/// Since when every read said that a queue is empty; `None`: the last one did not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmptySince {
    /// The queue itself.
    pub queue: Option<Instant>,
    /// Its dead-letter queue.
    pub dead_letters: Option<Instant>,
}

/// What became of one step of a deletion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Something was written: ask again at once.
    Wrote,
    /// Workers drain the queue: ask again in a few seconds.
    Drain {
        /// Messages that are still there.
        messages: u64,
    },
    /// A queue looks empty, and has not for long enough: ask again in a few seconds.
    Confirm,
    /// Scale the workers to none, and ask again when they are gone.
    StopWorkers,
    /// Nothing is left to do.
    Done {
        /// Queues that stay.
        kept: Vec<KeptQueue>,
    },
}

/// A queue that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptQueue {
    /// Its name.
    pub queue: String,
    /// The messages in it; `None`: its node is down, so that the broker cannot say.
    pub messages: Option<u64>,
}
