//! The store: every notification, each owner's counters, and one number per owner that rises with every change.
//!
//! One trait, two implementations (Postgres, and SQLite for the embedded default), one behavioural suite.

mod batch;
mod commit;
mod commit_fast;
mod connect;
mod dialect;
mod due;
pub mod entity;
mod error;
mod feed;
mod generation;
mod head;
mod head_columns;
mod history;
mod mark;
pub mod migrate;
mod migration;
mod open;
mod owner_lock;
mod page;
mod position;
mod read_state;
mod relay;
mod row;
mod sql_store;
mod sweep;
mod transaction;

use async_trait::async_trait;
use uuid::Uuid;

use crate::{
    notif::{Notification, Owner},
    timestamp::Timestamp,
};

pub use connect::StoreOptions;
pub use entity::notification::Item;
pub use feed::{Feed, FeedQuery, Filter, Since, Window};
pub use head::{Head, HeadAt};
pub use open::open;
pub use position::{Epoch, Position, PositionError};
pub use sql_store::{PostgresStore, SqlStore, SqliteStore};

/// What the pipeline asks of a database.
///
/// Every method that changes an owner's rows locks that owner's `owner_state` first, owners in sorted order, and calls
/// [`Announce::announce`] with the positions it is about to commit, after all revs are known and just before `COMMIT`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The random id of this store, made by its first migration: part of every cache key and channel.
    fn store_id(&self) -> Uuid;

    /// Reads the one row that every process reads once a second. Finds, in the same statement, that the history forked
    /// (another timeline or system identifier), and then raises the store's epoch before it answers.
    async fn pulse(&self) -> Result<Pulse, StoreError>;

    /// Raises the cache generation, committed when this returns; the new one. No head of an older generation is trusted
    /// after it.
    async fn raise_generation(&self) -> Result<i64, StoreError>;

    /// Commits a batch in one transaction. Outcomes are in the batch's order; a repeat changes nothing.
    ///
    /// [`StoreError::Refused`] means that the database refuses a value in it: nothing is committed, and the caller
    /// bisects.
    async fn commit(&self, batch: &[Notification], announce: &dyn Announce) -> Result<Committed, StoreError>;

    /// Marks rows of one owner; the head that this very change made. Nothing to change: the head as it is, nothing
    /// announced.
    async fn mark(&self, owner: &Owner, mark: &Mark, announce: &dyn Announce) -> Result<Marked, StoreError>;

    /// Whether a read may answer with an older state than one that was read or committed before: a replica does, a
    /// primary does not.
    fn may_lag(&self) -> bool;

    /// The owner's head, read in one snapshot with the generation. An owner without a row has rev 0 in owner epoch 0.
    async fn head(&self, owner: &Owner) -> Result<HeadAt, StoreError>;

    /// A page of the owner's inbox and its head, in one snapshot.
    async fn feed(&self, owner: &Owner, query: &FeedQuery) -> Result<Feed, StoreError>;

    /// The rows `from ≤ i < to` of the owner's visible rows, newest first, and how many there are; for
    /// `/notif/get/owner/`.
    async fn window(&self, owner: &Owner, from: u64, to: u64, unread_only: bool) -> Result<Window, StoreError>;

    /// Runs what is due for one owner by the database's clock (expiries; snoozes later). `None`: nothing was due.
    async fn run_due(&self, owner: &Owner, announce: &dyn Announce) -> Result<Option<OwnerChange>, StoreError>;

    /// Owners, at most `limit`, for whom something is due now; the sweeper runs [`Store::run_due`] on each.
    async fn due_owners(&self, limit: u32) -> Result<Vec<Owner>, StoreError>;

    /// Removes, for at most `limit` rows, what expired more than 24 hours ago, and raises `floor_rev`; how many rows
    /// went.
    async fn remove_expired(&self, limit: u32) -> Result<u64, StoreError>;

    /// Closes the pool; connections in use are finished first.
    async fn close(&self);
}

/// Told of every change before it is committed, so that no cache can serve the older state as current afterwards.
#[async_trait]
pub trait Announce: Send + Sync {
    /// Marks the owners' cache entries dirty up to these positions. `false`: the cache did not take it, and the
    /// transaction must raise the generation itself.
    async fn announce(&self, changes: &[(Owner, Position)]) -> bool;
}

/// What [`Store::pulse`] reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// The cache generation in force.
    pub generation: i64,
    /// The store's epoch.
    pub epoch: i64,
    /// The database's clock, to measure one's own offset against.
    pub clock: Timestamp,
}

/// What became of a batch.
#[derive(Clone, Debug)]
pub struct Committed {
    /// One per notification, in order.
    pub outcomes: Vec<Outcome>,
    /// One per owner whose rows changed.
    pub changes: Vec<OwnerChange>,
}

/// What became of one notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the store since this batch.
    Stored {
        /// Its rev.
        rev: i64,
    },
    /// It was there already, with the same content.
    Repeat,
    /// Its `(owner, id)` was there already with other content (or stands twice in the batch with different contents).
    IdConflict,
}

/// One owner's change, as the cache needs it.
#[derive(Clone, Debug)]
pub struct OwnerChange {
    /// Whose.
    pub owner: Owner,
    /// Where the owner stood when the transaction took the lock.
    pub previous: Position,
    /// The head that this change made, and the generation its transaction read.
    pub head: HeadAt,
    /// The new visible rows, newest first, when new rows are all that changed. Empty otherwise: the next reader
    /// rebuilds the page.
    pub inserted: Vec<Item>,
}

/// A change of read state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// These rows.
    Ids {
        /// The rows' ids.
        ids: Vec<Uuid>,
        /// What they become.
        state: MarkState,
    },
    /// All that the client had seen: up to the head it holds.
    UpTo {
        /// The head that the client saw.
        upto: Position,
        /// What they become: `Seen`, `Read` or `Archived`; the others are refused before they come here.
        state: MarkState,
    },
}

/// What a mark makes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MarkState {
    /// No longer counted in the badge.
    Seen,
    /// Read, and so seen.
    Read,
    /// Unread again; it stays seen.
    Unread,
    /// Left out of the feed.
    Archived,
    /// Back in the feed.
    Unarchived,
}

/// What a mark did.
#[derive(Clone, Debug)]
pub struct Marked {
    /// The owner's head after it.
    pub head: HeadAt,
    /// Ids that the owner does not have.
    pub unknown: Vec<Uuid>,
    /// `None` when nothing changed.
    pub change: Option<OwnerChange>,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, is starting or stopping, or the connection broke: the same call may succeed
    /// later.
    #[error("failed to reach the database")]
    Unavailable(#[source] sea_orm::DbErr),
    /// The database refuses a value (Postgres class 22 or 23): the same call will fail again.
    #[error("failed to store a value that the database refuses")]
    Refused(#[source] sea_orm::DbErr),
    /// `upto` belongs to another epoch: what the client saw is gone. 409.
    #[error("failed to mark up to a head of another epoch")]
    OtherEpoch(Box<HeadAt>),
    /// `upto` is above the owner's rev. 422.
    #[error("failed to mark up to a rev above the owner's")]
    AboveHead(Box<HeadAt>),
    /// The URL, or a TLS setting beside it, cannot be used: nothing but another configuration helps.
    #[error("failed to use the settings: {0}")]
    Settings(String),
    /// The schema is missing, or too new for this build.
    #[error("failed to use the schema: {0}")]
    Schema(String),
    /// Anything else that the database said.
    #[error("failed to run a statement")]
    Statement(#[source] sea_orm::DbErr),
}
