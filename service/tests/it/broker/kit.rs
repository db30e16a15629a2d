//! A broker under test, and helpers to publish to it and to consume from it.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hoopoe::{
    broker::{
        AmqpPublisher, AmqpQueue, AmqpTopology, BrokerMetrics, Delivery, EmbeddedBroker, Outgoing, PublishError,
        Publisher, Queue, QueueLane, QueueTopology,
    },
    timestamp::Timestamp,
};
use hoopoe_crds::worker_config::{ConsumerConfig, ExchangeConfig, ExchangeType, PublishConfig, TlsConfig};
use hoopoe_e2e::RabbitMq;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::time::timeout;
use uuid::Uuid;

/// Longer than anything should take that is expected to happen.
pub const SOON: Duration = Duration::from_secs(20);
/// Longer than a broker takes to restart.
pub const LATEST: Duration = Duration::from_mins(1);
/// Long enough to conclude that something does not happen.
pub const NEVER: Duration = Duration::from_millis(400);

/// A broker with a topology of its own.
pub enum Kit {
    Amqp { url: String, management: String, vhost: String, server: Arc<RabbitMq> },
    Embedded { broker: EmbeddedBroker, file: PathBuf, _folder: tempfile::TempDir },
}

pub fn metrics() -> BrokerMetrics {
    BrokerMetrics::register(&mut Registry::default())
}

impl Kit {
    /// A virtual host of its own on the node that all tests share.
    pub async fn amqp() -> Self {
        Self::on(RabbitMq::shared().await.unwrap()).await
    }

    /// A virtual host of its own on this node.
    pub async fn on(server: Arc<RabbitMq>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let vhost = format!("v{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let url = server.create_vhost(&vhost).await.unwrap();
        Self::Amqp { url, management: server.management_url(), vhost, server }
    }

    /// An embedded broker in a file of its own.
    pub async fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hoopoe.db");
        let broker = EmbeddedBroker::open(&file, metrics()).await.unwrap();
        Self::Embedded { broker, file, _folder: folder }
    }

    pub fn is_amqp(&self) -> bool {
        matches!(self, Self::Amqp { .. })
    }

    pub fn topology(&self) -> Arc<dyn QueueTopology> {
        match self {
            Self::Amqp { url, management, .. } => {
                Arc::new(AmqpTopology::new(url, &TlsConfig::default(), Some(management), "dev"))
            }
            Self::Embedded { broker, .. } => Arc::new(broker.clone()),
        }
    }

    pub fn publisher(&self, exchange: &str) -> Arc<dyn Publisher> {
        self.publisher_with(exchange, &PublishConfig::default())
    }

    pub fn publisher_with(&self, exchange: &str, config: &PublishConfig) -> Arc<dyn Publisher> {
        match self {
            Self::Amqp { url, .. } => {
                Arc::new(AmqpPublisher::start(url, &TlsConfig::default(), exchange, config, metrics()))
            }
            Self::Embedded { broker, .. } => Arc::new(broker.publisher(exchange, config)),
        }
    }

    pub fn queue(&self, name: &str) -> Arc<dyn Queue> {
        match self {
            Self::Amqp { url, .. } => {
                let limit = Duration::from_secs(5);
                Arc::new(AmqpQueue::start(url, &TlsConfig::default(), name, limit, metrics()))
            }
            Self::Embedded { broker, .. } => Arc::new(broker.queue(name)),
        }
    }

    /// An exchange, a queue bound to it, and the queue's name.
    pub async fn declare(&self, kind: ExchangeType, bindings: &[Value]) {
        self.exchange("orders", kind).await;
        self.topology().declare_queue(&consumer("inbox", bindings)).await.unwrap();
    }

    pub async fn exchange(&self, name: &str, kind: ExchangeType) {
        self.topology().declare_exchange(&ExchangeConfig { name: name.to_owned(), kind }).await.unwrap();
    }

    pub async fn finish(self) {
        match self {
            Self::Amqp { server, vhost, .. } => server.delete_vhost(&vhost).await.unwrap(),
            Self::Embedded { broker, .. } => broker.close().await,
        }
    }
}

/// A quorum queue with these bindings.
pub fn consumer(queue: &str, bindings: &[Value]) -> ConsumerConfig {
    serde_json::from_value(json!({ "queue": { "name": queue }, "bindings": bindings })).unwrap()
}

/// A quorum queue with this policy, bound to `orders` by everything.
pub fn limited(queue: &str, policy: &Value) -> ConsumerConfig {
    let bindings = [json!({ "exchange": "orders", "routingKey": "#" })];
    serde_json::from_value(json!({ "queue": { "name": queue, "policy": policy }, "bindings": bindings })).unwrap()
}

/// A message whose body is its number.
pub fn message(number: u64, routing_key: &str) -> Outgoing {
    Outgoing {
        id: Uuid::now_v7(),
        routing_key: routing_key.to_owned(),
        headers: BTreeMap::from([("traceparent".to_owned(), "00-a-b-01".to_owned())]),
        priority: 3,
        timestamp: Timestamp::from_micros(1_763_700_000_000_000),
        body: Bytes::from(number.to_string()),
    }
}

pub fn with_headers(headers: &[(&str, &str)]) -> Outgoing {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Outgoing { headers, ..message(0, "") }
}

pub fn number(delivery: &Delivery) -> u64 {
    std::str::from_utf8(&delivery.body).unwrap().parse().unwrap()
}

/// Publishes until the broker accepts it: the first attempts may come before the publisher has reconnected.
pub async fn publish_in_time(publisher: &dyn Publisher, message: Outgoing) {
    let trying = async {
        while publisher.publish(message.clone()).await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(LATEST, trying).await.unwrap();
}

/// Publishes all numbers at once.
pub async fn publish_all(
    publisher: &dyn Publisher,
    numbers: std::ops::Range<u64>,
    key: &str,
) -> Vec<Result<(), PublishError>> {
    futures::future::join_all(numbers.map(|number| publisher.publish(message(number, key)))).await
}

pub async fn open(queue: &dyn Queue, prefetch: u16) -> Box<dyn QueueLane> {
    let trying = async {
        loop {
            match queue.open_lane(prefetch).await {
                Ok(lane) => return lane,
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    };
    timeout(LATEST, trying).await.unwrap()
}

pub async fn next(lane: &mut dyn QueueLane) -> Delivery {
    timeout(SOON, lane.next()).await.expect("a delivery in time").unwrap()
}

pub async fn nothing(lane: &mut dyn QueueLane) {
    if let Ok(delivery) = timeout(NEVER, lane.next()).await {
        panic!("nothing was to come, but: {delivery:?}");
    }
}

/// Takes and acknowledges messages until no more come, and returns their numbers.
pub async fn drain(queue: &dyn Queue) -> Vec<u64> {
    let mut lane = open(queue, 1000).await;
    let mut numbers = Vec::new();
    let mut last = 0;
    while let Ok(delivery) = timeout(Duration::from_secs(4), lane.next()).await {
        let delivery = delivery.unwrap();
        numbers.push(number(&delivery));
        last = delivery.tag;
        if numbers.len() % 200 == 0 {
            lane.ack_through(last).await.unwrap();
        }
    }
    lane.ack_through(last).await.unwrap();
    lane.close().await;
    numbers
}
