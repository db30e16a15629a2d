//! The head of an inbox: everything a badge needs, in one small document.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Epoch, Position};
use crate::timestamp::Timestamp;

// The doc comments are a part of the OpenAPI document.
/// Where an inbox stands. A client that holds a head and its items' revs knows every row's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(
    description = "Where an inbox stands. A row is read when its `read_at` is set or its `unread_rev` is not above \
    `read_upto`; seen likewise."
)]
pub struct Head {
    /// Which history `rev` belongs to.
    #[schema(value_type = String, pattern = r"^[0-9]+\.[0-9]+$")]
    pub epoch: Epoch,
    /// The owner's number: rises with every change.
    pub rev: i64,
    /// How many rows are unread.
    pub unread: i64,
    /// How many rows are unseen.
    pub unseen: i64,
    /// A row whose `unread_rev` is not above this is read.
    pub read_upto: i64,
    /// A row whose `unseen_rev` is not above this is seen.
    pub seen_upto: i64,
    // The time is by the database's clock. After it, no cache is trusted.
    /// When a row expires next.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub next_due: Option<Timestamp>,
}

/// A head, with the cache generation that the transaction which read or made it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadAt {
    /// The head.
    pub head: Head,
    /// The generation.
    pub generation: i64,
}

impl Head {
    /// Where the inbox stands.
    pub fn position(&self) -> Position {
        Position { epoch: self.epoch, rev: self.rev }
    }

    /// Whether something was due at `now` (the database's clock).
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next_due.is_some_and(|due| due <= now)
    }
}

impl HeadAt {
    /// The order in which heads replace each other: by position, then by generation.
    pub fn version(&self) -> (Position, i64) {
        (self.head.position(), self.generation)
    }
}
