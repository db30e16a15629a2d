//! Reads: from the process, else from the cache, else from the store, and never older than what the caller holds.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    cache::Cache,
    notif::Owner,
    store::{Feed, FeedQuery, HeadAt, Position, Store, StoreError, Window},
};

use super::Writer;

/// Reads inboxes. One per process; cheap to share.
pub struct Reader {
    store: Arc<dyn Store>,
    cache: Option<Arc<dyn Cache>>,
    writer: Arc<Writer>,
}

/// An answer, and whether it may be stale.
#[derive(Clone, Debug)]
pub struct Current<T> {
    /// The answer.
    pub value: T,
    /// The generation could not be read for five seconds: the answer comes from a cache that may be behind. `X-Hoopoe-Stale: true`.
    pub stale: bool,
}

/// The newest page, ready to send.
#[derive(Clone, Debug)]
pub struct FirstPage {
    /// The owner's head.
    pub head: HeadAt,
    /// The items as JSON, comma separated, without the brackets.
    pub items: Bytes,
    /// The rev of the last item when there are rows after it: the cursor's content.
    pub next: Option<i64>,
}

/// Why an inbox could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many reads wait for the store. 503.
    #[error("failed to read: too many requests wait for the database")]
    Overloaded,
}

impl Reader {
    /// Over the same store and cache as the writer that runs due changes for it.
    pub fn new(store: Arc<dyn Store>, cache: Option<Arc<dyn Cache>>, writer: Arc<Writer>) -> Self {
        Self { store, cache, writer }
    }

    /// The owner's head, at least as new as `at_least`.
    pub async fn head(&self, owner: &Owner, at_least: Option<Position>) -> Result<Current<HeadAt>, ReadError> {
        let _ = (owner, at_least, &self.store, &self.cache, &self.writer);
        todo!()
    }

    /// The newest `limit` items without filters, at least as new as `at_least`.
    pub async fn first_page(
        &self,
        owner: &Owner,
        limit: u32,
        at_least: Option<Position>,
    ) -> Result<Current<FirstPage>, ReadError> {
        let _ = (owner, limit, at_least);
        todo!()
    }

    /// Any other page, from the store. Due changes are run first.
    pub async fn feed(&self, owner: &Owner, query: &FeedQuery) -> Result<Feed, ReadError> {
        let _ = (owner, query);
        todo!()
    }

    /// A window for `/notif/get/owner/`, from the store. Due changes are run first.
    pub async fn window(&self, owner: &Owner, from: u64, to: u64, unread_only: bool) -> Result<Window, ReadError> {
        let _ = (owner, from, to, unread_only);
        todo!()
    }
}
