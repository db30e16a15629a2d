//! One producer: an exchange and its limits. It turns bytes into notifications and hands them to the broker, one by one
//! or as a batch whose items succeed and fail by themselves.

use std::sync::Arc;

use futures::{StreamExt, stream};
use hoopoe_crds::worker_config::ProducerConfig;
use uuid::Uuid;

use super::{
    IngestError, IngestMetrics, Refused, TemplateError, batch,
    rate::RateLimit,
    route::{Route, TraceHeaders},
};
use crate::{
    broker::Publisher,
    identity::MayPublish,
    notif::{Arrival, Notification, from_http},
    timestamp::Timestamp,
};

/// The most notifications in one batch.
pub const BATCH_ITEMS: usize = 1000;
/// The most bytes of a batch, however large its notifications may be: 1,000 at the default limit would be 64 MiB in
/// memory for each request.
const BATCH_BYTES_CAP: usize = 16 * 1024 * 1024;
/// The most items of one batch that wait for their confirm at once; also at most a quarter of `maxInFlight`, so that a
/// batch alone never meets that limit. Four groups of 64 keep several channels busy.
const BATCH_WINDOW: usize = 256;

/// One producer: an exchange and its limits. Cheap to clone.
#[derive(Clone)]
pub struct Ingest(Arc<Producer>);

/// What one producer works with.
struct Producer {
    publisher: Arc<dyn Publisher>,
    exchange: String,
    body_bytes: usize,
    batch_window: usize,
    route: Route,
    rate: RateLimit,
    metrics: IngestMetrics,
}

impl Ingest {
    /// A producer that sends through this publisher, which must publish to the config's exchange.
    pub fn new(
        config: &ProducerConfig,
        publisher: Arc<dyn Publisher>,
        metrics: IngestMetrics,
    ) -> Result<Self, TemplateError> {
        let in_flight = usize::try_from(config.publish.max_in_flight).unwrap_or(usize::MAX);
        Ok(Self(Arc::new(Producer {
            publisher,
            exchange: config.exchange.name.clone(),
            body_bytes: usize::try_from(config.limits.body_bytes).unwrap_or(usize::MAX),
            batch_window: (in_flight / 4).clamp(1, BATCH_WINDOW),
            route: Route::new(config)?,
            rate: RateLimit::new(config.limits.rate_per_second),
            metrics,
        })))
    }

    /// The most bytes of one notification.
    pub fn body_bytes(&self) -> usize {
        self.0.body_bytes
    }

    /// The most bytes of a batch.
    pub fn batch_bytes(&self) -> usize {
        self.0.body_bytes.saturating_mul(BATCH_ITEMS).min(BATCH_BYTES_CAP)
    }

    /// The counters of what senders were told. Edges count, because faults of a protocol count too.
    pub fn metrics(&self) -> &IngestMetrics {
        &self.0.metrics
    }

    /// Sends the notification in `body`, and returns its id once the broker has it. A notification without an id gets
    /// one made from `key`.
    pub async fn send(
        &self,
        _: &MayPublish,
        body: &[u8],
        key: Option<&str>,
        trace: &TraceHeaders,
    ) -> Result<Uuid, Refused> {
        let notification = from_http(body, &self.0.arrival(key, None))?;
        let id = notification.id;
        self.0.publish(&notification, trace).await.map_err(|error| Refused { error, id: Some(id) })?;
        Ok(id)
    }

    /// Sends a batch, and returns what became of each item, in the batch's order. An item that repeats an earlier one
    /// is not sent again.
    pub async fn send_batch(
        &self,
        _: &MayPublish,
        items: &[&[u8]],
        key: Option<&str>,
        trace: &TraceHeaders,
    ) -> Vec<Result<Uuid, Refused>> {
        let parsed = items.iter().enumerate().map(|(item, body)| from_http(body, &self.0.arrival(key, Some(item))));
        let plan = batch::plan(parsed);
        let sent = stream::iter(plan.send)
            .map(|notification| async move { self.0.publish(&notification, trace).await })
            .buffered(self.0.batch_window)
            .collect::<Vec<_>>()
            .await;
        batch::results(plan.items, &sent)
    }
}

impl Producer {
    fn arrival<'a>(&'a self, idempotency_key: Option<&'a str>, item: Option<usize>) -> Arrival<'a> {
        Arrival { exchange: &self.exchange, body_bytes: self.body_bytes, now: Timestamp::now(), idempotency_key, item }
    }

    /// Takes a token of the rate limit, publishes, and waits for the broker's confirm.
    async fn publish(&self, notification: &Notification, trace: &TraceHeaders) -> Result<(), IngestError> {
        let message = self.route.message(notification, trace)?;
        self.rate.take().map_err(IngestError::RateLimited)?;
        self.publisher.publish(message).await.map_err(IngestError::Publish)
    }
}
