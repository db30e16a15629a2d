//! The depths of queues, as the management API lists them.

use std::time::Instant;

use serde::Deserialize;

use crate::topology::{Depths, QueueDepth};

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

/// A queue without counts was declared less than a statistics interval ago: it is left out, since its depth is unknown.
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
