//! The decision: how many workers a queue needs.
//!
//! The count goes up at once, by the arrivals and by what waits. It goes down only to what was enough at every moment
//! of the stabilization, and to none only after the queue was empty for the whole of `idle`. Without data, and while
//! nothing is acknowledged, it stays.
//!
//! The need is computed from the load alone, never from the present count. So a count that was just changed, and whose
//! pods do not run yet, cannot cause the next change.

use std::time::{Duration, Instant};

use hoopoe_crds::consumer::Scaling;

use super::{Window, window::Load};

/// The share of a worker's time that arrivals may take. The rest is left for uneven arrivals and for catching up.
const UTILIZATION: f64 = 0.8;
/// Keep this much more than the need when workers go: a need that varies around a whole number would move the count up
/// and down.
const MARGIN: f64 = 1.1;
/// Workers that have work and acknowledge nothing for this long wait for another server, most often the database. More
/// workers would only wait as well.
pub const STUCK: Duration = Duration::from_secs(30);
/// The largest first step while the rate of one worker is not known: a guess that is wrong by ten must not ask for ten
/// times the pods.
const UNMEASURED_STEP: i32 = 4;

/// How many workers, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Within `scaling.min` and `scaling.max`.
    pub replicas: i32,
    /// Why.
    pub reason: Reason,
}

/// The reason for the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The need rose.
    NeedRose,
    /// The need was lower for the whole stabilization.
    NeedFell,
    /// The count is the one that is needed.
    AsNeeded,
    /// Fewer are enough now, but were not at every moment of the stabilization.
    Stabilizing,
    /// More are needed than `scaling.max`.
    AtMaximum,
    /// The queue was empty for all of `idle`.
    Idle,
    /// The queue's depth was not read yet: the count stays.
    NoSamples,
    /// The last read of the queue is too old: the count stays.
    StaleSamples,
    /// Workers acknowledge nothing: the count stays.
    NothingAcknowledged,
}

/// Decides. `current`: what was decided last, else the live count.
pub fn decide(scaling: &Scaling, window: &Window, now: Instant, current: i32) -> Decision {
    let held = current.clamp(scaling.min, scaling.max.max(scaling.min));
    let stay = |reason| Decision { replicas: held, reason };
    let Some(latest) = window.latest(now) else {
        return stay(if window.is_empty() { Reason::NoSamples } else { Reason::StaleSamples });
    };
    let load = window.load();
    let work = load.in_hand > 0 || load.arrival_rate > 0.0;
    let over = window.quiet() >= scaling.idle.0 && enough(scaling, window, now) <= 1;
    if !work && scaling.min == 0 && (held == 0 || over) {
        return Decision { replicas: 0, reason: Reason::Idle };
    }
    if held > 0 && latest.workers > 0 && window.stuck() >= STUCK {
        return stay(Reason::NothingAcknowledged);
    }
    let wanted = whole(need(load, scaling, window, now)).max(i32::from(work)).max(scaling.min);
    let reachable = if window.throughput().is_measured() {
        wanted
    } else {
        wanted.min(held.max(live(latest.workers).saturating_mul(2).max(UNMEASURED_STEP)))
    };
    let replicas = reachable.min(scaling.max.max(scaling.min));
    if replicas > held {
        return Decision { replicas, reason: Reason::NeedRose };
    }
    if wanted > held {
        return stay(if held >= scaling.max { Reason::AtMaximum } else { Reason::AsNeeded });
    }
    if wanted == held {
        return stay(Reason::AsNeeded);
    }
    let lower = enough(scaling, window, now).max(i32::from(held > 0)).max(scaling.min);
    if window.covered() >= scaling.stabilization.0 && lower < held {
        return Decision { replicas: lower, reason: Reason::NeedFell };
    }
    stay(Reason::Stabilizing)
}

/// The count that was enough at every moment of the stabilization, with [`MARGIN`].
fn enough(scaling: &Scaling, window: &Window, now: Instant) -> i32 {
    let highest = window.peaks().map(|load| need(load, scaling, window, now)).fold(0.0, f64::max);
    whole(highest * MARGIN)
}

/// Workers, not rounded: enough to keep up with the arrivals, and to drain the backlog in `targetDrain`.
fn need(load: Load, scaling: &Scaling, window: &Window, now: Instant) -> f64 {
    let per_worker = window.throughput().per_worker(now);
    // A target under a second would ask for every possible worker at the first message.
    let drain = scaling.target_drain.0.as_secs_f64().max(1.0);
    #[expect(clippy::cast_precision_loss, reason = "2^53 messages are in no queue")]
    let waiting = load.in_hand as f64;
    load.arrival_rate / (UTILIZATION * per_worker) + waiting / (drain * per_worker)
}

fn live(workers: u32) -> i32 {
    i32::try_from(workers).unwrap_or(i32::MAX)
}

/// Rounded up; the cast saturates.
#[expect(clippy::cast_possible_truncation, reason = "saturates, and is clamped to scaling.max right after")]
fn whole(need: f64) -> i32 {
    need.ceil() as i32
}
