//! The parts that roles share. A role waits for its store, but never for its cache or its broker.

use std::{sync::Arc, time::Duration};

use hoopoe_crds::worker_config::{CacheConfig, StoreConfig, TlsConfig};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{
    broker::{self, Broker, BrokerAt, BrokerMetrics},
    cache::{self, Cache, CacheAt, CacheMetrics},
    config::{Endpoint, Endpoints},
    store::{self, Store, StoreError, StoreOptions, migrate::Target},
};

use super::RoleError;

/// The shortest and longest pause between two attempts to connect.
const RETRY: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Connects to Postgres, and waits while it cannot be reached or its schema is missing, so that both may start in any
/// order. `None`: the process was stopped meanwhile. An error means wrong settings, for which waiting does not help.
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
            connected = store::open(Target::Postgres { url: endpoint.expose(), tls }, options.clone()) => connected,
        };
        match connected {
            Ok(store) => {
                info!(server = %endpoint, "connected to the database");
                return Ok(Some(store));
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

/// Connects to Redis in the background, if one is configured.
pub async fn redis(
    endpoint: Option<&Endpoint>,
    tls: &TlsConfig,
    config: &CacheConfig,
    store: &dyn Store,
    metrics: CacheMetrics,
) -> Result<Option<Arc<dyn Cache>>, RoleError> {
    let Some(endpoint) = endpoint else { return Ok(None) };
    let at = CacheAt::Redis { url: endpoint.expose(), tls, store_id: store.store_id() };
    Ok(Some(cache::open(at, config, metrics).await?))
}

/// The broker that the environment names.
pub async fn broker(
    endpoints: &Endpoints,
    tls: &TlsConfig,
    namespace: &str,
    metrics: BrokerMetrics,
) -> Result<Broker, RoleError> {
    let url = endpoints.need_amqp()?.expose();
    let management = endpoints.amqp_management.as_ref().map(Endpoint::expose);
    Ok(broker::open(BrokerAt::Amqp { url, tls, management, namespace }, metrics).await?)
}
