//! Broker, cache and store of `hoopoe dev`: the real server if its URL is set, else the embedded one.

use std::{path::Path, sync::Arc};

use hoopoe_crds::worker_config::{CacheConfig, StoreConfig, TlsConfig};
use hoopoe_web::Readiness;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::{
    broker::{self, Broker, BrokerAt, BrokerMetrics},
    cache::{self, Cache, CacheAt, CacheMetrics},
    config::{Endpoint, Endpoints},
    roles::{RoleError, parts},
    store::{
        self, Store, StoreOptions,
        migrate::{self, Target},
    },
};

use super::DevError;

/// The namespace in the names of policies.
const NAMESPACE: &str = "dev";

/// The parts of one process.
pub(super) struct Parts {
    /// The store.
    pub(super) store: Arc<dyn Store>,
    /// The cache. There always is one: without a Redis, the process's memory.
    pub(super) cache: Arc<dyn Cache>,
    /// The broker.
    pub(super) broker: Broker,
}

impl Parts {
    /// Opens the parts, the embedded ones in the folder `data`. `None`: the process was stopped while it waited for a
    /// server.
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
        let cache = match &endpoints.redis {
            Some(redis) => {
                let at = CacheAt::Redis { url: redis.expose(), tls: &tls, store_id: store.store_id() };
                let cache = cache::open(at, cache, metrics).await.map_err(RoleError::from)?;
                let probe = Arc::clone(&cache);
                readiness.add("redis", false, move || probe.is_up());
                cache
            }
            None => cache::open(CacheAt::Memory, cache, metrics).await.map_err(RoleError::from)?,
        };
        let metrics = BrokerMetrics::register(registry);
        let file = data.join("queue.db");
        let management = endpoints.amqp_management.as_ref().map(Endpoint::expose);
        let at = match &endpoints.amqp {
            Some(url) => BrokerAt::Amqp { url: url.expose(), tls: &tls, management, namespace: NAMESPACE },
            None => BrokerAt::Embedded(&file),
        };
        let broker = broker::open(at, metrics).await?;
        Ok(Some(Self { store, cache, broker }))
    }

    /// Closes the parts, once they are no longer used.
    pub(super) async fn close(&self) {
        self.broker.close().await;
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
        return Ok(Some(store::open(Target::Sqlite(&data.join("inbox.db")), options).await?));
    };
    // `hoopoe dev` has no init container that would migrate the schema.
    for name in migrate::up(Target::Postgres { url: endpoint.expose(), tls: &tls }).await? {
        info!("applied the migration {name}");
    }
    Ok(parts::postgres(endpoint, &tls, config, stop).await?)
}
