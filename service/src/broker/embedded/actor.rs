//! The task that owns the file: it takes all waiting requests, runs them in one transaction, and answers when that is
//! committed.

use sqlx::{Connection, SqliteConnection};
use tokio::sync::mpsc;
use tracing::{error, warn};

use super::{
    command::{Afterwards, Answer, Command, Tags},
    declare, deliver,
    rows::{self, Draft},
    state::{BrokerState, LaneState},
};
use crate::{
    broker::{Delivery, LaneError, PublishError},
    timestamp::Timestamp,
};

/// The most requests in one transaction.
const BATCH: usize = 1024;

/// Runs until it is closed, or until no sender of requests is left.
pub(super) async fn run(
    mut db: SqliteConnection,
    mut state: BrokerState,
    requests: &mut mpsc::UnboundedReceiver<Command>,
) {
    let mut next_lane = 0;
    let mut synced = true;
    let mut commands = Vec::new();
    while requests.recv_many(&mut commands, BATCH).await > 0 {
        let batch = std::mem::take(&mut commands);
        let mut closing = None;
        let sync = batch.iter().any(Command::needs_sync);
        let result = async {
            if sync != synced {
                set_sync(&mut db, sync).await?;
                synced = sync;
            }
            transact(&mut db, &mut state, batch, &mut next_lane, &mut closing).await
        };
        match result.await {
            Ok(afterwards) => afterwards.into_iter().for_each(|tell| tell()),
            Err(cause) => {
                // The waiting callers see that their answers were dropped, and report "unavailable". All lanes are
                // gone, as after the restart of a broker.
                error!(%cause, "the embedded broker failed to commit");
                let _ = sqlx::query("ROLLBACK").execute(&mut db).await;
                state = reload(&mut db).await;
            }
        }
        if let Some(answer) = closing {
            // Err: the caller no longer waits.
            let _: Result<(), ()> = Answer::<()>::send(answer, ());
            break;
        }
    }
    // An error here loses nothing: everything was committed, and the next process that opens the file finds it.
    let _ = db.close().await;
}

async fn reload(db: &mut SqliteConnection) -> BrokerState {
    loop {
        match BrokerState::load(db).await {
            Ok(state) => return state,
            Err(cause) => warn!(%cause, "the embedded broker failed to read its file"),
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}

async fn set_sync(db: &mut SqliteConnection, sync: bool) -> sqlx::Result<()> {
    let pragma = if sync { "PRAGMA synchronous = FULL" } else { "PRAGMA synchronous = NORMAL" };
    sqlx::query(pragma).execute(db).await.map(drop)
}

async fn transact(
    db: &mut SqliteConnection,
    state: &mut BrokerState,
    batch: Vec<Command>,
    next_lane: &mut u64,
    closing: &mut Option<Answer<()>>,
) -> sqlx::Result<Afterwards> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *db).await?;
    let mut afterwards: Afterwards = Vec::new();
    let mut messages: Vec<(i64, Draft)> = Vec::new();
    let mut acknowledged = Vec::new();
    for command in batch {
        match command {
            Command::Publish { exchange, draft, answer } => {
                let result = publish(state, &exchange, draft, &mut messages);
                tell(&mut afterwards, answer, result);
            }
            Command::Open { queue, prefetch, sink, answer } => {
                let opened = open(state, &queue, prefetch, sink, next_lane);
                tell(&mut afterwards, answer, opened);
            }
            Command::Ack { lane, tags, answer } => {
                let result = acknowledge(state, lane, &tags, &mut acknowledged);
                tell(&mut afterwards, answer, result);
            }
            Command::Stop { lane, answer } => {
                let lane = state.lanes.get_mut(&lane).map(|lane| lane.stopped = true);
                tell(&mut afterwards, answer, lane.ok_or_else(gone));
            }
            Command::Leave { lane, answer } => {
                leave(state, lane);
                if let Some(answer) = answer {
                    tell(&mut afterwards, answer, ());
                }
            }
            Command::DeclareExchange { exchange, answer } => {
                let result = declare::exchange(db, state, &exchange).await?;
                tell(&mut afterwards, answer, result);
            }
            Command::DeclareQueue { consumer, answer } => {
                let result = declare::queue(db, state, &consumer).await?;
                tell(&mut afterwards, answer, result);
            }
            Command::RemoveQueue { queue, answer } => {
                // Messages published in this very transaction count too.
                let result = declare::remove(db, state, &queue).await?;
                tell(&mut afterwards, answer, result);
            }
            Command::Close { answer } => *closing = Some(answer),
        }
    }
    if !messages.is_empty() {
        rows::add_messages(db, &messages, Timestamp::now()).await?;
    }
    if !acknowledged.is_empty() {
        rows::remove_messages(db, &acknowledged).await?;
    }
    deliver::drop_surplus(db, state).await?;
    deliver::pump(db, state, &mut afterwards).await?;
    sqlx::query("COMMIT").execute(db).await?;
    Ok(afterwards)
}

fn tell<T: Send + 'static>(afterwards: &mut Afterwards, answer: Answer<T>, value: T) {
    afterwards.push(Box::new(move || drop(answer.send(value))));
}

fn publish(
    state: &mut BrokerState,
    exchange: &str,
    draft: Draft,
    messages: &mut Vec<(i64, Draft)>,
) -> Result<(), PublishError> {
    let targets = state.route(exchange, &draft)?;
    for target in &targets {
        if let Some(queue) = state.queues.get_mut(target) {
            queue.ready += 1;
        }
    }
    messages.extend(targets.into_iter().zip(std::iter::repeat(draft)));
    Ok(())
}

fn open(
    state: &mut BrokerState,
    queue: &str,
    prefetch: u16,
    sink: mpsc::UnboundedSender<Result<Delivery, LaneError>>,
    next_lane: &mut u64,
) -> Result<u64, LaneError> {
    let queue = state.queue_named(queue).ok_or_else(|| LaneError::QueueMissing(queue.to_owned()))?;
    *next_lane += 1;
    // 0 is "no limit", as in AMQP.
    let prefetch = if prefetch == 0 { usize::MAX } else { usize::from(prefetch) };
    let lane =
        LaneState { queue, prefetch, held: std::collections::VecDeque::new(), last_tag: 0, stopped: false, sink };
    state.lanes.insert(*next_lane, lane);
    Ok(*next_lane)
}

fn acknowledge(state: &mut BrokerState, lane: u64, tags: &Tags, acknowledged: &mut Vec<i64>) -> Result<(), LaneError> {
    let lane = state.lanes.get_mut(&lane).ok_or_else(gone)?;
    match tags {
        Tags::Through(tag) => {
            let through = lane.held.partition_point(|(held, _)| held <= tag);
            acknowledged.extend(lane.held.drain(..through).map(|(_, message)| message));
        }
        Tags::Each(tags) => lane.held.retain(|(held, message)| {
            let is_done = tags.binary_search(held).is_ok();
            acknowledged.extend(is_done.then_some(*message));
            !is_done
        }),
    }
    Ok(())
}

/// What the lane holds is ready again. It was counted as delivered when it was taken, so nothing is written.
fn leave(state: &mut BrokerState, lane: u64) {
    let Some(lane) = state.lanes.remove(&lane) else { return };
    if let Some(queue) = state.queues.get_mut(&lane.queue) {
        queue.ready += lane.held.len() as u64;
        queue.returned.extend(lane.held.into_iter().map(|(_, message)| message));
    }
}

fn gone() -> LaneError {
    LaneError::Unavailable("the embedded broker has closed this lane".to_owned())
}
