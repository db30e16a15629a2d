//! The broker: publishes with confirms, and lanes that drain a queue.
//!
//! Three small traits, two implementations (AMQP 0.9.1, and a table in SQLite for the embedded default).

mod amqp;
mod embedded;
mod metrics;
mod reason;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use hoopoe_crds::worker_config::{ConsumerConfig, ExchangeConfig};
use uuid::Uuid;

use crate::timestamp::Timestamp;

pub use amqp::{AmqpPublisher, AmqpQueue, AmqpTopology};
pub use embedded::{EmbeddedBroker, EmbeddedBrokerError, EmbeddedPublisher, EmbeddedQueue};
pub use metrics::{BrokerMetrics, ConnectLabels, PublishLabels};

/// Publishes to one exchange.
#[async_trait]
pub trait Publisher: Send + Sync + 'static {
    /// Resolves once this very message was confirmed by the broker and not returned. Callers run many at once: they are put into
    /// groups over several channels. Never waits longer than the configured timeout.
    async fn publish(&self, message: Outgoing) -> Result<(), PublishError>;

    /// Whether the last attempt to reach the broker succeeded; `false` before the first.
    fn is_connected(&self) -> bool;

    /// Waits for what is in flight, then closes the connection.
    async fn close(&self);
}

/// Opens lanes on one queue.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Opens a channel of its own and consumes with this prefetch. Fails while the queue does not exist.
    async fn open_lane(&self, prefetch: u16) -> Result<Box<dyn Lane>, QueueError>;

    /// Whether the last attempt to reach the broker succeeded; `false` before the first.
    fn is_connected(&self) -> bool;

    /// Closes the connection.
    async fn close(&self);
}

/// One channel that drains a queue. Deliveries come in order; tags rise.
#[async_trait]
pub trait Lane: Send {
    /// The next delivery. Cancel-safe. An error means that the lane is gone and all its unacknowledged deliveries come again.
    async fn next(&mut self) -> Result<Delivery, QueueError>;

    /// Acknowledges every delivery up to and including this tag. Only `Ok` means acknowledged.
    async fn ack_through(&mut self, tag: u64) -> Result<(), QueueError>;

    /// Acknowledges just these deliveries, one frame each: for a lane that leaves others below them. Only `Ok` means acknowledged.
    async fn ack_each(&mut self, tags: &[u64]) -> Result<(), QueueError>;

    /// Publishes deliveries to the dead-letter queue, with confirms, mandatory, and the headers that say why. Resolves in the
    /// order given, once all are settled; the caller acknowledges only those that were confirmed.
    async fn dead_letter(&mut self, letters: Vec<DeadLetter>) -> Vec<Result<(), PublishError>>;

    /// Stops new deliveries. What the broker had sent is still to be had from [`Lane::next`] and may be acknowledged.
    async fn stop(&mut self) -> Result<(), QueueError>;

    /// Closes the channel. What is unacknowledged comes again, here or elsewhere.
    async fn close(self: Box<Self>);
}

/// Makes what the operator makes in a cluster; for `hoopoe dev` and register. Idempotent.
#[async_trait]
pub trait Topology: Send + Sync + 'static {
    /// Declares the exchange.
    async fn declare_exchange(&self, exchange: &ExchangeConfig) -> Result<(), TopologyError>;

    /// Declares the queue, its dead-letter queue, the policy and the bindings. [`TopologyError::ExchangeMissing`] leaves the queue
    /// declared: call again once the exchange exists.
    async fn declare_queue(&self, consumer: &ConsumerConfig) -> Result<(), TopologyError>;

    /// Removes the queue's bindings, and the queue if it is empty; whether it was removed.
    async fn remove_queue(&self, queue: &str) -> Result<bool, TopologyError>;
}

/// A message to publish. Its body is the notification's JSON.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The notification's id: the AMQP `message_id`.
    pub id: Uuid,
    /// The routing key, at most 255 bytes.
    pub routing_key: String,
    /// AMQP headers (`traceparent`, fields for a headers exchange).
    pub headers: BTreeMap<String, String>,
    /// 0–9.
    pub priority: u8,
    /// The AMQP timestamp.
    pub timestamp: Timestamp,
    /// The JSON.
    pub body: Bytes,
}

/// A message as a lane receives it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its number in the lane.
    pub tag: u64,
    /// How often it was delivered before (`x-delivery-count`; 1 for a redelivery on a queue that does not count).
    pub delivery_count: u64,
    /// The exchange that it was published to: part of the identity of a text id.
    pub exchange: String,
    /// Its routing key.
    pub routing_key: String,
    /// The AMQP `message_id`.
    pub message_id: Option<String>,
    /// The AMQP `timestamp`, in whole seconds.
    pub timestamp: Option<Timestamp>,
    /// Text headers, for `traceparent`.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Bytes,
}

/// A delivery that can never be stored.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The delivery's tag in its lane; the lane still holds its properties and body.
    pub delivery: Delivery,
    /// The kind of fault, a bounded set: `x-hoopoe-class`.
    pub class: &'static str,
    /// What was wrong, naming the field and the limit, without payload: `x-hoopoe-reason`.
    pub reason: String,
}

/// Why a publish did not succeed. The message may still have arrived ([`PublishError::Timeout`], [`PublishError::Unavailable`]): a
/// retry carries the same id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The broker returned it: no queue is bound for its routing key.
    #[error("failed to route the message: no queue is bound for it")]
    Unroutable,
    /// The broker refused it: a queue is full or unavailable.
    #[error("failed to publish: the broker refused the message (a queue is full or unavailable)")]
    Nacked,
    /// No confirm came in time.
    #[error("failed to publish: no confirm within {0:?}")]
    Timeout(Duration),
    /// The broker blocks publishers (it is out of memory or disk).
    #[error("failed to publish: the broker blocks publishers")]
    Blocked,
    /// There is no connection.
    #[error("failed to publish: no connection to the broker")]
    Unavailable,
    /// The exchange does not exist.
    #[error("failed to publish: the exchange does not exist")]
    ExchangeMissing,
    /// `maxInFlight` messages wait already.
    #[error("failed to publish: {0} messages wait for their confirm already")]
    TooManyInFlight(u32),
}

/// Why a lane is gone, or was not opened.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// There is no connection, or the channel was closed.
    #[error("failed to reach the broker: {0}")]
    Unavailable(String),
    /// The queue does not exist.
    #[error("failed to consume: the queue {0} does not exist")]
    QueueMissing(String),
    /// The broker's user or password is wrong, or lacks a right.
    #[error("failed to log in to the broker: {0}")]
    Refused(String),
}

/// Why topology was not made.
#[derive(Debug, thiserror::Error)]
pub enum TopologyError {
    /// There is no connection.
    #[error("failed to reach the broker: {0}")]
    Unavailable(String),
    /// A binding names an exchange that does not exist yet.
    #[error("failed to bind: the exchange {0} does not exist")]
    ExchangeMissing(String),
    /// It exists with other arguments.
    #[error("failed to declare {what}: it exists with other arguments ({detail})")]
    Mismatch {
        /// What: `queue NAME` or `exchange NAME`.
        what: String,
        /// What the broker said.
        detail: String,
    },
    /// The broker said no for another reason.
    #[error("failed to declare {what}: {detail}")]
    Refused {
        /// What was declared.
        what: String,
        /// What the broker said.
        detail: String,
    },
}
