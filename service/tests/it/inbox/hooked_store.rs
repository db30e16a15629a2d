//! A store in front of a real one, with hooks that let a test count, delay, fail or change a call. The tests of inbox
//! and consumer share it.

use std::{ops::Deref, sync::Arc};

use async_trait::async_trait;
use hoopoe::{
    notif::{Notification, Owner},
    store::{
        Announce, Committed, Feed, FeedQuery, HeadAt, Mark, Marked, OwnerChange, Pulse, Store, StoreError, Window,
    },
};
use uuid::Uuid;

/// The hooks beside the calls. Without a hook, the call goes straight to the real store.
#[async_trait]
pub trait StoreHooks: Send + Sync + 'static {
    async fn before_commit(&self, _batch: &[Notification]) {}

    fn before_pulse(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn before_raise(&self) {}

    /// Runs after the store has read a head, a page or a window, and returns the head to answer with.
    async fn after_read(&self, head: HeadAt) -> HeadAt {
        head
    }

    fn may_lag(&self) -> bool {
        false
    }
}

pub struct HookedStore<H> {
    pub inner: Arc<dyn Store>,
    hooks: H,
}

impl<H> HookedStore<H> {
    pub fn new(inner: Arc<dyn Store>, hooks: H) -> Self {
        Self { inner, hooks }
    }
}

impl<H> Deref for HookedStore<H> {
    type Target = H;

    fn deref(&self) -> &H {
        &self.hooks
    }
}

#[async_trait]
impl<H: StoreHooks> Store for HookedStore<H> {
    fn store_id(&self) -> Uuid {
        self.inner.store_id()
    }
    fn may_lag(&self) -> bool {
        self.hooks.may_lag()
    }
    async fn pulse(&self) -> Result<Pulse, StoreError> {
        self.hooks.before_pulse()?;
        self.inner.pulse().await
    }
    async fn raise_generation(&self) -> Result<i64, StoreError> {
        self.hooks.before_raise();
        self.inner.raise_generation().await
    }
    async fn commit(&self, batch: &[Notification], announce: &dyn Announce) -> Result<Committed, StoreError> {
        self.hooks.before_commit(batch).await;
        self.inner.commit(batch, announce).await
    }
    async fn mark(&self, owner: &Owner, mark: &Mark, announce: &dyn Announce) -> Result<Marked, StoreError> {
        self.inner.mark(owner, mark, announce).await
    }
    async fn head(&self, owner: &Owner) -> Result<HeadAt, StoreError> {
        let head = self.inner.head(owner).await?;
        Ok(self.hooks.after_read(head).await)
    }
    async fn feed(&self, owner: &Owner, query: &FeedQuery) -> Result<Feed, StoreError> {
        let feed = self.inner.feed(owner, query).await?;
        Ok(Feed { head: self.hooks.after_read(feed.head).await, ..feed })
    }
    async fn window(&self, owner: &Owner, from: u64, to: u64, unread_only: bool) -> Result<Window, StoreError> {
        let window = self.inner.window(owner, from, to, unread_only).await?;
        Ok(Window { head: self.hooks.after_read(window.head).await, ..window })
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
