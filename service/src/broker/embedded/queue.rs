//! A queue of the embedded broker.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{
    command::Command,
    lane::{EmbeddedLane, gone},
    requests::Requests,
};
use crate::broker::{LaneError, Queue, QueueLane};

/// Opens lanes on one queue.
pub struct EmbeddedQueue {
    pub(super) requests: Requests,
    pub(super) queue: String,
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn open_lane(&self, prefetch: u16) -> Result<Box<dyn QueueLane>, LaneError> {
        let (sink, deliveries) = mpsc::unbounded_channel();
        let queue = self.queue.clone();
        let asked = self.requests.ask(|answer| Command::Open { queue, prefetch, sink, answer });
        let number = asked.await.unwrap_or_else(|| Err(gone()))?;
        Ok(Box::new(EmbeddedLane { requests: self.requests.clone(), number, queue: self.queue.clone(), deliveries }))
    }

    fn is_connected(&self) -> bool {
        self.requests.is_open()
    }

    async fn close(&self) {}
}
