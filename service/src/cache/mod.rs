//! The cache of heads and first pages between consumers and inbox APIs, and the wake-ups that go with it.
//!
//! One trait, two implementations: Redis, and the process's own memory for the embedded default. A cached head is not
//! trusted without a check; the rules in [`crate::inbox`] keep a lost write from leaving an inbox stale.

mod lines;
mod memory;
mod metrics;
mod open;
mod page;
mod redis;

use async_trait::async_trait;

use crate::{
    notif::Owner,
    store::{HeadAt, OwnerChange, Position},
};

pub use lines::First;
pub use memory::MemoryCache;
pub use metrics::CacheMetrics;
pub use open::{CacheAt, open};
pub use page::{MOST_PAGE_BYTES, Page};
pub use redis::RedisCache;

/// How many wake-ups may wait for a listener. A listener that falls further behind drops all heads that it holds.
const WAKEUPS_KEPT: usize = 16_384;

/// What the inbox asks of a cache.
#[async_trait]
pub trait Cache: Send + Sync + 'static {
    /// Call it before a commit. Creates each owner's entry if there is none, raises its `dirty` mark to the position,
    /// and publishes the wake-up. Returns the entries' tokens in order. Takes one round trip.
    async fn announce(&self, changes: &[(Owner, Position)]) -> Result<Vec<Token>, CacheError>;

    /// Call it after a commit. Writes each head into its entry, if the entry still has that token and holds nothing
    /// newer (by position, then generation). Extends the page by `inserted` if the page's position equals `previous`;
    /// otherwise the next reader rebuilds it. If the entry was created anew in between, the new one is marked `dirty`.
    /// Publishes the wake-up once more, for callers that wait for news. Takes one round trip.
    async fn publish(&self, changes: &[(OwnerChange, Token)]) -> Result<(), CacheError>;

    /// Call it before a read: returns the owner's entry, and creates it if there is none.
    async fn open(&self, owner: &Owner, with_page: bool) -> Result<Entry, CacheError>;

    /// Call it after a read from the store. Writes head and page into the entry, if the entry still has that token,
    /// holds nothing newer, and its `dirty` mark is not above the head.
    async fn fill(&self, owner: &Owner, token: &Token, head: &HeadAt, page: Option<&Page>) -> Result<(), CacheError>;

    /// Whether it can be reached now. Only health checks use this; no answer depends on it.
    fn is_up(&self) -> bool;

    /// Subscribes to the wake-ups of all owners.
    fn wakeups(&self) -> tokio::sync::broadcast::Receiver<Wakeup>;

    /// The number of the present unbroken stretch of receiving wake-ups. It rises each time the subscription is
    /// restored. `None`: wake-ups are not received now.
    fn hearing(&self) -> Option<u64>;

    /// A number that rises with every break. A break is a connection that broke, a fence that went back or was created
    /// anew (a failover or a flush lost writes), or a server that is another run than the one last written to (it may
    /// have been started from old data while no process was connected). The number rises before a call that failed for
    /// this reason returns, and before anything is read from such a server. A process that sees it rise raises the
    /// generation, and reports that with [`Cache::covered`].
    fn breaks(&self) -> u64;

    /// Reports that the generation was raised and committed after all breaks up to this number.
    fn covered(&self, breaks: u64);
}

/// The identity of an entry. An entry that was evicted and created anew has another token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(pub String);

/// What a cache holds for one owner.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The identity of this entry.
    pub token: Token,
    /// A change up to this position was announced. If it is above the head's position, the head is not current.
    pub dirty: Option<Position>,
    /// The head, if one was written.
    pub head: Option<HeadAt>,
    /// The page, if it was asked for and is there.
    pub page: Option<Page>,
}

/// A message of the subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// The owner's inbox is at this position, or will be in a moment.
    Changed(Owner, Position),
    /// The subscription broke, or our own tick was not received for two seconds. Wake-ups may have been lost, so drop
    /// every head.
    Lost,
}

/// Why a call to the cache failed. No request fails because of it; it only becomes slower.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It cannot be reached, or did not answer in time.
    #[error("failed to reach the cache")]
    Unavailable(#[source] ::redis::RedisError),
    /// Its URL cannot be used. The reason does not contain the URL.
    #[error("failed to read the cache's URL: {0}")]
    Url(String),
    /// An entry cannot be read. It is treated as absent.
    #[error("failed to read a cache entry: {0}")]
    Malformed(String),
}
