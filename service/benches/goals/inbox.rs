//! Our side of a queue: store, cache, writer and a consumer with two lanes, composed as in the role.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use hoopoe::{
    broker::{AmqpQueue, Queue},
    cache::{Cache, CacheMetrics, RedisCache},
    consumer::{Consumer, ConsumerMetrics, Settings},
    inbox::{InboxMetrics, Writer},
    store::{PostgresStore, Store, StoreOptions},
};
use hoopoe_crds::worker_config::{CacheConfig, ConsumerConfig, TlsConfig};
use prometheus_client::registry::Registry;
use tokio::{task::JoinHandle, time::sleep};
use tokio_util::sync::CancellationToken;

use super::servers::{Servers, broker_metrics};

pub struct Inbox {
    pub store: Arc<dyn Store>,
    pub cache: Arc<dyn Cache>,
    pub writer: Arc<Writer>,
}

pub struct Draining {
    pub metrics: ConsumerMetrics,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Inbox {
    pub async fn open(servers: &Servers, database: &str) -> Self {
        Self::over(servers, database, |cache| Arc::new(cache)).await
    }

    /// The same, with a wrapper around the cache.
    pub async fn over(servers: &Servers, database: &str, around: impl FnOnce(RedisCache) -> Arc<dyn Cache>) -> Self {
        let (url, tls) = (servers.database(database).await, TlsConfig::default());
        let store = PostgresStore::connect(&url, &tls, StoreOptions::default()).await.unwrap();
        let config = CacheConfig::default();
        let redis = servers.redis.url();
        let cache = RedisCache::connect(&redis, &tls, store.store_id(), &config, CacheMetrics::default());
        let cache = around(cache.await.unwrap());
        let store: Arc<dyn Store> = Arc::new(store);
        let writer = Arc::new(Writer::new(Arc::clone(&store), Some(Arc::clone(&cache)), InboxMetrics::default()));
        Self { store, cache, writer }
    }

    /// Starts to drain the queue.
    pub fn drain(&self, servers: &Servers, config: &ConsumerConfig) -> Draining {
        let (url, limit) = (servers.rabbit.url(), Duration::from_secs(5));
        let queue = AmqpQueue::start(&url, &TlsConfig::default(), &config.queue.name, limit, broker_metrics());
        let metrics = ConsumerMetrics::register(&mut Registry::default());
        let consumer = Consumer::new(
            Settings::from(config),
            Arc::new(queue) as Arc<dyn Queue>,
            Arc::clone(&self.writer),
            Arc::clone(&self.store),
            metrics.clone(),
        );
        let stop = CancellationToken::new();
        let task = tokio::spawn(consumer.run(stop.clone()));
        Draining { metrics, stop, task }
    }
}

impl Draining {
    /// Waits until the consumer has stored `count` notifications. Returns when that was seen, and how many there were.
    pub async fn stored(&self, count: usize) -> (Instant, u64) {
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            let stored = self.metrics.stored.get();
            if stored >= count as u64 {
                return (Instant::now(), stored);
            }
            assert!(Instant::now() < deadline, "{stored} of {count} are stored after a minute");
            sleep(Duration::from_millis(2)).await;
        }
    }

    pub async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }
}
