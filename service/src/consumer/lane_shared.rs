//! What the lanes of one process share.

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{broker::Queue, inbox::Writer, store::Store};

use super::{guard::Pace, metrics::ConsumerMetrics, settings::Settings};

/// What the lanes of one process share.
pub(super) struct LaneShared {
    pub(super) settings: Settings,
    pub(super) queue: Arc<dyn Queue>,
    pub(super) writer: Arc<Writer>,
    pub(super) store: Arc<dyn Store>,
    pub(super) metrics: ConsumerMetrics,
    pub(super) pace: watch::Sender<Pace>,
    /// Cancelled when the lanes must take no more and finish the deliveries in hand.
    pub(super) stop: CancellationToken,
    /// Cancelled when the drain timeout has passed. Deliveries still in hand are then left, and the broker delivers
    /// them again.
    pub(super) abandon: CancellationToken,
}

impl LaneShared {
    /// Sets the pace for every lane of the process. Lanes wake only if the pace changes.
    pub(super) fn set_pace(&self, pace: Pace) {
        let changed = self.pace.send_if_modified(|now| std::mem::replace(now, pace) != pace);
        if changed {
            self.metrics.probation.set(i64::from(pace == Pace::Probation));
        }
    }
}
