//! `NotifData`: a sender's bytes, parsed once into a [`Notification`] that needs no further check.

mod depth;
mod error;
mod field;
mod fields;
mod identity;
mod json;
pub mod limits;
mod notification;
mod object;
mod owner;
mod parse;
#[cfg(test)]
mod tests;
mod value;
mod wire;

pub use error::{FieldError, ParseError};
pub use field::Field;
pub use json::Json;
pub use notification::{Content, Notification};
pub use owner::{Owner, OwnerError};
pub use parse::{Arrival, Envelope, Received, from_amqp, from_http};
pub use wire::to_wire;
