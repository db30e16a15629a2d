//! What only a queue can do: acknowledge single messages, count deliveries, and keep dead letters in a second queue.

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
    /// Acknowledges exactly these deliveries, one frame each, for a lane that still holds deliveries with lower tags.
    /// Only `Ok` means acknowledged.
    async fn ack_each(&mut self, tags: &[u64]) -> Result<(), LaneError>;

    /// Publishes deliveries to the dead-letter queue, with confirms, `mandatory`, and headers that give the reason.
    /// Resolves once all are settled, with the results in the order given. The caller acknowledges only the confirmed
    /// ones.
    async fn dead_letter(&mut self, letters: Vec<DeadLetter>) -> Vec<Result<(), PublishError>>;
}

/// A delivery that can never be stored.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The delivery's tag in its lane. The lane still holds its properties and body.
    pub delivery: Delivery,
    /// The kind of fault: `x-hoopoe-class`.
    pub class: LetterClass,
    /// What was wrong: names the field and the limit, and holds no payload. It becomes `x-hoopoe-reason`.
    pub reason: String,
}
