//! The loop of one lane: gather, commit, dead-letter, acknowledge.

use std::sync::Arc;

use tokio::{
    sync::watch,
    time::{Instant, timeout},
};
use tracing::{Instrument, info_span, warn};

use crate::{
    broker::{DeadLetter, Delivery, QueueLane},
    telemetry::propagation::link_senders,
};

use super::{
    batcher::Batcher,
    guard::{Pace, SUSPECT, after_ack},
    hold::RETRY,
    lane_end::LaneEnd,
    lane_shared::LaneShared,
    metrics::DeadLetterLabels,
    sort::{Judged, JudgedBatch, judge_all, sort},
};

/// How a batch is acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acks {
    /// All deliveries up to the last, at once.
    Through,
    /// Each delivery by itself. Suspects of the same batch are still in hand, and a multiple acknowledgement would
    /// acknowledge them too.
    Each,
}

/// One open lane with everything that it uses.
pub(super) struct LaneLoop {
    /// What the lanes of one process share.
    pub(super) shared: Arc<LaneShared>,
    /// The open channel.
    pub(super) lane: Box<dyn QueueLane>,
    /// The pace at which the channel was opened.
    pub(super) pace: Pace,
}

impl LaneLoop {
    /// Runs until the lane ends. Unacknowledged deliveries are then delivered again.
    pub(super) async fn run(mut self) -> LaneEnd {
        let end = match self.work().await {
            Ok(end) | Err(end) => end,
        };
        self.lane.close().await;
        end
    }

    async fn work(&mut self) -> Result<LaneEnd, LaneEnd> {
        let stop = self.shared.stop.clone();
        let mut pace = self.shared.pace.subscribe();
        let settings = &self.shared.settings;
        let max_size = if self.pace == Pace::Full { settings.batch_size } else { 1 };
        let mut batcher = Batcher::new(max_size, settings.linger);
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    self.drain(batcher).await?;
                    return Ok(LaneEnd::Drained);
                }
                () = changed_from(&mut pace, self.pace) => {
                    self.drain(batcher).await?;
                    return Ok(LaneEnd::PaceChanged);
                }
                () = sleep_until(batcher.deadline()) => {}
                delivery = self.lane.next() => batcher.push(self.received(delivery?), Instant::now()),
            }
            let due = batcher.deadline().is_some_and(|deadline| deadline <= Instant::now());
            if batcher.is_full() || due {
                self.process(batcher.take()).await?;
            }
        }
    }

    /// Stops new deliveries and finishes those that the broker has sent already, so that nothing has to be delivered
    /// again.
    async fn drain(&mut self, mut batcher: Batcher) -> Result<(), LaneEnd> {
        self.lane.stop().await?;
        while let Ok(Ok(delivery)) = timeout(self.shared.settings.quiet, self.lane.next()).await {
            batcher.push(self.received(delivery), Instant::now());
            if batcher.is_full() {
                self.process(batcher.take()).await?;
            }
        }
        let rest = batcher.take();
        if rest.is_empty() { Ok(()) } else { self.process(rest).await }
    }

    fn received(&self, delivery: Delivery) -> Delivery {
        self.shared.metrics.deliveries.inc();
        self.shared.metrics.redeliveries.inc_by(u64::from(delivery.delivery_count > 0));
        delivery
    }

    /// Commits, dead-letters and acknowledges one batch, in this order; then each suspect of it by itself.
    async fn process(&mut self, batch: Vec<Delivery>) -> Result<(), LaneEnd> {
        let span = info_span!("commit_batch", size = batch.len());
        link_senders(&span, batch.iter().map(|delivery| &delivery.headers));
        self.shared.metrics.in_flight.inc_by(gauge(batch.len()));
        let held = batch.len();
        let JudgedBatch { together, alone } = judge_all(batch, self.pace, self.shared.settings.limits);
        let acks = if alone.is_empty() { Acks::Through } else { Acks::Each };
        let settled = async {
            self.settle(together, acks).await?;
            if !alone.is_empty() {
                let count = alone.len();
                warn!(count, "processing messages one by one: each was delivered {SUSPECT} times or more before");
            }
            for suspect in alone {
                self.settle(vec![suspect], acks).await?;
            }
            Ok(())
        };
        let result = settled.instrument(span).await;
        self.shared.metrics.in_flight.dec_by(gauge(held));
        result
    }

    async fn settle(&mut self, batch: Vec<Judged>, acks: Acks) -> Result<(), LaneEnd> {
        let shared = Arc::clone(&self.shared);
        let mut sorted = sort(batch, shared.settings.limits, &shared.metrics);
        let Some(last_tag) = sorted.taken.last().copied() else { return Ok(()) };
        if !sorted.notifications.is_empty() {
            let committed = shared.commit(std::mem::take(&mut sorted.notifications)).await?;
            sorted.settle(committed, &shared.metrics);
        }
        self.bury(std::mem::take(&mut sorted.letters), sorted.taken[0], acks).await?;
        match acks {
            Acks::Through => self.lane.ack_through(last_tag).await?,
            Acks::Each => self.lane.ack_each(&sorted.taken).await?,
        }
        shared.set_pace(after_ack(self.pace, sorted.lowest_count));
        Ok(())
    }

    /// Publishes dead letters until each is confirmed. Meanwhile, everything before the first unconfirmed letter is
    /// acknowledged.
    async fn bury(&mut self, mut letters: Vec<DeadLetter>, first_tag: u64, acks: Acks) -> Result<(), LaneEnd> {
        let started = Instant::now();
        let mut pause = RETRY.0;
        let mut acknowledged_below = first_tag;
        while !letters.is_empty() {
            let results = self.lane.dead_letter(letters.clone()).await;
            let mut failed = Vec::new();
            for (letter, result) in letters.into_iter().zip(results) {
                match result {
                    Ok(()) => {
                        warn!(class = letter.class.as_str(), reason = letter.reason, "dead-lettered a message");
                        let labels = DeadLetterLabels { class: letter.class };
                        self.shared.metrics.dead_letters.get_or_create(&labels).inc();
                    }
                    Err(error) => {
                        self.shared.metrics.dead_letter_failures.inc();
                        let class = letter.class.as_str();
                        warn!(class, %error, "failed to publish a dead letter; holding its message and trying again");
                        failed.push(letter);
                    }
                }
            }
            letters = failed;
            let Some(first_failed) = letters.first() else { return Ok(()) };
            let tag = first_failed.delivery.tag;
            if tag > acknowledged_below && acks == Acks::Through {
                self.lane.ack_through(tag - 1).await?;
                acknowledged_below = tag;
            }
            if started.elapsed() > self.shared.settings.hold {
                return Err(LaneEnd::HeldTooLong);
            }
            pause = self.shared.pause(pause).await?;
        }
        Ok(())
    }
}

/// Resolves once the pace differs. Holds no guard across an await.
async fn changed_from(pace: &mut watch::Receiver<Pace>, from: Pace) {
    // An error would mean that the sender is gone, but this process holds it.
    drop(pace.wait_for(|now| *now != from).await);
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
