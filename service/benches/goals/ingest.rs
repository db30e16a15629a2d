//! HTTP ingest with confirm beside raw publishes in one window.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use hoopoe::{
    broker::{AmqpPublisher, Publisher},
    edge::http::{Guard, HttpMetrics, openapi::producer_routes, surface},
    identity::Anonymous,
    ingest::{Ingest, IngestMetrics},
};
use hoopoe_crds::worker_config::{ProducerConfig, TlsConfig};
use hoopoe_web::{ServerLimits, serve};
use prometheus_client::registry::Registry;
use serde_json::json;
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    http_client::{Plan, saturate},
    notifications::message,
    raw_amqp::RawAmqp,
    rounds::{Sides, rounds},
    servers::{Servers, broker_metrics},
    table::Table,
};

pub const CONNECTIONS: usize = 512;
const MESSAGES: usize = 30_000;
const RUN: Duration = Duration::from_millis(1_500);
const GOAL: f64 = 0.75;

/// A producer for an exchange, composed as in the role, on a port of its own.
pub struct Door {
    pub address: SocketAddr,
    publisher: Arc<AmqpPublisher>,
    stop: CancellationToken,
}

impl Door {
    pub async fn open(servers: &Servers, exchange: &str) -> Self {
        let config: ProducerConfig = serde_json::from_value(json!({ "exchange": { "name": exchange } })).unwrap();
        let (url, tls) = (servers.rabbit.url(), TlsConfig::default());
        let publisher = Arc::new(AmqpPublisher::start(&url, &tls, exchange, &config.publish, broker_metrics()));
        let mut registry = Registry::default();
        let metrics = IngestMetrics::register(&mut registry);
        let ingest = Ingest::new(&config, Arc::clone(&publisher) as Arc<dyn Publisher>, metrics).unwrap();
        let stop = CancellationToken::new();
        let guard = Guard::new(10_000, HttpMetrics::register(&mut registry), Arc::new(Anonymous), &stop);
        let router = surface(producer_routes(ingest), guard);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, router, ServerLimits::default(), stop.clone()));
        while !publisher.is_connected() {
            sleep(Duration::from_millis(20)).await;
        }
        Self { address, publisher, stop }
    }

    pub async fn close(self) {
        self.stop.cancel();
        self.publisher.close().await;
    }
}

/// A request that sends one notification, and its id.
pub fn request(number: usize) -> (Uuid, Bytes) {
    let (id, body) = message(number);
    let head = "POST /v1/notifications HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ";
    let mut request = format!("{head}{}\r\n\r\n", body.len()).into_bytes();
    request.extend_from_slice(&body);
    (id, request.into())
}

pub async fn measure(servers: &Servers, table: &mut Table) {
    servers.declare("ingest").await;
    let raw = RawAmqp::connect(&servers.rabbit.url()).await;
    let door = Door::open(servers, "ingest").await;
    let plan = Plan { address: door.address, status: 202, connections: CONNECTIONS, depth: 1, time: RUN };
    let next = Arc::new(AtomicUsize::new(0));
    let mut sides = Sides::default();
    for round in 0..=rounds() {
        // The bodies are made beforehand, so that the limit is the broker and not the making of JSON.
        let messages: Vec<_> = (0..MESSAGES).map(message).collect();
        let limit = MESSAGES as f64 / raw.publish("ingest", messages.into_iter()).await.as_secs_f64();
        raw.purge("ingest").await;
        let next = Arc::clone(&next);
        let ours = saturate(plan, move |_, _| request(next.fetch_add(1, Ordering::Relaxed)).1).await;
        raw.purge("ingest").await;
        if round > 0 {
            sides.add(ours, limit);
        }
    }
    door.close().await;
    table.ratio("HTTP ingest with confirm", &sides, "raw windowed publish", GOAL);
}
