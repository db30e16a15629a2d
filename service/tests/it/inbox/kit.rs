//! A database, a Redis, and several processes that use them.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock, atomic::Ordering},
    time::Duration,
};

use hoopoe::{
    cache::{Cache, CacheMetrics, MemoryCache, RedisCache},
    inbox::{InboxMetrics, Reader, ReaderOptions, Writer},
    notif::{Content, Notification, Owner},
    store::{Head, HeadAt, PostgresStore, SqliteStore, Store, StoreOptions, migrate},
};
use hoopoe_crds::worker_config::{CacheConfig, TlsConfig};
use hoopoe_e2e::{Postgres, Proxy, Redis, RedisOptions};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::inbox::wrapped::{CountedStore, Counts};
use crate::testkit::{
    self,
    wait::{until, within},
};

/// How long a read waits for a replica, and how often a follower looks when it hears nothing. Tests wait this long.
pub const LAG_WAIT: Duration = Duration::from_millis(300);
const DEAF_LOOK: Duration = Duration::from_millis(200);

/// What all processes of a test share.
pub struct Kit {
    pub parts: Parts,
    pub config: CacheConfig,
}

pub enum Parts {
    /// Postgres and Redis, as in a cluster.
    Servers { postgres_url: String, redis: Box<Redis> },
    /// SQLite and memory, as in `hoopoe dev`. Several readers and writers stand for its tasks.
    Embedded { path: PathBuf, cache: OnceLock<Arc<MemoryCache>>, _folder: tempfile::TempDir },
}

/// Runs a test twice: over Postgres and Redis, and over SQLite and the memory of the process.
macro_rules! both {
    ($($name:ident)*) => {
        mod servers {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::inbox::kit::Kit::new().await).await;
            })*
        }
        mod embedded {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(crate::inbox::kit::Kit::embedded()).await;
            })*
        }
    };
}
pub(crate) use both;

/// What one worker process holds.
pub struct Process {
    pub store: Arc<CountedStore>,
    pub cache: Option<Arc<dyn Cache>>,
    pub writer: Arc<Writer>,
    pub reader: Arc<Reader>,
    pub stop: CancellationToken,
}

impl Kit {
    pub async fn new() -> Self {
        Self::with_redis(RedisOptions::default()).await
    }

    pub async fn with_redis(options: RedisOptions) -> Self {
        let server = Postgres::shared().await.unwrap();
        let postgres_url = server.create_database(&format!("i{}", Uuid::new_v4().simple())).await.unwrap();
        let tls = TlsConfig::default();
        migrate::up(migrate::Target::Postgres { url: &postgres_url, tls: &tls }).await.unwrap();
        let redis = Box::new(Redis::start(options).await.unwrap());
        Self { parts: Parts::Servers { postgres_url, redis }, config: CacheConfig::default() }
    }

    pub fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inbox.db");
        let parts = Parts::Embedded { path, cache: OnceLock::new(), _folder: folder };
        Self { parts, config: CacheConfig::default() }
    }

    /// The Redis, for tests of faults that only Redis has.
    pub fn redis(&self) -> &Redis {
        match &self.parts {
            Parts::Servers { postgres_url: _, redis } => redis,
            Parts::Embedded { .. } => panic!("the embedded kit has no Redis"),
        }
    }

    pub fn is_embedded(&self) -> bool {
        matches!(self.parts, Parts::Embedded { .. })
    }

    pub async fn store(&self) -> Arc<CountedStore> {
        let options = StoreOptions { max_connections: 6, ..StoreOptions::default() };
        let store = match &self.parts {
            Parts::Servers { postgres_url, redis: _ } => {
                PostgresStore::connect(postgres_url, &TlsConfig::default(), options).await.unwrap()
            }
            Parts::Embedded { path, .. } => SqliteStore::open(path, options).await.unwrap(),
        };
        Arc::new(CountedStore::new(Arc::new(store), Counts::default()))
    }

    pub async fn redis_cache(&self, url: &str, store_id: Uuid) -> Arc<RedisCache> {
        redis_cache(url, store_id, &self.config).await
    }

    /// The cache that all processes share; with Redis, over a connection of its own.
    pub async fn cache(&self, store_id: Uuid) -> Arc<dyn Cache> {
        match &self.parts {
            Parts::Servers { postgres_url: _, redis } => self.redis_cache(&redis.url(), store_id).await,
            Parts::Embedded { cache, .. } => {
                cache.get_or_init(|| Arc::new(MemoryCache::new(&self.config, CacheMetrics::default()))).clone()
            }
        }
    }

    /// A worker that reaches its cache.
    pub async fn process(&self) -> Process {
        let store = self.store().await;
        let cache = self.cache(store.store_id()).await;
        Process::new(store, Some(cache), &self.config).await
    }

    /// A worker that reaches Redis through a proxy.
    pub async fn process_behind(&self, proxy: &Proxy) -> Process {
        let store = self.store().await;
        let url = proxy.url(&self.redis().url(), self.redis().port());
        let cache = self.redis_cache(&url, store.store_id()).await;
        Process::new(store, Some(cache), &self.config).await
    }

    /// A worker with a cache that the test provides.
    pub async fn process_with(&self, store: Arc<CountedStore>, cache: Arc<dyn Cache>) -> Process {
        Process::new(store, Some(cache), &self.config).await
    }
}

pub async fn redis_cache(url: &str, store_id: Uuid, config: &CacheConfig) -> Arc<RedisCache> {
    let tls = TlsConfig::default();
    Arc::new(RedisCache::connect(url, &tls, store_id, config, CacheMetrics::default()).await.unwrap())
}

impl Process {
    pub async fn new(store: Arc<CountedStore>, cache: Option<Arc<dyn Cache>>, config: &CacheConfig) -> Self {
        let shared: Arc<dyn Store> = store.clone();
        let writer = Arc::new(Writer::new(shared.clone(), cache.clone(), InboxMetrics::default()));
        let stop = CancellationToken::new();
        let options = ReaderOptions { lag_wait: LAG_WAIT, deaf_look: DEAF_LOOK, ..ReaderOptions::new(config) };
        let reader = Reader::start(shared, cache.clone(), writer.clone(), options, InboxMetrics::default(), &stop);
        let process = Self { store, cache: cache.clone(), writer, reader: Arc::new(reader), stop };
        until("ready", async || process.reader.is_ready()).await;
        if let Some(cache) = cache {
            // If Redis is away from the start, there is no subscription to wait for.
            within(Duration::from_secs(10), async || cache.hearing().is_some()).await;
        }
        process
    }

    pub async fn send(&self, owner: &Owner) -> Uuid {
        let notification = notification(owner);
        let id = notification.id;
        self.writer.commit(&[notification]).await.unwrap();
        id
    }

    pub async fn head(&self, owner: &Owner) -> HeadAt {
        self.reader.head(owner, None).await.unwrap().value
    }

    pub async fn rev(&self, owner: &Owner) -> i64 {
        self.head(owner).await.head.rev
    }

    /// Waits until `so` is true. A bound that we promise is counted in pulses instead of seconds: this fails once this
    /// process has read `count` more pulses.
    pub async fn within_pulses(&self, count: u64, what: &str, so: impl AsyncFn() -> bool) {
        let pulses = || self.store.pulses.load(Ordering::SeqCst);
        // A pulse may be under way already, and the next one is requested only after it has been read.
        let last = pulses() + count + 1;
        loop {
            let over = pulses() >= last;
            if so().await {
                return;
            }
            assert!(!over, "did not happen within {count} pulses: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The head in the database.
    pub async fn truth(&self, owner: &Owner) -> Head {
        self.store.inner.head(owner).await.unwrap().head
    }
}

pub fn notification(owner: &Owner) -> Notification {
    let content =
        Content { kind: "test".to_owned(), title: "title".to_owned(), body: "body".to_owned(), ..Content::default() };
    testkit::notification::notification(owner.clone(), Uuid::new_v4(), content)
}
