//! Keeps the lanes of one process open, at one pace, until it is told to stop.

use std::{sync::Arc, time::Duration};

use hoopoe_crds::worker_config::ConsumerConfig;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::{broker::Queue, inbox::Writer, store::Store};

use super::{
    guard::{Pace, crash_loop_limit},
    lane::{LaneEnd, LaneLoop},
    metrics::ConsumerMetrics,
    sort::Limits,
};

/// The shortest and longest pause before a lane is opened again.
const REOPEN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// How long a lane that is being opened is waited for when the process stops. The broker may have sent messages to it already: closed unread, each
/// would count as delivered once more.
const OPENING: Duration = Duration::from_millis(500);

/// How long deliveries are held while the store or the dead-letter queue does not take them. The broker closes a channel that
/// holds one for 30 minutes; we close it ourselves well before, once, and open it when the store answers.
const HOLD: Duration = Duration::from_mins(10);

/// How a queue is drained: `ConsumerConfig`, as the lanes use it.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) prefetch: u16,
    pub(super) lanes: u16,
    pub(super) batch_size: usize,
    pub(super) linger: Duration,
    pub(super) drain_timeout: Duration,
    pub(super) hold: Duration,
    pub(super) limits: Limits,
}

impl From<&ConsumerConfig> for Settings {
    fn from(config: &ConsumerConfig) -> Self {
        Self {
            prefetch: config.consume.prefetch.max(1),
            lanes: config.consume.lanes.max(1),
            batch_size: config.consume.batch.max_size.max(1) as usize,
            linger: config.consume.batch.linger.into(),
            drain_timeout: config.consume.drain_timeout.into(),
            hold: HOLD,
            limits: Limits {
                body_bytes: config.body_bytes as usize,
                crash_loop: crash_loop_limit(config.queue.policy.delivery_limit),
            },
        }
    }
}

impl Settings {
    /// Holds deliveries for another time than ten minutes while the store does not answer: a broker may have a shorter limit.
    #[must_use]
    pub fn holding_for(self, hold: Duration) -> Self {
        Self { hold, ..self }
    }
}

/// What the lanes of one process share.
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) writer: Arc<Writer>,
    pub(super) store: Arc<dyn Store>,
    pub(super) metrics: ConsumerMetrics,
    pub(super) pace: watch::Sender<Pace>,
    /// Stop taking, finish what is in hand.
    pub(super) stop: CancellationToken,
    /// The drain timeout has passed: leave what is in hand, it will be delivered again.
    pub(super) abandon: CancellationToken,
}

impl Shared {
    /// Sets the pace for every lane of the process; unchanged, nobody is woken.
    pub(super) fn set_pace(&self, pace: Pace) {
        let changed = self.pace.send_if_modified(|now| std::mem::replace(now, pace) != pace);
        if changed {
            self.metrics.probation.set(i64::from(pace == Pace::Probation));
        }
    }
}

/// The role `consumer` of one process.
pub struct Consumer {
    shared: Arc<Shared>,
}

impl Consumer {
    /// Drains `queue` through `writer` once [`Consumer::run`] is called. `store` is asked whether it answers again after an outage.
    pub fn new(
        settings: Settings,
        queue: Arc<dyn Queue>,
        writer: Arc<Writer>,
        store: Arc<dyn Store>,
        metrics: ConsumerMetrics,
    ) -> Self {
        metrics.probation.set(1);
        let shared = Shared {
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

    /// Consumes until `stop` is cancelled, then finishes what is in hand within `drainTimeout`. What is not finished by then
    /// comes again; the queue's connection is closed when this returns.
    pub async fn run(self, stop: CancellationToken) {
        let mut lanes = JoinSet::new();
        for index in 0..self.shared.settings.lanes {
            lanes.spawn(keep_open(Arc::clone(&self.shared), index));
        }
        stop.cancelled().await;
        let started = Instant::now();
        self.shared.stop.cancel();
        // A tenth of the time is kept for closing: the exit itself must fit in.
        let patience = self.shared.settings.drain_timeout.mul_f64(0.9);
        tokio::select! {
            () = join_all(&mut lanes) => info!(seconds = started.elapsed().as_secs_f64(), "drained"),
            () = sleep(patience) => {
                warn!("the drain timeout passed; what is in hand will be delivered again");
                self.shared.abandon.cancel();
                // Lanes in a stalled call do not hear it: closing the connection requeues what they hold all the same.
                let _ = tokio::time::timeout(self.shared.settings.drain_timeout.mul_f64(0.05), join_all(&mut lanes)).await;
                lanes.abort_all();
            }
        }
        self.shared.queue.close().await;
    }
}

async fn join_all(lanes: &mut JoinSet<()>) {
    while lanes.join_next().await.is_some() {}
}

/// Opens a lane, works it to its end, and opens it again.
async fn keep_open(shared: Arc<Shared>, index: u16) {
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
            () = stopped_for(&shared, OPENING) => return,
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
                        warn!(lane = index, %error, "a lane is gone; opening it again");
                        // Everything in hand counts as delivered once more. A broker that comes and goes would convict innocents
                        // if each time a full share were in hand: one message shows first that the connection holds.
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

async fn stopped_for(shared: &Shared, time: Duration) {
    shared.stop.cancelled().await;
    sleep(time).await;
}

async fn full(pace: &mut watch::Receiver<Pace>) {
    // An error means that the sender is gone, which `shared` holds.
    drop(pace.wait_for(|now| *now == Pace::Full).await);
}

async fn until_store_answers(shared: &Shared) {
    warn!("closed a lane: deliveries were held too long; opening it when the database answers");
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
