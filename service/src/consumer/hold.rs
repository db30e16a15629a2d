//! Retries a commit until the store accepts it. Meanwhile the deliveries are held and not given back to the broker.

use std::{future::Future, time::Duration};

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{error, warn};

use crate::{broker::Delivery, inbox::NotificationFate, notif::Notification, store::StoreError};

use super::{lane_end::LaneEnd, lane_shared::LaneShared};

/// The shortest and longest pause between two attempts.
pub(super) const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

impl LaneShared {
    /// Commits, and holds the deliveries while the store does not answer. Returns each delivery with its fate.
    pub(super) async fn commit(
        &self,
        notifications: Vec<(Notification, Delivery)>,
    ) -> Result<Vec<(Delivery, NotificationFate)>, LaneEnd> {
        let metrics = &self.metrics;
        let (notifications, deliveries): (Vec<_>, Vec<_>) = notifications.into_iter().unzip();
        let fates = hold(&self.abandon, self.settings.hold, || async {
            let started = Instant::now();
            match self.writer.commit(&notifications).await {
                Ok(fates) => {
                    metrics.batch_size.observe(count(notifications.len()));
                    metrics.commit_seconds.observe(started.elapsed().as_secs_f64());
                    Some(fates)
                }
                Err(error) => {
                    metrics.commit_failures.inc();
                    report(&error);
                    None
                }
            }
        });
        Ok(deliveries.into_iter().zip(fates.await?).collect())
    }

    /// Waits between two attempts, unless the drain timeout ends the wait. Returns the next pause.
    pub(super) async fn pause(&self, pause: Duration) -> Result<Duration, LaneEnd> {
        wait(&self.abandon, pause).await
    }
}

/// Retries until there is a result, for at most this long.
async fn hold<T, F: Future<Output = Option<T>>>(
    abandon: &CancellationToken,
    longest: Duration,
    mut attempt: impl FnMut() -> F,
) -> Result<T, LaneEnd> {
    let started = Instant::now();
    let mut pause = RETRY.0;
    loop {
        if let Some(result) = attempt().await {
            return Ok(result);
        }
        if started.elapsed() > longest {
            return Err(LaneEnd::HeldTooLong);
        }
        pause = wait(abandon, pause).await?;
    }
}

async fn wait(abandon: &CancellationToken, pause: Duration) -> Result<Duration, LaneEnd> {
    tokio::select! {
        () = abandon.cancelled() => Err(LaneEnd::HeldTooLong),
        () = sleep(pause) => Ok((pause * 2).min(RETRY.1)),
    }
}

/// Logs one line per failed commit. A store that cannot be reached is a warning; any other cause is an error that an
/// operator must repair.
fn report(error: &StoreError) {
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    match error {
        StoreError::Unavailable(_) => warn!(%error, cause, "the database cannot be reached; trying the batch again"),
        StoreError::Refused(_)
        | StoreError::OtherEpoch(_)
        | StoreError::AboveHead(_)
        | StoreError::Schema(_)
        | StoreError::Settings(_)
        | StoreError::Statement(_) => error!(%error, cause, "the database did not accept a batch; trying it again"),
    }
}

fn count(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}
