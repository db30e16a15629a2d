//! The parts that roles share: a store that is waited for, and a cache that is never waited for.

use std::{sync::Arc, time::Duration};

use hoopoe_crds::worker_config::{CacheConfig, StoreConfig, TlsConfig};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    cache::{Cache, CacheMetrics, RedisCache},
    config::Endpoint,
    store::{PostgresStore, Store, StoreError, StoreOptions},
};

use super::RoleError;

/// The shortest and longest pause between two attempts to connect.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Connects to Postgres, and waits while it is away or its schema is not there yet: either side may start first. `None`: told to
/// stop meanwhile. An error is one of settings, which no waiting mends.
pub async fn postgres(
    endpoint: &Endpoint,
    tls: &TlsConfig,
    config: &StoreConfig,
    stop: &CancellationToken,
) -> Result<Option<Arc<dyn Store>>, RoleError> {
    let options = StoreOptions { retention: config.retention.map(Into::into), ..StoreOptions::default() };
    let mut pause = RETRY.0;
    loop {
        let connected = tokio::select! {
            () = stop.cancelled() => return Ok(None),
            connected = PostgresStore::connect(endpoint.expose(), tls, options.clone()) => connected,
        };
        match connected {
            Ok(store) => {
                info!(server = %endpoint, "connected to the database");
                return Ok(Some(Arc::new(store)));
            }
            Err(error @ StoreError::Settings(_)) => return Err(error.into()),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                warn!(server = %endpoint, %error, cause, "waiting for the database");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(None),
            () = sleep(pause) => pause = (pause * 2).min(RETRY.1),
        }
    }
}

/// Connects to Redis in the background, where there is one.
pub async fn redis(
    endpoint: Option<&Endpoint>,
    tls: &TlsConfig,
    config: &CacheConfig,
    store: &dyn Store,
    metrics: CacheMetrics,
) -> Result<Option<Arc<RedisCache>>, RoleError> {
    let Some(endpoint) = endpoint else { return Ok(None) };
    Ok(Some(Arc::new(RedisCache::connect(endpoint.expose(), tls, store.store_id(), config, metrics).await?)))
}

/// As the inbox takes it.
pub fn as_cache(redis: Option<&Arc<RedisCache>>) -> Option<Arc<dyn Cache>> {
    redis.map(|redis| Arc::clone(redis) as Arc<dyn Cache>)
}
