//! The fate of a notification.

use crate::store::Outcome;

/// What happened to one notification of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotificationFate {
    /// Stored by this commit.
    Stored {
        /// Its rev.
        rev: i64,
    },
    /// It was in the store already, with the same content.
    Repeat,
    /// It was in the store already, with other content.
    IdConflict,
    /// The database refuses a value in it. The reason holds no payload.
    Refused(String),
}

impl From<Outcome> for NotificationFate {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Stored { rev } => Self::Stored { rev },
            Outcome::Repeat => Self::Repeat,
            Outcome::IdConflict => Self::IdConflict,
        }
    }
}
