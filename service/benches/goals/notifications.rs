//! What every measure sends: 256 bytes of data to one of ten thousand owners.

use bytes::Bytes;
use hoopoe::{
    notif::{Content, Json, Notification, Owner, to_wire},
    timestamp::Timestamp,
};
use uuid::Uuid;

pub const OWNERS: usize = 10_000;

/// The owner of notification `number`. The step has no common factor with the number of owners, so that a batch goes to
/// as many different owners as possible.
pub fn owner(number: usize, owners: usize) -> Owner {
    Owner::parse(&format!("owner-{:07}", number.wrapping_mul(7_919) % owners)).unwrap()
}

pub fn notification(number: usize, owners: usize) -> Notification {
    Notification {
        owner: owner(number, owners),
        id: Uuid::now_v7(),
        source_id: None,
        content: Content {
            kind: "order.shipped".to_owned(),
            actor: "shop".to_owned(),
            title: "Your order is on its way".to_owned(),
            data: Some(Json::parse(format!("{{\"payload\":\"{}\"}}", "x".repeat(242))).unwrap()),
            ..Content::default()
        },
        created_at: Timestamp::now(),
        expires_at: None,
    }
}

/// The message as it is published, with its id.
pub fn message(number: usize) -> (Uuid, Bytes) {
    let notification = notification(number, OWNERS);
    (notification.id, to_wire(&notification))
}
