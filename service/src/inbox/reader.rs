//! Reads: from the process, else from the cache, else from the store, and never older than what the caller holds.

use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    Current, FirstPage, InboxMetrics, ReadError, ReaderOptions, Writer,
    flight::{Flights, Outcome},
    gate::Gate,
    heads::{Heads, Registration},
    listener,
    pulse::Pulsebeat,
    trust,
};
use crate::{
    cache::{Cache, Entry, Page},
    notif::Owner,
    store::{Feed, FeedQuery, Filter, HeadAt, Position, Store, StoreError, Window},
};

/// Reads inboxes. One per process; cheap to share.
pub struct Reader {
    store: Arc<dyn Store>,
    cache: Option<Arc<dyn Cache>>,
    writer: Arc<Writer>,
    options: ReaderOptions,
    heads: Arc<Heads>,
    pulse: Arc<Pulsebeat>,
    gate: Gate,
    head_flights: Flights<Found<()>>,
    page_flights: Flights<Found<Page>>,
    metrics: InboxMetrics,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

/// Where an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layer {
    Process,
    Cache,
    Store,
}

/// A head, and what came with it.
#[derive(Clone, Debug)]
struct Found<T> {
    head: HeadAt,
    with: T,
    layer: Layer,
}

/// What was registered and opened before a read from the store.
struct Opened {
    entry: Option<Entry>,
    registration: Option<Registration>,
}

impl Reader {
    /// Over the same store and cache as the writer that runs due changes for it. Reads the pulse and hears the wake-ups in the
    /// background until `stop`, or until it is dropped. Called inside a tokio runtime.
    pub fn start(
        store: Arc<dyn Store>,
        cache: Option<Arc<dyn Cache>>,
        writer: Arc<Writer>,
        options: ReaderOptions,
        metrics: InboxMetrics,
        stop: &CancellationToken,
    ) -> Self {
        let heads = Arc::new(Heads::new(options.head_bytes, options.page_bytes, options.ttl));
        let pulse = Arc::new(Pulsebeat::default());
        let task = |work: futures::future::BoxFuture<'static, ()>| {
            let stop = stop.clone();
            let until_stopped = async move {
                // None: stopped.
                let _ = stop.run_until_cancelled(work).await;
            };
            AbortOnDropHandle::new(tokio::spawn(until_stopped))
        };
        let mut tasks = vec![task(Box::pin(Arc::clone(&pulse).keep(Arc::clone(&store))))];
        if let Some(cache) = &cache {
            tasks.push(task(Box::pin(listener::listen(Arc::clone(&heads), cache.wakeups()))));
        }
        Self {
            store,
            cache,
            writer,
            heads,
            pulse,
            gate: Gate::new(options.store_reads, options.store_wait),
            head_flights: Flights::new(),
            page_flights: Flights::new(),
            options,
            metrics,
            _tasks: tasks,
        }
    }

    /// Whether the pulse was read once: before that no cache is trusted.
    pub fn is_ready(&self) -> bool {
        self.pulse.is_known()
    }

    /// The owner's head, at least as new as `at_least`.
    pub async fn head(&self, owner: &Owner, at_least: Option<Position>) -> Result<Current<HeadAt>, ReadError> {
        if let Some(head) = self.in_process(owner, at_least) {
            return Ok(self.answer("head", Layer::Process, head));
        }
        let will_do = |found: &Found<()>| found.will_do(at_least);
        let outcome = self.head_flights.run(owner, will_do, self.look_for_head(owner, at_least)).await;
        let Found { head, with: (), layer } = self.landed(outcome)?;
        Ok(self.answer("head", layer, head))
    }

    /// The newest `limit` items without filters, at least as new as `at_least`.
    pub async fn first_page(
        &self,
        owner: &Owner,
        limit: u32,
        at_least: Option<Position>,
    ) -> Result<Current<FirstPage>, ReadError> {
        let found = if let Some(found) = self.page_in_process(owner, at_least) {
            found
        } else {
            let will_do = |found: &Found<Page>| found.will_do(at_least);
            let outcome = self.page_flights.run(owner, will_do, self.look_for_page(owner, at_least)).await;
            self.landed(outcome)?
        };
        if let Some(page) = cut(found.head, &found.with, limit) {
            return Ok(self.answer("page", found.layer, page));
        }
        // More than is kept: as many as were asked for, for this answer only.
        let Feed { head, items, more, .. } = self.feed(owner, &newest(limit)).await?;
        let page = Page::whole(head.head.position(), &items, more);
        let first = page.first(limit).ok_or_else(|| unreadable("a page just made"))?;
        let next = if first.more { first.last_rev } else { None };
        Ok(Current { value: FirstPage { head, items: first.items, next }, stale: false })
    }

    /// Any other page, from the store. Due changes are run first.
    pub async fn feed(&self, owner: &Owner, query: &FeedQuery) -> Result<Feed, ReadError> {
        self.metrics.answer("feed", "store");
        self.read(owner, || self.store.feed(owner, query), |feed| &feed.head).await
    }

    /// A window for `/notif/get/owner/`, from the store. Due changes are run first.
    pub async fn window(&self, owner: &Owner, from: u64, to: u64, unread_only: bool) -> Result<Window, ReadError> {
        self.metrics.answer("feed", "store");
        self.read(owner, || self.store.window(owner, from, to, unread_only), |window| &window.head).await
    }

    fn hearing(&self) -> Option<u64> {
        self.cache.as_ref().and_then(|cache| cache.hearing())
    }

    fn is_trusted(&self, head: &HeadAt, dirty: Option<Position>, at_least: Option<Position>) -> bool {
        trust::judge(head, dirty, at_least, self.pulse.ground()).is_ok()
    }

    fn in_process(&self, owner: &Owner, at_least: Option<Position>) -> Option<HeadAt> {
        let (head, dirty) = self.heads.get(owner, self.hearing())?;
        self.is_trusted(&head, dirty, at_least).then_some(head)
    }

    fn page_in_process(&self, owner: &Owner, at_least: Option<Position>) -> Option<Found<Page>> {
        let head = self.in_process(owner, at_least)?;
        let with = self.heads.page(owner, head.head.position())?;
        Some(Found { head, with, layer: Layer::Process })
    }

    async fn look_for_head(&self, owner: &Owner, at_least: Option<Position>) -> Result<Found<()>, ReadError> {
        if let Some(head) = self.in_process(owner, at_least) {
            return Ok(Found { head, with: (), layer: Layer::Process });
        }
        let opened = self.open(owner, false).await;
        if let Some(head) = self.trusted(&opened, at_least) {
            opened.put(head);
            return Ok(Found { head, with: (), layer: Layer::Cache });
        }
        let head = self.read(owner, || self.store.head(owner), |head| head).await?;
        self.keep(owner, &opened, &head, None).await;
        Ok(Found { head, with: (), layer: Layer::Store })
    }

    async fn look_for_page(&self, owner: &Owner, at_least: Option<Position>) -> Result<Found<Page>, ReadError> {
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
        let query = newest(self.options.head_items);
        let Feed { head, items, more, .. } =
            self.read(owner, || self.store.feed(owner, &query), |feed| &feed.head).await?;
        let page = Page::render(head.head.position(), &items, more, self.options.head_items);
        self.keep(owner, &opened, &head, Some(&page)).await;
        Ok(Found { head, with: page, layer: Layer::Store })
    }

    /// Registers and opens, in this order: a wake-up that comes after the cache was read finds the registration.
    async fn open(&self, owner: &Owner, with_page: bool) -> Opened {
        let Some(cache) = &self.cache else { return Opened { entry: None, registration: None } };
        let registration = cache.hearing().map(|hearing| self.heads.register(owner, hearing));
        // Err: as good as nothing found.
        let entry = cache.open(owner, with_page).await.ok();
        Opened { entry, registration }
    }

    fn trusted(&self, opened: &Opened, at_least: Option<Position>) -> Option<HeadAt> {
        let entry = opened.entry.as_ref()?;
        entry.head.filter(|head| self.is_trusted(head, entry.dirty, at_least))
    }

    /// Caches what was read, if it has reached what was announced before the reading.
    async fn keep(&self, owner: &Owner, opened: &Opened, head: &HeadAt, page: Option<&Page>) {
        let (Some(cache), Some(entry)) = (&self.cache, &opened.entry) else { return };
        if entry.dirty > Some(head.head.position()) {
            return;
        }
        if let Some(page) = page {
            self.heads.put_page(owner, page);
        }
        opened.put(*head);
        // Err: the next one reads again.
        let _ = cache.fill(owner, &entry.token, head, page).await;
    }

    /// Reads from the store, after what is due.
    async fn read<T, F: Future<Output = Result<T, StoreError>>>(
        &self,
        owner: &Owner,
        read: impl Fn() -> F,
        head: impl Fn(&T) -> &HeadAt,
    ) -> Result<T, ReadError> {
        let _place = self.gate.enter().await.inspect_err(|_| {
            self.metrics.overloaded.inc();
        })?;
        let answer = read().await?;
        // Our clock may be ahead by what a read takes: then nothing is due yet, and the answer stands.
        if head(&answer).head.is_due(self.pulse.now()) && self.writer.run_due(owner).await? {
            return Ok(read().await?);
        }
        Ok(answer)
    }

    fn landed<T>(&self, outcome: Outcome<Found<T>, ReadError>) -> Result<Found<T>, ReadError> {
        match outcome {
            Outcome::Own(result) => result,
            Outcome::Shared(found) => Ok(found),
            Outcome::SharedFailure => {
                self.metrics.overloaded.inc();
                Err(ReadError::Overloaded)
            }
        }
    }

    fn answer<T>(&self, what: &'static str, layer: Layer, value: T) -> Current<T> {
        let (name, cached) = match layer {
            Layer::Process => ("process", true),
            Layer::Cache => ("cache", true),
            Layer::Store => ("store", false),
        };
        self.metrics.answer(what, name);
        let stale = cached && self.pulse.is_late();
        if stale {
            self.metrics.stale.inc();
        }
        Current { value, stale }
    }
}

impl<T> Found<T> {
    /// Whether this answers a caller who holds `at_least`. What the store said is as new as anything can be.
    fn will_do(&self, at_least: Option<Position>) -> bool {
        match self.layer {
            Layer::Store => true,
            Layer::Process | Layer::Cache => at_least <= Some(self.head.head.position()),
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

fn newest(limit: u32) -> FeedQuery {
    FeedQuery { limit, selection: Filter::Newest { before: None, unread: false, archived: false, kind: None } }
}

fn cut(head: HeadAt, page: &Page, limit: u32) -> Option<FirstPage> {
    let first = page.first(limit)?;
    let next = if first.more { first.last_rev } else { None };
    Some(FirstPage { head, items: first.items, next })
}

fn unreadable(what: &str) -> ReadError {
    ReadError::Store(StoreError::Statement(sea_orm::DbErr::Custom(format!("{what} cannot be read"))))
}
