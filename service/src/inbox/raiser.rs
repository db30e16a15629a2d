//! Raises the cache generation when the cache may have lost writes: at most once a second. A break counts as covered
//! only after the raise is committed.

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

/// The least time between the starts of two raises, because each raise invalidates every head in every cache.
const EVERY: Duration = Duration::from_secs(1);

/// Keeps heads from being trusted after the cache lost writes.
pub(super) struct Raiser {
    store: Arc<dyn Store>,
    cache: Option<Arc<dyn Cache>>,
    done: Mutex<Done>,
    metrics: InboxMetrics,
}

#[derive(Clone, Copy, Debug, Default)]
struct Done {
    /// Every break up to this number happened before the start of a committed raise.
    breaks: u64,
    /// When the last committed raise started.
    committed: Option<Instant>,
    /// When the last raise started, committed or not.
    begun: Option<Instant>,
}

impl Raiser {
    pub(super) fn new(store: Arc<dyn Store>, cache: Option<Arc<dyn Cache>>, metrics: InboxMetrics) -> Self {
        Self { store, cache, done: Mutex::default(), metrics }
    }

    /// Returns once every break so far, and with `failed_now` also this very moment, is before the start of a committed
    /// raise. After an error that is not so, and the work that depends on it must not be acknowledged.
    pub(super) async fn cover(&self, failed_now: bool) -> Result<(), StoreError> {
        let Some(cache) = &self.cache else { return Ok(()) };
        let (breaks, asked) = (cache.breaks(), Instant::now());
        // The first caller raises the generation, and its raise covers all callers that wait here.
        let mut done = self.done.lock().await;
        if done.breaks >= breaks && (!failed_now || done.committed.is_some_and(|begun| begun > asked)) {
            return Ok(());
        }
        if let Some(begun) = done.begun {
            sleep_until((begun + EVERY).into()).await;
        }
        // Read this before the raise starts: it does not cover later breaks.
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

    /// Covers breaks that no write of this process noticed, because a failover may have lost the writes of a process
    /// that is gone. Never returns.
    pub(super) async fn watch(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(EVERY / 5);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            // Err: the store cannot be reached. The next tick tries again.
            let _ = self.cover(false).await;
        }
    }
}
