//! A page of an inbox: what is asked for, and what comes back.

use super::{HeadAt, Item, Position};

/// Which page. `since` takes no filter: a client that catches up must hear of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedQuery {
    /// How many items, 1–200.
    pub limit: u32,
    /// What is listed.
    pub selection: Filter,
}

/// What a feed lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Newest first by `rev`: the inbox as a person sees it. Expired rows are left out.
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
    /// What changed since a position, by `changed_rev` ascending, with what was archived, deleted or expired.
    Changes(Since),
}

/// Where a client that catches up stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// The position that the client holds.
    pub position: Position,
    /// For further pages: only rows with a `changed_rev` above this.
    pub after: Option<i64>,
}

/// A page and the head, of one snapshot.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The owner's head.
    pub head: HeadAt,
    /// The rows.
    pub items: Vec<Item>,
    /// Whether there are rows after these.
    pub more: bool,
    /// For [`Filter::Changes`]: up to which rev the client knows everything once it has applied this page.
    pub complete_to: Option<i64>,
    /// For [`Filter::Changes`]: the client's position cannot be continued (older than the floor, above the rev, another
    /// epoch): it drops what it has and starts from the newest page. `items` are then the newest page.
    pub reset: bool,
}

/// A window of the visible rows.
#[derive(Clone, Debug)]
pub struct Window {
    /// The owner's head, of the same snapshot.
    pub head: HeadAt,
    /// The rows, newest first.
    pub items: Vec<Item>,
    /// How many there are in all.
    pub total: u64,
}
