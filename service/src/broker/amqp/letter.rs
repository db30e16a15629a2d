//! A dead letter: the message as it came, with headers that give the reason.

use hoopoe_crds::policy::dead_letters;
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable, ShortString},
};

use super::{
    group::Parcel,
    table::{short, text},
};
use crate::{
    broker::{DeadLetter, reason},
    timestamp::Timestamp,
};

/// Headers that the broker reads or writes itself, so a letter leaves them out. `CC` and `BCC` would send copies to the
/// queues that they name. The others describe deliveries of another queue.
const BROKERS_OWN: [&str; 5] = ["CC", "BCC", "x-delivery-count", "x-acquired-count", "x-opt-dead-letter"];
/// The most bytes of headers in a frame, with room for our own headers. RabbitMQ's `frame_max` is 131,072, and larger
/// headers would end the connection each time the letter is tried.
const MOST_HEADERS: usize = 96 * 1024;

/// Makes a dead letter for `<queue>.dlq` on the default exchange.
pub(super) fn parcel(letter: &DeadLetter, original: Option<&BasicProperties>, queue: &str, at: Timestamp) -> Parcel {
    let DeadLetter { delivery, class, reason } = letter;
    let mut headers = FieldTable::default();
    let kept =
        original.and_then(|properties| properties.headers().as_ref()).filter(|table| size(table) <= MOST_HEADERS);
    for (name, value) in kept.into_iter().flatten() {
        if !is_brokers_own(name.as_str()) {
            headers.insert(name.clone(), value.clone());
        }
    }
    let at = at.to_string();
    let reason = reason::header(reason);
    let why = [
        ("x-hoopoe-class", class.as_str()),
        ("x-hoopoe-reason", reason.as_str()),
        ("x-hoopoe-queue", queue),
        ("x-hoopoe-at", at.as_str()),
        ("x-hoopoe-exchange", delivery.exchange.as_str()),
        ("x-hoopoe-routing-key", delivery.routing_key.as_str()),
    ];
    for (name, value) in why {
        headers.insert(name.into(), text(value));
    }
    Parcel {
        exchange: ShortString::default(),
        routing_key: short(&dead_letters(queue)),
        properties: original.map(kept_properties).unwrap_or_default().with_delivery_mode(2),
        headers,
        body: delivery.body.clone(),
    }
}

/// All properties except `expiration`, which would expire the letter too, `user_id`, which the broker compares with our
/// own, and `cluster_id`.
fn kept_properties(original: &BasicProperties) -> BasicProperties {
    let mut kept = BasicProperties::default();
    macro_rules! keep {
        ($($get:ident $with:ident),*) => {$(
            if let Some(value) = original.$get() {
                kept = kept.$with(value.clone());
            }
        )*};
    }
    keep!(
        content_type with_content_type,
        content_encoding with_content_encoding,
        priority with_priority,
        correlation_id with_correlation_id,
        reply_to with_reply_to,
        message_id with_message_id,
        timestamp with_timestamp,
        kind with_type,
        app_id with_app_id
    );
    kept
}

fn is_brokers_own(name: &str) -> bool {
    BROKERS_OWN.contains(&name)
        || name == "x-death"
        || name.starts_with("x-first-death-")
        || name.starts_with("x-last-death-")
        || name.starts_with("x-hoopoe-")
}

/// About how many bytes a table takes on the wire; never less than half of the real size.
fn size(table: &FieldTable) -> usize {
    table.into_iter().map(|(name, value)| name.as_str().len() + value_size(value)).sum()
}

fn value_size(value: &AMQPValue) -> usize {
    2 + match value {
        AMQPValue::ShortString(text) => text.as_str().len(),
        AMQPValue::LongString(text) => 4 + text.len(),
        AMQPValue::ByteArray(bytes) => 4 + bytes.len(),
        AMQPValue::FieldArray(values) => 4 + values.as_slice().iter().map(value_size).sum::<usize>(),
        AMQPValue::FieldTable(table) => 4 + size(table),
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;

    use super::*;
    use crate::broker::{Delivery, LetterClass};

    fn letter() -> DeadLetter {
        let delivery = Delivery {
            tag: 1,
            delivery_count: 0,
            exchange: "orders".to_owned(),
            routing_key: "order.shipped".to_owned(),
            message_id: None,
            timestamp: None,
            headers: BTreeMap::new(),
            body: Bytes::from_static(b"{"),
        };
        DeadLetter { delivery, class: LetterClass::NotJson, reason: "failed to read JSON\r\nat 1".to_owned() }
    }

    #[test]
    fn keeps_the_message_and_says_why() {
        let mut table = FieldTable::default();
        for name in ["traceparent", "x-death", "x-first-death-queue", "x-delivery-count", "CC", "x-hoopoe-publish"] {
            table.insert(name.into(), text("t"));
        }
        let original = BasicProperties::default()
            .with_message_id("m".into())
            .with_expiration("1000".into())
            .with_user_id("somebody".into())
            .with_priority(7)
            .with_headers(table);
        let parcel = parcel(&letter(), Some(&original), "inbox", Timestamp::from_micros(0));
        let names: Vec<_> = parcel.headers.inner().keys().map(ShortString::as_str).collect();
        let why = ["class", "reason", "queue", "at", "exchange", "routing-key"].map(|name| format!("x-hoopoe-{name}"));
        let mut expected: Vec<&str> = why.iter().map(String::as_str).chain(["traceparent"]).collect();
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(parcel.headers.inner()["x-hoopoe-reason"], text("failed to read JSON  at 1"));
        assert_eq!(parcel.headers.inner()["x-hoopoe-at"], text("1970-01-01T00:00:00Z"));
        assert_eq!(parcel.routing_key.as_str(), "inbox.dlq");
        let expected = BasicProperties::default().with_message_id("m".into()).with_priority(7).with_delivery_mode(2);
        assert_eq!(parcel.properties, expected);
        assert_eq!(parcel.body, letter().delivery.body);
    }

    #[test]
    fn headers_that_would_not_fit_a_frame_are_left_out() {
        let mut table = FieldTable::default();
        table.insert("big".into(), text(&"x".repeat(MOST_HEADERS)));
        let original = BasicProperties::default().with_headers(table);
        let parcel = parcel(&letter(), Some(&original), "inbox", Timestamp::from_micros(0));
        assert!(!parcel.headers.contains_key("big"));
        assert!(parcel.headers.contains_key("x-hoopoe-class"));
    }
}
