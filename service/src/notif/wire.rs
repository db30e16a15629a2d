//! A notification as a producer publishes it.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;

use super::{Notification, Owner, notification::Content};
use crate::timestamp::Timestamp;

/// The JSON that a producer publishes: canonical names, `data` as received, and the id as the sender wrote it.
/// `from_amqp(to_wire(n))` is `n`.
pub fn to_wire(notification: &Notification) -> Bytes {
    let Notification { owner, id, source_id, content, created_at, expires_at } = notification;
    let wire = Wire {
        id: source_id.as_deref().map_or_else(|| Cow::Owned(id.to_string()), Cow::Borrowed),
        owner,
        content,
        created_at: *created_at,
        expires_at: *expires_at,
    };
    // This cannot fail: the struct holds texts, numbers and checked JSON.
    serde_json::to_vec(&wire).map(Bytes::from).unwrap_or_default()
}

#[derive(Serialize)]
struct Wire<'a> {
    id: Cow<'a, str>,
    owner: &'a Owner,
    #[serde(flatten)]
    content: &'a Content,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}
