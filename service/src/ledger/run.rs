//! One run, from the first notification to the figures.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

use futures::{StreamExt, stream};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{
    amqp_sender,
    figures::{Counted, Figures},
    http_sender,
    pace::Pace,
    plan::Plan,
    reader,
    shared::RunShared,
};
use crate::store::Position;

/// How many inboxes are read back at once.
const READ_BACK: usize = 8;
/// The least time for reading back, however short `settle` is.
const LEAST_READ_BACK: Duration = Duration::from_secs(10);
/// How often to check the book while it settles.
const TICK: Duration = Duration::from_millis(50);

/// Runs the plan. `enough` ends the sending early; what was sent is still settled and judged.
pub async fn run_plan(plan: Plan, enough: CancellationToken) -> Figures {
    let shared = Arc::new(RunShared::new(plan, enough));
    let mut readers = JoinSet::new();
    for owner in 0..shared.plan.owners {
        let shared = Arc::clone(&shared);
        readers.spawn(async move { (owner, reader::follow(shared, owner).await) });
    }
    let settled_by = send(&shared).await;
    while shared.with_book(|book| book.open()) > 0 && Instant::now() < settled_by {
        tokio::time::sleep(TICK).await;
    }
    // Poll once more: a double or a step backwards may come after the last notification.
    tokio::time::sleep(shared.plan.poll * 2).await;
    shared.done.cancel();
    let mut counted = Counted { retries: shared.retries.load(Ordering::Relaxed), ..Counted::default() };
    let (mut lasts, mut trouble) = (Vec::new(), None);
    while let Some(read) = readers.join_next().await {
        match read {
            Ok((owner, read)) => {
                counted.add(&read.counted);
                trouble = read.trouble.or(trouble);
                lasts.push((owner, read.last));
            }
            Err(error) => {
                counted.not_read_back += 1;
                shared.with_book(|book| book.findings().note("a reader", || error.to_string()));
            }
        }
    }
    if let Some(error) = trouble {
        shared.with_book(|book| book.findings().note("a failed poll", || error.to_string()));
    }
    if let Some(why) = shared.last_trouble.lock().unwrap_or_else(PoisonError::into_inner).take() {
        shared.with_book(|book| book.findings().note("the last retry", || why));
    }
    read_back(&shared, lasts, &mut counted).await;
    shared.with_book(|book| Figures::of(book, &counted))
}

/// Sends, and gives up what is not accepted after half of the settle time. Returns when the whole settle time is up.
async fn send(shared: &Arc<RunShared>) -> Instant {
    let plan = &shared.plan;
    let share = if plan.amqp.is_some() { 0.5 } else { 1.0 };
    let pace = Pace::new(f64::from(plan.rate) * share);
    let mut senders = JoinSet::new();
    if let Some(amqp) = plan.amqp.clone() {
        senders.spawn(amqp_sender::send(Arc::clone(shared), amqp, pace));
    }
    let over_http = Arc::clone(shared);
    senders.spawn(async move {
        http_sender::send(over_http, pace).await;
        None
    });
    tokio::select! {
        () = tokio::time::sleep(plan.duration) => shared.enough.cancel(),
        () = shared.enough.cancelled() => {},
    }
    let settled_by = Instant::now() + plan.settle;
    let give_up = tokio::time::sleep(plan.settle / 2);
    tokio::pin!(give_up);
    loop {
        tokio::select! {
            () = &mut give_up, if !shared.give_up.is_cancelled() => shared.give_up.cancel(),
            ended = senders.join_next() => match ended {
                Some(Ok(Some(trouble))) => shared.with_book(|book| book.findings().note("AMQP", || trouble)),
                Some(Ok(None)) => {},
                Some(Err(error)) => shared.with_book(|book| book.findings().note("a sender", || error.to_string())),
                None => return settled_by,
            },
        }
    }
}

async fn read_back(shared: &RunShared, lasts: Vec<(u32, Option<Position>)>, counted: &mut Counted) {
    let until = Instant::now() + shared.plan.settle.max(LEAST_READ_BACK);
    let mut skews = stream::iter(lasts)
        .map(|(owner, last)| async move { (owner, reader::read_back(shared, owner, last, until).await) })
        .buffer_unordered(READ_BACK);
    while let Some((owner, skew)) = skews.next().await {
        if let Some(skew) = skew {
            counted.skew = counted.skew.max(skew);
        } else {
            counted.not_read_back += 1;
            shared.with_book(|book| book.findings().note("not read back", || format!("owner {owner}")));
        }
    }
}
