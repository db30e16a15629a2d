//! How a trace goes on: from a request to a message, and from messages to the batch that stores them.

mod links;
mod request;

pub use links::link_senders;
pub use request::{outgoing, request_span};
