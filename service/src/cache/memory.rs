//! The cache in the process's own memory, for the embedded default. It follows the same rules, but is always reachable.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hoopoe_crds::worker_config::CacheConfig;
use quick_cache::{Weighter, sync};
use tokio::sync::broadcast;

use super::{Cache, CacheError, CacheMetrics, Entry, Page, Token, WAKEUPS_KEPT, Wakeup};
use crate::{
    notif::Owner,
    store::{HeadAt, OwnerChange, Position},
};

/// The most bytes of all pages together.
const MOST_BYTES: u64 = 32 * 1024 * 1024;
/// The most owners.
const MOST_ENTRIES: usize = 100_000;

/// Heads and pages in memory. The least used are dropped first.
pub struct MemoryCache {
    entries: sync::Cache<Owner, Arc<Mutex<Kept>>>,
    pages: sync::Cache<Owner, Page, ByLines>,
    tokens: AtomicU64,
    wakeups: broadcast::Sender<Wakeup>,
    ttl: Duration,
    head_items: u32,
    metrics: CacheMetrics,
}

struct Kept {
    token: Token,
    dirty: Option<Position>,
    head: Option<HeadAt>,
    until: Instant,
}

#[derive(Clone)]
struct ByLines;

impl Weighter<Owner, Page> for ByLines {
    fn weight(&self, owner: &Owner, page: &Page) -> u64 {
        (owner.as_str().len() + page.lines.len()) as u64 + 128
    }
}

impl MemoryCache {
    /// An empty cache.
    pub fn new(config: &CacheConfig, metrics: CacheMetrics) -> Self {
        Self {
            entries: sync::Cache::new(MOST_ENTRIES),
            pages: sync::Cache::with_weighter(1024, MOST_BYTES, ByLines),
            tokens: AtomicU64::new(0),
            wakeups: broadcast::channel(WAKEUPS_KEPT).0,
            ttl: config.ttl.0,
            head_items: config.head_items,
            metrics,
        }
    }

    fn token(&self) -> Token {
        Token(self.tokens.fetch_add(1, Ordering::Relaxed).to_string())
    }

    fn fresh(&self) -> Kept {
        Kept { token: self.token(), dirty: None, head: None, until: Instant::now() + self.ttl }
    }

    /// Shows the owner's entry to `look`, and creates it first if it is missing or too old.
    fn with_entry<T>(&self, owner: &Owner, look: impl FnOnce(&mut Kept) -> T) -> T {
        let made = self
            .entries
            .get_or_insert_with(owner, || Ok::<_, std::convert::Infallible>(Arc::new(Mutex::new(self.fresh()))));
        let Ok(kept) = made;
        let mut kept = lock(&kept);
        if kept.until <= Instant::now() {
            *kept = self.fresh();
        }
        look(&mut kept)
    }

    fn wake(&self, owner: &Owner, position: Position) {
        // Err: there is no listener.
        let _ = self.wakeups.send(Wakeup::Changed(owner.clone(), position));
    }
}

fn lock(kept: &Mutex<Kept>) -> MutexGuard<'_, Kept> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Kept {
    /// Takes a head that is not older than the present one.
    fn take(&mut self, head: HeadAt, ttl: Duration) -> bool {
        let newer = self.head.is_none_or(|there| head.version() >= there.version());
        if newer {
            self.head = Some(head);
            self.until = Instant::now() + ttl;
        }
        newer
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn announce(&self, changes: &[(Owner, Position)]) -> Result<Vec<Token>, CacheError> {
        let announce = |(owner, position): &(Owner, Position)| {
            let token = self.with_entry(owner, |kept| {
                kept.dirty = kept.dirty.max(Some(*position));
                kept.until = Instant::now() + self.ttl;
                kept.token.clone()
            });
            self.wake(owner, *position);
            token
        };
        Ok(changes.iter().map(announce).collect())
    }

    async fn publish(&self, changes: &[(OwnerChange, Token)]) -> Result<(), CacheError> {
        for (OwnerChange { owner, previous, head, inserted }, token) in changes {
            let position = head.head.position();
            self.with_entry(owner, |kept| {
                if kept.token != *token {
                    kept.dirty = kept.dirty.max(Some(position));
                    self.metrics.refused("publish_gone", 1);
                    return;
                }
                kept.take(*head, self.ttl);
                let page = self.pages.get(owner).filter(|page| page.position == *previous && !inserted.is_empty());
                if let Some(page) = page {
                    self.pages.insert(owner.clone(), page.extended(position, inserted, self.head_items));
                }
            });
            self.wake(owner, position);
        }
        Ok(())
    }

    async fn open(&self, owner: &Owner, with_page: bool) -> Result<Entry, CacheError> {
        Ok(self.with_entry(owner, |kept| {
            let page = if with_page { self.pages.get(owner) } else { None };
            Entry { token: kept.token.clone(), dirty: kept.dirty, head: kept.head, page }
        }))
    }

    async fn fill(&self, owner: &Owner, token: &Token, head: &HeadAt, page: Option<&Page>) -> Result<(), CacheError> {
        let position = head.head.position();
        self.with_entry(owner, |kept| {
            if kept.token != *token {
                self.metrics.refused("gone", 1);
            } else if kept.dirty > Some(position) {
                self.metrics.refused("dirty", 1);
            } else if !kept.take(*head, self.ttl) {
                self.metrics.refused("older", 1);
            } else if let Some(page) = page.filter(|page| page.position == position) {
                self.pages.insert(owner.clone(), page.clone());
            }
        });
        Ok(())
    }

    fn is_up(&self) -> bool {
        true
    }

    fn wakeups(&self) -> broadcast::Receiver<Wakeup> {
        self.wakeups.subscribe()
    }

    fn hearing(&self) -> Option<u64> {
        Some(1)
    }

    fn breaks(&self) -> u64 {
        0
    }

    fn covered(&self, _breaks: u64) {}
}
