//! Opens lanes on one queue.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use hoopoe_crds::worker_config::TlsConfig;
use tokio::time::Instant;

use super::{
    connection::{AmqpLink, CHANNEL_LIMIT},
    dial::{Dial, DialError},
    lane::{AmqpLane, QueueShared},
};
use crate::broker::{BrokerMetrics, LaneError, Queue, QueueLane};

/// One queue of an AMQP broker, over two connections. One consumes. The other publishes dead letters; it is opened with
/// the first dead letter.
pub struct AmqpQueue {
    shared: Arc<QueueShared>,
}

impl AmqpQueue {
    /// Starts to connect in the background; reconnects with a backoff of 100 ms to 5 s until it is closed.
    /// `publish_timeout` is how long the confirm of a dead letter may take.
    pub fn start(url: &str, tls: &TlsConfig, queue: &str, publish_timeout: Duration, metrics: BrokerMetrics) -> Self {
        let consuming = Dial::new(url, tls, &format!("hoopoe consume {queue}"));
        let publishing = Dial::new(url, tls, &format!("hoopoe dead-letter {queue}"));
        let shared = QueueShared {
            consuming: AmqpLink::start(consuming, metrics.clone()),
            publishing: AmqpLink::start_when_needed(publishing, metrics.clone()),
            queue: queue.to_owned(),
            publish_limit: publish_timeout,
            metrics,
        };
        Self { shared: Arc::new(shared) }
    }
}

#[async_trait]
impl Queue for AmqpQueue {
    async fn open_lane(&self, prefetch: u16) -> Result<Box<dyn QueueLane>, LaneError> {
        let live = self.shared.consuming.live(Instant::now() + CHANNEL_LIMIT).await.map_err(|error| match error {
            DialError::Unreachable(detail) => LaneError::Unavailable(detail),
            DialError::Refused(detail) => LaneError::Refused(detail),
        })?;
        Ok(Box::new(AmqpLane::open(self.shared.clone(), live, prefetch).await?))
    }

    fn is_connected(&self) -> bool {
        self.shared.consuming.is_up()
    }

    async fn close(&self) {
        tokio::join!(self.shared.consuming.close(), self.shared.publishing.close());
    }
}
