//! Sends over HTTP at the pace of the run, and repeats each notification until it is accepted.

use std::{sync::Arc, time::Duration};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;

use super::{book::Way, pace::Pace, shared::RunShared};
use crate::client::{
    backoff::Backoff,
    ingest::{Attempt, post},
};

/// How often the sender checks which notifications are due.
const TICK: Duration = Duration::from_millis(5);

/// Sends until the run has enough, and ends when every notification is settled or given up.
pub async fn send(shared: Arc<RunShared>, pace: Pace) {
    let room = Arc::new(Semaphore::new(shared.plan.in_flight));
    let tasks = TaskTracker::new();
    let mut sent = 0;
    while !shared.enough.is_cancelled() {
        if sent >= pace.due(shared.began().elapsed()) {
            tokio::time::sleep(TICK).await;
            continue;
        }
        let permit = tokio::select! {
            () = shared.enough.cancelled() => break,
            // This cannot fail: the semaphore is never closed.
            Ok(permit) = Arc::clone(&room).acquire_owned() => permit,
        };
        let (n, owner) = shared.enter(Way::Http);
        sent += 1;
        tasks.spawn(deliver(Arc::clone(&shared), n, owner, permit));
    }
    tasks.close();
    tasks.wait().await;
}

async fn deliver(shared: Arc<RunShared>, n: u64, owner: u32, _permit: OwnedSemaphorePermit) {
    let draft = shared.plan.draft(n, owner);
    let mut backoff = Backoff::default();
    for producer in
        shared.plan.producers.iter().cycle().skip(usize::try_from(n).unwrap_or(0) % shared.plan.producers.len().max(1))
    {
        let (wait, why) = match post(producer, &draft).await {
            Attempt::Accepted { id } => {
                let now = shared.now();
                shared.with_book(|book| {
                    book.accepted(n, now);
                    if id != draft.id {
                        book.findings()
                            .doubled(|| format!("{} was accepted as {id}: a retry would make a second one", draft.id));
                    }
                });
                return;
            }
            Attempt::Never { problem } => return shared.with_book(|book| book.refused(n, || problem.to_string())),
            Attempt::Again { after, why } => (backoff.next_wait(after, rand::random()), why),
        };
        tokio::select! {
            () = shared.give_up.cancelled() => return,
            () = tokio::time::sleep(wait) => shared.retried(why),
        }
    }
}
