//! Raises the cache generation when the cache may have lost writes: at most once a second, and never claimed before it
//! is so.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{sync::Mutex, time::sleep_until};

use super::InboxMetrics;
use crate::{
    cache::Cache,
    store::{Store, StoreError},
};

/// The least time between the beginnings of two raises, because each raise invalidates every head in every cache.
const EVERY: Duration = Duration::from_secs(1);

/// Keeps what was lost from being trusted.
pub(super) struct Raiser {
    store: Arc<dyn Store>,
    cache: Option<Arc<dyn Cache>>,
    done: Mutex<Done>,
    metrics: InboxMetrics,
}

#[derive(Clone, Copy, Debug, Default)]
struct Done {
    /// All breaks up to this number happened before a committed raise began.
    breaks: u64,
    /// When the last raise that was committed began.
    committed: Option<Instant>,
    /// When the last raise began, committed or not.
    begun: Option<Instant>,
}

impl Raiser {
    pub(super) fn new(store: Arc<dyn Store>, cache: Option<Arc<dyn Cache>>, metrics: InboxMetrics) -> Self {
        Self { store, cache, done: Mutex::default(), metrics }
    }

    /// Returns once every break so far, and with `failed_now` this very moment, lies before the beginning of a raise
    /// that is committed. An error: it is not, and what depends on it must not be acknowledged.
    pub(super) async fn cover(&self, failed_now: bool) -> Result<(), StoreError> {
        let Some(cache) = &self.cache else { return Ok(()) };
        let (breaks, asked) = (cache.breaks(), Instant::now());
        // The first caller raises, and its raise covers all callers that wait here.
        let mut done = self.done.lock().await;
        if done.breaks >= breaks && (!failed_now || done.committed.is_some_and(|begun| begun > asked)) {
            return Ok(());
        }
        if let Some(begun) = done.begun {
            sleep_until((begun + EVERY).into()).await;
        }
        // Read before the raise begins: what breaks later is not covered by it.
        let breaks = cache.breaks();
        let begun = Instant::now();
        done.begun = Some(begun);
        match self.store.raise_generation().await {
            Ok(generation) => {
                tracing::info!(generation, "raised the cache generation");
                self.metrics.raise("raised");
                *done = Done { breaks, committed: Some(begun), begun: Some(begun) };
                cache.covered(breaks);
                Ok(())
            }
            Err(error) => {
                self.metrics.raise("failed");
                Err(error)
            }
        }
    }

    /// Covers, for ever, breaks that no write of this process ran into: a failover may have lost the writes of a
    /// process that is gone.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(EVERY / 5);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // Err: the store is away; the next tick tries again.
            let _ = self.cover(false).await;
        }
    }
}
