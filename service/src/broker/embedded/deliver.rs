//! Delivers ready messages to lanes, in the order of arrival.

use hoopoe_crds::policy::dead_letters;
use sqlx::SqliteConnection;

use super::{
    command::Afterwards,
    rows::{self, Stored},
    state::{BrokerState, LaneState, QueueState},
};
use crate::{broker::Delivery, timestamp::Timestamp};

/// The most messages that one lane gets before the next lane's turn.
const TURN: usize = 64;

/// Gives every lane as many messages as it takes, while there are any.
pub(super) async fn pump(
    db: &mut SqliteConnection,
    state: &mut BrokerState,
    afterwards: &mut Afterwards,
) -> sqlx::Result<()> {
    let queues: Vec<i64> = state.queues.values().filter(|queue| queue.ready > 0).map(|queue| queue.row.id).collect();
    for queue in queues {
        let mut lanes: Vec<u64> =
            state.lanes.iter().filter(|(_, lane)| lane.queue == queue).map(|(number, _)| *number).collect();
        while !lanes.is_empty() {
            let mut taking = Vec::with_capacity(lanes.len());
            for lane in lanes {
                let credit = state.lanes.get(&lane).map_or(0, LaneState::credit).min(TURN);
                if credit > 0 && give(db, state, queue, lane, credit, afterwards).await? {
                    taking.push(lane);
                }
            }
            lanes = taking;
        }
    }
    Ok(())
}

/// Removes the oldest messages of queues that drop them when full.
pub(super) async fn drop_surplus(db: &mut SqliteConnection, state: &mut BrokerState) -> sqlx::Result<()> {
    let full: Vec<i64> = state.queues.values().filter(|queue| queue.surplus() > 0).map(|queue| queue.row.id).collect();
    for id in full {
        while let Some(surplus) = state.queues.get(&id).map(QueueState::surplus).filter(|n| *n > 0) {
            let oldest = take(db, state, id, usize::try_from(surplus).unwrap_or(usize::MAX).min(1024)).await?;
            if oldest.is_empty() {
                break;
            }
            rows::remove_messages(db, &ids(&oldest)).await?;
        }
    }
    Ok(())
}

/// Gives up to `credit` messages to a lane. Returns whether there may be more.
async fn give(
    db: &mut SqliteConnection,
    state: &mut BrokerState,
    queue: i64,
    lane: u64,
    credit: usize,
    afterwards: &mut Afterwards,
) -> sqlx::Result<bool> {
    let taken = take(db, state, queue, credit).await?;
    if taken.is_empty() {
        return Ok(false);
    }
    let taken = bury(db, state, queue, taken).await?;
    rows::count_delivery(db, &ids(&taken)).await?;
    let Some(lane) = state.lanes.get_mut(&lane) else { return Ok(false) };
    for Stored { id, times, arrived_at: _, draft } in taken {
        lane.last_tag += 1;
        lane.held.push_back((lane.last_tag, id));
        let delivery = Delivery {
            tag: lane.last_tag,
            delivery_count: times,
            exchange: draft.exchange,
            routing_key: draft.routing_key,
            message_id: draft.message_id,
            timestamp: draft.sent_at.map(|at| Timestamp::from_micros(at.seconds() * 1_000_000)),
            headers: draft.headers,
            body: draft.body,
        };
        let sink = lane.sink.clone();
        // Err: the lane was dropped, and its request to leave is on the way.
        afterwards.push(Box::new(move || drop(sink.send(Ok(delivery)))));
    }
    Ok(true)
}

/// The oldest ready messages. Those that a lane gave back come first.
async fn take(db: &mut SqliteConnection, state: &mut BrokerState, id: i64, limit: usize) -> sqlx::Result<Vec<Stored>> {
    let Some(queue) = state.queues.get_mut(&id) else { return Ok(Vec::new()) };
    let returned: Vec<i64> = queue.returned.iter().take(limit).copied().collect();
    let taken = if returned.is_empty() {
        let taken = rows::after(db, id, queue.handed_out, limit).await?;
        if let Some(last) = taken.last() {
            queue.handed_out = last.id;
        }
        taken
    } else {
        let taken = rows::these(db, &returned).await?;
        for id in &returned {
            queue.returned.remove(id);
        }
        taken
    };
    queue.ready = queue.ready.saturating_sub(taken.len() as u64);
    Ok(taken)
}

/// Moves messages that are too old, or were delivered too often, to the dead letters, and returns the rest. Where there
/// is no dead-letter queue, or it is full, nothing is moved, because a late message is better than a lost one.
async fn bury(
    db: &mut SqliteConnection,
    state: &mut BrokerState,
    queue: i64,
    taken: Vec<Stored>,
) -> sqlx::Result<Vec<Stored>> {
    let Some(row) = state.queues.get(&queue).map(|queue| queue.row.clone()) else { return Ok(taken) };
    let now = Timestamp::now();
    let cause = |message: &Stored| {
        let age = now.since(message.arrived_at).as_millis();
        if row.limits.ttl_ms.is_some_and(|ttl| age >= u128::from(ttl)) {
            Some("expired")
        } else if row.limits.delivery_limit.is_some_and(|limit| message.times > u64::from(limit)) {
            Some("delivery_limit")
        } else {
            None
        }
    };
    let (mut kept, mut buried, mut letters) = (Vec::new(), Vec::new(), Vec::new());
    for message in taken {
        let Some(cause) = cause(&message) else {
            kept.push(message);
            continue;
        };
        let mut letter = message.draft.clone();
        letter.headers.insert("x-first-death-reason".to_owned(), cause.to_owned());
        letter.headers.insert("x-first-death-queue".to_owned(), row.name.clone());
        letter.routing_key = dead_letters(&row.name);
        match state.route("", &letter) {
            Ok(targets) => {
                for target in targets {
                    if let Some(queue) = state.queues.get_mut(&target) {
                        queue.ready += 1;
                    }
                    letters.push((target, letter.clone()));
                }
                buried.push(message.id);
            }
            Err(_) => kept.push(message),
        }
    }
    if !buried.is_empty() {
        rows::add_messages(db, &letters, now).await?;
        rows::remove_messages(db, &buried).await?;
    }
    Ok(kept)
}

fn ids(messages: &[Stored]) -> Vec<i64> {
    messages.iter().map(|message| message.id).collect()
}
