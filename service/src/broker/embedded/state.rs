//! What the task that owns the file keeps in memory: the topology, and which lane holds which message.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use hoopoe_crds::worker_config::{BindingConfig, ExchangeType, Overflow};
use sqlx::SqliteConnection;
use tokio::sync::mpsc;

use super::{
    routing,
    rows::{self, Draft, QueueRow},
};
use crate::broker::{Delivery, LaneError, PublishError};

/// A queue and its progress.
pub(super) struct QueueState {
    /// Its row.
    pub(super) row: QueueRow,
    /// All messages up to this number were delivered once, except `returned`.
    pub(super) handed_out: i64,
    /// Messages that a lane gave back.
    pub(super) returned: BTreeSet<i64>,
    /// Messages that no lane holds.
    pub(super) ready: u64,
    /// What it is bound to.
    pub(super) bindings: Vec<BindingConfig>,
}

/// A lane and what it holds.
pub(super) struct LaneState {
    /// Its queue.
    pub(super) queue: i64,
    /// The most deliveries that it may hold.
    pub(super) prefetch: usize,
    /// Tags and message numbers, both rising in the order of delivery.
    pub(super) held: VecDeque<(u64, i64)>,
    /// The last tag given out.
    pub(super) last_tag: u64,
    /// Whether it takes no more deliveries.
    pub(super) stopped: bool,
    /// Where deliveries go.
    pub(super) sink: mpsc::UnboundedSender<Result<Delivery, LaneError>>,
}

impl LaneState {
    /// How many more deliveries it takes now.
    pub(super) fn credit(&self) -> usize {
        if self.stopped { 0 } else { self.prefetch.saturating_sub(self.held.len()) }
    }
}

/// The whole state.
#[derive(Default)]
pub(super) struct BrokerState {
    /// Exchanges by name.
    pub(super) exchanges: HashMap<String, ExchangeType>,
    /// Queues by number.
    pub(super) queues: BTreeMap<i64, QueueState>,
    /// Lanes by number.
    pub(super) lanes: BTreeMap<u64, LaneState>,
}

impl BrokerState {
    /// Reads the topology. At this moment every message is ready.
    pub(super) async fn load(db: &mut SqliteConnection) -> sqlx::Result<Self> {
        let exchanges = rows::exchanges(db).await?.into_iter().collect();
        let counts: HashMap<i64, u64> = rows::counts(db).await?.into_iter().collect();
        let mut queues = BTreeMap::new();
        for row in rows::queues(db).await? {
            let ready = counts.get(&row.id).copied().unwrap_or(0);
            queues.insert(row.id, QueueState::new(row, ready));
        }
        for (queue, binding) in rows::bindings(db).await? {
            if let Some(queue) = queues.get_mut(&queue) {
                queue.bindings.push(binding);
            }
        }
        Ok(Self { exchanges, queues, lanes: BTreeMap::new() })
    }

    /// A queue by its name.
    pub(super) fn queue_named(&self, name: &str) -> Option<i64> {
        self.queues.values().find(|queue| queue.row.name == name).map(|queue| queue.row.id)
    }

    /// The queues that take a message: all of them, or an error.
    pub(super) fn route(&self, exchange: &str, draft: &Draft) -> Result<Vec<i64>, PublishError> {
        let targets: Vec<i64> = if exchange.is_empty() {
            self.queue_named(&draft.routing_key).into_iter().collect()
        } else {
            let kind = *self.exchanges.get(exchange).ok_or(PublishError::ExchangeMissing)?;
            let takes = |binding: &BindingConfig| {
                binding.exchange == exchange
                    && routing::takes(
                        kind,
                        &binding.routing_key,
                        &binding.arguments,
                        &draft.routing_key,
                        &draft.headers,
                    )
            };
            let takes = |queue: &&QueueState| queue.bindings.iter().any(takes);
            self.queues.values().filter(takes).map(|queue| queue.row.id).collect()
        };
        if targets.is_empty() {
            return Err(PublishError::Unroutable);
        }
        if targets.iter().any(|id| self.queues.get(id).is_some_and(QueueState::refuses)) {
            return Err(PublishError::Nacked);
        }
        Ok(targets)
    }
}

impl QueueState {
    /// A queue whose messages no lane holds.
    pub(super) fn new(row: QueueRow, ready: u64) -> Self {
        Self { row, handed_out: 0, returned: BTreeSet::new(), ready, bindings: Vec::new() }
    }

    /// How many messages it has over its limit. 0 if the queue does not drop messages.
    pub(super) fn surplus(&self) -> u64 {
        match (self.row.limits.overflow, self.row.limits.max_length) {
            (Overflow::DropHead, Some(most)) => self.ready.saturating_sub(u64::from(most)),
            (Overflow::DropHead, None) | (Overflow::RejectPublish, _) => 0,
        }
    }

    fn refuses(&self) -> bool {
        match (self.row.limits.overflow, self.row.limits.max_length) {
            (Overflow::RejectPublish, Some(most)) => self.ready >= u64::from(most),
            (Overflow::RejectPublish, None) | (Overflow::DropHead, _) => false,
        }
    }
}
