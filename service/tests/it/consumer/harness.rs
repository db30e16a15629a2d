//! A queue on a real broker, a store in a file, and consumers over both.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use hoopoe::{
    broker::{
        AmqpPublisher, AmqpQueue, AmqpTopology, BrokerMetrics, Delivery, LetterClass, Outgoing, Publisher, Queue,
        QueueTopology, Topology,
    },
    consumer::{Consumer, ConsumerMetrics, DeadLetterLabels, Settings},
    inbox::{InboxMetrics, Writer},
    notif::Owner,
    store::{FeedQuery, Filter, Item, SqliteStore, Store, StoreOptions},
    timestamp::Timestamp,
};
use hoopoe_crds::{
    Span,
    worker_config::{
        BindingConfig, ConsumeConfig, ConsumerConfig, ExchangeConfig, ExchangeType, PublishConfig, QueueConfig,
        QueuePolicy, QueueType, TlsConfig,
    },
};
use hoopoe_e2e::RabbitMq;
use prometheus_client::registry::Registry;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const EXCHANGE: &str = "events";

pub struct Bench {
    pub url: String,
    pub config: ConsumerConfig,
    pub store: Arc<dyn Store>,
    pub publisher: AmqpPublisher,
    pub metrics: ConsumerMetrics,
    /// How long deliveries are held while the store does not answer, unless a test holds them for ten minutes.
    pub hold: Option<Duration>,
    /// How long a stopping consumer waits for a lane that is being opened, and for messages on a stopped lane, unless a
    /// test keeps the limits of a worker.
    pub drain_limits: Option<(Duration, Duration)>,
    /// The file is deleted when its last user drops it.
    _rabbit: Arc<RabbitMq>,
    _folder: tempfile::TempDir,
}

/// A consumer that runs until it is stopped, or cut off as in a crash.
pub struct Running {
    pub stop: CancellationToken,
    pub task: JoinHandle<()>,
    pub queue: Arc<AmqpQueue>,
}

impl Bench {
    pub async fn new(rabbit: Arc<RabbitMq>, vhost: &str) -> Self {
        // When a test fails, show the log of the consumer.
        let _ = tracing_subscriber::fmt().with_env_filter("info,lapin=warn").with_test_writer().try_init();
        let url = rabbit.create_vhost(vhost).await.unwrap();
        let config = ConsumerConfig {
            queue: QueueConfig {
                name: "inbox".to_owned(),
                kind: QueueType::Quorum,
                max_priority: None,
                policy: QueuePolicy::default(),
            },
            bindings: vec![BindingConfig {
                exchange: EXCHANGE.to_owned(),
                routing_key: "#".to_owned(),
                arguments: serde_json::Map::new(),
            }],
            consume: ConsumeConfig { drain_timeout: Span::from_secs(5), ..ConsumeConfig::default() },
            dead_letter_max_length: 1000,
            body_bytes: 65_536,
            declare: true,
        };
        let topology = AmqpTopology::new(&url, &TlsConfig::default(), Some(&rabbit.management_url()), "test");
        let exchange = ExchangeConfig { name: EXCHANGE.to_owned(), kind: ExchangeType::Topic };
        topology.declare_exchange(&exchange).await.unwrap();
        topology.declare_queue(&config).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hoopoe.db");
        let store = Arc::new(SqliteStore::open(&path, StoreOptions::default()).await.unwrap());
        let mut registry = Registry::default();
        let broker_metrics = BrokerMetrics::register(&mut registry);
        let publisher =
            AmqpPublisher::start(&url, &TlsConfig::default(), EXCHANGE, &PublishConfig::default(), broker_metrics);
        let metrics = ConsumerMetrics::register(&mut registry);
        Self {
            url,
            config,
            store,
            publisher,
            metrics,
            hold: None,
            drain_limits: None,
            _rabbit: rabbit,
            _folder: folder,
        }
    }

    /// Publishes one body unchanged; waits until the publisher is connected.
    pub async fn publish(&self, id: Uuid, body: impl Into<Bytes>) {
        let body = body.into();
        for _ in 0..300 {
            let message = Outgoing {
                id,
                routing_key: "k".to_owned(),
                headers: BTreeMap::new(),
                priority: 0,
                timestamp: Timestamp::now(),
                body: body.clone(),
            };
            match self.publisher.publish(message).await {
                Ok(()) => return,
                Err(error) => eprintln!("publishing again: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("nothing could be published");
    }

    /// Publishes a notification for `owner` and returns its id.
    pub async fn notify(&self, owner: &str, kind: &str) -> Uuid {
        let id = Uuid::now_v7();
        let body = serde_json::json!({ "id": id, "owner": owner, "kind": kind, "title": "t" }).to_string();
        self.publish(id, body).await;
        id
    }

    /// Gives a drain more time than a machine can need on which eight tests run at a time.
    pub fn drain_patiently(&mut self) {
        self.config.consume.drain_timeout = Span::from_secs(60);
        self.drain_limits = Some((Duration::from_secs(30), Duration::from_millis(500)));
    }

    pub fn start(&self, store: Arc<dyn Store>) -> Running {
        let mut registry = Registry::default();
        let broker_metrics = BrokerMetrics::register(&mut registry);
        let tls = TlsConfig::default();
        let name = &self.config.queue.name;
        let queue = Arc::new(AmqpQueue::start(&self.url, &tls, name, Duration::from_secs(5), broker_metrics));
        let writer = Arc::new(Writer::new(Arc::clone(&store), None, InboxMetrics::register(&mut registry)));
        let mut settings = Settings::from(&self.config);
        if let Some(hold) = self.hold {
            settings = settings.holding_for(hold);
        }
        if let Some((opening, quiet)) = self.drain_limits {
            settings = settings.draining_with(opening, quiet);
        }
        let consumer = Consumer::new(settings, queue.clone() as Arc<dyn Queue>, writer, store, self.metrics.clone());
        let stop = CancellationToken::new();
        let task = tokio::spawn(consumer.run(stop.clone()));
        Running { stop, task, queue }
    }

    pub async fn items(&self, owner: &str) -> Vec<Item> {
        let selection = Filter::Newest { before: None, unread: false, archived: false, kind: None };
        let query = FeedQuery { limit: 200, selection };
        self.store.feed(&Owner::parse(owner).unwrap(), &query).await.unwrap().items
    }

    /// Waits until the owner has `count` items.
    pub async fn wait_items(&self, owner: &str, count: usize) {
        for _ in 0..300 {
            if self.items(owner).await.len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{owner} has {} items after 30 s, not {count}", self.items(owner).await.len());
    }

    /// How many messages were dead-lettered as crash loops.
    pub fn convicted(&self) -> u64 {
        let labels = DeadLetterLabels { class: LetterClass::CrashLoop };
        self.metrics.dead_letters.get_or_create(&labels).get()
    }

    /// Takes all dead letters out of the dead-letter queue.
    pub async fn dead_letters(&self) -> Vec<Delivery> {
        let mut registry = Registry::default();
        let broker_metrics = BrokerMetrics::register(&mut registry);
        let name = format!("{}.dlq", self.config.queue.name);
        let queue = AmqpQueue::start(&self.url, &TlsConfig::default(), &name, Duration::from_secs(5), broker_metrics);
        let mut lane = loop {
            match queue.open_lane(100).await {
                Ok(lane) => break lane,
                Err(error) => eprintln!("opening again: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let mut letters = Vec::new();
        while let Ok(letter) = tokio::time::timeout(Duration::from_secs(4), lane.next()).await {
            letters.push(letter.unwrap());
        }
        if let Some(last) = letters.last() {
            lane.ack_through(last.tag).await.unwrap();
        }
        lane.close().await;
        queue.close().await;
        letters
    }
}

impl Running {
    /// Behaves as if the process died: nothing more is acknowledged, and the connection closes.
    pub async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
        self.queue.close().await;
    }

    /// Stops it as SIGTERM does.
    pub async fn drain(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}
