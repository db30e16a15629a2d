//! Why a lane came to its end.

use crate::broker::LaneError;

/// Why a lane came to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaneEnd {
    /// The process is stopping, and everything in hand is acknowledged.
    #[error("drained")]
    Drained,
    /// The pace changed: the lane is opened anew with another prefetch, or waits.
    #[error("the pace changed")]
    PaceChanged,
    /// The store or the dead-letter queue took nothing for too long, or until the drain timeout.
    #[error("held deliveries for too long")]
    HeldTooLong,
    /// The channel is gone.
    #[error(transparent)]
    Lost(#[from] LaneError),
}
