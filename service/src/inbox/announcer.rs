//! Tells the cache about one write before its commit.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use super::InboxMetrics;
use crate::{
    cache::{Cache, Token},
    notif::Owner,
    store::{Announce, OwnerChange, Position},
};

/// Announces changes to the cache, and keeps the entries' tokens for publishing after the commit.
pub(super) struct Announcer<'a> {
    cache: Option<&'a dyn Cache>,
    taken: Mutex<Taken>,
    metrics: &'a InboxMetrics,
}

#[derive(Default)]
struct Taken {
    tokens: HashMap<Owner, Token>,
    /// The number of breaks before the first announcement.
    breaks: Option<u64>,
}

/// What the cache accepted.
pub(super) struct Announced {
    /// The changes that were announced, with the tokens of their entries.
    pub(super) changes: Vec<(OwnerChange, Token)>,
    /// The number of breaks before the announcement.
    pub(super) breaks: u64,
}

impl<'a> Announcer<'a> {
    pub(super) fn new(cache: Option<&'a dyn Cache>, metrics: &'a InboxMetrics) -> Self {
        Self { cache, taken: Mutex::default(), metrics }
    }

    /// Call it after the commit: returns the changes to publish. Changes that the cache did not accept are covered by
    /// the generation that their own transaction raised.
    pub(super) fn finish(self, changes: Vec<OwnerChange>) -> Announced {
        let mut taken = self.taken.into_inner().unwrap_or_else(PoisonError::into_inner);
        let with_token = |change: OwnerChange| taken.tokens.remove(&change.owner).map(|token| (change, token));
        let changes = changes.into_iter().filter_map(with_token).collect();
        Announced { changes, breaks: taken.breaks.unwrap_or(0) }
    }
}

#[async_trait]
impl Announce for Announcer<'_> {
    async fn announce(&self, changes: &[(Owner, Position)]) -> bool {
        // No cache is configured, so no process of this installation has a cache that could be stale.
        let Some(cache) = self.cache else { return true };
        let breaks = cache.breaks();
        // The store's transaction holds row locks meanwhile. The cache's own time limit bounds this call.
        let tokens = match cache.announce(changes).await {
            Ok(tokens) => tokens,
            Err(error) => {
                tracing::debug!(%error, "the cache did not take an announcement");
                self.metrics.unannounced.inc();
                return false;
            }
        };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.breaks.get_or_insert(breaks);
        taken.tokens.extend(changes.iter().map(|(owner, _)| owner.clone()).zip(tokens));
        true
    }
}
