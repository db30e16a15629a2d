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
pub use error::StoreError;
pub use feed::{Feed, FeedQuery, Filter, Since, Window};
pub use head::{Head, HeadAt};
pub use open::open;
pub use position::{Epoch, Position, PositionError};
pub use sql_store::{PostgresStore, SqlStore, SqliteStore};

/// What the roles need of a database.
///
/// Every method that changes an owner's rows locks that owner's `owner_state` first, owners in sorted order, and calls
/// [`Announce::announce`] with the positions it is about to commit, after all revs are known and just before `COMMIT`.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The random id of this store, made by its first migration. It is a part of every cache key and channel.
    fn store_id(&self) -> Uuid;

    /// Reads the row of `store`, as every process does once a second. If the same statement finds that the history
    /// forked (another timeline or system identifier), the store's epoch is raised before this returns.
    async fn pulse(&self) -> Result<Pulse, StoreError>;

    /// Raises the cache generation and returns the new one, committed. Heads of older generations are not trusted from
    /// then on.
    async fn raise_generation(&self) -> Result<i64, StoreError>;

    /// Commits a batch in one transaction. The outcomes are in the batch's order; a repeat changes nothing.
    ///
    /// [`StoreError::Refused`] means that the database refuses a value in the batch. Nothing is committed, and the
    /// caller splits the batch to find it.
    async fn commit(&self, batch: &[Notification], announce: &dyn Announce) -> Result<Committed, StoreError>;

    /// Marks rows of one owner. Returns the head that this change made. If nothing changes, it returns the present head
    /// and announces nothing.
    async fn mark(&self, owner: &Owner, mark: &Mark, announce: &dyn Announce) -> Result<Marked, StoreError>;

    /// Whether a read may show an older state than an earlier read or commit. A replica may; a primary does not.
    fn may_lag(&self) -> bool;

    /// The owner's head, read in one snapshot with the generation. An owner without a row has rev 0 in owner epoch 0.
    async fn head(&self, owner: &Owner) -> Result<HeadAt, StoreError>;

    /// A page of the owner's inbox with its head, from one snapshot.
    async fn feed(&self, owner: &Owner, query: &FeedQuery) -> Result<Feed, StoreError>;

    /// The rows `from ≤ i < to` of the owner's visible rows, newest first, and how many visible rows there are. For
    /// `/notif/get/owner/`.
    async fn window(&self, owner: &Owner, from: u64, to: u64, unread_only: bool) -> Result<Window, StoreError>;

    /// Applies what is due for one owner by the database's clock: expiries. `None`: nothing was due.
    async fn run_due(&self, owner: &Owner, announce: &dyn Announce) -> Result<Option<OwnerChange>, StoreError>;

    /// At most `limit` owners for whom something is due now. The sweeper calls [`Store::run_due`] for each.
    async fn due_owners(&self, limit: u32) -> Result<Vec<Owner>, StoreError>;

    /// Removes at most `limit` rows that expired more than 24 hours ago, and raises `floor_rev`. Returns how many rows
    /// were removed.
    async fn remove_expired(&self, limit: u32) -> Result<u64, StoreError>;

    /// Closes the pool, after the calls in progress have finished.
    async fn close(&self);
}

/// Is told of every change before it is committed, so that no cache can serve the older state as current afterwards.
#[async_trait]
pub trait Announce: Send + Sync {
    /// Marks the owners' cache entries dirty up to these positions. `false`: the cache did not accept it, and the
    /// transaction must raise the generation itself.
    async fn announce(&self, changes: &[(Owner, Position)]) -> bool;
}

/// The result of [`Store::pulse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulse {
    /// The present cache generation.
    pub generation: i64,
    /// The store's epoch.
    pub epoch: i64,
    /// The database's clock, for computing the offset of our own clock.
    pub clock: Timestamp,
}

/// The result of a batch.
#[derive(Clone, Debug)]
pub struct Committed {
    /// One per notification, in order.
    pub outcomes: Vec<Outcome>,
    /// One per owner whose rows changed.
    pub changes: Vec<OwnerChange>,
}

/// The outcome of one notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was stored by this batch.
    Stored {
        /// Its rev.
        rev: i64,
    },
    /// It was in the store already, with the same content.
    Repeat,
    /// Its `(owner, id)` was in the store already with other content, or is in the batch twice with different contents.
    IdConflict,
}

/// One owner's change, as the cache needs it.
#[derive(Clone, Debug)]
pub struct OwnerChange {
    /// The owner.
    pub owner: Owner,
    /// The owner's position when the transaction took the lock.
    pub previous: Position,
    /// The head that this change made, with the generation that its transaction read.
    pub head: HeadAt,
    /// The new visible rows, newest first, if the change consists only of new rows. Otherwise empty, and the next
    /// reader rebuilds the page.
    pub inserted: Vec<Item>,
}

/// A change of read state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Single rows.
    Ids {
        /// The rows' ids.
        ids: Vec<Uuid>,
        /// The new state of the rows.
        state: MarkState,
    },
    /// Everything that the client had seen, up to the head that it holds.
    UpTo {
        /// The head that the client saw.
        upto: Position,
        /// The new state of the rows, one that [`MarkState::goes_up_to_a_head`]. The edge refuses the others.
        state: MarkState,
    },
}

/// The state that a mark gives to a row.
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

impl MarkState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Seen, Self::Read, Self::Unread, Self::Archived, Self::Unarchived];

    /// The name that clients send.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Read => "read",
            Self::Unread => "unread",
            Self::Archived => "archived",
            Self::Unarchived => "unarchived",
        }
    }

    /// The state with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether a mark may give it to all rows up to a head. The others undo an earlier mark, row by row.
    pub const fn goes_up_to_a_head(self) -> bool {
        match self {
            Self::Seen | Self::Read | Self::Archived => true,
            Self::Unread | Self::Unarchived => false,
        }
    }
}

/// The result of a mark.
#[derive(Clone, Debug)]
pub struct Marked {
    /// The owner's head after it.
    pub head: HeadAt,
    /// Ids that the owner does not have.
    pub unknown: Vec<Uuid>,
    /// `None` when nothing changed.
    pub change: Option<OwnerChange>,
}
