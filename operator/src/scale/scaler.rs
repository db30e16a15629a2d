//! What the scaler remembers of every queue.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use hoopoe_crds::{consumer::Scaling, status::Backlog};

use super::{Decision, LastingBand, Reason, Sample, Window, decide};
use crate::{
    resource::ResourceId,
    status::{ScalingFinding, StatusProblem},
};

/// How many queues are remembered at most: a window takes about 3 KiB, so all of them take 30 MiB.
const MOST: usize = 10_000;

/// What the scaler remembers of every queue. The broker's poller adds samples, and the reconciler asks for decisions.
#[derive(Debug, Default)]
pub struct Scaler {
    queues: Mutex<BTreeMap<ResourceId, RememberedQueue>>,
}

#[derive(Debug, Default)]
struct RememberedQueue {
    window: Window,
    band: LastingBand,
}

/// What the scaler says of one queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// For the condition `ScalingActive`.
    pub scaling: ScalingFinding,
    /// For `status.desiredReplicas`; `None`: `scaling` is unset.
    pub desired_replicas: Option<i32>,
    /// Why so many; `None`: `scaling` is unset.
    pub reason: Option<Reason>,
    /// For `status.backlog`; `None`: the queue's depth is not known.
    pub backlog: Option<Backlog>,
}

impl Scaler {
    /// Remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a sample. `scaling`: the resource's, or [`unscaled`] where it has none.
    pub fn record(&self, id: &ResourceId, sample: Sample, scaling: &Scaling) {
        let mut queues = self.queues();
        if !queues.contains_key(id) && queues.len() >= MOST {
            tracing::warn!(most = MOST, "the scaler remembers no more queues, so {id} keeps its number of workers");
            return;
        }
        queues.entry(id.clone()).or_default().window.record(sample, scaling);
    }

    /// What to report and to do now. `current`: `status.desiredReplicas`, else the live count.
    pub fn outlook(&self, id: &ResourceId, scaling: Option<&Scaling>, current: i32, now: Instant) -> Outlook {
        let mut queues = self.queues();
        let unknown = &mut RememberedQueue::default();
        let RememberedQueue { window, band } = queues.get_mut(id).unwrap_or(unknown);
        let target_drain = scaling.map_or_else(|| unscaled().target_drain, |scaling| scaling.target_drain);
        let backlog = band.update(window, target_drain.0, now);
        let Some(scaling) = scaling else {
            return Outlook { scaling: ScalingFinding::Off, desired_replicas: None, reason: None, backlog };
        };
        let Decision { replicas, reason } = decide(scaling, window, now, current);
        Outlook { scaling: finding(reason), desired_replicas: Some(replicas), reason: Some(reason), backlog }
    }

    /// Forgets a queue whose resource is gone.
    pub fn forget(&self, id: &ResourceId) {
        self.queues().remove(id);
    }

    /// Forgets every queue but these.
    pub fn retain(&self, keep: impl Fn(&ResourceId) -> bool) {
        self.queues().retain(|id, _| keep(id));
    }

    /// How many queues are remembered.
    pub fn len(&self) -> usize {
        self.queues().len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<ResourceId, RememberedQueue>> {
        // A panic while the lock was held left windows that are whole: each is changed by one call.
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Used for the band of a queue whose resource has no `scaling`.
pub fn unscaled() -> Scaling {
    use hoopoe_crds::Span;
    Scaling {
        min: 1,
        max: 1,
        target_drain: Span::from_secs(30),
        stabilization: Span::from_secs(120),
        idle: Span::from_secs(300),
    }
}

/// The finding of the condition.
fn finding(reason: Reason) -> ScalingFinding {
    match reason {
        Reason::NeedRose
        | Reason::NeedFell
        | Reason::AsNeeded
        | Reason::Stabilizing
        | Reason::AtMaximum
        | Reason::Idle => ScalingFinding::Active,
        Reason::NoSamples => ScalingFinding::Holding(StatusProblem::passing(
            "NoSamples",
            "the operator has not read the queue's depth yet, so the number of workers stays",
        )),
        Reason::StaleSamples => ScalingFinding::Holding(StatusProblem::passing(
            "StaleSamples",
            "the queue's depth could not be read for 20 s, so the number of workers stays; see the condition \
             BrokerReachable",
        )),
        Reason::NothingAcknowledged => ScalingFinding::Holding(StatusProblem::passing(
            "NothingAcknowledged",
            "the workers acknowledge no message, so their number stays; look at the workers' logs and at the database",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use hoopoe_crds::Span;

    use super::*;
    use crate::resource::Kind;

    fn id(name: &str) -> ResourceId {
        ResourceId { kind: Kind::Consumer, namespace: "ns".to_owned(), name: name.to_owned() }
    }

    fn sample(at: Instant, ready: u64) -> Sample {
        Sample { at, ready, unacked: 0, arrival_rate: Some(0.0), acknowledge_rate: Some(10.0), workers: 1 }
    }

    #[test]
    fn a_queue_has_an_outlook_until_its_resource_is_gone() {
        let (scaler, now) = (Scaler::new(), Instant::now());
        let scaling = Scaling { max: 9, target_drain: Span::from_secs(10), ..unscaled() };
        let none = scaler.outlook(&id("a"), Some(&scaling), 3, now);
        assert_eq!((none.desired_replicas, none.reason, none.backlog), (Some(3), Some(Reason::NoSamples), None));
        assert!(matches!(none.scaling, ScalingFinding::Holding(problem) if problem.reason == "NoSamples"));
        assert!(scaler.is_empty(), "asking remembers nothing");

        scaler.record(&id("a"), sample(now, 40_000), &scaling);
        let busy = scaler.outlook(&id("a"), Some(&scaling), 1, now);
        assert_eq!((busy.scaling, busy.desired_replicas), (ScalingFinding::Active, Some(4)));
        assert_eq!(busy.backlog, Some(Backlog::High));
        let unscaled = scaler.outlook(&id("a"), None, 1, now);
        assert_eq!((unscaled.scaling, unscaled.desired_replicas), (ScalingFinding::Off, None));
        assert_eq!(unscaled.backlog, Some(Backlog::High));
        let late = scaler.outlook(&id("a"), Some(&scaling), 4, now + Duration::from_secs(21));
        assert_eq!((late.desired_replicas, late.reason, late.backlog), (Some(4), Some(Reason::StaleSamples), None));

        scaler.record(&id("b"), sample(now, 0), &scaling);
        scaler.retain(|kept| kept.name == "b");
        assert_eq!(scaler.outlook(&id("a"), Some(&scaling), 4, now).reason, Some(Reason::NoSamples));
        scaler.forget(&id("b"));
        assert!(scaler.is_empty());
    }

    #[test]
    fn no_more_queues_are_remembered_than_fit() {
        let (scaler, now) = (Scaler::new(), Instant::now());
        for number in 0..=MOST {
            scaler.record(&id(&number.to_string()), sample(now, 1), &unscaled());
        }
        assert_eq!(scaler.len(), MOST);
        // Those that are remembered go on.
        scaler.record(&id("0"), sample(now + Duration::from_secs(5), 1), &unscaled());
        assert!(scaler.outlook(&id("0"), None, 1, now + Duration::from_secs(24)).backlog.is_some());
    }

    #[test]
    fn a_band_is_said_once_it_lasts() {
        let (scaler, start) = (Scaler::new(), Instant::now());
        let seen = |second: u64, ready: u64| {
            let at = start + Duration::from_secs(second);
            scaler.record(&id("a"), sample(at, ready), &unscaled());
            scaler.outlook(&id("a"), None, 1, at).backlog
        };
        assert_eq!(seen(0, 0), Some(Backlog::Idle));
        assert_eq!(seen(5, 10), Some(Backlog::Idle), "a message on its way");
        assert_eq!(seen(10, 0), Some(Backlog::Idle));
        assert_eq!(seen(15, 100_000), Some(Backlog::Idle));
        assert_eq!(seen(20, 1_000_000), Some(Backlog::Idle));
        assert_eq!(seen(25, 1_000_000), Some(Backlog::Critical), "higher for ten seconds");
        for second in (30..90).step_by(5) {
            assert_eq!(seen(second, 0), Some(Backlog::Critical), "{second}");
        }
        assert_eq!(seen(90, 0), Some(Backlog::Idle), "lower for a minute");
    }
}
