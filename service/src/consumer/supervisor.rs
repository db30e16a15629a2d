//! Keeps the lanes of one process open, all at one pace, until the process stops.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{broker::Queue, inbox::Writer, store::Store};

use super::{
    guard::Pace, lane::LaneLoop, lane_end::LaneEnd, lane_shared::LaneShared, metrics::ConsumerMetrics,
    settings::Settings,
};

/// The shortest and longest pause before a lane is opened again.
const REOPEN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// The role `consumer` of one process.
pub struct Consumer {
    shared: Arc<LaneShared>,
}

impl Consumer {
    /// A consumer that drains `queue` through `writer` once [`Consumer::run`] is called. `store` is asked whether it
    /// answers again after an outage.
    pub fn new(
        settings: Settings,
        queue: Arc<dyn Queue>,
        writer: Arc<Writer>,
        store: Arc<dyn Store>,
        metrics: ConsumerMetrics,
    ) -> Self {
        metrics.probation.set(1);
        let shared = LaneShared {
            settings,
            queue,
            writer,
            store,
            metrics,
            pace: watch::Sender::new(Pace::Probation),
            stop: CancellationToken::new(),
            abandon: CancellationToken::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Consumes until `stop` is cancelled, then finishes the deliveries in hand within `drainTimeout`. Unfinished ones
    /// are delivered again. The queue's connection is closed when this returns.
    pub async fn run(self, stop: CancellationToken) {
        let mut lanes = JoinSet::new();
        for index in 0..self.shared.settings.lanes {
            lanes.spawn(keep_open(Arc::clone(&self.shared), index));
        }
        stop.cancelled().await;
        let started = Instant::now();
        self.shared.stop.cancel();
        // Keep a tenth of the time for closing, because the exit must fit in as well.
        let patience = self.shared.settings.drain_timeout.mul_f64(0.9);
        tokio::select! {
            () = join_all(&mut lanes) => {
                info!(seconds = started.elapsed().as_secs_f64(), "finished the deliveries in hand");
            }
            () = sleep(patience) => {
                warn!("the drain timeout passed; the unfinished deliveries will be delivered again");
                self.shared.abandon.cancel();
                // A lane in a stalled call does not see the token. Closing the connection requeues its deliveries all
                // the same.
                let patience = self.shared.settings.drain_timeout.mul_f64(0.05);
                // Err: the lanes that are still open are aborted next.
                let _ = tokio::time::timeout(patience, join_all(&mut lanes)).await;
                lanes.abort_all();
            }
        }
        self.shared.queue.close().await;
    }
}

async fn join_all(lanes: &mut JoinSet<()>) {
    while lanes.join_next().await.is_some() {}
}

/// Opens a lane, runs it to its end, and opens it again.
async fn keep_open(shared: Arc<LaneShared>, index: u16) {
    let mut pause = REOPEN.0;
    while !shared.stop.is_cancelled() {
        let mut changes = shared.pace.subscribe();
        let pace = *changes.borrow_and_update();
        if pace == Pace::Probation && index > 0 {
            tokio::select! {
                () = shared.stop.cancelled() => return,
                () = full(&mut changes) => continue,
            }
        }
        let prefetch = if pace == Pace::Full { shared.settings.prefetch } else { 1 };
        let opened = tokio::select! {
            biased;
            opened = shared.queue.open_lane(prefetch) => opened,
            () = stopped_for(&shared, shared.settings.opening) => return,
        };
        match opened {
            Ok(lane) => {
                pause = REOPEN.0;
                shared.metrics.lanes.inc();
                let end = LaneLoop { shared: Arc::clone(&shared), lane, pace }.run().await;
                shared.metrics.lanes.dec();
                match end {
                    LaneEnd::Drained => return,
                    LaneEnd::PaceChanged => continue,
                    LaneEnd::HeldTooLong => until_store_answers(&shared).await,
                    LaneEnd::Lost(error) => {
                        warn!(lane = index, %error, "lost a lane; opening it again");
                        // A broken connection counts one more delivery for everything in hand. If a lane took its full
                        // share each time, a broker that restarts often would convict innocent messages. So one single
                        // message first has to show that the connection holds.
                        shared.set_pace(Pace::Probation);
                    }
                }
            }
            Err(error) => warn!(lane = index, %error, "failed to open a lane; trying again"),
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = sleep(pause) => pause = (pause * 2).min(REOPEN.1),
        }
    }
}

async fn stopped_for(shared: &LaneShared, time: Duration) {
    shared.stop.cancelled().await;
    sleep(time).await;
}

async fn full(pace: &mut watch::Receiver<Pace>) {
    // An error would mean that the sender is gone, but `shared` holds it.
    drop(pace.wait_for(|now| *now == Pace::Full).await);
}

async fn until_store_answers(shared: &LaneShared) {
    warn!("closed a lane, because deliveries were held too long; it is opened again when the database answers");
    loop {
        match shared.store.pulse().await {
            Ok(_) => return,
            Err(error) => debug!(%error, "the database does not answer yet"),
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = sleep(REOPEN.1) => {}
        }
    }
}
