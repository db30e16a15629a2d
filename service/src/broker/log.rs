//! What every log can do: take messages, and deliver them in order up to an acknowledged position.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// Publishes to one exchange.
#[async_trait]
pub trait Publisher: Send + Sync + 'static {
    /// Resolves once the broker has confirmed this message and has not returned it. Callers run many of these at once,
    /// and they are put into groups over several channels. Never waits longer than the configured timeout.
    async fn publish(&self, message: Outgoing) -> Result<(), PublishError>;

    /// Whether the last attempt to reach the broker succeeded; `false` before the first.
    fn is_connected(&self) -> bool;

    /// Waits for the messages in flight, then closes the connection.
    async fn close(&self);
}

/// Reads a log in order. Each delivery has a tag, and tags rise.
#[async_trait]
pub trait Lane: Send {
    /// The next delivery. Cancel-safe. An error means that the lane is gone, and that all its unacknowledged deliveries
    /// will be delivered again.
    async fn next(&mut self) -> Result<Delivery, LaneError>;

    /// Acknowledges every delivery up to and including this tag. Only `Ok` means acknowledged.
    async fn ack_through(&mut self, tag: u64) -> Result<(), LaneError>;

    /// Stops new deliveries. [`Lane::next`] still returns the deliveries that the broker had sent already, and they can
    /// be acknowledged.
    async fn stop(&mut self) -> Result<(), LaneError>;

    /// Closes the lane. Its unacknowledged deliveries are delivered again, here or to another consumer.
    async fn close(self: Box<Self>);
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
    /// The priority, 0–9.
    pub priority: u8,
    /// The AMQP timestamp: when the notification was created.
    pub timestamp: Timestamp,
    /// The JSON.
    pub body: Bytes,
}

/// A message as a lane receives it.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its number in the lane.
    pub tag: u64,
    /// How often it was delivered before (`x-delivery-count`). 1 for a redelivery on a queue that does not count.
    /// Always 0 from a log that is no queue; the guard against crash loops then cannot see a crash loop.
    pub delivery_count: u64,
    /// The exchange that it was published to. It is part of the identity of a notification whose id is a text.
    pub exchange: String,
    /// Its routing key.
    pub routing_key: String,
    /// The AMQP `message_id`.
    pub message_id: Option<String>,
    /// The AMQP `timestamp`, in whole seconds.
    pub timestamp: Option<Timestamp>,
    /// The headers that are text, for `traceparent`.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Bytes,
}

/// Why a publish did not succeed. After [`PublishError::Timeout`] and [`PublishError::Unavailable`] the message may
/// have arrived all the same, so a retry carries the same id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The broker returned it: no queue is bound for its routing key.
    #[error("failed to publish: no binding of the exchange matches the message, so no queue would get it")]
    Unroutable,
    /// The broker refused it: a queue is full or unavailable.
    #[error("failed to publish: the broker refused the message (a queue is full or unavailable)")]
    Nacked,
    /// No confirm came in time.
    #[error("failed to publish: the broker did not confirm within {0:?}")]
    Timeout(Duration),
    /// The broker blocks publishers (it is out of memory or disk).
    #[error("failed to publish: the broker blocks publishers, because it is low on memory or disk space")]
    Blocked,
    /// There is no connection.
    #[error("failed to publish: there is no connection to the broker")]
    Unavailable,
    /// The exchange does not exist.
    #[error("failed to publish: the exchange does not exist")]
    ExchangeMissing,
    /// `maxInFlight` messages are waiting for their confirm already.
    #[error("failed to publish: {0} messages already wait for their confirm, which is the limit (publish.maxInFlight)")]
    TooManyInFlight(u32),
}

/// Why a lane is gone, or was not opened.
#[derive(Debug, thiserror::Error)]
pub enum LaneError {
    /// There is no connection, or the channel was closed.
    #[error("failed to reach the broker: {0}")]
    Unavailable(String),
    /// The queue does not exist.
    #[error("failed to consume: the queue {0} does not exist")]
    QueueMissing(String),
    /// The broker's user or password is wrong, or lacks a right.
    #[error("failed to consume: the broker refused access: {0}")]
    Refused(String),
}
