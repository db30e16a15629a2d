//! From bytes to a [`Notification`]: one pass, every fault named by its field and limit.

use bytes::Bytes;

use super::{Notification, OwnerError};
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
    /// How many fields it has that nobody knows: ignored and counted.
    pub unknown_fields: usize,
}

/// One fault of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field as the sender wrote it (an alias stays an alias); empty for the body as a whole.
    pub field: String,
    /// What is wrong, with the limit; never the value.
    pub detail: String,
}

/// Why a body is no notification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Over `body_bytes`. 413.
    #[error("failed to take a body of {size} bytes: the limit is {limit}")]
    TooLarge {
        /// As received.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Not UTF-8, not JSON, or nested too deep. 400 over HTTP.
    #[error("failed to read JSON: {0}")]
    NotJson(String),
    /// Fields that are missing, unknown, double, or over a limit. 422.
    #[error("failed to validate: {}", join(.0))]
    Fields(Vec<FieldError>),
}

fn join(errors: &[FieldError]) -> String {
    errors.iter().map(|error| format!("{} {}", error.field, error.detail)).collect::<Vec<_>>().join("; ")
}

impl ParseError {
    /// The class of a dead letter: a bounded set.
    pub fn class(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::NotJson(_) => "not_json",
            Self::Fields(_) => "invalid_field",
        }
    }
}

impl From<OwnerError> for FieldError {
    fn from(error: OwnerError) -> Self {
        Self { field: "owner".to_owned(), detail: error.to_string() }
    }
}

/// Parses what came over HTTP: unknown fields are faults. Over HTTP an absent id becomes a UUIDv7.
pub fn from_http(body: &[u8], arrival: &Arrival<'_>) -> Result<Notification, ParseError> {
    let _ = (body, arrival);
    todo!()
}

/// Parses what came over AMQP: unknown fields are counted, and 4 KiB more are taken than `body_bytes`.
pub fn from_amqp(body: &[u8], arrival: &Arrival<'_>, envelope: &Envelope<'_>) -> Result<Received, ParseError> {
    let _ = (body, arrival, envelope);
    todo!()
}

/// The JSON that a producer publishes: canonical names, `data` as received, the id as the sender wrote it.
/// `from_amqp(to_wire(n))` is `n`.
pub fn to_wire(notification: &Notification) -> Bytes {
    let _ = notification;
    todo!()
}
