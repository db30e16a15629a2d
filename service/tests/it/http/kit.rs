//! A producer and an inbox API on one port, over the embedded broker, store and cache; and a client that sends exactly
//! the bytes that a test writes.

use std::{collections::BTreeMap, fmt::Write, sync::Arc, time::Duration};

use hoopoe::{
    broker::{BrokerMetrics, EmbeddedBroker, Publisher, QueueTopology, Topology},
    cache::{Cache, CacheMetrics, MemoryCache},
    edge::http::{
        Guard, HttpMetrics,
        inbox::{ApiMetrics, InboxState},
        openapi::{api_routes, producer_routes},
        surface,
    },
    identity::Anonymous,
    inbox::{InboxMetrics, NotificationFate, Reader, ReaderOptions, Writer},
    ingest::{Ingest, IngestMetrics},
    notif::{Content, Json, Notification},
    store::{SqliteStore, Store, StoreOptions},
};
use hoopoe_crds::worker_config::{CacheConfig, ConsumerConfig, ProducerConfig};
use hoopoe_web::{ServerLimits, bind, serve};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::testkit::{self, notification::owner};

/// The running server.
pub struct Stand {
    pub address: String,
    pub writer: Arc<Writer>,
    pub broker: EmbeddedBroker,
    stop: CancellationToken,
    _folder: TempDir,
}

/// An answer, as it was received.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }

    /// Checks that this is a well-formed problem with this status and code, and returns it.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{self:?} {}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("urn:hoopoe:problem:{code}"));
        assert!(problem["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
        assert_eq!(self.headers.contains_key("retry-after"), status == 429 || status == 503, "{self:?}");
        problem
    }

    /// Like [`Self::problem`], and its first error is on this field.
    #[track_caller]
    pub fn fault(&self, status: u16, code: &str, field: &str) {
        let problem = self.problem(status, code);
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
}

/// The default producer: a topic exchange `events`, routing key `{kind}`.
pub fn producer_config() -> ProducerConfig {
    serde_json::from_value(json!({"exchange": {"name": "events"}})).unwrap()
}

impl Stand {
    /// A producer with a queue for every kind except `nobody.*`.
    pub async fn start() -> Self {
        Self::with(producer_config()).await
    }

    pub async fn with(config: ProducerConfig) -> Self {
        Self::bounded(config, 1000).await
    }

    pub async fn bounded(config: ProducerConfig, max_requests: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stop = CancellationToken::new();
        let mut registry = Registry::default();
        let broker = EmbeddedBroker::open(&folder.path().join("queue.db"), BrokerMetrics::register(&mut registry))
            .await
            .unwrap();
        broker.declare_exchange(&config.exchange).await.unwrap();
        let consumer: ConsumerConfig = serde_json::from_value(json!({
            "queue": {"name": "inbox", "policy": {}},
            "bindings": [
                {"exchange": config.exchange.name, "routingKey": "order.#"},
                {"exchange": config.exchange.name, "routingKey": "k"},
            ],
        }))
        .unwrap();
        broker.declare_queue(&consumer).await.unwrap();
        let publisher: Arc<dyn Publisher> = Arc::new(broker.publisher(&config.exchange.name, &config.publish));
        let producer = Ingest::new(&config, publisher, IngestMetrics::register(&mut registry)).unwrap();

        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(&folder.path().join("inbox.db"), StoreOptions::default()).await.unwrap());
        let settings = CacheConfig::default();
        let cache: Arc<dyn Cache> = Arc::new(MemoryCache::new(&settings, CacheMetrics::register(&mut registry)));
        let metrics = InboxMetrics::register(&mut registry);
        let writer = Arc::new(Writer::new(Arc::clone(&store), Some(Arc::clone(&cache)), metrics.clone()));
        let options = ReaderOptions::new(&settings);
        let reader = Arc::new(Reader::start(store, Some(cache), Arc::clone(&writer), options, metrics, &stop));
        let api = InboxState::new(reader, Arc::clone(&writer), ApiMetrics::register(&mut registry));

        let guard = Guard::new(max_requests, HttpMetrics::register(&mut registry), Arc::new(Anonymous), &stop);
        let router = surface(producer_routes(producer).merge(api_routes(api)), guard);
        let listener = bind("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(serve(listener, router, ServerLimits::default(), stop.clone()));
        Self { address, writer, broker, stop, _folder: folder }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"").await
    }

    pub async fn get_if_none_match(&self, path: &str, tag: &str) -> Answer {
        self.send("GET", path, &[("If-None-Match", tag)], b"").await
    }

    pub async fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send("POST", path, &[("Content-Type", "application/json")], body.as_ref()).await
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        send(&self.address, method, path, headers, body).await
    }

    /// Stores notifications in an inbox, as a consumer does, and returns their ids.
    pub async fn fill(&self, owner: &str, kinds: &[&str]) -> Vec<Uuid> {
        let batch: Vec<Notification> = kinds.iter().map(|kind| notification(owner, kind)).collect();
        let fates = self.writer.commit(&batch).await.unwrap();
        assert!(fates.iter().all(|fate| matches!(fate, NotificationFate::Stored { .. })), "{fates:?}");
        batch.iter().map(|notification| notification.id).collect()
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub fn notification(to: &str, kind: &str) -> Notification {
    let content = Content {
        kind: kind.to_owned(),
        actor: "warehouse".to_owned(),
        title: "Shipped".to_owned(),
        data: Some(Json::parse("{\"n\":1.10}".to_owned()).unwrap()),
        ..Content::default()
    };
    testkit::notification::notification(owner(to), Uuid::now_v7(), content)
}

/// Sends one request over a connection of its own.
pub async fn send(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if !body.is_empty() || method == "POST" {
        write!(head, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    head.push_str("\r\n");
    raw(address, &[head.as_bytes(), body].concat()).await
}

/// Sends exactly these bytes, and returns what comes back until the server closes.
pub async fn raw(address: &str, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await.expect("no answer").unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("no head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Answer { status, headers, body: answer[end + 4..].to_vec() }
}
