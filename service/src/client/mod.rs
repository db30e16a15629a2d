//! The commands of people: `hoopoe send`, `inbox` and `mark`, over the same HTTP that every application uses.

pub mod backoff;
pub mod connect;
pub mod draft;
pub mod error;
pub mod feed;
pub mod follow;
pub mod inbox;
pub mod ingest;
pub mod mark;
pub mod outcome;
pub mod read_state;
pub mod send;
pub mod show;
pub mod terminal;
pub mod wire;

pub use error::ClientError;
pub use inbox::{InboxArgs, run as inbox};
pub use mark::{MarkArgs, run as mark};
pub use send::{SendArgs, run as send};
