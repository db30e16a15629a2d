//! How much waits in a queue, as a band.

use std::time::{Duration, Instant};

use hoopoe_crds::status::Backlog;

use super::{Window, decide::STUCK};

/// A backlog is `Critical` if its drain takes more than this many times `targetDrain`.
const CRITICAL: f64 = 10.0;
/// The band falls only when the backlog is below this share of the lower edge of the present band.
const BELOW: f64 = 0.8;
/// A higher band must last this long, two samples, before it is reported: one message in transit is not worth a report.
const UP_AFTER: Duration = Duration::from_secs(10);
/// A lower band must last this long: otherwise a queue with little traffic would change between `Idle` and `Low` all
/// the time.
const DOWN_AFTER: Duration = Duration::from_mins(1);

/// The band of a backlog. `per_second`: how much the present workers do. `before`: the present band.
pub fn backlog_band(before: Option<Backlog>, in_hand: u64, per_second: f64, target_drain: Duration) -> Backlog {
    if in_hand == 0 {
        return Backlog::Idle;
    }
    #[expect(clippy::cast_precision_loss, reason = "2^53 messages are in no queue")]
    let seconds = if per_second > 0.0 { in_hand as f64 / per_second } else { f64::INFINITY };
    let target = target_drain.as_secs_f64();
    let edge = |band: Backlog, seconds: f64| {
        if before.is_some_and(|before| before >= band) { seconds * BELOW } else { seconds }
    };
    if seconds > edge(Backlog::Critical, target * CRITICAL) {
        Backlog::Critical
    } else if seconds > edge(Backlog::High, target) {
        Backlog::High
    } else {
        Backlog::Low
    }
}

/// The band that is reported for a queue: one that has lasted for some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastingBand {
    said: Option<Backlog>,
    other: Option<(Backlog, Instant)>,
}

impl LastingBand {
    /// The band to report, given the newest one; `None`: the depth of the queue is not known.
    pub fn update(&mut self, window: &Window, target_drain: Duration, now: Instant) -> Option<Backlog> {
        let Some(latest) = window.latest(now) else {
            *self = Self::default();
            return None;
        };
        let able = window.throughput().per_worker(now) * f64::from(latest.workers.max(1));
        let per_second = if window.stuck() >= STUCK { 0.0 } else { able.max(window.acknowledge_rate()) };
        let seen = backlog_band(self.said, latest.in_hand(), per_second, target_drain);
        let Some(said) = self.said else {
            self.said = Some(seen);
            return self.said;
        };
        let since = match self.other {
            // While a new band is being confirmed, keep the timer as long as the direction (up or down) stays the same.
            Some((other, since)) if (other > said) == (seen > said) => since,
            Some(_) | None => now,
        };
        let patience = if seen > said { UP_AFTER } else { DOWN_AFTER };
        if seen == said {
            self.other = None;
        } else if now.duration_since(since) >= patience {
            *self = Self { said: Some(seen), other: None };
        } else {
            self.other = Some((seen, since));
        }
        self.said
    }
}
