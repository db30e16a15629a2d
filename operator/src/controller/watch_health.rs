//! Which watches are broken. It is said once in the log, and as long as it lasts at `/readyz` and as a metric: if a
//! watch breaks before its first list, nothing of its namespace is reconciled, and nothing else would show why.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use kube::runtime::watcher::{self, Event};
use prometheus_client::metrics::{family::Family, gauge::Gauge};

use crate::{admin::Readiness, metrics::KindLabel};

/// Which watches are broken.
#[derive(Clone)]
pub struct WatchHealth {
    readiness: Readiness,
    metric: Family<KindLabel, Gauge>,
    broken: Arc<Mutex<BTreeSet<(&'static str, String)>>>,
}

/// One watch: of a kind, in a namespace or in all.
#[derive(Clone)]
pub struct Watched {
    health: WatchHealth,
    kind: &'static str,
    place: String,
}

impl WatchHealth {
    /// No watch is broken at first.
    pub fn new(readiness: Readiness, metric: Family<KindLabel, Gauge>) -> Self {
        Self { readiness, metric, broken: Arc::default() }
    }

    /// The watch of a kind; `namespace`: `None` is all.
    pub fn of(&self, kind: &'static str, namespace: Option<&str>) -> Watched {
        let place = namespace.map_or_else(|| "all namespaces".to_owned(), |name| format!("the namespace {name}"));
        Watched { health: self.clone(), kind, place }
    }
}

impl Watched {
    /// Takes one item of the watch's stream into account.
    pub fn observe<K>(&self, item: &watcher::Result<Event<K>>) {
        match item {
            // Each try begins with this event, before it is known how the try ends.
            Ok(Event::Init) => {}
            Ok(Event::InitApply(_) | Event::InitDone | Event::Apply(_) | Event::Delete(_)) => self.works(),
            Err(error) => self.broke(error),
        }
    }

    fn what(&self) -> String {
        format!("the watch of {} in {}", self.kind, self.place)
    }

    fn broke(&self, error: &watcher::Error) {
        let Self { health, kind, place } = self;
        let advice = if is_forbidden(error) { ": grant list and watch on this kind" } else { "" };
        health.readiness.degrade(self.what(), format!("{error}{advice}"));
        let mut broken = health.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if broken.insert((kind, place.clone())) {
            health.metric.get_or_create(&KindLabel { kind }).inc();
            tracing::warn!(
                kind,
                place,
                %error,
                "a watch broke{advice}; the operator tries again, and may reconcile nothing there until a list succeeds"
            );
        }
    }

    fn works(&self) {
        let Self { health, kind, place } = self;
        let mut broken = health.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if !broken.is_empty() && broken.remove(&(*kind, place.clone())) {
            health.metric.get_or_create(&KindLabel { kind }).dec();
            health.readiness.mend(&self.what());
            tracing::info!(kind, place, "a watch that broke works again");
        }
    }
}

fn is_forbidden(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => status.is_forbidden(),
        watcher::Error::InitialListFailed(_)
        | watcher::Error::WatchStartFailed(_)
        | watcher::Error::WatchFailed(_)
        | watcher::Error::NoResourceVersion => false,
    }
}
