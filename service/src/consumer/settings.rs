//! How a queue is drained.

use std::time::Duration;

use hoopoe_crds::worker_config::ConsumerConfig;

use super::{guard::crash_loop_limit, sort::Limits};

/// How long deliveries are held while the store or the dead-letter queue accepts nothing. The broker closes a channel
/// that holds a delivery for 30 minutes. We close it once ourselves, well before that, and open it again when the store
/// answers.
const HOLD: Duration = Duration::from_mins(10);

/// How long a stopping process waits for a lane that is being opened. The broker may have sent messages to it already.
/// If it were closed before they are read, each would count as delivered once more.
const OPENING: Duration = Duration::from_millis(500);

/// A lane that was stopped counts as empty when no message came for this long.
const QUIET: Duration = Duration::from_millis(50);

/// How a queue is drained: `ConsumerConfig` in the form that the lanes use.
#[derive(Clone, Debug)]
pub struct Settings {
    pub(super) prefetch: u16,
    pub(super) lanes: u16,
    pub(super) batch_size: usize,
    pub(super) linger: Duration,
    pub(super) drain_timeout: Duration,
    pub(super) hold: Duration,
    pub(super) opening: Duration,
    pub(super) quiet: Duration,
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
            opening: OPENING,
            quiet: QUIET,
            limits: Limits {
                body_bytes: config.body_bytes as usize,
                crash_loop: crash_loop_limit(config.queue.policy.delivery_limit),
            },
        }
    }
}

impl Settings {
    /// Changes how long deliveries are held while the store does not answer. The default is ten minutes; a broker may
    /// have a shorter limit.
    #[must_use]
    pub fn holding_for(self, hold: Duration) -> Self {
        Self { hold, ..self }
    }

    /// Changes how long a stopping process waits for a lane that is being opened (default 500 ms), and for how long no
    /// message may come before a stopped lane counts as empty (default 50 ms). A machine that is slower than these
    /// gives messages back.
    #[must_use]
    pub fn draining_with(self, opening: Duration, quiet: Duration) -> Self {
        Self { opening, quiet, ..self }
    }
}
