//! From bytes to a [`Notification`]: one pass, every fault named by its field and limit.

use uuid::Uuid;

use super::{
    Notification, ParseError,
    fields::Fields,
    identity::{self, Identity},
    limits,
};
use crate::timestamp::Timestamp;

/// What the door knows beside the body.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// The exchange: part of the identity of a text id.
    pub exchange: &'a str,
    /// The largest body as received, in bytes.
    pub body_bytes: usize,
    /// The moment of arrival, the last resort for `created_at`.
    pub now: Timestamp,
    /// The `Idempotency-Key` of an HTTP request.
    pub idempotency_key: Option<&'a str>,
    /// The place in a batch, which an idempotency key's identity takes in.
    pub item: Option<usize>,
}

/// What AMQP says beside the body.
#[derive(Clone, Copy, Debug, Default)]
pub struct Envelope<'a> {
    /// `message_id`.
    pub message_id: Option<&'a str>,
    /// `timestamp`.
    pub timestamp: Option<Timestamp>,
}

/// A notification from AMQP, and what was odd about it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The notification.
    pub notification: Notification,
    /// Its id was derived from the body's bytes: counted as `derived_id`.
    pub derived_id: bool,
    /// How many of its fields are not fields of a notification: ignored and counted.
    pub unknown_fields: usize,
}

/// Parses what came over HTTP: unknown fields are faults. Over HTTP an absent id becomes a UUIDv7.
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

/// Parses what came over AMQP: unknown fields are counted, and 4 KiB more are taken than `body_bytes`.
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

/// A `message_id` is whatever a client library put there: what could not stand as an `id` is passed over.
fn is_usable(message_id: &str) -> bool {
    limits::ID_BYTES.contains(&message_id.len()) && !message_id.chars().any(char::is_control)
}
