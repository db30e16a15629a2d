//! Reads an inbox from the process, else from the cache, else from the store, and never older than what the caller
//! holds.

use std::{ops::Range, sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use super::{
    Current, FirstPage, InboxMetrics, ReadError, ReaderOptions, Writer,
    flight::{FlightOutcome, Flights},
    followers::Followers,
    gate::Gate,
    heads::Heads,
    layers::{Found, Layer, Layers, newest},
    listener,
    pulse::Pulsebeat,
};
use crate::{
    cache::{Cache, Page},
    notif::Owner,
    store::{Feed, FeedQuery, HeadAt, Position, Store, StoreError, Window},
};

/// Reads inboxes. One per process. Cheap to share.
pub struct Reader {
    layers: Layers,
    head_flights: Flights<Found<()>>,
    page_flights: Flights<Found<Page>>,
    metrics: InboxMetrics,
    /// The followers that get the wake-ups.
    pub(super) followers: Arc<Followers>,
    /// How often a follower looks while wake-ups are not received.
    pub(super) deaf_look: Duration,
    /// Cancelled when the followers must end.
    pub(super) stop: CancellationToken,
    _tasks: Vec<AbortOnDropHandle<()>>,
}

impl Reader {
    /// A reader over the same store and cache as the writer, which applies due changes for it. It reads the pulse and
    /// receives the wake-ups in the background until `stop` is cancelled or the reader is dropped. Call it inside a
    /// tokio runtime.
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
                // None: the reader was stopped.
                let _ = stop.run_until_cancelled(work).await;
            };
            AbortOnDropHandle::new(tokio::spawn(until_stopped))
        };
        let followers = Arc::new(Followers::default());
        let told = Arc::clone(&followers);
        let mut tasks = vec![task(Box::pin(Arc::clone(&pulse).keep(Arc::clone(&store), move || told.missed())))];
        if let Some(cache) = &cache {
            let listening = listener::listen(Arc::clone(&heads), Arc::clone(&followers), cache.wakeups());
            tasks.push(task(Box::pin(listening)));
        }
        let ReaderOptions {
            head_items,
            ttl: _,
            head_bytes: _,
            page_bytes: _,
            store_reads,
            store_wait,
            lag_wait,
            deaf_look,
        } = options;
        let gate = Gate::new(store_reads, store_wait);
        let layers =
            Layers { store, cache, writer, heads, pulse, gate, head_items, lag_wait, metrics: metrics.clone() };
        let (head_flights, page_flights, stop) = (Flights::new(), Flights::new(), stop.clone());
        Self { layers, head_flights, page_flights, metrics, followers, deaf_look, stop, _tasks: tasks }
    }

    /// Whether the pulse was read once. Before that no cache is trusted.
    pub fn is_ready(&self) -> bool {
        self.layers.pulse.is_known()
    }

    /// Whether wake-ups are received. Without them a change is found only by looking.
    pub(super) fn hears(&self) -> bool {
        self.layers.hearing().is_some()
    }

    /// The owner's head, at least as new as `at_least`.
    pub async fn head(&self, owner: &Owner, at_least: Option<Position>) -> Result<Current<HeadAt>, ReadError> {
        if let Some(head) = self.layers.in_process(owner, at_least) {
            return Ok(self.answer("head", Layer::Process, head));
        }
        let will_do = |found: &Found<()>| found.will_do(at_least, self.layers.store.may_lag());
        let outcome = self.head_flights.run(owner, will_do, self.layers.look_for_head(owner, at_least)).await;
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
        let found = if let Some(found) = self.layers.page_in_process(owner, at_least) {
            found
        } else {
            let will_do = |found: &Found<Page>| found.will_do(at_least, self.layers.store.may_lag());
            let outcome = self.page_flights.run(owner, will_do, self.layers.look_for_page(owner, at_least)).await;
            self.landed(outcome)?
        };
        if let Some(page) = cut(found.head, &found.with, limit) {
            return Ok(self.answer("page", found.layer, page));
        }
        // More items than a kept page has: read them for this answer only.
        let Feed { head, items, more, .. } = self.feed(owner, &newest(limit), at_least).await?;
        let page = Page::whole(head.head.position(), &items, more);
        let first = page.first(limit).ok_or_else(|| unreadable("a page just made"))?;
        let next = if first.more { first.last_rev } else { None };
        Ok(Current { value: FirstPage { head, items: first.items, next }, stale: false })
    }

    /// Any other page, from the store, at least as new as `at_least`. Due changes are applied first.
    pub async fn feed(&self, owner: &Owner, query: &FeedQuery, at_least: Option<Position>) -> Result<Feed, ReadError> {
        self.metrics.answer("feed", "store");
        self.layers.read(owner, at_least, || self.layers.store.feed(owner, query), |feed| &feed.head).await
    }

    /// A window for `/notif/get/owner/`, from the store, at least as new as `at_least`. Due changes are applied first.
    pub async fn window(
        &self,
        owner: &Owner,
        rows: Range<u64>,
        unread_only: bool,
        at_least: Option<Position>,
    ) -> Result<Window, ReadError> {
        self.metrics.answer("feed", "store");
        let read = || self.layers.store.window(owner, rows.start, rows.end, unread_only);
        self.layers.read(owner, at_least, read, |window| &window.head).await
    }

    fn landed<T>(&self, outcome: FlightOutcome<Found<T>, ReadError>) -> Result<Found<T>, ReadError> {
        match outcome {
            FlightOutcome::Own(result) => result,
            FlightOutcome::Shared(found) => Ok(found),
            FlightOutcome::SharedFailure => {
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
        let stale = cached && self.layers.pulse.is_late();
        if stale {
            self.metrics.stale.inc();
        }
        Current { value, stale }
    }
}

fn cut(head: HeadAt, page: &Page, limit: u32) -> Option<FirstPage> {
    let first = page.first(limit)?;
    let next = if first.more { first.last_rev } else { None };
    Some(FirstPage { head, items: first.items, next })
}

fn unreadable(what: &str) -> ReadError {
    ReadError::Store(StoreError::Statement(sea_orm::DbErr::Custom(format!("{what} cannot be read"))))
}
