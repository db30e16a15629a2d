//! `NotifData`: what a sender sends, parsed once, into a [`Notification`] that nobody has to check again.

mod depth;
mod field;
mod fields;
mod identity;
pub mod limits;
mod notification;
mod object;
mod parse;
#[cfg(test)]
mod tests;
mod value;

pub use notification::{Notification, Owner, OwnerError};
pub use parse::{Arrival, Envelope, FieldError, ParseError, Received, from_amqp, from_http, to_wire};
