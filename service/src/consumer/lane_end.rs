//! Why a lane ended.

use crate::broker::LaneError;

/// Why a lane ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaneEnd {
    /// The process is stopping, and everything in hand is acknowledged.
    #[error("drained")]
    Drained,
    /// The pace changed. The lane is opened again with another prefetch, or waits.
    #[error("the pace changed")]
    PaceChanged,
    /// The store or the dead-letter queue accepted nothing for too long, or until the drain timeout.
    #[error("held deliveries for too long")]
    HeldTooLong,
    /// The channel is lost.
    #[error(transparent)]
    Lost(#[from] LaneError),
}
