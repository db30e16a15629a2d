//! The requests to the task that owns the file.

use hoopoe_crds::worker_config::{ConsumerConfig, ExchangeConfig};
use tokio::sync::{mpsc, oneshot};

use super::rows::Draft;
use crate::broker::{Delivery, LaneError, PublishError, TopologyError};

/// Where an answer goes, once its transaction is committed.
pub(super) type Answer<T> = oneshot::Sender<T>;

/// What is done after the transaction is committed.
pub(super) type Afterwards = Vec<Box<dyn FnOnce() + Send>>;

/// Which deliveries of a lane.
pub(super) enum Tags {
    /// All up to and including this one.
    Through(u64),
    /// Just these, in rising order.
    Each(Vec<u64>),
}

/// One request.
pub(super) enum Command {
    /// Routes a message and keeps it.
    Publish {
        /// The exchange; empty: the queue that the routing key names.
        exchange: String,
        /// The message.
        draft: Draft,
        /// Its fate.
        answer: Answer<Result<(), PublishError>>,
    },
    /// Opens a lane; its number.
    Open {
        /// The queue's name.
        queue: String,
        /// The most unacknowledged deliveries.
        prefetch: u16,
        /// Where deliveries go.
        sink: mpsc::UnboundedSender<Result<Delivery, LaneError>>,
        /// The lane's number.
        answer: Answer<Result<u64, LaneError>>,
    },
    /// Removes what was delivered.
    Ack {
        /// The lane.
        lane: u64,
        /// Which deliveries.
        tags: Tags,
        /// Done.
        answer: Answer<Result<(), LaneError>>,
    },
    /// Delivers no more to this lane.
    Stop {
        /// The lane.
        lane: u64,
        /// Done.
        answer: Answer<Result<(), LaneError>>,
    },
    /// Makes ready again what the lane holds.
    Leave {
        /// The lane.
        lane: u64,
        /// Answered once it is done. `None` when the lane was dropped and nothing waits.
        answer: Option<Answer<()>>,
    },
    /// Declares an exchange.
    DeclareExchange {
        /// The exchange.
        exchange: ExchangeConfig,
        /// Done.
        answer: Answer<Result<(), TopologyError>>,
    },
    /// Declares a queue, its dead-letter queue and its bindings.
    DeclareQueue {
        /// The consumer, with its queue and bindings.
        consumer: Box<ConsumerConfig>,
        /// Done.
        answer: Answer<Result<(), TopologyError>>,
    },
    /// Removes bindings, and the queue if it is empty.
    RemoveQueue {
        /// Its name.
        queue: String,
        /// Whether it was removed.
        answer: Answer<Result<bool, TopologyError>>,
    },
    /// Ends the task.
    Close {
        /// Done.
        answer: Answer<()>,
    },
}

impl Command {
    /// Whether what it writes must be on disk before its answer. A lost acknowledgement or delivery count only means
    /// one more delivery. It can be lost by a power cut alone, not by the end of the process.
    pub(super) fn needs_sync(&self) -> bool {
        match self {
            Self::Publish { .. }
            | Self::DeclareExchange { .. }
            | Self::DeclareQueue { .. }
            | Self::RemoveQueue { .. } => true,
            Self::Open { .. } | Self::Ack { .. } | Self::Stop { .. } | Self::Leave { .. } | Self::Close { .. } => false,
        }
    }
}
