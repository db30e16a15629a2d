//! What the API's handlers work with.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderValue;

use super::ApiMetrics;
use crate::inbox::{Reader, Writer};

/// How long a client waits between two polls unless told otherwise: a 304 costs next to nothing, and nobody waits long.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// An inbox API. Cheap to clone.
#[derive(Clone)]
pub struct ApiState(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) reader: Arc<Reader>,
    pub(super) writer: Arc<Writer>,
    pub(super) metrics: ApiMetrics,
    pub(super) poll_interval: HeaderValue,
}

impl ApiState {
    /// Over the process's reader and writer.
    pub fn new(reader: Arc<Reader>, writer: Arc<Writer>, metrics: ApiMetrics) -> Self {
        let poll_interval = HeaderValue::from(POLL_INTERVAL.as_secs());
        Self(Arc::new(Inner { reader, writer, metrics, poll_interval }))
    }
}
