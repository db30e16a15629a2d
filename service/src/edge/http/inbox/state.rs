//! The inbox as handlers see it: every call requires the proof that the caller may make it.

use std::{ops::Range, sync::Arc, time::Duration};

use axum::http::HeaderValue;

use super::ApiMetrics;
use crate::{
    identity::{Readable, Writable},
    inbox::{Current, FirstPage, ReadError, Reader, Writer},
    store::{Feed, FeedQuery, HeadAt, Mark, Marked, Position, StoreError, Window},
};

/// How long a client waits between two polls by default: a 304 costs next to nothing, and a new notification is seen
/// soon enough.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// An inbox API. Cheap to clone.
#[derive(Clone)]
pub struct InboxState(Arc<Inboxes>);

/// What the API's handlers share.
struct Inboxes {
    reader: Arc<Reader>,
    writer: Arc<Writer>,
    metrics: ApiMetrics,
    poll_interval: HeaderValue,
}

impl InboxState {
    /// An inbox API over the process's reader and writer.
    pub fn new(reader: Arc<Reader>, writer: Arc<Writer>, metrics: ApiMetrics) -> Self {
        let poll_interval = HeaderValue::from(POLL_INTERVAL.as_secs());
        Self(Arc::new(Inboxes { reader, writer, metrics, poll_interval }))
    }

    /// See [`Reader::head`].
    pub(in crate::edge::http) async fn head(
        &self,
        inbox: &Readable,
        at_least: Option<Position>,
    ) -> Result<Current<HeadAt>, ReadError> {
        self.0.reader.head(inbox.owner(), at_least).await
    }

    /// See [`Reader::first_page`].
    pub(super) async fn first_page(
        &self,
        inbox: &Readable,
        limit: u32,
        at_least: Option<Position>,
    ) -> Result<Current<FirstPage>, ReadError> {
        self.0.reader.first_page(inbox.owner(), limit, at_least).await
    }

    /// See [`Reader::feed`].
    pub(super) async fn feed(
        &self,
        inbox: &Readable,
        query: &FeedQuery,
        at_least: Option<Position>,
    ) -> Result<Feed, ReadError> {
        self.0.reader.feed(inbox.owner(), query, at_least).await
    }

    /// See [`Reader::window`].
    pub(in crate::edge::http) async fn window(
        &self,
        inbox: &Readable,
        rows: Range<u64>,
        unread: bool,
        at_least: Option<Position>,
    ) -> Result<Window, ReadError> {
        self.0.reader.window(inbox.owner(), rows, unread, at_least).await
    }

    /// See [`Writer::mark`].
    pub(super) async fn mark(&self, inbox: &Writable, mark: &Mark) -> Result<Marked, StoreError> {
        self.0.writer.mark(inbox.owner(), mark).await
    }

    /// The counters of polls.
    pub(in crate::edge::http) fn metrics(&self) -> &ApiMetrics {
        &self.0.metrics
    }

    /// The header that tells clients how long to wait between two polls.
    pub(super) fn poll_interval(&self) -> HeaderValue {
        self.0.poll_interval.clone()
    }
}
