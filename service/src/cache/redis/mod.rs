//! The cache in Redis, shared by all processes of an installation.

mod backoff;
mod dial;
mod entry;
mod fence;
mod hearing;
mod keys;
mod link;
mod run;
mod script;
mod subscription;
mod wake;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hoopoe_crds::worker_config::{CacheConfig, TlsConfig};
use tokio::{sync::broadcast, time::timeout};
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use super::{Cache, CacheError, CacheMetrics, Entry, Page, Token, WAKEUPS_KEPT, Wakeup};
use crate::{
    notif::Owner,
    store::{HeadAt, OwnerChange, Position},
};
use dial::Dialer;
use hearing::Hearing;
use keys::Keys;
use link::RedisLink;
use script::Limits;
use subscription::Subscription;

/// How long a start waits for Redis. If Redis comes up in this time, the first polls can use it; else the start goes on
/// without it.
const START_LIMIT: Duration = Duration::from_secs(1);

/// A Redis. It connects and reconnects in the background. While it cannot be reached, every call fails at once.
pub struct RedisCache {
    keys: Keys,
    limits: Limits,
    link: Arc<RedisLink>,
    hearing: Arc<Hearing>,
    wakeups: broadcast::Sender<Wakeup>,
    metrics: CacheMetrics,
    _tasks: [AbortOnDropHandle<()>; 2],
}

impl RedisCache {
    /// Starts to connect. Fails only if a retry cannot help: an invalid URL, or TLS files that cannot be used. A Redis
    /// that cannot be reached, refuses the password or shows an untrusted certificate is logged and tried again.
    pub async fn connect(
        url: &str,
        tls: &TlsConfig,
        store_id: Uuid,
        config: &CacheConfig,
        metrics: CacheMetrics,
    ) -> Result<Self, CacheError> {
        let dialer = Arc::new(Dialer::new(url, tls)?);
        let keys = Keys::new(store_id);
        let limits = Limits { ttl: config.ttl.0, items: config.head_items };
        let link = Arc::new(RedisLink::new(Arc::clone(&dialer), keys.clone(), metrics.clone()));
        let hearing = Arc::new(Hearing::new());
        let (wakeups, _) = broadcast::channel(WAKEUPS_KEPT);
        let subscription = Subscription {
            dialer,
            keys: keys.clone(),
            link: Arc::clone(&link),
            hearing: Arc::clone(&hearing),
            wakeups: wakeups.clone(),
        };
        let tasks = [
            AbortOnDropHandle::new(tokio::spawn(Arc::clone(&link).keep_up())),
            AbortOnDropHandle::new(tokio::spawn(subscription.listen())),
        ];
        // Err: Redis cannot be reached. Answers are slower then, but not wrong.
        let _ = timeout(START_LIMIT, link.connected()).await;
        Ok(Self { keys, limits, link, hearing, wakeups, metrics, _tasks: tasks })
    }

    /// Why the last attempt to connect failed; `None` after a success. Contains no secret.
    pub fn problem(&self) -> Option<String> {
        self.link.problem()
    }
}

#[async_trait]
impl Cache for RedisCache {
    async fn announce(&self, changes: &[(Owner, Position)]) -> Result<Vec<Token>, CacheError> {
        let announce = async |connection: &mut _| script::announce(connection, &self.keys, self.limits, changes).await;
        let tokens = self.link.call(announce).await?;
        if tokens.len() != changes.len() {
            return Err(CacheError::Malformed(format!("{} tokens for {} owners", tokens.len(), changes.len())));
        }
        Ok(tokens.into_iter().map(Token).collect())
    }

    async fn publish(&self, changes: &[(OwnerChange, Token)]) -> Result<(), CacheError> {
        let publish = async |connection: &mut _| script::publish(connection, &self.keys, self.limits, changes).await;
        let gone = self.link.call(publish).await?;
        self.metrics.refused("publish_gone", gone);
        Ok(())
    }

    async fn open(&self, owner: &Owner, with_page: bool) -> Result<Entry, CacheError> {
        let open = async |connection: &mut _| script::open(connection, &self.keys, self.limits, owner, with_page).await;
        entry::parse(self.link.call(open).await?)
    }

    async fn fill(&self, owner: &Owner, token: &Token, head: &HeadAt, page: Option<&Page>) -> Result<(), CacheError> {
        // Drop a page that shows another state than the head: it cannot be used.
        let page = page.filter(|page| page.position == head.head.position());
        let fill = async |connection: &mut _| {
            script::fill(connection, &self.keys, self.limits, owner, token, head, page).await
        };
        match self.link.call(fill).await?.as_str() {
            "filled" => {}
            "gone" => self.metrics.refused("gone", 1),
            "dirty" => self.metrics.refused("dirty", 1),
            "older" => self.metrics.refused("older", 1),
            other => return Err(CacheError::Malformed(format!("fill answered {other}"))),
        }
        Ok(())
    }

    fn is_up(&self) -> bool {
        self.link.is_up()
    }

    fn wakeups(&self) -> broadcast::Receiver<Wakeup> {
        self.wakeups.subscribe()
    }

    fn hearing(&self) -> Option<u64> {
        self.hearing.number(Instant::now())
    }

    fn breaks(&self) -> u64 {
        self.link.breaks()
    }

    fn covered(&self, breaks: u64) {
        self.link.covered(breaks);
    }
}
