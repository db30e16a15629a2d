//! Publishes to an exchange of the embedded broker.

use std::sync::Arc;

use async_trait::async_trait;
use hoopoe_crds::worker_config::PublishConfig;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

use super::{command::Command, requests::Requests, rows::Draft};
use crate::broker::{BrokerMetrics, Outgoing, PublishError, Publisher};

/// Publishes to one exchange. Messages published at the same time share a transaction, and so one sync of the disk.
pub struct EmbeddedPublisher {
    pub(super) requests: Requests,
    pub(super) exchange: String,
    pub(super) config: PublishConfig,
    pub(super) slots: Arc<Semaphore>,
    pub(super) metrics: BrokerMetrics,
}

impl EmbeddedPublisher {
    async fn attempt(&self, message: Outgoing) -> Result<(), PublishError> {
        let Ok(_slot) = self.slots.try_acquire() else {
            return Err(PublishError::TooManyInFlight(self.config.max_in_flight));
        };
        let Outgoing { id, routing_key, headers, priority: _, timestamp, body } = message;
        let exchange = self.exchange.clone();
        let message_id = Some(id.hyphenated().to_string());
        let draft =
            Draft { exchange: exchange.clone(), routing_key, message_id, sent_at: Some(timestamp), headers, body };
        let asked = self.requests.ask(|answer| Command::Publish { exchange, draft, answer });
        let limit = self.config.timeout.0;
        match timeout(limit, asked).await {
            Ok(fate) => fate.unwrap_or(Err(PublishError::Unavailable)),
            Err(_) => Err(PublishError::Timeout(limit)),
        }
    }
}

#[async_trait]
impl Publisher for EmbeddedPublisher {
    async fn publish(&self, message: Outgoing) -> Result<(), PublishError> {
        let since = Instant::now();
        let result = self.attempt(message).await;
        if result.is_ok() {
            self.metrics.confirm_seconds.observe(since.elapsed().as_secs_f64());
        }
        self.metrics.count_publish(&result);
        result
    }

    fn is_connected(&self) -> bool {
        self.requests.is_open()
    }

    async fn close(&self) {
        // All slots are back once nothing is in flight. After the close no slot is given out again.
        let all = self.slots.acquire_many(self.config.max_in_flight);
        let _ = timeout(self.config.timeout.0, all).await;
        self.slots.close();
    }
}
