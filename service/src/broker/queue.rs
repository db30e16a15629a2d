//! What only a queue can do: acknowledge single messages, count deliveries, and keep dead letters beside itself.

use async_trait::async_trait;

use super::{
    letter_class::LetterClass,
    log::{Delivery, Lane, LaneError, PublishError},
};

/// Opens lanes on one queue.
#[async_trait]
pub trait Queue: Send + Sync + 'static {
    /// Opens a channel of its own and consumes with this prefetch. Fails while the queue does not exist.
    async fn open_lane(&self, prefetch: u16) -> Result<Box<dyn QueueLane>, LaneError>;

    /// Whether the last attempt to reach the broker succeeded; `false` before the first.
    fn is_connected(&self) -> bool;

    /// Closes the connection.
    async fn close(&self);
}

/// One channel that drains a queue.
#[async_trait]
pub trait QueueLane: Lane {
    /// Acknowledges just these deliveries, one frame each: for a lane that leaves others below them. Only `Ok` means
    /// acknowledged.
    async fn ack_each(&mut self, tags: &[u64]) -> Result<(), LaneError>;

    /// Publishes deliveries to the dead-letter queue, with confirms, mandatory, and the headers that say why. Resolves
    /// in the order given, once all are settled; the caller acknowledges only those that were confirmed.
    async fn dead_letter(&mut self, letters: Vec<DeadLetter>) -> Vec<Result<(), PublishError>>;
}

/// A delivery that can never be stored.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The delivery's tag in its lane; the lane still holds its properties and body.
    pub delivery: Delivery,
    /// The kind of fault: `x-hoopoe-class`.
    pub class: LetterClass,
    /// What was wrong, naming the field and the limit, without payload: `x-hoopoe-reason`.
    pub reason: String,
}
