//! The sweeper: applies what is due for owners whose inbox is not being read, and removes rows that expired a day ago.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::inbox::Writer;

/// The pause when there is no more work. A reader applies what is due in its own inbox to the second. The sweeper only
/// keeps counters and wake-ups of the other inboxes from lagging.
const IDLE: Duration = Duration::from_secs(1);
/// The pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Sweeps until `stop` is cancelled. Any number of processes may sweep at once, because each piece of work locks its
/// owner. `store_up` says whether the store answered the last time: while the queue is empty, nothing else in a
/// consumer asks the store.
pub async fn run(writer: Arc<Writer>, store_up: Arc<AtomicBool>, stop: CancellationToken) {
    loop {
        let swept = writer.sweep().await;
        store_up.store(swept.is_ok(), Ordering::Relaxed);
        let pause = match swept {
            Ok(true) => Duration::ZERO,
            // Spread the start by up to half a pause, so that the replicas of one resource do not ask at the same
            // moment.
            Ok(false) => IDLE.mul_f64(1.0 + rand::random::<f64>() / 2.0),
            Err(error) => {
                warn!(%error, "failed to expire or remove old notifications; trying again");
                AFTER_FAILURE
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}
