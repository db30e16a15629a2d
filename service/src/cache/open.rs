//! The one place that chooses a cache.

use std::sync::Arc;

use hoopoe_crds::worker_config::{CacheConfig, TlsConfig};
use uuid::Uuid;

use super::{Cache, CacheError, CacheMetrics, MemoryCache, RedisCache};

/// Which cache, and where it is.
pub enum CacheAt<'a> {
    /// A Redis. The connection is made in the background.
    Redis {
        /// `redis://…` or `rediss://…`.
        url: &'a str,
        /// Files for TLS.
        tls: &'a TlsConfig,
        /// The id of the store that it caches, a part of every key and channel.
        store_id: Uuid,
    },
    /// The memory of this process.
    Memory,
}

/// Opens a cache. An error means wrong settings; a Redis that cannot be reached is no error.
pub async fn open(at: CacheAt<'_>, config: &CacheConfig, metrics: CacheMetrics) -> Result<Arc<dyn Cache>, CacheError> {
    Ok(match at {
        CacheAt::Redis { url, tls, store_id } => {
            Arc::new(RedisCache::connect(url, tls, store_id, config, metrics).await?)
        }
        CacheAt::Memory => Arc::new(MemoryCache::new(config, metrics)),
    })
}
