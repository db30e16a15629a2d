//! A store that counts its calls, and a cache that fails on demand. Both stand in front of a real one.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use hoopoe::{
    cache::{Cache, CacheError, Entry, Page, Token, Wakeup},
    notif::Owner,
    store::{HeadAt, OwnerChange, Position, StoreError},
};
use tokio::sync::broadcast;

use crate::inbox::hooked_store::{HookedStore, StoreHooks};

pub type CountedStore = HookedStore<Counts>;

#[derive(Default)]
pub struct Counts {
    pub reads: AtomicU64,
    pub pulses: AtomicU64,
    pub raises: AtomicU64,
    /// While this is not 0, reading the pulse fails.
    pub no_pulse: AtomicU8,
    /// How many milliseconds longer each read takes.
    pub slow: AtomicU64,
    /// What a replica that lags behind answers; `None`: the store is no replica.
    pub late: Mutex<Option<HeadAt>>,
}

impl Counts {
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    pub fn raises(&self) -> u64 {
        self.raises.load(Ordering::SeqCst)
    }

    fn late(&self) -> Option<HeadAt> {
        *self.late.lock().unwrap()
    }
}

#[async_trait]
impl StoreHooks for Counts {
    fn before_pulse(&self) -> Result<(), StoreError> {
        self.pulses.fetch_add(1, Ordering::SeqCst);
        if self.no_pulse.load(Ordering::SeqCst) > 0 {
            return Err(StoreError::Schema("the test says so".to_owned()));
        }
        Ok(())
    }

    fn before_raise(&self) {
        self.raises.fetch_add(1, Ordering::SeqCst);
    }

    async fn after_read(&self, head: HeadAt) -> HeadAt {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let slow = self.slow.load(Ordering::SeqCst);
        if slow > 0 {
            tokio::time::sleep(Duration::from_millis(slow)).await;
        }
        self.late().unwrap_or(head)
    }

    fn may_lag(&self) -> bool {
        self.late().is_some()
    }
}

pub const WORKS: u8 = 0;
pub const FAILS: u8 = 1;
pub const HANGS: u8 = 2;

/// A cache whose publishing works, fails, or hangs until it works again, as when a writer is killed or frozen between
/// commit and cache.
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
