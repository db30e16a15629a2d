//! Stopping a consumer: it finishes what it holds, causes no needless redelivery, and keeps to its time limit.

use std::{sync::Arc, time::Duration};

use hoopoe_e2e::RabbitMq;
use tokio::{sync::Notify, time::Instant};

use super::{
    crashing_store::{CULPRIT, Crashes, CrashingStore},
    harness::Bench,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_leaves_no_delivery_unacknowledged() {
    let mut bench = Bench::new(RabbitMq::shared().await.unwrap(), "drain").await;
    bench.drain_patiently();
    for _ in 0..150 {
        bench.notify("dora", "k").await;
    }
    let running = bench.start(bench.store.clone());
    bench.wait_items("dora", 1).await;
    running.drain().await;
    // Messages that were not taken are delivered for the first time now: a drained worker returned none.
    let before = bench.metrics.redeliveries.get();
    let running = bench.start(bench.store.clone());
    bench.wait_items("dora", 150).await;
    running.drain().await;
    assert_eq!(bench.metrics.redeliveries.get(), before);
}

/// At its start a lane is opened twice, first for one message and then for many. A stop between the two must not leave
/// messages unfinished that the broker sent meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_at_any_moment_of_the_start_gives_nothing_back() {
    let mut bench = Bench::new(RabbitMq::shared().await.unwrap(), "drain-early").await;
    bench.drain_patiently();
    for _ in 0..100 {
        bench.notify("finn", "k").await;
    }
    for turn in 0..40 {
        let running = bench.start(bench.store.clone());
        tokio::time::sleep(Duration::from_millis(3 * turn)).await;
        running.drain().await;
        assert_eq!(bench.metrics.redeliveries.get(), 0, "stopped {} ms after the start", 3 * turn);
        bench.notify("finn", "k").await;
    }
    let running = bench.start(bench.store.clone());
    bench.wait_items("finn", 140).await;
    running.drain().await;
    assert_eq!(bench.metrics.redeliveries.get(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_never_answers_does_not_outlast_the_drain_timeout() {
    let bench = Bench::new(RabbitMq::shared().await.unwrap(), "drain-stuck").await;
    bench.notify("emil", CULPRIT).await;
    let crashed = Arc::new(Notify::new());
    let store = Arc::new(CrashingStore::new(Arc::clone(&bench.store), Crashes { crashed: Arc::clone(&crashed) }));
    let running = bench.start(store);
    crashed.notified().await;
    let started = Instant::now();
    running.drain().await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    // The message is not lost either.
    let running = bench.start(bench.store.clone());
    bench.wait_items("emil", 1).await;
    running.drain().await;
}
