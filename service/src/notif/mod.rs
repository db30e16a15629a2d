//! `NotifData`: what a sender sends, parsed once, into a [`Notification`] that nobody has to check again.

mod notification;
mod parse;

pub use notification::{Notification, Owner, OwnerError};
pub use parse::{Arrival, Envelope, FieldError, ParseError, Received, from_amqp, from_http, to_wire};
