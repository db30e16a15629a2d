//! The cache of heads and first pages between consumers and inbox APIs, and the wake-ups that go with it.
//!
//! One trait, two implementations (Redis, and the process's own memory for the embedded default). What a cache holds is
//! never trusted by itself: see [`crate::inbox`] for the rules that keep a lost write from leaving a stale inbox.

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
pub use page::Page;
pub use redis::RedisCache;

/// The most bytes that a page holds: what a poll may cost, whatever its items are.
pub const MOST_PAGE_BYTES: usize = 256 * 1024;
/// How many wake-ups may wait for a listener; a listener that falls behind by more drops all that it holds.
const WAKEUPS_KEPT: usize = 16_384;

/// What the inbox asks of a cache.
#[async_trait]
pub trait Cache: Send + Sync + 'static {
    /// Before a commit: makes each owner's entry if it is not there, raises its `dirty` mark to the position, and
    /// publishes the wake-up. Returns the entries' tokens in order. All in one round trip.
    async fn announce(&self, changes: &[(Owner, Position)]) -> Result<Vec<Token>, CacheError>;

    /// After a commit: writes each head into its entry, if the entry is still the one of that token and holds nothing
    /// newer (by position, then generation); extends the page by `inserted` if the page's position equals `previous`,
    /// else leaves it for the next reader. If the entry was made anew in between, the new one is marked `dirty`.
    /// Publishes the wake-up once more, for callers that wait for news. All in one round trip.
    async fn publish(&self, changes: &[(OwnerChange, Token)]) -> Result<(), CacheError>;

    /// Before a read: the owner's entry, made if it is not there.
    async fn open(&self, owner: &Owner, with_page: bool) -> Result<Entry, CacheError>;

    /// After a read from the store: writes head and page into the entry, if it is still the one of that token, holds
    /// nothing newer, and its `dirty` is not above the head.
    async fn fill(&self, owner: &Owner, token: &Token, head: &HeadAt, page: Option<&Page>) -> Result<(), CacheError>;

    /// Whether it can be reached now: for health alone, no answer depends on it.
    fn is_up(&self) -> bool;

    /// Subscribes to the wake-ups of all owners.
    fn wakeups(&self) -> tokio::sync::broadcast::Receiver<Wakeup>;

    /// Which unbroken stretch of hearing the wake-ups this is: it rises each time the subscription comes back. `None`:
    /// not heard now.
    fn hearing(&self) -> Option<u64>;

    /// A number that rises whenever a break was seen: a connection that broke, a fence that went back or was made anew
    /// (a failover or a flush lost writes), or a server that is another run than the one that was written to last (it
    /// may have been started from old data while no process was connected). It rises before a call that failed for this
    /// reason returns, and before anything is read from such a server. A process that sees it rise raises the
    /// generation, and says so by [`Cache::covered`].
    fn breaks(&self) -> u64;

    /// All breaks up to this number happened before a raise of the generation that is committed.
    fn covered(&self, breaks: u64);
}

/// Names one incarnation of an entry: an entry that was evicted and made anew has another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token(pub String);

/// What a cache holds of one owner.
#[derive(Clone, Debug)]
pub struct Entry {
    /// This incarnation.
    pub token: Token,
    /// A change up to this position was announced. If it is above the head's position, the head is not current.
    pub dirty: Option<Position>,
    /// The head, if one was written.
    pub head: Option<HeadAt>,
    /// The page, if asked for and there.
    pub page: Option<Page>,
}

/// What the subscription says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wakeup {
    /// The owner's inbox is about to be, or is, at this position.
    Changed(Owner, Position),
    /// The subscription broke, or its own tick was not heard for two seconds: wake-ups may have been lost, drop every
    /// head.
    Lost,
}

/// Why the cache did not do it. Slower, never wrong: no caller fails because of it.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It cannot be reached, or did not answer in time.
    #[error("failed to reach the cache")]
    Unavailable(#[source] ::redis::RedisError),
    /// Its URL cannot be used; the reason, without the URL.
    #[error("failed to read the cache's URL: {0}")]
    Url(String),
    /// What it holds cannot be read: treated as absent.
    #[error("failed to read a cache entry: {0}")]
    Malformed(String),
}
