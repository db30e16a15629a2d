//! Redis fails in every way that it can: answers become slower, but never wrong.

use std::time::{Duration, Instant};

use hoopoe::{cache::Wakeup, store::Store};
use hoopoe_e2e::Proxy;

use crate::inbox::kit::Kit;
use crate::testkit::{
    notification::owner,
    wait::{soon, until},
};

/// The bound for a lost cache write: one pulse a second, and the time to read it.
const BOUND: Duration = Duration::from_millis(1500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_cut_off_from_redis_leaves_no_stale_inbox() {
    let kit = Kit::new().await;
    let proxy = Proxy::start(kit.redis().port()).await.unwrap();
    let consumer = kit.process_behind(&proxy).await;
    let api = kit.process().await;
    let who = owner("a");
    consumer.send(&who).await;
    assert_eq!(api.rev(&who).await, 1);
    proxy.cut().await.unwrap();
    for rev in 2..5 {
        soon(consumer.send(&who)).await;
        // The generation was raised before the caller learned of the commit.
        api.within_pulses(1, "seen", async || api.rev(&who).await == rev).await;
    }
    proxy.restore().await.unwrap();
    let cache = consumer.cache.clone().unwrap();
    until("heard again", async || cache.hearing().is_some()).await;
    consumer.send(&who).await;
    until("seen", async || api.rev(&who).await == 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_cut_off_from_redis_reads_from_the_database() {
    let kit = Kit::new().await;
    let proxy = Proxy::start(kit.redis().port()).await.unwrap();
    let (consumer, api) = (kit.process().await, kit.process_behind(&proxy).await);
    let who = owner("a");
    consumer.send(&who).await;
    assert_eq!((api.rev(&who).await, api.rev(&who).await), (1, 1));
    proxy.cut().await.unwrap();
    consumer.send(&who).await;
    until("seen", async || api.rev(&who).await == 2).await;
    for rev in 3..20 {
        consumer.send(&who).await;
        assert_eq!(soon(api.rev(&who)).await, rev);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wake_ups_that_no_longer_come_are_noticed_by_ones_own_tick() {
    let kit = Kit::new().await;
    let proxy = Proxy::start(kit.redis().port()).await.unwrap();
    let (consumer, api) = (kit.process().await, kit.process_behind(&proxy).await);
    let cache = api.cache.clone().unwrap();
    let mut wakeups = cache.wakeups();
    let who = owner("a");
    consumer.send(&who).await;
    assert_eq!((api.rev(&who).await, api.rev(&who).await), (1, 1));
    // The connection stays open, but the network loses every packet.
    proxy.stall();
    let stalled = Instant::now();
    consumer.send(&who).await;
    until("seen", async || soon(api.rev(&who)).await == 2).await;
    assert!(cache.hearing().is_none(), "after {:?}", stalled.elapsed());
    let lost = async { while !matches!(wakeups.recv().await, Ok(Wakeup::Lost)) {} };
    soon(lost).await;
    proxy.unstall();
    until("heard again", async || cache.hearing().is_some()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_redis_costs_one_wait_and_not_one_each() {
    let kit = Kit::new().await;
    let (consumer, api) = (kit.process().await, kit.process().await);
    let who = owner("a");
    consumer.send(&who).await;
    assert_eq!(api.rev(&who).await, 1);
    kit.redis().pause().unwrap();
    let start = Instant::now();
    for rev in 2..80 {
        consumer.send(&who).await;
        until("seen", async || api.rev(&who).await == rev).await;
    }
    let took = start.elapsed();
    // A quarter of a second for each write and each read would add up to forty seconds.
    assert!(took < Duration::from_secs(20), "{took:?}");
    kit.redis().resume().unwrap();
    for process in [&consumer, &api] {
        let cache = process.cache.clone().unwrap();
        until("heard again", async || cache.hearing().is_some()).await;
    }
    consumer.send(&who).await;
    api.within_pulses(1, "seen", async || api.rev(&who).await == 80).await;
    // Redis still executes the old calls after the thaw, which must not spoil anything.
    tokio::time::sleep(BOUND).await;
    assert_eq!(api.rev(&who).await, 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_amid_writes_is_noticed_and_made_up_for() {
    let kit = Kit::new().await;
    let (consumer, api) = (kit.process().await, kit.process().await);
    let owners: Vec<_> = (0..5).map(|number| owner(&format!("o{number}"))).collect();
    for _ in 0..4 {
        let writes = async {
            for _ in 0..20 {
                for who in &owners {
                    consumer.send(who).await;
                    api.head(who).await;
                }
            }
        };
        let flush = async {
            tokio::time::sleep(Duration::from_millis(30)).await;
            kit.redis().flush().await.unwrap();
        };
        tokio::join!(writes, flush);
        for who in &owners {
            let truth = consumer.truth(who).await;
            // The next tick or the next write notices the loss and raises the generation, and the readers read that.
            api.within_pulses(2, "right", async || api.head(who).await.head == truth).await;
        }
    }
    assert!(consumer.store.raises() > 0, "the writer found a new fence and raised the generation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_while_nobody_writes_is_noticed_by_the_tick() {
    let kit = Kit::new().await;
    let process = kit.process().await;
    process.send(&owner("a")).await;
    let generation = process.store.inner.pulse().await.unwrap().generation;
    kit.redis().flush().await.unwrap();
    until("raised", async || process.store.inner.pulse().await.unwrap().generation > generation).await;
}

/// The state of a replica that is promoted without the last writes: the announcement and the head are missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_that_a_failover_lost_are_made_up_for() {
    let kit = Kit::new().await;
    let (consumer, api) = (kit.process().await, kit.process().await);
    let who = owner("a");
    consumer.send(&who).await;
    let key = format!("hoopoe:{}:head:a", consumer.store.store_id());
    let fence = format!("hoopoe:{}:fence", consumer.store.store_id());
    api.head(&who).await;
    kit.redis().cli(&["copy", &key, "kept"]).await.unwrap();
    kit.redis().cli(&["copy", &fence, "kept-fence"]).await.unwrap();
    consumer.send(&who).await;
    until("seen", async || api.rev(&who).await == 2).await;
    kit.redis().cli(&["copy", "kept", &key, "replace"]).await.unwrap();
    kit.redis().cli(&["copy", "kept-fence", &fence, "replace"]).await.unwrap();
    kit.redis().cli(&["client", "kill", "type", "pubsub"]).await.unwrap();
    kit.redis().cli(&["client", "kill", "type", "normal", "skipme", "yes"]).await.unwrap();
    // A third process has seen no fault, and believes Redis until the generation is raised.
    let late = kit.process().await;
    late.within_pulses(2, "right", async || late.rev(&who).await == 2).await;
    tokio::time::sleep(BOUND).await;
    assert_eq!((late.rev(&who).await, api.rev(&who).await), (2, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_killed_and_comes_back_empty_is_used_again() {
    let kit = Kit::new().await;
    let (consumer, api) = (kit.process().await, kit.process().await);
    let who = owner("a");
    for round in 0..3 {
        consumer.send(&who).await;
        api.within_pulses(1, "seen", async || api.rev(&who).await == round * 3 + 1).await;
        kit.redis().kill9().await.unwrap();
        soon(consumer.send(&who)).await;
        api.within_pulses(1, "seen", async || api.rev(&who).await == round * 3 + 2).await;
        kit.redis().restart().await.unwrap();
        soon(consumer.send(&who)).await;
        api.within_pulses(1, "seen", async || api.rev(&who).await == round * 3 + 3).await;
        for process in [&consumer, &api] {
            let cache = process.cache.clone().unwrap();
            until("heard again", async || cache.hearing().is_some()).await;
        }
    }
    // First the pulse with the last generation, then the reads that fill the caches with it.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    api.rev(&who).await;
    let reads = api.store.reads();
    for _ in 0..100 {
        assert_eq!(api.rev(&who).await, 9);
    }
    assert_eq!(api.store.reads(), reads, "answered from the caches again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_without_redis_and_takes_it_up_when_it_comes() {
    let kit = Kit::new().await;
    kit.redis().stop().await.unwrap();
    let process = soon(kit.process()).await;
    let who = owner("a");
    process.send(&who).await;
    assert_eq!(process.rev(&who).await, 1);
    kit.redis().restart().await.unwrap();
    let cache = process.cache.clone().unwrap();
    until("heard", async || cache.hearing().is_some()).await;
    process.send(&who).await;
    assert_eq!(process.rev(&who).await, 2);
    until("cached", async || {
        let before = process.store.reads();
        process.rev(&who).await;
        process.store.reads() == before
    })
    .await;
}
