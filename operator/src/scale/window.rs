//! The recent samples of one queue: as much as the decision needs, however long the spans in the spec are.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use hoopoe_crds::consumer::Scaling;

use super::{Sample, Throughput};

/// Samples come every 5 s. After four missing ones the newest says nothing about the queue any more.
pub const STALE: Duration = Duration::from_secs(20);
/// The mean of three samples counts as arrivals: a single odd one starts no worker, and a step shows in full after 15 s
/// (its backlog shows at once).
const SMOOTHED: usize = 3;
/// The stabilization is stored as the peaks of this many parts.
const PARTS: u32 = 60;
/// No part is shorter than the time between two samples.
const SHORTEST_PART: Duration = Duration::from_secs(5);

/// The recent samples of one queue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    recent: VecDeque<Sample>,
    peaks: VecDeque<Peak>,
    throughput: Throughput,
    covered_since: Option<Instant>,
    quiet_since: Option<Instant>,
    stuck_since: Option<Instant>,
}

/// The load, as the decision sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Messages a second that arrive.
    pub arrival_rate: f64,
    /// Messages that wait or are held.
    pub in_hand: u64,
}

/// The highest load in a part of the stabilization.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Peak {
    from: Instant,
    until: Instant,
    load: Load,
}

impl Window {
    /// Takes a sample. It is dropped if it is not newer than the last one: then the broker's statistics did not move.
    pub fn record(&mut self, sample: Sample, scaling: &Scaling) {
        let sample = sample.sane();
        if let Some(last) = self.recent.back() {
            if sample.at <= last.at {
                return;
            }
            if sample.at.duration_since(last.at) > STALE {
                self.forget_spans();
            }
        }
        if self.recent.len() == SMOOTHED {
            self.recent.pop_front();
        }
        self.recent.push_back(sample);
        self.throughput.record(&sample);
        self.covered_since.get_or_insert(sample.at);
        let in_hand = sample.in_hand() > 0;
        let quiet = !in_hand && sample.arrival_rate.unwrap_or(0.0) == 0.0;
        since(&mut self.quiet_since, quiet, sample.at);
        // A broker without statistics cannot say that nothing is acknowledged.
        since(&mut self.stuck_since, in_hand && sample.acknowledge_rate == Some(0.0), sample.at);
        self.record_peak(sample.at, scaling.stabilization.0);
    }

    /// The newest sample, unless it is too old to go by.
    pub fn latest(&self, now: Instant) -> Option<&Sample> {
        self.recent.back().filter(|sample| now.duration_since(sample.at) <= STALE)
    }

    /// Whether there ever was a sample.
    pub fn is_empty(&self) -> bool {
        self.recent.is_empty()
    }

    /// The present load.
    pub fn load(&self) -> Load {
        let in_hand = self.recent.back().map_or(0, Sample::in_hand);
        Load { arrival_rate: mean(self.recent.iter().filter_map(|sample| sample.arrival_rate)), in_hand }
    }

    /// Messages a second that are acknowledged.
    pub fn acknowledge_rate(&self) -> f64 {
        mean(self.recent.iter().filter_map(|sample| sample.acknowledge_rate))
    }

    /// The loads within the stabilization.
    pub fn peaks(&self) -> impl Iterator<Item = Load> {
        self.peaks.iter().map(|peak| peak.load)
    }

    /// For how long samples came without a gap.
    pub fn covered(&self) -> Duration {
        self.lasting(self.covered_since)
    }

    /// For how long the queue was empty, nothing arrived, and no worker held a message.
    pub fn quiet(&self) -> Duration {
        self.lasting(self.quiet_since)
    }

    /// For how long nothing was acknowledged although workers held messages.
    pub fn stuck(&self) -> Duration {
        self.lasting(self.stuck_since)
    }

    /// How much one worker does.
    pub fn throughput(&self) -> &Throughput {
        &self.throughput
    }

    fn lasting(&self, since: Option<Instant>) -> Duration {
        match (since, self.recent.back()) {
            (Some(since), Some(last)) => last.at.duration_since(since),
            (None, _) | (_, None) => Duration::ZERO,
        }
    }

    /// We do not know what happened in a gap.
    fn forget_spans(&mut self) {
        self.recent.clear();
        self.peaks.clear();
        self.covered_since = None;
        self.quiet_since = None;
        self.stuck_since = None;
    }

    fn record_peak(&mut self, at: Instant, stabilization: Duration) {
        let part = (stabilization / PARTS).max(SHORTEST_PART);
        let load = self.load();
        match self.peaks.back_mut().filter(|peak| at.duration_since(peak.from) < part) {
            Some(peak) => {
                peak.until = at;
                peak.load.arrival_rate = peak.load.arrival_rate.max(load.arrival_rate);
                peak.load.in_hand = peak.load.in_hand.max(load.in_hand);
            }
            None => self.peaks.push_back(Peak { from: at, until: at, load }),
        }
        while self.peaks.front().is_some_and(|peak| at.duration_since(peak.until) > stabilization) {
            self.peaks.pop_front();
        }
    }
}

fn since(since: &mut Option<Instant>, holds: bool, at: Instant) {
    *since = holds.then(|| since.unwrap_or(at));
}

fn mean(rates: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = rates.fold((0.0, 0.0), |(sum, count), rate| (sum + rate, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}
