//! Broker, cache and store of `hoopoe dev`: the real server where its URL is set, else the embedded part.

use std::{path::Path, sync::Arc, time::Duration};

use hoopoe_crds::worker_config::{CacheConfig, PublishConfig, StoreConfig, TlsConfig};
use hoopoe_web::Readiness;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{
    broker::{AmqpPublisher, AmqpQueue, AmqpTopology, BrokerMetrics, EmbeddedBroker, Publisher, Queue, Topology},
    cache::{Cache, CacheMetrics, MemoryCache},
    config::{Endpoint, Endpoints},
    roles::parts,
    store::{SqliteStore, Store, StoreOptions, migrate},
};

use super::DevError;

/// How long the confirm of a dead letter may take.
const DEAD_LETTER_TIMEOUT: Duration = Duration::from_secs(5);
/// The namespace in the names of policies.
const NAMESPACE: &str = "dev";

/// What carries the messages.
enum Broker {
    Embedded(EmbeddedBroker),
    Amqp { url: Endpoint, management: Option<Endpoint>, metrics: BrokerMetrics },
}

/// The parts of one process.
pub(super) struct Parts {
    /// The store.
    pub(super) store: Arc<dyn Store>,
    /// The cache: there is always one, the process's memory if nothing else.
    pub(super) cache: Arc<dyn Cache>,
    broker: Broker,
}

impl Parts {
    /// Opens them; the embedded ones in `data`. `None`: told to stop while waiting for a server.
    pub(super) async fn open(
        endpoints: &Endpoints,
        data: &Path,
        (cache, store): (&CacheConfig, &StoreConfig),
        registry: &mut Registry,
        readiness: &Readiness,
        stop: &CancellationToken,
    ) -> Result<Option<Self>, DevError> {
        let tls = TlsConfig::default();
        let Some(store) = open_store(endpoints.postgres.as_ref(), data, store, stop).await? else { return Ok(None) };
        let metrics = CacheMetrics::register(registry);
        let redis = parts::redis(endpoints.redis.as_ref(), &tls, cache, store.as_ref(), metrics.clone()).await?;
        let cache: Arc<dyn Cache> = match redis {
            Some(redis) => {
                let probe = Arc::clone(&redis);
                readiness.add("redis", false, move || probe.is_up());
                redis
            }
            None => Arc::new(MemoryCache::new(cache, metrics)),
        };
        let metrics = BrokerMetrics::register(registry);
        let broker = match &endpoints.amqp {
            Some(url) => Broker::Amqp { url: url.clone(), management: endpoints.amqp_management.clone(), metrics },
            None => Broker::Embedded(EmbeddedBroker::open(&data.join("queue.db"), metrics).await?),
        };
        Ok(Some(Self { store, cache, broker }))
    }

    /// A publisher to one exchange.
    pub(super) fn publisher(&self, exchange: &str, config: &PublishConfig) -> Arc<dyn Publisher> {
        match &self.broker {
            Broker::Embedded(broker) => Arc::new(broker.publisher(exchange, config)),
            Broker::Amqp { url, management: _, metrics } => {
                let tls = TlsConfig::default();
                Arc::new(AmqpPublisher::start(url.expose(), &tls, exchange, config, metrics.clone()))
            }
        }
    }

    /// One queue.
    pub(super) fn queue(&self, name: &str) -> Arc<dyn Queue> {
        match &self.broker {
            Broker::Embedded(broker) => Arc::new(broker.queue(name)),
            Broker::Amqp { url, management: _, metrics } => {
                let tls = TlsConfig::default();
                Arc::new(AmqpQueue::start(url.expose(), &tls, name, DEAD_LETTER_TIMEOUT, metrics.clone()))
            }
        }
    }

    /// What declares exchanges and queues.
    pub(super) fn topology(&self) -> Arc<dyn Topology> {
        match &self.broker {
            Broker::Embedded(broker) => Arc::new(broker.clone()),
            Broker::Amqp { url, management, metrics: _ } => {
                let management = management.as_ref().map(Endpoint::expose);
                Arc::new(AmqpTopology::new(url.expose(), &TlsConfig::default(), management, NAMESPACE))
            }
        }
    }

    /// Closes them, once nobody uses them.
    pub(super) async fn close(&self) {
        if let Broker::Embedded(broker) = &self.broker {
            broker.close().await;
        }
        self.store.close().await;
    }
}

async fn open_store(
    postgres: Option<&Endpoint>,
    data: &Path,
    config: &StoreConfig,
    stop: &CancellationToken,
) -> Result<Option<Arc<dyn Store>>, DevError> {
    let tls = TlsConfig::default();
    let Some(endpoint) = postgres else {
        let options = StoreOptions { retention: config.retention.map(Into::into), ..StoreOptions::default() };
        return Ok(Some(Arc::new(SqliteStore::open(&data.join("inbox.db"), options).await?)));
    };
    // Here is no init container that would do it.
    for name in migrate::up(migrate::Target::Postgres { url: endpoint.expose(), tls: &tls }).await? {
        info!("applied the migration {name}");
    }
    Ok(parts::postgres(endpoint, &tls, config, stop).await?)
}
