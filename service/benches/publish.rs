//! Our publisher beside the fastest that lapin itself does: `cargo bench -p hoopoe --bench publish`.
//!
//! Both publish 256 bytes, persistent and confirmed, to one quorum queue of one RabbitMQ, in turns; medians of five. The raw side keeps
//! 1,024 confirms outstanding on one channel, which is the faster the less it knows: it cannot tell which message was returned.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::cast_precision_loss)]

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use hoopoe::{
    broker::{AmqpPublisher, AmqpTopology, BrokerMetrics, EmbeddedBroker, Outgoing, Publisher, Topology},
    timestamp::Timestamp,
};
use hoopoe_crds::worker_config::{ExchangeConfig, ExchangeType, PublishConfig, TlsConfig};
use hoopoe_e2e::RabbitMq;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions, QueuePurgeOptions},
};
use prometheus_client::registry::Registry;
use serde_json::json;
use uuid::Uuid;

const ROUNDS: usize = 5;
const MESSAGES: usize = 20_000;
const WINDOW: usize = 1024;
const BODY: [u8; 256] = [b'x'; 256];

#[tokio::main]
async fn main() {
    let server = RabbitMq::shared().await.unwrap();
    let (url, tls) = (server.url(), TlsConfig::default());
    let topology = AmqpTopology::new(&url, &tls, None, "bench");
    declare(&topology).await;
    let connection = Connection::connect(&url, ConnectionProperties::default()).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(ConfirmSelectOptions::default()).await.unwrap();
    let publisher: Arc<dyn Publisher> =
        Arc::new(AmqpPublisher::start(&url, &tls, "bench", &PublishConfig::default(), metrics()));
    let folder = tempfile::tempdir().unwrap();
    let embedded = EmbeddedBroker::open(&folder.path().join("bench.db"), metrics()).await.unwrap();
    declare(&embedded).await;
    let embedded: Arc<dyn Publisher> = Arc::new(embedded.publisher("bench", &PublishConfig::default()));
    let mut rates: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    // The first round warms up.
    for round in 0..=ROUNDS {
        let raw = raw(&channel).await;
        purge(&channel).await;
        let ours = ours(&publisher).await;
        purge(&channel).await;
        let embedded = self::ours(&embedded).await;
        if round > 0 {
            for (name, elapsed) in [("raw", raw), ("ours", ours), ("embedded", embedded)] {
                rates.entry(name).or_default().push(MESSAGES as f64 / elapsed.as_secs_f64());
            }
        }
    }
    let median = |name: &str| {
        let mut rates = rates[name].clone();
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    };
    let raw = median("raw");
    println!("publish, {MESSAGES} messages of {} bytes, medians of {ROUNDS}", BODY.len());
    println!("  raw lapin, one channel, window {WINDOW}   {raw:>9.0}/s");
    println!("  AmqpPublisher, each told its own fate {:>9.0}/s  {:.2} of raw", median("ours"), median("ours") / raw);
    println!(
        "  EmbeddedBroker, synced to the disk    {:>9.0}/s  {:.2} of raw",
        median("embedded"),
        median("embedded") / raw
    );
}

fn metrics() -> BrokerMetrics {
    BrokerMetrics::register(&mut Registry::default())
}

async fn declare(topology: &dyn Topology) {
    topology.declare_exchange(&ExchangeConfig { name: "bench".to_owned(), kind: ExchangeType::Topic }).await.unwrap();
    let queue = json!({ "queue": { "name": "bench" }, "bindings": [{ "exchange": "bench", "routingKey": "#" }] });
    topology.declare_queue(&serde_json::from_value(queue).unwrap()).await.unwrap();
}

async fn purge(channel: &Channel) {
    channel.queue_purge("bench".into(), QueuePurgeOptions::default()).await.unwrap();
}

async fn raw(channel: &Channel) -> Duration {
    let since = Instant::now();
    let mut window = VecDeque::with_capacity(WINDOW);
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    for _ in 0..MESSAGES {
        if window.len() == WINDOW {
            let confirm: lapin::PublisherConfirm = window.pop_front().unwrap();
            assert!(confirm.await.unwrap().is_ack());
        }
        let properties = BasicProperties::default().with_delivery_mode(2);
        window.push_back(channel.basic_publish("bench".into(), "a".into(), options, &BODY, properties).await.unwrap());
    }
    for confirm in window {
        assert!(confirm.await.unwrap().is_ack());
    }
    since.elapsed()
}

/// 512 senders, each of which waits for its own.
async fn ours(publisher: &Arc<dyn Publisher>) -> Duration {
    const SENDERS: usize = 512;
    // Until it is connected.
    while publisher.publish(message()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let since = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let publisher = publisher.clone();
        senders.spawn(async move {
            for _ in (sender..MESSAGES).step_by(SENDERS) {
                publisher.publish(message()).await.unwrap();
            }
        });
    }
    senders.join_all().await;
    since.elapsed()
}

fn message() -> Outgoing {
    Outgoing {
        id: Uuid::now_v7(),
        routing_key: "a".to_owned(),
        headers: BTreeMap::new(),
        priority: 0,
        timestamp: Timestamp::now(),
        body: Bytes::from_static(&BODY),
    }
}
