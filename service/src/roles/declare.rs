//! Declares topology at the start, if the configuration says so. In a cluster the operator does this.

use std::{future::Future, time::Duration};

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::broker::TopologyError;

const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// Retries until everything is declared, or until the process is stopped. It waits for an exchange that does not exist
/// yet and for a broker that cannot be reached. If something exists with other arguments, that is an error, because
/// waiting does not help.
pub async fn until_done<F: Future<Output = Result<(), TopologyError>>>(
    stop: &CancellationToken,
    mut declare: impl FnMut() -> F,
) -> Result<(), TopologyError> {
    let mut pause = RETRY.0;
    loop {
        let declared = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            declared = declare() => declared,
        };
        match declared {
            Ok(()) => return Ok(()),
            Err(error @ TopologyError::Mismatch { .. }) => return Err(error),
            Err(
                error @ (TopologyError::Unavailable(_)
                | TopologyError::ExchangeMissing(_)
                | TopologyError::Refused { .. }),
            ) => warn!(%error, "failed to declare an exchange or a queue; trying again"),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = sleep(pause) => pause = (pause * 2).min(RETRY.1),
        }
    }
}
