//! The layers of a look-up: process, cache, store. A result from one layer is kept in the layers above it.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    InboxMetrics, ReadError, Writer,
    gate::Gate,
    heads::{Heads, Registration},
    pulse::Pulsebeat,
    trust,
};
use crate::{
    cache::{Cache, Entry, Page},
    notif::Owner,
    store::{Feed, FeedQuery, Filter, HeadAt, Position, Store, StoreError},
};

/// The first pause before a store that lags is asked again. Each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(25);

/// The places where heads and pages are found.
pub(super) struct Layers {
    pub(super) store: Arc<dyn Store>,
    pub(super) cache: Option<Arc<dyn Cache>>,
    /// Applies what is due before the store is read.
    pub(super) writer: Arc<Writer>,
    pub(super) heads: Arc<Heads>,
    pub(super) pulse: Arc<Pulsebeat>,
    /// Limits how many reads may be at the store at once.
    pub(super) gate: Gate,
    /// How many items are read for a page that is kept.
    pub(super) head_items: u32,
    /// How long a read waits until a replica has reached the state that the caller saw.
    pub(super) lag_wait: Duration,
    pub(super) metrics: InboxMetrics,
}

/// The layer that an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Process,
    Cache,
    Store,
}

/// A head, with what was found beside it.
#[derive(Clone, Debug)]
pub(super) struct Found<T> {
    pub(super) head: HeadAt,
    pub(super) with: T,
    pub(super) layer: Layer,
}

/// The registration and the entry from before a read from the store.
struct Opened {
    entry: Option<Entry>,
    registration: Option<Registration>,
}

impl Layers {
    pub(super) fn hearing(&self) -> Option<u64> {
        self.cache.as_ref().and_then(|cache| cache.hearing())
    }

    fn is_trusted(&self, head: &HeadAt, dirty: Option<Position>, at_least: Option<Position>) -> bool {
        trust::judge(head, dirty, at_least, self.pulse.ground()).is_ok()
    }

    pub(super) fn in_process(&self, owner: &Owner, at_least: Option<Position>) -> Option<HeadAt> {
        let (head, dirty) = self.heads.get(owner, self.hearing())?;
        self.is_trusted(&head, dirty, at_least).then_some(head)
    }

    pub(super) fn page_in_process(&self, owner: &Owner, at_least: Option<Position>) -> Option<Found<Page>> {
        let head = self.in_process(owner, at_least)?;
        let with = self.heads.page(owner, head.head.position())?;
        Some(Found { head, with, layer: Layer::Process })
    }

    pub(super) async fn look_for_head(
        &self,
        owner: &Owner,
        at_least: Option<Position>,
    ) -> Result<Found<()>, ReadError> {
        if let Some(head) = self.in_process(owner, at_least) {
            return Ok(Found { head, with: (), layer: Layer::Process });
        }
        let opened = self.open(owner, false).await;
        if let Some(head) = self.trusted(&opened, at_least) {
            opened.put(head);
            return Ok(Found { head, with: (), layer: Layer::Cache });
        }
        let head = self.read(owner, at_least, || self.store.head(owner), |head| head).await?;
        self.keep(owner, &opened, &head, None).await;
        Ok(Found { head, with: (), layer: Layer::Store })
    }

    pub(super) async fn look_for_page(
        &self,
        owner: &Owner,
        at_least: Option<Position>,
    ) -> Result<Found<Page>, ReadError> {
        if let Some(found) = self.page_in_process(owner, at_least) {
            return Ok(found);
        }
        let opened = self.open(owner, true).await;
        if let Some(head) = self.trusted(&opened, at_least) {
            let page = opened.entry.as_ref().and_then(|entry| entry.page.as_ref());
            if let Some(page) = page.filter(|page| page.position == head.head.position()) {
                self.heads.put_page(owner, page);
                opened.put(head);
                return Ok(Found { head, with: page.clone(), layer: Layer::Cache });
            }
        }
        let query = newest(self.head_items);
        let Feed { head, items, more, .. } =
            self.read(owner, at_least, || self.store.feed(owner, &query), |feed| &feed.head).await?;
        let page = Page::render(head.head.position(), &items, more, self.head_items);
        self.keep(owner, &opened, &head, Some(&page)).await;
        Ok(Found { head, with: page, layer: Layer::Store })
    }

    /// Registers first and then opens the entry: a wake-up that comes after the cache was read finds the registration.
    async fn open(&self, owner: &Owner, with_page: bool) -> Opened {
        let Some(cache) = &self.cache else { return Opened { entry: None, registration: None } };
        let registration = cache.hearing().map(|hearing| self.heads.register(owner, hearing));
        // Err: the cache failed, which counts as nothing found.
        let entry = cache.open(owner, with_page).await.ok();
        Opened { entry, registration }
    }

    fn trusted(&self, opened: &Opened, at_least: Option<Position>) -> Option<HeadAt> {
        let entry = opened.entry.as_ref()?;
        entry.head.filter(|head| self.is_trusted(head, entry.dirty, at_least))
    }

    /// Caches what was read, if it has reached the change that was announced before the read.
    async fn keep(&self, owner: &Owner, opened: &Opened, head: &HeadAt, page: Option<&Page>) {
        let (Some(cache), Some(entry)) = (&self.cache, &opened.entry) else { return };
        if entry.dirty > Some(head.head.position()) {
            return;
        }
        if let Some(page) = page {
            self.heads.put_page(owner, page);
        }
        opened.put(*head);
        // Err: the next caller reads from the store again.
        let _ = cache.fill(owner, &entry.token, head, page).await;
    }

    /// Reads from the store, after applying what is due, and not older than `at_least`.
    ///
    /// If the store never lags, its answer is always right: a caller that holds a newer state has it from a lost
    /// history. If the store may lag, an older answer is read again for up to [`Layers::lag_wait`], and then refused,
    /// so that it is not shown as new.
    pub(super) async fn read<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        owner: &Owner,
        at_least: Option<Position>,
        read: impl Fn() -> F,
        head: impl Fn(&T) -> &HeadAt,
    ) -> Result<T, ReadError> {
        let latest = Instant::now() + self.lag_wait;
        let mut pause = FIRST_PAUSE;
        loop {
            let answer = self.read_once(owner, &read, &head).await?;
            if !self.store.may_lag() || at_least <= Some(head(&answer).head.position()) {
                return Ok(answer);
            }
            if Instant::now() + pause > latest {
                return Err(ReadError::Behind);
            }
            sleep(pause).await;
            pause *= 2;
        }
    }

    async fn read_once<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        owner: &Owner,
        read: &impl Fn() -> F,
        head: &impl Fn(&T) -> &HeadAt,
    ) -> Result<T, ReadError> {
        let _place = self.gate.enter().await.inspect_err(|_| {
            self.metrics.overloaded.inc();
        })?;
        let answer = read().await?;
        // Our estimate of the database's clock may be ahead by the time that a read takes. Then nothing is due yet, and
        // the answer is right.
        if head(&answer).head.is_due(self.pulse.now()) && self.writer.run_due(owner).await? {
            return Ok(read().await?);
        }
        Ok(answer)
    }
}

impl<T> Found<T> {
    /// Whether this answer is new enough for a caller that holds `at_least`. A store that never lags always gives the
    /// newest state.
    pub(super) fn will_do(&self, at_least: Option<Position>, may_lag: bool) -> bool {
        match self.layer {
            Layer::Store if !may_lag => true,
            Layer::Store | Layer::Process | Layer::Cache => at_least <= Some(self.head.head.position()),
        }
    }
}

impl Opened {
    fn put(&self, head: HeadAt) {
        if let Some(registration) = &self.registration {
            registration.put(head);
        }
    }
}

/// The query for the newest items, without filters.
pub(super) fn newest(limit: u32) -> FeedQuery {
    FeedQuery { limit, selection: Filter::Newest { before: None, unread: false, archived: false, kind: None } }
}
