//! A notification after parsing: all limits are met.

use std::ops::RangeInclusive;

use serde::Serialize;
use uuid::Uuid;

use super::{Json, Owner};
use crate::timestamp::Timestamp;

/// One notification to one owner. Its key is `(owner, id)`: the same event may go to many owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The owner of the inbox that it goes to.
    pub owner: Owner,
    /// The identity, the same on both ends of the queue.
    pub id: Uuid,
    /// The sender's own id, if that was not a UUID: 1–255 bytes.
    pub source_id: Option<String>,
    /// The content.
    pub content: Content,
    /// From 1970 to 2200.
    pub created_at: Timestamp,
    /// It is not shown after this time. The retention is not applied yet.
    pub expires_at: Option<Timestamp>,
}

/// The content of a notification. Two notifications with the same key are a repeat if their contents are equal, and a
/// conflict if not. Times are not content, because a sender that repeats a notification may set a new time.
///
/// It serializes as a part of the message that a producer publishes. Fields with the default value are left out.
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
    /// How urgent it is: 0 to 9, 9 being the most urgent.
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
