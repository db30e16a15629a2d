//! A message that kills every worker that takes it becomes a dead letter, and no other message does.

use std::{sync::Arc, time::Duration};

use hoopoe_e2e::{RabbitMq, RabbitMqOptions, RabbitMqVersion};
use tokio::sync::Notify;

use super::{
    crashing_store::{CULPRIT, Crashes, CrashingStore},
    harness::Bench,
};

const INNOCENT: usize = 120;

async fn only_the_culprit_is_convicted(bench: Bench) {
    for i in 0..INNOCENT {
        bench.notify("alice", "fine").await;
        if i == INNOCENT / 2 {
            bench.notify("alice", CULPRIT).await;
        }
    }
    let mut lives = 0;
    loop {
        let crashed = Arc::new(Notify::new());
        let store = Arc::new(CrashingStore::new(Arc::clone(&bench.store), Crashes { crashed: Arc::clone(&crashed) }));
        let running = bench.start(store);
        lives += 1;
        assert!(lives <= 40, "the culprit is still there after 40 lives");
        let done = async {
            while bench.items("alice").await.len() < INNOCENT || bench.convicted() == 0 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::select! {
            () = crashed.notified() => running.crash().await,
            () = done => { running.drain().await; break; }
        }
    }
    let letters = bench.dead_letters().await;
    assert_eq!(letters.len(), 1, "{letters:?}");
    assert_eq!(letters[0].headers.get("x-hoopoe-class").map(String::as_str), Some("crash_loop"));
    assert!(String::from_utf8_lossy(&letters[0].body).contains(CULPRIT));
    assert!(bench.items("alice").await.iter().all(|item| item.kind == "fine"));
    println!("the culprit was convicted after {lives} lives; {INNOCENT} innocent ones were stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_culprit_is_convicted_on_rabbitmq_3_10() {
    let rabbit = RabbitMq::shared().await.unwrap();
    only_the_culprit_is_convicted(Bench::new(rabbit, "crash-loop").await).await;
}

/// RabbitMQ 4 counts every kind of return, and drops a message after 20 by default.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_culprit_is_convicted_on_rabbitmq_4() {
    let options = RabbitMqOptions { version: RabbitMqVersion::Four, ..RabbitMqOptions::default() };
    let rabbit = Arc::new(RabbitMq::start(options).await.unwrap());
    only_the_culprit_is_convicted(Bench::new(rabbit, "crash-loop").await).await;
}
