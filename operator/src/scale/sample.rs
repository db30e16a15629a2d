//! What was seen of one queue at one moment.

use std::time::Instant;

/// What was seen of one queue at one moment; one every five seconds or so.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// When.
    pub at: Instant,
    /// Messages that wait in the queue.
    pub ready: u64,
    /// Messages that workers hold.
    pub unacked: u64,
    /// Messages a second that came into the queue, over the last few seconds; `None`: the broker keeps no statistics.
    pub arrival_rate: Option<f64>,
    /// Messages a second that were acknowledged, over the last few seconds; `None`: the broker keeps no statistics.
    pub acknowledge_rate: Option<f64>,
    /// Worker pods that were ready.
    pub workers: u32,
}

/// No queue takes more: a higher rate is a fault of the statistics.
const HIGHEST_RATE: f64 = 10_000_000.0;

impl Sample {
    /// All that is not done: waiting, or held by a worker.
    pub fn in_hand(&self) -> u64 {
        self.ready.saturating_add(self.unacked)
    }

    /// The same with usable rates: a negative rate, as after a restart of the broker, becomes 0, and a rate that is not
    /// a number becomes unknown.
    pub(super) fn sane(mut self) -> Self {
        let sane = |rate: f64| rate.is_finite().then(|| rate.clamp(0.0, HIGHEST_RATE));
        self.arrival_rate = self.arrival_rate.and_then(sane);
        self.acknowledge_rate = self.acknowledge_rate.and_then(sane);
        self
    }
}
