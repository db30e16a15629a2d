//! Notifications and their owners.

use hoopoe::{
    notif::{Content, Notification, Owner},
    timestamp::Timestamp,
};
use uuid::Uuid;

pub fn owner(text: &str) -> Owner {
    Owner::parse(text).unwrap()
}

/// A notification that was created now and never expires.
pub fn notification(owner: Owner, id: Uuid, content: Content) -> Notification {
    Notification { owner, id, source_id: None, content, created_at: Timestamp::now(), expires_at: None }
}
