//! Readers and writers in every order: an older head never replaces a newer one, and a process that dies in between
//! leaves no stale inbox.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use hoopoe::{
    inbox::NotificationFate,
    store::{Mark, MarkState, Store},
};

use super::{
    kit::{Kit, both, notification},
    wrapped::{FAILS, FailingCache, HANGS},
};
use crate::testkit::{
    notification::owner,
    wait::{soon, until},
};

both! {
    a_writer_killed_or_frozen_between_commit_and_cache_leaves_no_stale_inbox
    polls_of_unchanged_owners_cost_one_statement_a_second
    a_mark_through_one_process_is_seen_through_another
    ten_thousand_pollers_of_one_changed_owner_cost_a_few_reads
    without_a_pulse_caches_answer_and_say_so
    no_head_of_an_older_generation_is_trusted
    a_reader_fills_nothing_older_than_what_it_found_announced
    what_is_stored_is_read_back_and_a_repeat_changes_nothing
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_never_puts_an_older_head_over_a_newer_one() {
    let kit = Kit::new().await;
    let process = kit.process().await;
    let (cache, who) = (process.cache.clone().unwrap(), owner("a"));
    process.send(&who).await;
    redis_forget(&kit, &process.store.store_id().to_string(), "a").await;
    // The reader's steps by hand: it opens the entry, reads the store, another process commits, then it fills the
    // entry.
    let entry = cache.open(&who, true).await.unwrap();
    let old = process.store.inner.head(&who).await.unwrap();
    assert_eq!((entry.head, old.head.rev), (None, 1));
    process.send(&who).await;
    cache.fill(&who, &entry.token, &old, None).await.unwrap();
    let after = cache.open(&who, false).await.unwrap();
    assert_eq!(after.head.unwrap().head.rev, 2, "the writer found the reader's entry and filled it");
    assert_eq!(process.rev(&who).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_was_evicted_in_between_is_not_written_by_who_held_the_old_one() {
    let kit = Kit::new().await;
    let process = kit.process().await;
    let (cache, who) = (process.cache.clone().unwrap(), owner("a"));
    let id = process.store.store_id().to_string();
    process.send(&who).await;
    let entry = cache.open(&who, false).await.unwrap();
    let old = process.store.inner.head(&who).await.unwrap();
    redis_forget(&kit, &id, "a").await;
    cache.fill(&who, &entry.token, &old, None).await.unwrap();
    assert_eq!(kit.redis().cli(&["exists", &format!("hoopoe:{id}:head:a")]).await.unwrap(), "0");

    // Redis evicts the entry between the announcement and the publishing, and in between a reader fills it with the
    // state before the commit.
    let tokens =
        cache.announce(&[(who.clone(), hoopoe::store::Position { rev: 2, ..old.head.position() })]).await.unwrap();
    redis_forget(&kit, &id, "a").await;
    let reader = cache.open(&who, false).await.unwrap();
    cache.fill(&who, &reader.token, &old, None).await.unwrap();
    let mut new = old;
    new.head.rev = 2;
    let change = hoopoe::store::OwnerChange {
        owner: who.clone(),
        previous: old.head.position(),
        head: new,
        inserted: Vec::new(),
    };
    cache.publish(&[(change, tokens[0].clone())]).await.unwrap();
    let after = cache.open(&who, false).await.unwrap();
    assert_eq!(after.head, Some(old));
    assert_eq!(after.dirty, Some(new.head.position()), "so no reader trusts the old head");
}

async fn a_writer_killed_or_frozen_between_commit_and_cache_leaves_no_stale_inbox(kit: Kit) {
    for (name, fault) in [("a", HANGS), ("b", FAILS)] {
        let reader = kit.process().await;
        let store = kit.store().await;
        let real = kit.cache(store.store_id()).await;
        let cache = FailingCache::new(real, crate::inbox::wrapped::WORKS);
        let writer = kit.process_with(store, cache.clone()).await;
        let who = owner(name);
        writer.send(&who).await;
        assert_eq!(reader.rev(&who).await, 1);
        assert_eq!(reader.rev(&who).await, 1);
        cache.publish.store(fault, Ordering::SeqCst);
        let commit = [notification(&who)];
        if fault == HANGS {
            tokio::select! {
                fates = writer.writer.commit(&commit) => panic!("the process must die before this: {fates:?}"),
                () = until("the commit", async || reader.truth(&who).await.rev == 2) => {}
            }
        } else {
            writer.writer.commit(&commit).await.unwrap();
        }
        let before = reader.store.reads();
        until("right, as soon as the announcement is heard", async || reader.rev(&who).await == 2).await;
        assert_eq!(reader.store.reads(), before + 1, "from the database");
        assert_eq!(reader.rev(&who).await, 2);
        assert_eq!(reader.store.reads(), before + 1, "which filled the cache");
        assert_eq!(
            reader.store.raises() + writer.store.raises(),
            0,
            "the mark is still there, so no generation is raised"
        );
        // The message is redelivered.
        cache.publish.store(crate::inbox::wrapped::WORKS, Ordering::SeqCst);
        assert_eq!(writer.writer.commit(&commit).await.unwrap(), [NotificationFate::Repeat]);
        assert_eq!(reader.rev(&who).await, 2);
    }
}

/// A writer pauses for a minute between commit and cache while another writer continues; then it wakes up and publishes
/// its old head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_sleeps_a_minute_between_commit_and_cache_leaves_no_stale_inbox() {
    let kit = Kit::new().await;
    let reader = kit.process().await;
    let other = kit.process().await;
    let store = kit.store().await;
    let real = kit.redis_cache(&kit.redis().url(), store.store_id()).await;
    let cache = FailingCache::new(real.clone(), crate::inbox::wrapped::WORKS);
    let sleeper = kit.process_with(store, cache.clone()).await;
    let who = owner("a");
    sleeper.send(&who).await;
    assert_eq!(reader.rev(&who).await, 1);
    cache.publish.store(HANGS, Ordering::SeqCst);
    let batch = [notification(&who)];
    let asleep = tokio::spawn(async move { sleeper.writer.commit(&batch).await });
    until("the commit", async || reader.truth(&who).await.rev == 2).await;
    let mut last = 2;
    for second in 0..60 {
        if second % 10 == 5 {
            other.send(&who).await;
            last += 1;
            // The wake-up takes a moment. Until then, a reader that knows the new rev would be answered from the store.
            until("the news", async || reader.rev(&who).await == last).await;
        }
        assert_eq!(reader.rev(&who).await, last, "in second {second}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    cache.publish.store(crate::inbox::wrapped::WORKS, Ordering::SeqCst);
    assert!(matches!(asleep.await.unwrap().unwrap()[..], [NotificationFate::Stored { rev: 2 }]));
    assert_eq!(reader.rev(&who).await, last, "what it had in hand is older than what is there");
    let entry = hoopoe::cache::Cache::open(real.as_ref(), &who, false).await.unwrap();
    assert_eq!(entry.head.map(|head| head.head), Some(reader.truth(&who).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redelivery_writes_the_head_that_its_first_delivery_did_not() {
    let kit = Kit::new().await;
    let process = kit.process().await;
    let (cache, who) = (process.cache.clone().unwrap(), owner("a"));
    let notification = notification(&who);
    process.writer.commit(std::slice::from_ref(&notification)).await.unwrap();
    redis_forget(&kit, &process.store.store_id().to_string(), "a").await;
    assert_eq!(process.writer.commit(&[notification]).await.unwrap(), [NotificationFate::Repeat]);
    let entry = cache.open(&who, false).await.unwrap();
    assert_eq!(entry.head.unwrap().head, process.truth(&who).await);
    assert_eq!(entry.dirty, Some(process.truth(&who).await.position()));
}

async fn polls_of_unchanged_owners_cost_one_statement_a_second(kit: Kit) {
    let process = kit.process().await;
    let owners: Vec<_> = (0..20).map(|number| owner(&format!("o{number}"))).collect();
    for who in &owners {
        process.send(who).await;
        process.head(who).await;
        process.reader.first_page(who, 20, None).await.unwrap();
    }
    let (reads, pulses) = (process.store.reads(), process.store.pulses.load(Ordering::SeqCst));
    let start = Instant::now();
    let mut polls = 0_u32;
    while start.elapsed() < Duration::from_secs(3) {
        for who in &owners {
            let head = process.head(who).await;
            let page = process.reader.first_page(who, 20, Some(head.head.position())).await.unwrap();
            assert_eq!((head.head.rev, page.value.head, page.stale), (1, head, false));
            polls += 2;
        }
    }
    let pulses = process.store.pulses.load(Ordering::SeqCst) - pulses;
    assert_eq!(process.store.reads(), reads, "no read for {polls} polls");
    let most = start.elapsed().as_secs() + 2;
    assert!((2..=most).contains(&pulses), "{pulses} pulses in {:?}", start.elapsed());
    assert!(polls > 1000, "{polls}");

    // A second process finds everything in Redis.
    let other = kit.process().await;
    for who in &owners {
        assert_eq!(other.rev(who).await, 1);
        other.reader.first_page(who, 20, None).await.unwrap();
    }
    assert_eq!(other.store.reads(), 0);
}

async fn a_mark_through_one_process_is_seen_through_another(kit: Kit) {
    let (one, other) = (kit.process().await, kit.process().await);
    let who = owner("a");
    let id = one.send(&who).await;
    assert_eq!((one.head(&who).await.head.unread, other.head(&who).await.head.unread), (1, 1));
    for state in [MarkState::Read, MarkState::Unread, MarkState::Read, MarkState::Unread] {
        let marked = one.writer.mark(&who, &Mark::Ids { ids: vec![id], state }).await.unwrap();
        // The answer is immediate when the client sends the head of the mark as its ETag.
        let at_least = Some(marked.head.head.position());
        let head = other.reader.head(&who, at_least).await.unwrap().value;
        assert!(head.head.position() >= marked.head.head.position());
        assert_eq!(head.head, other.truth(&who).await);
        let page = other.reader.first_page(&who, 20, at_least).await.unwrap().value;
        assert_eq!(page.head.head, head.head);
    }
    // Without an ETag, the reader answers correctly as soon as the wake-up arrives. Nothing else would correct it for
    // the ten minutes that a head is kept.
    one.writer.mark(&who, &Mark::Ids { ids: vec![id], state: MarkState::Read }).await.unwrap();
    let truth = one.truth(&who).await;
    until("woken", async || other.head(&who).await.head == truth).await;
}

async fn ten_thousand_pollers_of_one_changed_owner_cost_a_few_reads(kit: Kit) {
    let store = kit.store().await;
    let real = kit.cache(store.store_id()).await;
    // Publishing fails, so the next poll must read the database.
    let writer = kit.process_with(store, FailingCache::new(real, FAILS)).await;
    let process = kit.process().await;
    let who = owner("a");
    writer.send(&who).await;
    process.head(&who).await;
    writer.send(&who).await;
    process.store.slow.store(30, Ordering::SeqCst);
    let before = process.store.reads();
    let mut polls = tokio::task::JoinSet::new();
    for _ in 0..10_000 {
        let (reader, who) = (process.reader.clone(), who.clone());
        polls.spawn(async move { reader.head(&who, None).await.unwrap().value.head.rev });
    }
    while let Some(rev) = polls.join_next().await {
        assert_eq!(rev.unwrap(), 2);
    }
    let reads = process.store.reads() - before;
    assert!((1..=3).contains(&reads), "{reads}");
}

async fn without_a_pulse_caches_answer_and_say_so(kit: Kit) {
    let process = kit.process().await;
    let who = owner("a");
    process.send(&who).await;
    assert!(!process.reader.head(&who, None).await.unwrap().stale);
    process.head(&who).await;
    process.store.no_pulse.store(1, Ordering::SeqCst);
    let since = Instant::now();
    until("stale", async || process.reader.head(&who, None).await.unwrap().stale).await;
    // An answer is stale after five seconds without a pulse. The last pulse may be a second old, and older on a busy
    // machine.
    assert!(since.elapsed() > Duration::from_secs(3), "{:?}", since.elapsed());
    process.store.no_pulse.store(0, Ordering::SeqCst);
    until("right again", async || !process.reader.head(&who, None).await.unwrap().stale).await;
}

async fn no_head_of_an_older_generation_is_trusted(kit: Kit) {
    let process = kit.process().await;
    let who = owner("a");
    process.send(&who).await;
    process.head(&who).await;
    let before = process.store.reads();
    process.store.inner.raise_generation().await.unwrap();
    let read_anew = async || {
        process.head(&who).await;
        process.store.reads() > before
    };
    process.within_pulses(1, "read anew", read_anew).await;
    let reads = process.store.reads();
    process.head(&who).await;
    assert_eq!(process.store.reads(), reads, "and cached with the new one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_row_is_found_and_the_others_are_stored() {
    let kit = Kit::new().await;
    let process = kit.process().await;
    let who = owner("a");
    let mut batch: Vec<_> = (0..20).map(|_| notification(&who)).collect();
    // Our parser accepts no NUL character, and Postgres cannot store one.
    batch[13].content.body = "a\0secret".to_owned();
    let fates = soon(process.writer.commit(&batch)).await.unwrap();
    for (index, fate) in fates.iter().enumerate() {
        match fate {
            NotificationFate::Refused(reason) => {
                assert_eq!(index, 13);
                assert!(reason.contains("22021") && !reason.contains("secret"), "{reason}");
            }
            NotificationFate::Stored { rev: _ } => assert_ne!(index, 13),
            NotificationFate::Repeat | NotificationFate::IdConflict => panic!("{index}: {fate:?}"),
        }
    }
    assert_eq!(fates.len(), 20);
    assert_eq!(process.rev(&who).await, 19);
}

/// A reader that is slower than a commit: what it read is already out of date, and no client may see it.
async fn a_reader_fills_nothing_older_than_what_it_found_announced(kit: Kit) {
    let (process, other) = (kit.process().await, kit.process().await);
    let (cache, who) = (process.cache.clone().unwrap(), owner("a"));
    process.send(&who).await;
    let (entry, old) = (cache.open(&who, true).await.unwrap(), process.store.inner.head(&who).await.unwrap());
    process.send(&who).await;
    cache.fill(&who, &entry.token, &old, None).await.unwrap();
    let after = cache.open(&who, false).await.unwrap();
    assert_eq!((after.token, after.head.map(|head| head.head.rev)), (entry.token, Some(2)));
    until("seen", async || other.rev(&who).await == 2).await;
}

async fn what_is_stored_is_read_back_and_a_repeat_changes_nothing(kit: Kit) {
    let (process, other) = (kit.process().await, kit.process().await);
    let batch: Vec<_> = ["a", "b", "a", "c", "a"].into_iter().map(|who| notification(&owner(who))).collect();
    let stored = process.writer.commit(&batch).await.unwrap();
    assert_eq!(stored, [1, 1, 2, 1, 3].map(|rev| NotificationFate::Stored { rev }));
    let mut conflict = batch[1].clone();
    "another".clone_into(&mut conflict.content.title);
    let again = [batch[4].clone(), conflict, notification(&owner("b")), batch[0].clone()];
    let fates = other.writer.commit(&again).await.unwrap();
    assert_eq!(
        fates,
        [
            NotificationFate::Repeat,
            NotificationFate::IdConflict,
            NotificationFate::Stored { rev: 2 },
            NotificationFate::Repeat
        ]
    );
    for (name, count) in [("a", 3), ("b", 2), ("c", 1)] {
        let who = owner(name);
        for process in [&process, &other] {
            let truth = process.truth(&who).await;
            assert_eq!((truth.rev, truth.unread), (count, count), "{name}");
            until("the news", async || process.head(&who).await.head == truth).await;
            let page = process.reader.first_page(&who, 20, Some(truth.position())).await.unwrap().value;
            let items: Vec<serde_json::Value> =
                serde_json::from_slice(&[b"[".as_slice(), &page.items, b"]".as_slice()].concat()).unwrap();
            assert_eq!((items.len(), page.head.head), (usize::try_from(count).unwrap(), truth), "{name}");
        }
    }
}

async fn redis_forget(kit: &Kit, store_id: &str, owner: &str) {
    kit.redis().cli(&["del", &format!("hoopoe:{store_id}:head:{owner}")]).await.unwrap();
}
