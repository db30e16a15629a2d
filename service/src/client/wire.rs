//! The answers of the inbox API, as a client outside would read them: fields that it does not use are ignored.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    store::{Head, Position},
    timestamp::Timestamp,
};

/// `GET …/feed`.
#[derive(Clone, Debug, Deserialize)]
pub struct FeedAnswer {
    /// The owner's head.
    pub head: Head,
    /// The rows.
    pub items: Vec<Row>,
    /// The cursor of the next page.
    pub next: Option<String>,
    /// In an answer to `since`: the rev up to which the client then knows everything.
    #[serde(default)]
    pub complete_to: Option<Rev>,
    /// In an answer to `since`: the client must drop what it has.
    #[serde(default)]
    pub reset: bool,
}

/// `GET …/head` and the answer of a mark.
#[derive(Clone, Debug, Deserialize)]
pub struct HeadAnswer {
    /// The owner's head.
    pub head: Head,
    /// The ids of a mark that the inbox does not have.
    #[serde(default)]
    pub unknown: Vec<String>,
}

/// A rev alone, or a whole position. The client needs only the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Rev {
    /// A rev such as `42`.
    Number(i64),
    /// A position such as `1.1763700000-42`.
    Position(Position),
}

impl Rev {
    /// The number of the rev.
    pub fn number(self) -> i64 {
        match self {
            Self::Number(rev) => rev,
            Self::Position(position) => position.rev,
        }
    }
}

/// One row, without its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The identity.
    pub id: Uuid,
    /// The sender's own id, if it was not a UUID.
    #[serde(default)]
    pub source_id: Option<String>,
    /// Its position in the inbox.
    pub rev: i64,
    /// The owner's rev when it last changed.
    pub changed_rev: i64,
    /// The owner's rev when it last became unread.
    pub unread_rev: i64,
    /// The owner's rev when it last became unseen.
    pub unseen_rev: i64,
    /// What happened.
    pub kind: String,
    /// Who caused it.
    #[serde(default)]
    pub actor: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its text.
    #[serde(default)]
    pub body: String,
    /// When it happened.
    pub created_at: Timestamp,
    /// When it was found expired.
    #[serde(default)]
    pub expired_at: Option<Timestamp>,
    /// When this row alone was marked seen.
    #[serde(default)]
    pub seen_at: Option<Timestamp>,
    /// When this row alone was marked read.
    #[serde(default)]
    pub read_at: Option<Timestamp>,
    /// When it was archived.
    #[serde(default)]
    pub archived_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}
