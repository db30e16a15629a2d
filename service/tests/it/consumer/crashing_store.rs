//! A store that dies with its process when a batch holds the culprit, as a worker does that a message makes crash.

use std::sync::Arc;

use async_trait::async_trait;
use hoopoe::{
    notif::{Notification, Owner},
    store::{
        Announce, Committed, Feed, FeedQuery, HeadAt, Mark, Marked, OwnerChange, Pulse, Store, StoreError, Window,
    },
};
use tokio::sync::Notify;
use uuid::Uuid;

pub const CULPRIT: &str = "culprit";

pub struct CrashingStore {
    pub inner: Arc<dyn Store>,
    pub crashed: Arc<Notify>,
}

#[async_trait]
impl Store for CrashingStore {
    fn store_id(&self) -> Uuid {
        self.inner.store_id()
    }

    async fn commit(&self, batch: &[Notification], announce: &dyn Announce) -> Result<Committed, StoreError> {
        if batch.iter().any(|notification| notification.content.kind == CULPRIT) {
            self.crashed.notify_one();
            std::future::pending::<()>().await;
        }
        self.inner.commit(batch, announce).await
    }

    async fn pulse(&self) -> Result<Pulse, StoreError> {
        self.inner.pulse().await
    }

    async fn raise_generation(&self) -> Result<i64, StoreError> {
        self.inner.raise_generation().await
    }

    async fn mark(&self, owner: &Owner, mark: &Mark, announce: &dyn Announce) -> Result<Marked, StoreError> {
        self.inner.mark(owner, mark, announce).await
    }

    async fn head(&self, owner: &Owner) -> Result<HeadAt, StoreError> {
        self.inner.head(owner).await
    }

    async fn feed(&self, owner: &Owner, query: &FeedQuery) -> Result<Feed, StoreError> {
        self.inner.feed(owner, query).await
    }

    async fn window(&self, owner: &Owner, from: u64, to: u64, unread_only: bool) -> Result<Window, StoreError> {
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
