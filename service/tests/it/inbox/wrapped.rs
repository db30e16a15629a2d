//! A store that counts what it is asked, and a cache that fails on demand: both stand before a real one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use hoopoe::{
    cache::{Cache, CacheError, Entry, Page, Token, Wakeup},
    notif::{Notification, Owner},
    store::{
        Announce, Committed, Feed, FeedQuery, HeadAt, Mark, Marked, OwnerChange, Position, Pulse, Store, StoreError,
        Window,
    },
};
use tokio::sync::broadcast;
use uuid::Uuid;

pub struct CountedStore {
    pub inner: Arc<dyn Store>,
    pub reads: AtomicU64,
    pub pulses: AtomicU64,
    pub raises: AtomicU64,
    /// Pulses fail while it is not 0.
    pub no_pulse: AtomicU8,
    /// Milliseconds that a read takes longer.
    pub slow: AtomicU64,
}

impl CountedStore {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            reads: AtomicU64::new(0),
            pulses: AtomicU64::new(0),
            raises: AtomicU64::new(0),
            no_pulse: AtomicU8::new(0),
            slow: AtomicU64::new(0),
        }
    }

    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    pub fn raises(&self) -> u64 {
        self.raises.load(Ordering::SeqCst)
    }

    async fn count_read(&self) {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let slow = self.slow.load(Ordering::SeqCst);
        if slow > 0 {
            tokio::time::sleep(Duration::from_millis(slow)).await;
        }
    }
}

#[async_trait]
impl Store for CountedStore {
    fn store_id(&self) -> Uuid {
        self.inner.store_id()
    }
    async fn pulse(&self) -> Result<Pulse, StoreError> {
        self.pulses.fetch_add(1, Ordering::SeqCst);
        if self.no_pulse.load(Ordering::SeqCst) > 0 {
            return Err(StoreError::Schema("the test says so".to_owned()));
        }
        self.inner.pulse().await
    }
    async fn raise_generation(&self) -> Result<i64, StoreError> {
        self.raises.fetch_add(1, Ordering::SeqCst);
        self.inner.raise_generation().await
    }
    async fn commit(&self, batch: &[Notification], announce: &dyn Announce) -> Result<Committed, StoreError> {
        self.inner.commit(batch, announce).await
    }
    async fn mark(&self, owner: &Owner, mark: &Mark, announce: &dyn Announce) -> Result<Marked, StoreError> {
        self.inner.mark(owner, mark, announce).await
    }
    async fn head(&self, owner: &Owner) -> Result<HeadAt, StoreError> {
        let head = self.inner.head(owner).await;
        self.count_read().await;
        head
    }
    async fn feed(&self, owner: &Owner, query: &FeedQuery) -> Result<Feed, StoreError> {
        let feed = self.inner.feed(owner, query).await;
        self.count_read().await;
        feed
    }
    async fn window(&self, owner: &Owner, from: u64, to: u64, unread_only: bool) -> Result<Window, StoreError> {
        self.count_read().await;
        self.inner.window(owner, from, to, unread_only).await
    }
    async fn run_due(&self, owner: &Owner, announce: &dyn Announce) -> Result<Option<OwnerChange>, StoreError> {
        self.inner.run_due(owner, announce).await
    }
    async fn due_owners(&self, limit: u32) -> Result<Vec<Owner>, StoreError> {
        self.inner.due_owners(limit).await
    }
    async fn remove_expired(&self, limit: u32) -> Result<u64, StoreError> {
        self.inner.remove_expired(limit).await
    }
    async fn close(&self) {
        self.inner.close().await;
    }
}

pub const WORKS: u8 = 0;
pub const FAILS: u8 = 1;
pub const HANGS: u8 = 2;

/// A cache whose publishing works, fails, or hangs until it works again: a writer killed or frozen between commit and cache.
pub struct FailingCache {
    pub inner: Arc<dyn Cache>,
    pub publish: AtomicU8,
}

impl FailingCache {
    pub fn new(inner: Arc<dyn Cache>, publish: u8) -> Arc<Self> {
        Arc::new(Self { inner, publish: AtomicU8::new(publish) })
    }
}

#[async_trait]
impl Cache for FailingCache {
    async fn announce(&self, changes: &[(Owner, Position)]) -> Result<Vec<Token>, CacheError> {
        self.inner.announce(changes).await
    }
    async fn publish(&self, changes: &[(OwnerChange, Token)]) -> Result<(), CacheError> {
        match self.publish.load(Ordering::SeqCst) {
            WORKS => self.inner.publish(changes).await,
            FAILS => Err(CacheError::Malformed("the test says so".to_owned())),
            _ => {
                while self.publish.load(Ordering::SeqCst) == HANGS {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                self.inner.publish(changes).await
            }
        }
    }
    async fn open(&self, owner: &Owner, with_page: bool) -> Result<Entry, CacheError> {
        self.inner.open(owner, with_page).await
    }
    async fn fill(&self, owner: &Owner, token: &Token, head: &HeadAt, page: Option<&Page>) -> Result<(), CacheError> {
        self.inner.fill(owner, token, head, page).await
    }
    fn is_up(&self) -> bool {
        self.inner.is_up()
    }
    fn wakeups(&self) -> broadcast::Receiver<Wakeup> {
        self.inner.wakeups()
    }
    fn hearing(&self) -> Option<u64> {
        self.inner.hearing()
    }
    fn breaks(&self) -> u64 {
        self.inner.breaks()
    }
    fn covered(&self, breaks: u64) {
        self.inner.covered(breaks);
    }
}
