//! What only the embedded broker must survive: its process dies, and its file is opened again.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use hoopoe::broker::{EmbeddedBroker, EmbeddedBrokerError, Publisher, QueueTopology, Topology};
use hoopoe_crds::worker_config::{ExchangeConfig, ExchangeType, PublishConfig};
use serde_json::json;
use tokio::time::timeout;

use crate::broker::kit::{
    Kit, SOON, consumer, drain, message, metrics, next, number, open, publish_all, publish_in_time,
};

const FILE: &str = "HOOPOE_TEST_BROKER_FILE";

async fn declare(broker: &EmbeddedBroker) {
    let exchange = ExchangeConfig { name: "orders".to_owned(), kind: ExchangeType::Topic };
    broker.declare_exchange(&exchange).await.unwrap();
    let config = consumer("inbox", &[json!({ "exchange": "orders", "routingKey": "#" })]);
    broker.declare_queue(&config).await.unwrap();
}

/// Not a test of its own: the test below starts it as a process and kills it. It prints each number that the broker
/// confirmed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by what_was_confirmed_survives_kill_9"]
async fn child() {
    let Ok(file) = std::env::var(FILE) else { return };
    let broker = EmbeddedBroker::open(Path::new(&file), metrics()).await.unwrap();
    declare(&broker).await;
    let queue = broker.queue("inbox");
    let mut lane = open(&queue, 100).await;
    let publisher = std::sync::Arc::new(broker.publisher("orders", &PublishConfig::default()));
    for task in 0..20_u64 {
        let publisher = publisher.clone();
        tokio::spawn(async move {
            for number in (task..).step_by(20) {
                publisher.publish(message(number, "a")).await.unwrap();
                println!("kept {number}");
            }
        });
    }
    // Takes a hundred, acknowledges none.
    loop {
        lane.next().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hoopoe.db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "broker::embedded::child", "--ignored", "--nocapture"])
        .env(FILE, &file)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut kept = BTreeSet::new();
    for line in lines.map_while(Result::ok) {
        if let Some(number) = line.rsplit_once("kept ").and_then(|(_, number)| number.parse::<u64>().ok()) {
            kept.insert(number);
        }
        if kept.len() == 2000 {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(kept.len() >= 2000);
    let broker = EmbeddedBroker::open(&file, metrics()).await.unwrap();
    let queue = broker.queue("inbox");
    let mut lane = open(&queue, 1000).await;
    let mut counts = Vec::new();
    for _ in 0..200 {
        counts.push(next(&mut *lane).await.delivery_count);
    }
    assert_eq!(
        counts,
        [vec![1; 100], vec![0; 100]].concat(),
        "only messages that were delivered before count a redelivery"
    );
    lane.close().await;
    let arrived: BTreeSet<u64> = drain(&queue).await.into_iter().collect();
    let lost: Vec<_> = kept.difference(&arrived).collect();
    assert!(lost.is_empty(), "{} of {} lost", lost.len(), kept.len());
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_opened_again_by_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hoopoe.db");
    let broker = EmbeddedBroker::open(&file, metrics()).await.unwrap();
    declare(&broker).await;
    let publisher = broker.publisher("orders", &PublishConfig::default());
    assert!(publish_all(&publisher, 0..100, "a").await.iter().all(Result::is_ok));
    let second = EmbeddedBroker::open(&file, metrics()).await;
    assert!(matches!(second.err(), Some(EmbeddedBrokerError::InUse(_))));
    let queue = broker.queue("inbox");
    let mut lane = open(&queue, 10).await;
    let delivery = next(&mut *lane).await;
    lane.ack_through(delivery.tag).await.unwrap();
    lane.close().await;
    broker.close().await;
    assert!(publisher.publish(message(1, "a")).await.is_err());
    assert!(!publisher.is_connected());
    let broker = EmbeddedBroker::open(&file, metrics()).await.unwrap();
    let mut again = drain(&broker.queue("inbox")).await;
    again.sort_unstable();
    assert_eq!(again.len(), 99);
    // The topology also survives the restart.
    publish_in_time(&broker.publisher("orders", &PublishConfig::default()), message(7, "a")).await;
    assert_eq!(drain(&broker.queue("inbox")).await, [7]);
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiting_lane_is_woken_by_the_message() {
    let kit = Kit::embedded().await;
    kit.declare(ExchangeType::Topic, &[json!({ "exchange": "orders", "routingKey": "#" })]).await;
    let publisher = kit.publisher("orders");
    let queue = kit.queue("inbox");
    let mut lane = open(&*queue, 10).await;
    for round in 0..20 {
        let (delivery, confirmed) = tokio::join!(timeout(SOON, lane.next()), async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            publisher.publish(message(round, "a")).await
        });
        assert_eq!(confirmed, Ok(()));
        let delivery = delivery.expect("at once").unwrap();
        assert_eq!(number(&delivery), round);
        lane.ack_through(delivery.tag).await.unwrap();
    }
    lane.close().await;
    kit.finish().await;
}

/// Another writer, such as the store of `hoopoe dev`, holds the file for a while: publishes wait, and none fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_writer_of_the_file_only_delays() {
    let kit = Kit::embedded().await;
    kit.declare(ExchangeType::Topic, &[json!({ "exchange": "orders", "routingKey": "#" })]).await;
    let Kit::Embedded { file, .. } = &kit else { unreachable!("made above") };
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let mut other = pool.acquire().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *other).await.unwrap();
    let publisher = kit.publisher("orders");
    let (results, ()) = tokio::join!(publish_all(&*publisher, 0..100, "a"), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        sqlx::query("ROLLBACK").execute(&mut *other).await.unwrap();
    });
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    drop(other);
    pool.close().await;
    kit.finish().await;
}
