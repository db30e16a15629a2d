//! Parses bytes into a [`Notification`] in one pass. Every fault names its field and limit.

use uuid::Uuid;

use super::{
    Notification, ParseError,
    fields::Fields,
    identity::{self, Identity},
    limits,
};
use crate::timestamp::Timestamp;

/// What the parser must know beside the body.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The exchange. It is a part of the identity of a text id.
    pub exchange: &'a str,
    /// The largest body as received, in bytes.
    pub body_bytes: usize,
    /// The time of arrival. It becomes `created_at` if there is no other time.
    pub now: Timestamp,
    /// The `Idempotency-Key` of an HTTP request.
    pub idempotency_key: Option<&'a str>,
    /// The place in a batch, which is a part of the identity that is made from an idempotency key.
    pub item: Option<usize>,
}

/// The properties of an AMQP message that the parser uses.
#[derive(Clone, Copy, Debug, Default)]
pub struct Envelope<'a> {
    /// `message_id`.
    pub message_id: Option<&'a str>,
    /// `timestamp`.
    pub timestamp: Option<Timestamp>,
}

/// A notification from AMQP, with what was unusual about it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The notification.
    pub notification: Notification,
    /// Whether its id was derived from the body's bytes. Counted as `derived_id`.
    pub derived_id: bool,
    /// How many of its fields are unknown. They are ignored and counted.
    pub unknown_fields: usize,
}

/// Parses a body from HTTP. Unknown fields are faults. A missing id becomes a UUIDv7.
pub fn from_http(body: &[u8], arrival: &Arrival<'_>) -> Result<Notification, ParseError> {
    let mut fields = Fields::read(body, arrival.body_bytes)?;
    for name in std::mem::take(&mut fields.unknown) {
        fields.fault(&name, "is not a field of a notification".to_owned());
    }
    let identity = match (fields.given.id.take(), arrival.idempotency_key) {
        (Some(text), _) => identity::of_text(arrival.exchange, text),
        (None, Some(key)) => Identity { id: identity::of_key(arrival.exchange, key, arrival.item), source_id: None },
        (None, None) => Identity { id: Uuid::now_v7(), source_id: None },
    };
    fields.finish(identity, arrival.now)
}

/// Parses a body from AMQP. Unknown fields are counted, and the body may have 4 KiB more than `body_bytes`.
pub fn from_amqp(body: &[u8], arrival: &Arrival<'_>, envelope: &Envelope<'_>) -> Result<Received, ParseError> {
    let mut fields = Fields::read(body, arrival.body_bytes + limits::ADDED_BY_PRODUCER)?;
    let unknown_fields = fields.unknown_count;
    let message_id = envelope.message_id.filter(|id| is_usable(id));
    let (identity, derived_id) = match (fields.given.id.take(), message_id) {
        (Some(text), _) => (identity::of_text(arrival.exchange, text), false),
        (None, Some(id)) => (identity::of_text(arrival.exchange, id.to_owned()), false),
        (None, None) => (Identity { id: identity::of_bytes(body, envelope.timestamp), source_id: None }, true),
    };
    let now = envelope.timestamp.filter(|moment| (Timestamp::EARLIEST..=Timestamp::LATEST).contains(moment));
    let notification = fields.finish(identity, now.unwrap_or(arrival.now))?;
    Ok(Received { notification, derived_id, unknown_fields })
}

/// A client library may put any text into `message_id`, so a text that is not allowed as an `id` is ignored.
fn is_usable(message_id: &str) -> bool {
    limits::ID_BYTES.contains(&message_id.len()) && !message_id.chars().any(char::is_control)
}
