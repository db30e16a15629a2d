//! A notification after parsing: every limit holds.

use std::ops::RangeInclusive;

use serde::Serialize;
use uuid::Uuid;

use super::{Json, Owner};
use crate::timestamp::Timestamp;

/// One notification to one owner. Its key is `(owner, id)`: the same event may go to many owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Who it is for.
    pub owner: Owner,
    /// The identity, the same on both ends of the queue.
    pub id: Uuid,
    /// The sender's own id, where that was no UUID: 1–255 bytes.
    pub source_id: Option<String>,
    /// What it says.
    pub content: Content,
    /// From 1970 to 2200.
    pub created_at: Timestamp,
    /// Never shown after it. Retention is not yet in it.
    pub expires_at: Option<Timestamp>,
}

/// What a notification says, and so what makes two with one key the same: equal contents are a repeat, different ones a
/// conflict. Times are not content, because a sender that repeats itself may stamp anew.
///
/// It serializes as a part of the message that a producer publishes: what stands at its default is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Content {
    /// What happened, e.g. `order.shipped`.
    pub kind: String,
    /// Who caused it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub actor: String,
    /// A short text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// A long text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The sender's own JSON. `None`: the sender sent none, or `null`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Json>,
    /// How urgent it is, 9 the most.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority: u8,
}

/// The limits of each field. Lengths are bytes of UTF-8.
impl Content {
    /// `kind`.
    pub const KIND_BYTES: RangeInclusive<usize> = 1..=64;
    /// `actor`.
    pub const ACTOR_BYTES: RangeInclusive<usize> = 0..=190;
    /// `title`.
    pub const TITLE_BYTES: RangeInclusive<usize> = 0..=512;
    /// `body`.
    pub const BODY_BYTES: RangeInclusive<usize> = 0..=32_768;
    /// How deep arrays and objects of `data` may nest.
    pub const DATA_DEPTH: usize = 128;
    /// `priority`.
    pub const PRIORITY: RangeInclusive<u8> = 0..=9;
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_zero(priority: &u8) -> bool {
    *priority == 0
}
