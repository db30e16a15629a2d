//! A page of an inbox: the query and the answer.

use super::{HeadAt, Item, Position};

/// Which page. `since` takes no filter, because a client that catches up must learn of every change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedQuery {
    /// How many items, 1–200.
    pub limit: u32,
    /// Which rows are listed.
    pub selection: Filter,
}

/// Which rows a feed lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Newest first by `rev`, without expired rows: the inbox as a person sees it.
    Newest {
        /// Only rows with a `rev` below this (the cursor).
        before: Option<i64>,
        /// Only unread rows.
        unread: bool,
        /// The archived rows instead of the others.
        archived: bool,
        /// Only this kind.
        kind: Option<String>,
    },
    /// The rows that changed since a position, by `changed_rev` ascending, including archived, deleted and expired
    /// ones.
    Changes(Since),
}

/// The position of a client that catches up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// The position that the client holds.
    pub position: Position,
    /// For further pages: only rows with a `changed_rev` above this.
    pub after: Option<i64>,
}

/// A page and the head, from one snapshot.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The owner's head.
    pub head: HeadAt,
    /// The rows.
    pub items: Vec<Item>,
    /// Whether there are rows after these.
    pub more: bool,
    /// For [`Filter::Changes`]: the rev up to which the client knows everything once it has applied this page.
    pub complete_to: Option<i64>,
    /// For [`Filter::Changes`]: the client's position cannot be continued (older than the floor, above the rev, or of
    /// another epoch). The client drops its rows and starts from the newest page, which is then in `items`.
    pub reset: bool,
}

/// A window of the visible rows.
#[derive(Clone, Debug)]
pub struct Window {
    /// The owner's head, from the same snapshot.
    pub head: HeadAt,
    /// The rows, newest first.
    pub items: Vec<Item>,
    /// How many visible rows there are in all.
    pub total: u64,
}
