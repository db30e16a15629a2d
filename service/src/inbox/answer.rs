//! The answers of a reader.

use bytes::Bytes;

use crate::store::{HeadAt, StoreError};

/// An answer, and whether it may be stale.
#[derive(Clone, Debug)]
pub struct Current<T> {
    /// The answer.
    pub value: T,
    /// Whether the answer may be stale: the generation could not be read for five seconds, and the answer comes from a
    /// cache that may be behind. `X-Hoopoe-Stale: true`.
    pub stale: bool,
}

/// The newest page, ready to send.
#[derive(Clone, Debug)]
pub struct FirstPage {
    /// The owner's head.
    pub head: HeadAt,
    /// The items as JSON, comma separated, without the brackets.
    pub items: Bytes,
    /// The rev of the last item if there are rows after it: the content of the cursor.
    pub next: Option<i64>,
}

/// Why an inbox could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Too many reads wait for the store, or the read that this one waited for failed. 503.
    #[error("failed to read: too many requests wait for the database")]
    Overloaded,
    /// The store's answer is older than what the caller holds, and remained so, because a replica is late. 503.
    #[error("failed to read: the database is behind what the caller has seen")]
    Behind,
}
