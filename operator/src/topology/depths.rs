//! How many messages wait in the queues of one broker.

use std::{collections::BTreeMap, time::Instant};

/// All queues of one broker at one moment.
#[derive(Clone, Debug)]
pub struct Depths {
    /// When the read began.
    pub at: Instant,
    /// By queue name.
    pub queues: BTreeMap<String, QueueDepth>,
}

/// How many messages wait in one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QueueDepth {
    /// Messages that no consumer holds.
    pub ready: u64,
    /// Messages that a consumer holds.
    pub unacknowledged: u64,
    /// Messages a second that came in; `None`: the broker has no such statistic (yet).
    pub publish_rate: Option<f64>,
    /// Messages a second that were acknowledged; `None`: the broker has no such statistic (yet).
    pub acknowledge_rate: Option<f64>,
}
