//! A store that answers a late state, as a replica does: what is older than what the caller has seen is not shown as if it were new.

use std::time::Duration;

use hoopoe::{
    inbox::ReadError,
    store::{FeedQuery, Filter, HeadAt, Position, Since, Store},
};

use crate::inbox::kit::{Kit, Process, both, owner, soon, until};

both! {
    a_late_answer_is_refused_and_not_shown
    a_late_answer_is_waited_for
    a_store_that_never_lags_has_the_last_word
}

/// A process that has seen two changes and whose store answers as after the first; the position that was seen.
async fn late(kit: &Kit) -> (Process, HeadAt, Position) {
    let process = kit.process().await;
    let who = owner("a");
    process.send(&who).await;
    let old = process.store.inner.head(&who).await.unwrap();
    process.send(&who).await;
    let seen = process.truth(&who).await.position();
    // What is cached now would answer.
    let fresh = kit.process().await;
    fresh.store.raise_generation().await.unwrap();
    *process.store.late.lock().unwrap() = Some(old);
    process.within_pulses(1, "the cache is not trusted", async || process.rev(&who).await == 1).await;
    (process, old, seen)
}

fn changes(position: Position) -> FeedQuery {
    FeedQuery { limit: 10, selection: Filter::Changes(Since { position, after: None }) }
}

async fn a_late_answer_is_refused_and_not_shown(kit: Kit) {
    let (process, old, seen) = late(&kit).await;
    let who = owner("a");
    let reader = &process.reader;
    assert!(matches!(soon(reader.head(&who, Some(seen))).await, Err(ReadError::Behind)));
    assert!(matches!(soon(reader.first_page(&who, 20, Some(seen))).await, Err(ReadError::Behind)));
    assert!(matches!(soon(reader.window(&who, 0..10, false, Some(seen))).await, Err(ReadError::Behind)));
    // Nor is a client told to start over that is only ahead of a replica.
    assert!(matches!(soon(reader.feed(&who, &changes(seen), Some(seen))).await, Err(ReadError::Behind)));
    // Those who have not seen it get what there is.
    let head = soon(reader.head(&who, Some(old.head.position()))).await.unwrap().value;
    assert_eq!(head.head.rev, 1);
}

async fn a_late_answer_is_waited_for(kit: Kit) {
    let (process, old, seen) = late(&kit).await;
    let who = owner("a");
    let catches_up = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        *process.store.late.lock().unwrap() = Some(HeadAt { head: process.truth(&who).await, ..old });
    };
    let (head, ()) = tokio::join!(soon(process.reader.head(&who, Some(seen))), catches_up);
    assert_eq!(head.unwrap().value.head.rev, 2);
    // A follower waits as well, and is told.
    *process.store.late.lock().unwrap() = None;
    let mut follower = process.reader.follow(who.clone(), Some(old.head.position()));
    assert_eq!(soon(follower.next()).await.unwrap().unwrap(), seen);
}

/// Its history was restored from a backup: what the client has seen is gone, and no waiting brings it back.
async fn a_store_that_never_lags_has_the_last_word(kit: Kit) {
    let process = kit.process().await;
    let who = owner("a");
    process.send(&who).await;
    let head = process.truth(&who).await;
    let lost = Position { rev: head.rev + 7, ..head.position() };
    assert_eq!(soon(process.reader.head(&who, Some(lost))).await.unwrap().value.head, head);
    let feed = soon(process.reader.feed(&who, &changes(lost), Some(lost))).await.unwrap();
    assert!(feed.reset);
    until("still so", async || process.rev(&who).await == 1).await;
}
