//! Writes inboxes. The cache is told before the commit and refreshed after it. If the cache missed a change, the
//! generation is raised.

use std::{collections::BTreeSet, sync::Arc};

use futures::future::try_join_all;
use tokio_util::task::AbortOnDropHandle;

use super::{InboxMetrics, announcer::Announcer, fate::NotificationFate, raiser::Raiser, refusal};
use crate::{
    cache::Cache,
    notif::{Notification, Owner},
    store::{Committed, Mark, Marked, Outcome, OwnerChange, Store, StoreError},
};

/// How many owners one sweep handles, and how many rows it removes.
const SWEEP_OWNERS: u32 = 100;
const SWEEP_ROWS: u32 = 1000;
/// How many heads are read at a time to refresh the cache after repeats.
const REFRESHES: usize = 4;

/// Commits changes to inboxes. One per process. Cheap to share.
pub struct Writer {
    store: Arc<dyn Store>,
    cache: Option<Arc<dyn Cache>>,
    raiser: Arc<Raiser>,
    metrics: InboxMetrics,
    _watch: AbortOnDropHandle<()>,
}

impl Writer {
    /// A writer over a store and, if there is one, a cache. While it lives, it watches in the background for breaks of
    /// the cache. Call it inside a tokio runtime.
    pub fn new(store: Arc<dyn Store>, cache: Option<Arc<dyn Cache>>, metrics: InboxMetrics) -> Self {
        let raiser = Arc::new(Raiser::new(Arc::clone(&store), cache.clone(), metrics.clone()));
        let watch = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&raiser).watch()));
        Self { store, cache, raiser, metrics, _watch: watch }
    }

    /// Commits a batch and returns the fates in its order. A refused batch is halved until the bad rows are found. When
    /// this returns, the caller may acknowledge, because everything that the cache missed is covered by a committed
    /// generation.
    pub async fn commit(&self, batch: &[Notification]) -> Result<Vec<NotificationFate>, StoreError> {
        let mut fates = Vec::with_capacity(batch.len());
        // The pieces still to commit, with the next one last, so that the fates come in the batch's order.
        let mut pieces = vec![batch];
        while let Some(piece) = pieces.pop() {
            let announcer = self.announcer();
            match self.store.commit(piece, &announcer).await {
                Ok(Committed { outcomes, changes }) => {
                    let repeated = repeated_owners(piece, &outcomes, &changes);
                    self.settle(announcer, changes).await?;
                    self.refresh(repeated).await?;
                    fates.extend(outcomes.into_iter().map(NotificationFate::from));
                }
                Err(StoreError::Refused(error)) if piece.len() <= 1 => {
                    fates.push(NotificationFate::Refused(refusal::reason(&error)));
                }
                Err(StoreError::Refused(_)) => {
                    let (first, second) = piece.split_at(piece.len() / 2);
                    pieces.push(second);
                    pieces.push(first);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(fates)
    }

    /// Marks rows of one owner.
    pub async fn mark(&self, owner: &Owner, mark: &Mark) -> Result<Marked, StoreError> {
        let announcer = self.announcer();
        let marked = self.store.mark(owner, mark, &announcer).await?;
        self.settle(announcer, marked.change.clone().into_iter().collect()).await?;
        Ok(marked)
    }

    /// Applies what is due for one owner. Returns whether anything was due.
    pub async fn run_due(&self, owner: &Owner) -> Result<bool, StoreError> {
        let announcer = self.announcer();
        let change = self.store.run_due(owner, &announcer).await?;
        let ran = change.is_some();
        self.settle(announcer, change.into_iter().collect()).await?;
        Ok(ran)
    }

    /// Applies what is due for idle owners and removes what expired a day ago, up to a limit. Returns whether there is
    /// more to do.
    pub async fn sweep(&self) -> Result<bool, StoreError> {
        let owners = self.store.due_owners(SWEEP_OWNERS).await?;
        let more = owners.len() >= SWEEP_OWNERS as usize;
        for owner in &owners {
            self.run_due(owner).await?;
        }
        // This changes no rev and no head, so the cache is not told.
        let removed = self.store.remove_expired(SWEEP_ROWS).await?;
        Ok(more || removed >= u64::from(SWEEP_ROWS))
    }

    fn announcer(&self) -> Announcer<'_> {
        Announcer::new(self.cache.as_deref(), &self.metrics)
    }

    /// Publishes the heads after a commit, and raises the generation if the cache may have lost something.
    async fn settle(&self, announcer: Announcer<'_>, changes: Vec<OwnerChange>) -> Result<(), StoreError> {
        let Some(cache) = &self.cache else { return Ok(()) };
        let taken = announcer.finish(changes);
        let mut failed_now = false;
        if !taken.changes.is_empty()
            && let Err(error) = cache.publish(&taken.changes).await
        {
            tracing::debug!(%error, "the cache did not take the heads of a commit");
            self.metrics.unpublished.inc();
            // These owners need no raise while their `dirty` marks stand: readers ask the database until a head reaches
            // the marks. The marks stand unless the cache lost writes after they were made. A raise that began before
            // this commit does not cover it, because a reader may have cached the state before it together with the new
            // generation.
            failed_now = cache.breaks() != taken.breaks;
        }
        self.raiser.cover(failed_now).await
    }

    /// A repeat changes nothing in the store. But the process that stored the notification first may have died before
    /// it told the cache, so the heads are written now.
    async fn refresh(&self, owners: BTreeSet<&Owner>) -> Result<(), StoreError> {
        let Some(cache) = &self.cache else { return Ok(()) };
        let owners: Vec<&Owner> = owners.into_iter().collect();
        let mut taken = true;
        for some in owners.chunks(REFRESHES) {
            let refreshed = try_join_all(some.iter().map(|owner| self.refresh_one(cache.as_ref(), owner))).await?;
            taken &= !refreshed.contains(&false);
        }
        if taken { Ok(()) } else { self.raiser.cover(true).await }
    }

    /// Whether the cache accepted the heads.
    async fn refresh_one(&self, cache: &dyn Cache, owner: &Owner) -> Result<bool, StoreError> {
        let head = self.store.head(owner).await?;
        let announcement = [(owner.clone(), head.head.position())];
        Ok(match cache.announce(&announcement).await.as_deref() {
            Ok([token]) => cache.fill(owner, token, &head, None).await.is_ok(),
            Ok(_) | Err(_) => false,
        })
    }
}

/// The owners for whom the batch had only repeats, and so changed nothing.
fn repeated_owners<'a>(
    batch: &'a [Notification],
    outcomes: &[Outcome],
    changes: &[OwnerChange],
) -> BTreeSet<&'a Owner> {
    let mut owners: BTreeSet<&Owner> = batch
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| match outcome {
            Outcome::Repeat => true,
            Outcome::Stored { rev: _ } | Outcome::IdConflict => false,
        })
        .map(|(notification, _)| &notification.owner)
        .collect();
    for change in changes {
        owners.remove(&change.owner);
    }
    owners
}
