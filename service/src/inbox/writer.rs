//! Writes: the cache is told before the commit and refreshed after it; what it missed, the generation makes up for.

use std::sync::Arc;

use crate::{
    cache::Cache,
    notif::{Notification, Owner},
    store::{Mark, Marked, Store, StoreError},
};

/// Commits changes to inboxes. One per process; cheap to share.
pub struct Writer {
    store: Arc<dyn Store>,
    cache: Option<Arc<dyn Cache>>,
}

/// What became of one notification of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Stored by this commit.
    Stored {
        /// Its rev.
        rev: i64,
    },
    /// There already, with the same content.
    Repeat,
    /// There already, with other content.
    IdConflict,
    /// The database refuses a value in it; the reason, without payload.
    Refused(String),
}

impl Writer {
    /// Over a store and, where there is one, a cache.
    pub fn new(store: Arc<dyn Store>, cache: Option<Arc<dyn Cache>>) -> Self {
        Self { store, cache }
    }

    /// Commits a batch; fates in its order. A refused batch is bisected to the bad rows. When this returns, the caller may
    /// acknowledge: what the cache missed is covered by a committed generation.
    pub async fn commit(&self, batch: &[Notification]) -> Result<Vec<Fate>, StoreError> {
        let _ = (batch, &self.store, &self.cache);
        todo!()
    }

    /// Marks rows of one owner.
    pub async fn mark(&self, owner: &Owner, mark: &Mark) -> Result<Marked, StoreError> {
        let _ = (owner, mark);
        todo!()
    }

    /// Runs what is due for idle owners and removes what expired a day ago, a bounded piece of work; whether there is more.
    pub async fn sweep(&self) -> Result<bool, StoreError> {
        todo!()
    }
}
