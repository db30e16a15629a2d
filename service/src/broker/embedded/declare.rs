//! Declares and removes, with the answers that RabbitMQ would give.

use hoopoe_crds::{
    policy::dead_letters,
    worker_config::{ConsumerConfig, ExchangeConfig, Overflow, QueueType},
};
use sqlx::SqliteConnection;

use super::{
    routing,
    rows::{self, Limits, QueueRow},
    state::{BrokerState, QueueState},
};
use crate::broker::{LaneError, TopologyError};

type Answer<T> = sqlx::Result<Result<T, TopologyError>>;

pub(super) async fn exchange(
    db: &mut SqliteConnection,
    state: &mut BrokerState,
    exchange: &ExchangeConfig,
) -> Answer<()> {
    let ExchangeConfig { name, kind } = exchange;
    match state.exchanges.get(name) {
        Some(there) if there == kind => Ok(Ok(())),
        Some(there) => Ok(Err(TopologyError::Mismatch {
            what: format!("exchange {name}"),
            detail: format!("its type is {there:?}, but {kind:?} is asked for"),
        })),
        None => {
            rows::add_exchange(db, name, *kind).await?;
            state.exchanges.insert(name.clone(), *kind);
            Ok(Ok(()))
        }
    }
}

pub(super) async fn queue(db: &mut SqliteConnection, state: &mut BrokerState, consumer: &ConsumerConfig) -> Answer<()> {
    let queue = &consumer.queue;
    let kind = rows::kind_text(queue.kind, queue.max_priority);
    let letters = dead_letters(&queue.name);
    let dead_letter_kind = rows::kind_text(QueueType::Quorum, None);
    for (name, kind) in [(&letters, &dead_letter_kind), (&queue.name, &kind)] {
        let there = state.queue_named(name).and_then(|id| state.queues.get(&id)).map(|queue| &queue.row.kind);
        if let Some(there) = there.filter(|there| *there != kind) {
            let detail = format!("its type is {there}, but {kind} is asked for");
            return Ok(Err(TopologyError::Mismatch { what: format!("queue {name}"), detail }));
        }
    }
    let dead_letter_limits = Limits {
        max_length: Some(consumer.dead_letter_max_length),
        overflow: Overflow::RejectPublish,
        delivery_limit: None,
        ttl_ms: None,
    };
    put(db, state, &letters, dead_letter_kind, dead_letter_limits).await?;
    let id = put(db, state, &queue.name, kind, rows::limits_of(queue)).await?;
    for binding in &consumer.bindings {
        let Some(kind) = state.exchanges.get(&binding.exchange) else {
            return Ok(Err(TopologyError::ExchangeMissing(binding.exchange.clone())));
        };
        if let Err(detail) = routing::check(*kind, &binding.arguments) {
            let what = format!("the binding of queue {} to exchange {}", queue.name, binding.exchange);
            return Ok(Err(TopologyError::Refused { what, detail }));
        }
        rows::add_binding(db, id, binding).await?;
        if let Some(queue) = state.queues.get_mut(&id).filter(|queue| !queue.bindings.contains(binding)) {
            queue.bindings.push(binding.clone());
        }
    }
    Ok(Ok(()))
}

pub(super) async fn remove(db: &mut SqliteConnection, state: &mut BrokerState, name: &str) -> Answer<bool> {
    let Some(id) = state.queue_named(name) else { return Ok(Ok(true)) };
    rows::remove_bindings(db, id).await?;
    if let Some(queue) = state.queues.get_mut(&id) {
        queue.bindings.clear();
    }
    let removed = remove_if_empty(db, state, id).await?;
    if removed && let Some(dead_letters) = state.queue_named(&dead_letters(name)) {
        remove_if_empty(db, state, dead_letters).await?;
    }
    Ok(Ok(removed))
}

async fn put(
    db: &mut SqliteConnection,
    state: &mut BrokerState,
    name: &str,
    kind: String,
    limits: Limits,
) -> sqlx::Result<i64> {
    let id = rows::put_queue(db, name, &kind, &limits).await?;
    let row = QueueRow { id, name: name.to_owned(), kind, limits };
    match state.queues.get_mut(&id) {
        Some(queue) => queue.row = row,
        None => drop(state.queues.insert(id, QueueState::new(row, 0))),
    }
    Ok(id)
}

async fn remove_if_empty(db: &mut SqliteConnection, state: &mut BrokerState, id: i64) -> sqlx::Result<bool> {
    let ready = state.queues.get(&id).map_or(0, |queue| queue.ready);
    let held = state.lanes.values().filter(|lane| lane.queue == id).any(|lane| !lane.held.is_empty());
    if ready > 0 || held {
        return Ok(false);
    }
    rows::remove_queue(db, id).await?;
    let name = state.queues.remove(&id).map(|queue| queue.row.name).unwrap_or_default();
    for (_, lane) in state.lanes.extract_if(.., |_, lane| lane.queue == id) {
        // Err: the lane was dropped.
        let _ = lane.sink.send(Err(LaneError::QueueMissing(name.clone())));
    }
    Ok(true)
}
