//! How much one worker does in a second, learned from the samples.

use std::{collections::VecDeque, time::Duration, time::Instant};

use super::Sample;

/// Assumed until a worker was seen at its limit: a tenth of what one worker does on two cores with a database of its
/// own.
const ASSUMED: f64 = 1000.0;
/// A lower rate, one message in ten seconds, is a fault of the servers and does not measure a worker.
const LOWEST: f64 = 0.1;
/// The highest rate that is believed: no worker was ever measured above it.
const HIGHEST: f64 = 100_000.0;
/// Two minutes of samples under load: a single odd rate during a restart does not change their median.
const EVIDENCE: usize = 24;
/// A worker is at its limit when this much of its work waits, in seconds.
const SATURATED_SECONDS: f64 = 2.0;
/// After this long without a worker at its limit, the figure is doubted. If it was measured while the database was
/// slow, it keeps too many workers, none of them is ever busy, and it is never measured again. So it grows, twice as
/// high after the same time again, until there are few enough workers for one to be busy.
const DOUBTED_AFTER: Duration = Duration::from_hours(1);
/// The figure grows by doubt to this many times at most: after a night without work the morning must not start with far
/// too few workers.
const MOST_DOUBT: f64 = 4.0;

/// How much one worker does in a second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Throughput {
    /// Rates per worker while work waited, oldest first.
    evidence: VecDeque<f64>,
    /// When the newest of them was seen; else when the first sample was.
    known_since: Option<Instant>,
    last: Option<Sample>,
}

impl Throughput {
    /// Takes the next sample.
    pub(super) fn record(&mut self, sample: &Sample) {
        let before = self.last.replace(*sample);
        let known_since = *self.known_since.get_or_insert(sample.at);
        let Some(rate) = saturated_rate(sample) else { return };
        // A worker that came or went between two samples was only a part of the time at work.
        let steady = before.is_some_and(|before| before.workers == sample.workers && saturated_rate(&before).is_some());
        if !steady {
            return;
        }
        if sample.at.duration_since(known_since) > DOUBTED_AFTER {
            self.evidence.clear();
        }
        if self.evidence.len() == EVIDENCE {
            self.evidence.pop_front();
        }
        self.evidence.push_back(rate);
        self.known_since = Some(sample.at);
    }

    /// Whether a worker was seen at its limit.
    pub fn is_measured(&self) -> bool {
        !self.evidence.is_empty()
    }

    /// Messages per second that one worker handles, at least 0.1 and at most 100,000.
    pub fn per_worker(&self, now: Instant) -> f64 {
        let known = self.median().unwrap_or(ASSUMED);
        let age = self.known_since.map_or(Duration::ZERO, |since| now.duration_since(since));
        let doubted = age.saturating_sub(DOUBTED_AFTER).as_secs_f64() / DOUBTED_AFTER.as_secs_f64();
        (known * (1.0 + doubted).min(MOST_DOUBT)).clamp(LOWEST, HIGHEST)
    }

    fn median(&self) -> Option<f64> {
        let mut rates: Vec<f64> = self.evidence.iter().copied().collect();
        rates.sort_by(f64::total_cmp);
        rates.get(rates.len() / 2).copied()
    }
}

/// The rate of one worker, if all of them had more work than they could do.
fn saturated_rate(sample: &Sample) -> Option<f64> {
    let rate = sample.acknowledge_rate.filter(|rate| *rate > 0.0)?;
    #[expect(clippy::cast_precision_loss, reason = "2^53 messages are in no queue")]
    let waits = sample.in_hand() as f64 >= rate * SATURATED_SECONDS;
    (waits && sample.workers > 0).then(|| rate / f64::from(sample.workers))
}
