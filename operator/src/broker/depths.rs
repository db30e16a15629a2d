//! How much waits in the queues of one virtual host.

use std::{collections::BTreeMap, time::Instant};

use serde::Deserialize;

/// All queues of one virtual host at one moment.
#[derive(Clone, Debug)]
pub struct Depths {
    /// When the read began.
    pub at: Instant,
    /// By queue name.
    pub queues: BTreeMap<String, QueueDepth>,
}

/// How much waits in one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct QueueDepth {
    /// Messages that nobody holds.
    pub ready: u64,
    /// Messages that a consumer holds.
    pub unacknowledged: u64,
    /// Messages a second that came in; `None`: the broker has no such statistic (yet).
    pub publish_rate: Option<f64>,
    /// Messages a second that were acknowledged; `None`: the broker has no such statistic (yet).
    pub acknowledge_rate: Option<f64>,
}

/// As the management API lists it.
#[derive(Deserialize)]
pub(super) struct Listed {
    name: String,
    messages_ready: Option<u64>,
    messages_unacknowledged: Option<u64>,
    message_stats: Option<Stats>,
}

#[derive(Default, Deserialize)]
struct Stats {
    publish_details: Option<Rate>,
    ack_details: Option<Rate>,
}

#[derive(Deserialize)]
struct Rate {
    rate: f64,
}

/// A queue without counts was declared less than a statistics interval ago: it is left out, for nobody knows.
pub(super) fn from_list(at: Instant, list: Vec<Listed>) -> Depths {
    let depth = |listed: Listed| {
        let stats = listed.message_stats.unwrap_or_default();
        let depth = QueueDepth {
            ready: listed.messages_ready?,
            unacknowledged: listed.messages_unacknowledged?,
            publish_rate: stats.publish_details.map(|rate| rate.rate),
            acknowledge_rate: stats.ack_details.map(|rate| rate.rate),
        };
        Some((listed.name, depth))
    };
    Depths { at, queues: list.into_iter().filter_map(depth).collect() }
}
