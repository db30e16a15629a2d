//! From bytes to the broker: one notification, or a batch whose items succeed and fail one by one.

use std::collections::BTreeMap;

use futures::{StreamExt, stream};
use uuid::Uuid;

use super::{Ingest, IngestError, Producer, Refused, batch};
use crate::{
    identity::MayPublish,
    notif::{Arrival, Notification, from_http},
    timestamp::Timestamp,
};

/// The most notifications in one batch.
pub const BATCH_ITEMS: usize = 1000;

/// The headers of the trace that a message belongs to.
pub type TraceHeaders = BTreeMap<String, String>;

impl Ingest {
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
