//! A store that answers with a late state, as a replica does: a reader never gets a state that is older than the one it
//! has seen.

use std::time::Duration;

use hoopoe::{
    inbox::ReadError,
    store::{FeedQuery, Filter, HeadAt, Position, Since, Store},
};

use crate::inbox::kit::{Kit, Process, both};
use crate::testkit::{
    notification::owner,
    wait::{soon, until},
};

both! {
    a_late_answer_is_refused_and_not_shown
    a_late_answer_is_waited_for
    a_store_that_never_lags_has_the_last_word
}

/// A process that has seen two changes while its store answers as after the first; returns the position that it has
/// seen.
async fn late(kit: &Kit) -> (Process, HeadAt, Position) {
    let process = kit.process().await;
    let who = owner("a");
    process.send(&who).await;
    let old = process.store.inner.head(&who).await.unwrap();
    process.send(&who).await;
    let seen = process.truth(&who).await.position();
    // Otherwise the cached head would answer.
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
    // A client that is only ahead of a replica is not told to start over.
    assert!(matches!(soon(reader.feed(&who, &changes(seen), Some(seen))).await, Err(ReadError::Behind)));
    // A client that has not seen the change gets the late state.
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
    // A follower waits as well, and then gets the new position.
    *process.store.late.lock().unwrap() = None;
    let mut follower = process.reader.follow(who.clone(), Some(old.head.position()));
    assert_eq!(soon(follower.next()).await.unwrap().unwrap(), seen);
}

/// The history was restored from a backup: the state that the client has seen is lost, and waiting does not bring it
/// back.
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
