//! What is sent in every measure: 256 bytes of data to one of ten thousand owners.

use bytes::Bytes;
use hoopoe::{
    notif::{Content, Json, Notification, Owner, to_wire},
    timestamp::Timestamp,
};
use uuid::Uuid;

pub const OWNERS: usize = 10_000;

/// The number of one owner. A step that shares no factor with the owners: a batch goes to as many of them as it can.
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

/// As it is published, with its id.
pub fn message(number: usize) -> (Uuid, Bytes) {
    let notification = notification(number, OWNERS);
    (notification.id, to_wire(&notification))
}
