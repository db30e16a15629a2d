//! What the producer's handlers work with.

use std::sync::Arc;

use hoopoe_crds::worker_config::{ExchangeType, HeaderField, ProducerConfig};

use super::{ProducerMetrics, RoutingKey, TemplateError, rate::RateLimit};
use crate::{
    broker::Publisher,
    notif::{Arrival, Notification},
    timestamp::Timestamp,
};

/// A batch's body is at most this, however large its notifications may be: 1,000 at the default limit would be 64 MiB in memory
/// for each request.
const BATCH_BYTES_CAP: usize = 16 * 1024 * 1024;
/// Items of one batch that wait for their confirm at once, at most; also at most a quarter of `maxInFlight`, so that a batch alone
/// never meets that limit. Four groups of 64 keep several channels busy.
const BATCH_WINDOW: usize = 256;

/// One producer: an exchange and its limits. Cheap to clone.
#[derive(Clone)]
pub struct ProducerState(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) publisher: Arc<dyn Publisher>,
    pub(super) exchange: String,
    pub(super) body_bytes: usize,
    pub(super) batch_window: usize,
    pub(super) route: Route,
    pub(super) rate: RateLimit,
    pub(super) metrics: ProducerMetrics,
}

/// How a message finds its queues.
pub(super) enum Route {
    Key(RoutingKey),
    Nothing,
    Headers(Vec<HeaderField>),
}

impl ProducerState {
    /// Over a publisher to the config's exchange.
    pub fn new(
        config: &ProducerConfig,
        publisher: Arc<dyn Publisher>,
        metrics: ProducerMetrics,
    ) -> Result<Self, TemplateError> {
        let route = match config.exchange.kind {
            ExchangeType::Topic | ExchangeType::Direct => Route::Key(RoutingKey::parse(&config.routing_key)?),
            ExchangeType::Fanout => Route::Nothing,
            ExchangeType::Headers => Route::Headers(config.headers.clone()),
        };
        let in_flight = usize::try_from(config.publish.max_in_flight).unwrap_or(usize::MAX);
        Ok(Self(Arc::new(Inner {
            publisher,
            exchange: config.exchange.name.clone(),
            body_bytes: usize::try_from(config.limits.body_bytes).unwrap_or(usize::MAX),
            batch_window: (in_flight / 4).clamp(1, BATCH_WINDOW),
            route,
            rate: RateLimit::new(config.limits.rate_per_second),
            metrics,
        })))
    }
}

impl Inner {
    pub(super) fn batch_bytes(&self) -> usize {
        self.body_bytes.saturating_mul(1000).min(BATCH_BYTES_CAP)
    }

    pub(super) fn arrival<'a>(&'a self, idempotency_key: Option<&'a str>, item: Option<usize>) -> Arrival<'a> {
        Arrival { exchange: &self.exchange, body_bytes: self.body_bytes, now: Timestamp::now(), idempotency_key, item }
    }
}

/// The value of a field, as a routing key or a header takes it.
pub(super) fn field(notification: &Notification, field: HeaderField) -> (&'static str, String) {
    match field {
        HeaderField::Kind => ("kind", notification.content.kind.clone()),
        HeaderField::Owner => ("owner", notification.owner.to_string()),
        HeaderField::Actor => ("actor", notification.content.actor.clone()),
        HeaderField::Priority => ("priority", notification.content.priority.to_string()),
    }
}
