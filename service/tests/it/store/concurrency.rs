//! Several processes at once. Each store handle stands for one process.

use std::{sync::Arc, time::Duration};

use hoopoe::store::{FeedQuery, Filter, Mark, MarkState, Outcome, Position, Since, StoreError};
use tokio::{sync::Barrier, task::JoinSet};
use uuid::Uuid;

use super::{
    announced::Takes,
    db::{Db, both, ids, in_a, notification, options, stored},
};
use crate::testkit::notification::owner;

both! {
    one_id_committed_by_two_at_one_moment_is_one_row
    shuffled_overlapping_owners_do_not_deadlock
    counters_survive_random_marks_from_several_clients
    since_misses_nothing_while_others_write
    a_crash_between_announcement_and_commit_leaves_nothing
}

async fn one_id_committed_by_two_at_one_moment_is_one_row(db: &Db) {
    let other = db.again(options()).await;
    for round in 0..60 {
        let barrier = Arc::new(Barrier::new(2));
        let batch: Vec<_> = (0..3).map(|n| notification(&format!("owner-{}", (round + n) % 5), round)).collect();
        let mut tasks = JoinSet::new();
        for store in [db.store.clone(), other.clone()] {
            let (batch, barrier) = (batch.clone(), barrier.clone());
            tasks.spawn(async move {
                barrier.wait().await;
                store.commit(&batch, &Takes).await.unwrap().outcomes
            });
        }
        let outcomes = tasks.join_all().await;
        assert_eq!(stored(&outcomes[0]) + stored(&outcomes[1]), 3, "round {round}: {outcomes:?}");
        assert!(outcomes.iter().flatten().all(|outcome| *outcome != Outcome::IdConflict));
    }
    assert_eq!(db.number("SELECT count(*) FROM notification").await, 180);
    assert_eq!(db.number("SELECT CAST(sum(unread) AS bigint) FROM owner_state").await, 180);
    other.close().await;
}

/// A small generator, so that a failure can be run again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

async fn shuffled_overlapping_owners_do_not_deadlock(db: &Db) {
    let mut tasks = JoinSet::new();
    let barrier = Arc::new(Barrier::new(4));
    for task in 0..4_u64 {
        let (store, barrier) = (db.again(options()).await, barrier.clone());
        tasks.spawn(async move {
            let mut dice = Dice(task);
            barrier.wait().await;
            let mut n = 0;
            for round in 0..40_u64 {
                // Old and new owners in any order. A third of the ids also occur in other tasks.
                let batch: Vec<_> = (0..40_u64)
                    .map(|i| {
                        let id =
                            if i % 3 == 0 { round * 100 + i } else { 1_000_000 + task * 100_000 + round * 100 + i };
                        let mut sent = notification(&format!("o{}", dice.roll(30 + round * 3)), u128::from(id));
                        if i % 10 == 0 {
                            sent.expires_at = Some(in_a(Duration::from_millis(dice.roll(2) * 50)));
                        }
                        sent.content.title = String::new();
                        sent
                    })
                    .collect();
                match store.commit(&batch, &Takes).await {
                    Ok(committed) => n += stored(&committed.outcomes),
                    Err(error) => panic!("task {task} round {round}: {error:?}"),
                }
            }
            store.close().await;
            n
        });
    }
    let stored: usize = tasks.join_all().await.into_iter().sum();
    assert_eq!(db.number("SELECT count(*) FROM notification").await, i64::try_from(stored).unwrap());
}

async fn counters_survive_random_marks_from_several_clients(db: &Db) {
    let mut tasks = JoinSet::new();
    for client in 0..4_u64 {
        let store = db.store.clone();
        tasks.spawn(async move {
            let mut dice = Dice(client + 77);
            let mut seen: Option<Position> = None;
            for step in 0..120_u64 {
                let anna = owner(["anna", "berta"][usize::try_from(dice.roll(2)).unwrap()]);
                let some: Vec<u128> = (0..dice.roll(6)).map(|_| u128::from(dice.roll(60))).collect();
                let states =
                    [MarkState::Seen, MarkState::Read, MarkState::Unread, MarkState::Archived, MarkState::Unarchived];
                match dice.roll(10) {
                    0..=2 => {
                        let mut batch: Vec<_> = some.iter().map(|id| notification(anna.as_str(), *id)).collect();
                        for sent in &mut batch {
                            if dice.roll(3) == 0 {
                                sent.expires_at = Some(in_a(Duration::from_millis(dice.roll(100))));
                            }
                        }
                        store.commit(&batch, &Takes).await.unwrap();
                    }
                    3..=6 => {
                        let state = states[usize::try_from(dice.roll(5)).unwrap()];
                        store.mark(&anna, &Mark::Ids { ids: ids(some), state }, &Takes).await.unwrap();
                    }
                    7 => seen = Some(store.head(&anna).await.unwrap().head.position()),
                    8 => {
                        let Some(upto) = seen else { continue };
                        let state = [MarkState::Seen, MarkState::Read, MarkState::Archived]
                            [usize::try_from(dice.roll(3)).unwrap()];
                        match store.mark(&anna, &Mark::UpTo { upto, state }, &Takes).await {
                            // The head was the other owner's.
                            Ok(_) | Err(StoreError::AboveHead(_) | StoreError::OtherEpoch(_)) => {}
                            Err(error) => panic!("client {client} step {step}: {error:?}"),
                        }
                    }
                    _ => {
                        store.run_due(&anna, &Takes).await.unwrap();
                    }
                }
                let head = store.head(&anna).await.unwrap().head;
                assert!(head.unread >= 0 && head.unseen >= 0, "{head:?}");
            }
        });
    }
    tasks.join_all().await;
    db.check_counters().await;
    assert!(db.number("SELECT count(*) FROM notification WHERE archived_at IS NOT NULL").await > 0);
    assert!(db.number("SELECT count(*) FROM notification WHERE expired_at IS NOT NULL").await > 0);
}

async fn since_misses_nothing_while_others_write(db: &Db) {
    let anna = owner("anna");
    let mut writers = JoinSet::new();
    for task in 0..3_u128 {
        let store = db.store.clone();
        writers.spawn(async move {
            for n in 0..40_u128 {
                let id = task * 1_000 + n;
                store.commit(&[notification("anna", id)], &Takes).await.unwrap();
                let mark = Mark::Ids { ids: ids([id / 2]), state: MarkState::Read };
                store.mark(&owner("anna"), &mark, &Takes).await.unwrap();
            }
        });
    }
    // A client that starts with the first row and catches up in small pages.
    let mut known = std::collections::HashMap::<Uuid, (i64, bool)>::new();
    let mut position: Option<Position> = None;
    let mut after = None;
    let mut done = false;
    loop {
        let finished = writers.is_empty();
        let Some(at) = position else {
            let feed = db.newest(&anna, 200).await;
            if feed.head.head.rev > 0 {
                known.extend(feed.items.iter().map(|item| (item.id, (item.changed_rev, item.read_at.is_some()))));
                position = Some(feed.head.head.position());
            }
            continue;
        };
        let feed = db.since(&anna, Since { position: at, after }, 3).await;
        assert!(!feed.reset);
        for item in &feed.items {
            let read = item.read_at.is_some();
            let was = known.insert(item.id, (item.changed_rev, read));
            assert!(was.is_none_or(|(rev, _)| rev < item.changed_rev), "the client got one change twice");
        }
        if feed.more {
            after = feed.complete_to;
        } else {
            position = Some(Position { rev: feed.complete_to.unwrap(), ..at });
            after = None;
            if done {
                break;
            }
            done = finished;
        }
        while writers.try_join_next().is_some() {}
        tokio::task::yield_now().await;
    }
    let selection = Filter::Newest { before: None, unread: false, archived: false, kind: None };
    let all = db.store.feed(&anna, &FeedQuery { limit: 200, selection }).await.unwrap();
    assert_eq!(all.items.len(), 120);
    for item in all.items {
        assert_eq!(known.get(&item.id), Some(&(item.changed_rev, item.read_at.is_some())));
    }
}

/// Announces and then never returns, as when a process is killed at that moment.
struct Hangs(tokio::sync::Notify);

#[async_trait::async_trait]
impl hoopoe::store::Announce for Hangs {
    async fn announce(&self, _: &[(hoopoe::notif::Owner, Position)]) -> bool {
        self.0.notify_one();
        std::future::pending().await
    }
}

async fn a_crash_between_announcement_and_commit_leaves_nothing(db: &Db) {
    db.commit(&[notification("anna", 1)]).await;
    let head = db.head(&owner("anna")).await;
    let hangs = Arc::new(Hangs(tokio::sync::Notify::new()));
    let (store, announce) = (db.store.clone(), hangs.clone());
    let batch = vec![notification("anna", 2), notification("berta", 2)];
    let task = tokio::spawn({
        let batch = batch.clone();
        async move { store.commit(&batch, &*announce).await.map(|_| ()) }
    });
    hangs.0.notified().await;
    assert_eq!(db.head(&owner("anna")).await, head, "nothing shows before the commit");
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    let outcomes = db.commit(&batch).await.outcomes;
    assert_eq!(outcomes, [Outcome::Stored { rev: 2 }, Outcome::Stored { rev: 1 }]);
}
