//! The database is away, or the dead-letter queue is full: consumption stops, no message is redelivered in circles,
//! none is lost.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use hoopoe::{
    broker::{AmqpTopology, QueueTopology},
    notif::Owner,
    store::{PostgresStore, Store, StoreOptions, migrate},
};
use hoopoe_crds::worker_config::TlsConfig;
use hoopoe_e2e::{Postgres, PostgresOptions, RabbitMq};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::harness::Bench;

const LIMIT: Duration = Duration::from_secs(30);

async fn until(what: &str, so: impl AsyncFn() -> bool) {
    let end = Instant::now() + LIMIT;
    while !so().await {
        assert!(Instant::now() < end, "did not happen within {LIMIT:?}: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// How many notifications of an owner were stored: each raises the rev by one.
async fn stored(store: &dyn Store, owner: &str) -> i64 {
    store.head(&Owner::parse(owner).unwrap()).await.map_or(-1, |head| head.head.rev)
}

/// Waits until all lanes are open and five notifications are stored. Returns how many messages were redelivered until
/// then: the first lane may have held one when it was opened anew at full pace.
async fn at_full_pace(bench: &Bench, owner: &str) -> u64 {
    until("the first five", async || stored(bench.store.as_ref(), owner).await == 5).await;
    let lanes = i64::from(bench.config.consume.lanes);
    until("full pace", async || bench.metrics.probation.get() == 0 && bench.metrics.lanes.get() == lanes).await;
    bench.metrics.redeliveries.get()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_down_stops_consumption_and_nothing_is_delivered_twice() {
    let postgres = Postgres::start(PostgresOptions::default()).await.unwrap();
    let tls = TlsConfig::default();
    migrate::up(migrate::Target::Postgres { url: &postgres.url(), tls: &tls }).await.unwrap();
    let mut bench = Bench::new(RabbitMq::shared().await.unwrap(), "database-down").await;
    bench.store = Arc::new(PostgresStore::connect(&postgres.url(), &tls, StoreOptions::default()).await.unwrap());
    bench.config.consume.prefetch = 20;
    for _ in 0..5 {
        bench.notify("ida", "k").await;
    }
    let running = bench.start(bench.store.clone());
    let before = at_full_pace(&bench, "ida").await;
    postgres.kill9().await.unwrap();
    for _ in 0..100 {
        bench.notify("ida", "k").await;
    }
    until("a commit that fails", async || bench.metrics.commit_failures.get() > 0).await;
    sleep(Duration::from_secs(2)).await;
    let (taken, failures) = (bench.metrics.deliveries.get(), bench.metrics.commit_failures.get());
    let held = u64::from(bench.config.consume.prefetch) * u64::from(bench.config.consume.lanes);
    assert!((6..=5 + held).contains(&taken), "{taken} taken, at most {held} are held at a time");
    sleep(Duration::from_secs(4)).await;
    assert_eq!(bench.metrics.deliveries.get(), taken, "nothing more is taken, nothing comes again");
    let tries = bench.metrics.commit_failures.get() - failures;
    assert!((1..=20).contains(&tries), "{tries} attempts in four seconds");

    postgres.restart().await.unwrap();
    until("all of them", async || stored(bench.store.as_ref(), "ida").await == 105).await;
    running.drain().await;
    assert_eq!((bench.metrics.redeliveries.get(), bench.metrics.deliveries.get()), (before, 105));
    assert!(bench.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_too_long_is_given_back_once_and_taken_again_when_the_database_answers() {
    let postgres = Postgres::start(PostgresOptions::default()).await.unwrap();
    let tls = TlsConfig::default();
    migrate::up(migrate::Target::Postgres { url: &postgres.url(), tls: &tls }).await.unwrap();
    let mut bench = Bench::new(RabbitMq::shared().await.unwrap(), "held-too-long").await;
    bench.store = Arc::new(PostgresStore::connect(&postgres.url(), &tls, StoreOptions::default()).await.unwrap());
    bench.config.consume.prefetch = 20;
    bench.hold = Some(Duration::from_secs(2));
    for _ in 0..5 {
        bench.notify("kim", "k").await;
    }
    let running = bench.start(bench.store.clone());
    let before = at_full_pace(&bench, "kim").await;
    postgres.kill9().await.unwrap();
    for _ in 0..100 {
        bench.notify("kim", "k").await;
    }
    until("both lanes closed", async || bench.metrics.lanes.get() == 0).await;
    let taken = bench.metrics.deliveries.get();
    for _ in 0..60 {
        sleep(Duration::from_millis(100)).await;
        assert_eq!((bench.metrics.lanes.get(), bench.metrics.deliveries.get()), (0, taken), "while it is away");
    }
    postgres.restart().await.unwrap();
    until("all of them", async || stored(bench.store.as_ref(), "kim").await == 105).await;
    running.drain().await;
    let (again, held) = (bench.metrics.redeliveries.get() - before, taken - 5);
    // Messages that waited in the channel were returned too, although no worker had looked at them.
    let most = u64::from(bench.config.consume.prefetch) * u64::from(bench.config.consume.lanes);
    assert!((held..=most).contains(&again), "{again} came again of {held} looked at; at most {most} were held");
    assert!(bench.dead_letters().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_dead_letter_queue_stops_consumption_until_there_is_room() {
    let rabbit = RabbitMq::shared().await.unwrap();
    let mut bench = Bench::new(rabbit.clone(), "dead-letters-full").await;
    bench.config.consume.prefetch = 10;
    let topology = AmqpTopology::new(&bench.url, &TlsConfig::default(), Some(&rabbit.management_url()), "test");
    let unlimited = bench.config.dead_letter_max_length;
    bench.config.dead_letter_max_length = 1;
    topology.declare_queue(&bench.config).await.unwrap();
    for _ in 0..5 {
        bench.notify("jane", "k").await;
    }
    let running = bench.start(bench.store.clone());
    let before = at_full_pace(&bench, "jane").await;
    let mut bad = BTreeSet::new();
    for number in 0..60 {
        let body = format!("no notification {number}");
        bench.publish(Uuid::now_v7(), body.clone()).await;
        bad.insert(body);
        bench.notify("jane", "k").await;
    }
    until("a dead letter that is refused", async || bench.metrics.dead_letter_failures.get() > 0).await;
    sleep(Duration::from_secs(2)).await;
    let taken = bench.metrics.deliveries.get();
    assert!(taken < 125, "it stops before the end: {taken}");
    sleep(Duration::from_secs(2)).await;
    assert_eq!((bench.metrics.deliveries.get(), bench.metrics.redeliveries.get()), (taken, before));

    bench.config.dead_letter_max_length = unlimited;
    topology.declare_queue(&bench.config).await.unwrap();
    until("all good ones", async || stored(bench.store.as_ref(), "jane").await == 65).await;
    until("the last one", async || bench.metrics.deliveries.get() == 125).await;
    running.drain().await;
    assert_eq!(bench.metrics.redeliveries.get(), before);
    let letters = bench.dead_letters().await;
    let bodies: BTreeSet<String> =
        letters.iter().map(|letter| String::from_utf8(letter.body.to_vec()).unwrap()).collect();
    assert_eq!(bodies, bad);
}
