//! Whether a process is ready: it becomes so once every part that it needs has answered, and stops being so only to drain.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use serde::Serialize;

/// Whether a part answered the last time it was tried.
pub type Probe = Arc<dyn Fn() -> bool + Send + Sync>;

/// The parts of a process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Readiness(Arc<Inner>);

#[derive(Default)]
struct Inner {
    parts: Mutex<Vec<Part>>,
    draining: AtomicBool,
}

struct Part {
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
}

/// One part of a process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartReport {
    /// Its name, e.g. `broker`.
    pub name: String,
    /// Whether the process waits for it before it is ready.
    pub needed: bool,
    /// Whether it answered the last time it was tried. A part that is down later degrades the process; it does not unready it.
    pub up: bool,
}

impl Readiness {
    /// Adds a part; one of that name is replaced. Redis is never `needed`.
    pub fn add(&self, name: &str, needed: bool, probe: impl Fn() -> bool + Send + Sync + 'static) {
        let part = Part { name: name.to_owned(), needed, answered: false, probe: Arc::new(probe) };
        let mut parts = self.0.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.retain(|known| known.name != name);
        parts.push(part);
    }

    /// Takes a part away (a producer that was unregistered).
    pub fn remove(&self, name: &str) {
        self.0.parts.lock().unwrap_or_else(PoisonError::into_inner).retain(|part| part.name != name);
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
        Report { ready, draining, parts: reports }
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
