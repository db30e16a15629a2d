//! Why a notification was not taken.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    broker::PublishError,
    notif::{FieldError, ParseError},
};

/// Why a notification was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// It is not a notification.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// Its fields make a routing key over the limit; the longest field is at fault.
    #[error("failed to make the routing key: {} {}", .0.field, .0.detail)]
    RoutingKey(FieldError),
    /// An earlier notification of the batch has the same owner and id, and other content.
    #[error("an earlier notification of this batch has the same owner and id, and other content")]
    IdConflict,
    /// The producer's rate limit is reached; the next notification may come after this time.
    #[error("the rate limit of this producer (limits.ratePerSecond) is reached")]
    RateLimited(Duration),
    /// The broker did not take it.
    #[error("{0}")]
    Publish(PublishError),
}

/// A notification that was not taken, with its id where that is known: a retry with the id cannot make a second one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Why it was not taken.
    pub error: IngestError,
    /// Its id.
    pub id: Option<Uuid>,
}

impl From<ParseError> for Refused {
    fn from(error: ParseError) -> Self {
        Self { error: error.into(), id: None }
    }
}
