//! Whether a process is ready. It becomes ready once every part that it needs has answered, and stays ready until it
//! drains.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::Serialize;

/// Whether a part answered the last time it was tried.
type Probe = Box<dyn Fn() -> bool + Send + Sync>;

/// The part that stands for the parts that a starting process has not named yet.
const STARTING: &str = "starting";

/// The parts of a process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Readiness(Arc<ProcessParts>);

#[derive(Default)]
struct ProcessParts {
    parts: Mutex<Vec<NamedPart>>,
    degraded: Mutex<BTreeMap<String, String>>,
    draining: AtomicBool,
}

struct NamedPart {
    name: String,
    needed: bool,
    answered: bool,
    probe: Probe,
}

/// What `/readyz` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether traffic should come here.
    pub ready: bool,
    /// Whether the process is stopping.
    pub draining: bool,
    /// The parts, in the order they were added.
    pub parts: Vec<PartReport>,
    /// What does not work, and why. It changes nothing about `ready`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub degraded: BTreeMap<String, String>,
}

/// One part of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartReport {
    /// Its name, e.g. `broker`.
    pub name: String,
    /// Whether the process waits for it before it is ready.
    pub needed: bool,
    /// Whether it answered the last time it was tried. A part that is down later degrades the process, which stays
    /// ready.
    pub up: bool,
}

impl Readiness {
    /// The readiness of a process that is not ready before [`Readiness::started`].
    pub fn starting() -> Self {
        let readiness = Self::default();
        readiness.add(STARTING, true, || false);
        readiness
    }

    /// The process has named its parts: from now on they decide whether it is ready.
    pub fn started(&self) {
        self.remove(STARTING);
    }

    /// Adds a part, in the place of one with the same name. Redis is never `needed`.
    pub fn add(&self, name: &str, needed: bool, probe: impl Fn() -> bool + Send + Sync + 'static) {
        let part = NamedPart { name: name.to_owned(), needed, answered: false, probe: Box::new(probe) };
        let mut parts = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.retain(|known| known.name != name);
        parts.push(part);
    }

    /// Removes a part, for example a producer that was unregistered.
    pub fn remove(&self, name: &str) {
        self.0.parts.lock().unwrap_or_else(PoisonError::into_inner).retain(|part| part.name != name);
    }

    /// Reports something that does not work. The process stays as ready as it was.
    pub fn degrade(&self, what: String, why: String) {
        self.0.degraded.lock().unwrap_or_else(PoisonError::into_inner).insert(what, why);
    }

    /// Removes this from the report, because it works again.
    pub fn mend(&self, what: &str) {
        self.0.degraded.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
    }

    /// The process is stopping: not ready from now on.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Tries every part.
    pub fn report(&self) -> Report {
        let mut parts = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let draining = self.0.draining.load(Ordering::Acquire);
        let mut ready = !draining;
        let reports = parts
            .iter_mut()
            .map(|part| {
                let up = (part.probe)();
                part.answered |= up;
                ready &= part.answered || !part.needed;
                PartReport { name: part.name.clone(), needed: part.needed, up }
            })
            .collect();
        let degraded = self.0.degraded.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Report { ready, draining, parts: reports, degraded }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_latches_and_drops_only_to_drain() {
        let broker = Arc::new(AtomicBool::new(false));
        let readiness = Readiness::default();
        let probe = Arc::clone(&broker);
        readiness.add("broker", true, move || probe.load(Ordering::SeqCst));
        readiness.add("redis", false, || false);
        assert!(!readiness.report().ready);
        broker.store(true, Ordering::SeqCst);
        assert!(readiness.report().ready, "a missing Redis never counts");
        broker.store(false, Ordering::SeqCst);
        let report = readiness.report();
        assert!(report.ready, "an outage is no reason to leave the Service");
        assert!(!report.parts[0].up);
        readiness.drain();
        assert!(!readiness.report().ready);
    }
}
