//! The row that every process reads once a second: the present generation, and the database's clock.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::trust::Ground;
use crate::{
    store::{Pulse, Store},
    timestamp::Timestamp,
};

/// How often it is read. A lost cache write can go unnoticed for this long at most.
const EVERY: Duration = Duration::from_secs(1);
/// A read that takes longer is given up, because its answer would be too old to use.
const LIMIT: Duration = Duration::from_secs(3);
/// If the pulse could not be read for this long, caches still answer, but their answers are marked as possibly stale.
const LATE_AFTER: Duration = Duration::from_secs(5);

/// The last pulse that was read.
#[derive(Debug, Default)]
pub(super) struct Pulsebeat {
    last: ArcSwapOption<Beat>,
}

#[derive(Clone, Copy, Debug)]
struct Beat {
    generation: i64,
    epoch: i64,
    clock: Timestamp,
    /// What our own clock said when the database's said `clock`: half way between question and answer. It is monotonic,
    /// so a step of the wall clock does not move an expiry.
    clock_at: Instant,
    /// When the question was sent. The generation was in force at that time.
    asked: Instant,
}

impl Pulsebeat {
    /// Reads the pulse once a second and never returns. `moved` is called when caches that were trusted are no longer
    /// trusted.
    pub(super) async fn keep(self: Arc<Self>, store: Arc<dyn Store>, moved: impl Fn()) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            ticks.tick().await;
            let asked = Instant::now();
            match timeout(LIMIT, store.pulse()).await {
                Ok(Ok(pulse)) => {
                    let before = self.ground();
                    self.beat(pulse, asked, Instant::now());
                    if before.is_some_and(|ground| (ground.generation, ground.epoch) != (pulse.generation, pulse.epoch))
                    {
                        moved();
                    }
                    failing = false;
                }
                Ok(Err(error)) if !failing => {
                    failing = true;
                    tracing::warn!(%error, "failed to read the cache generation; cached answers may become stale");
                }
                Err(_) if !failing => {
                    failing = true;
                    tracing::warn!("the database did not answer within {LIMIT:?}; cached answers may become stale");
                }
                Ok(Err(_)) | Err(_) => {}
            }
        }
    }

    fn beat(&self, pulse: Pulse, asked: Instant, answered: Instant) {
        let Pulse { generation, epoch, clock } = pulse;
        let clock_at = asked + answered.saturating_duration_since(asked) / 2;
        self.last.store(Some(Arc::new(Beat { generation, epoch, clock, clock_at, asked })));
    }

    /// What cached heads are compared with. `None`: the pulse was never read.
    pub(super) fn ground(&self) -> Option<Ground> {
        let beat = self.last.load();
        beat.as_ref().map(|beat| Ground {
            generation: beat.generation,
            epoch: beat.epoch,
            now: beat.now(Instant::now()),
        })
    }

    /// The database's clock, as well as it is known.
    pub(super) fn now(&self) -> Timestamp {
        self.last.load().as_ref().map_or_else(Timestamp::now, |beat| beat.now(Instant::now()))
    }

    /// Whether answers from caches may be stale.
    pub(super) fn is_late(&self) -> bool {
        self.last.load().as_ref().is_none_or(|beat| beat.asked.elapsed() > LATE_AFTER)
    }

    /// Whether the pulse was ever read.
    pub(super) fn is_known(&self) -> bool {
        self.last.load().is_some()
    }
}

impl Beat {
    fn now(&self, at: Instant) -> Timestamp {
        self.clock.plus(at.saturating_duration_since(self.clock_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_s_clock_goes_on_from_the_middle_of_the_read() {
        let pulse = Pulsebeat::default();
        assert!(pulse.ground().is_none() && pulse.is_late() && !pulse.is_known());
        let answered = Instant::now();
        let asked = answered.checked_sub(Duration::from_secs(2)).unwrap();
        pulse.beat(Pulse { generation: 3, epoch: 1, clock: Timestamp::from_micros(50_000_000) }, asked, answered);
        let now = pulse.ground().unwrap().now.micros();
        assert!((51_000_000..52_000_000).contains(&now), "{now}");
        assert!(!pulse.is_late());
        let asked = answered.checked_sub(Duration::from_secs(6)).unwrap();
        pulse.beat(Pulse { generation: 3, epoch: 1, clock: Timestamp::from_micros(0) }, asked, answered);
        assert!(pulse.is_late());
    }
}
